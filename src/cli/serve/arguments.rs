//! What `serve` is told, and where it listens.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::Args;

use crate::{
    answer::serving as words,
    bot::Limits,
    cli::{discord_command, slack_commands},
};

/// Where to listen when nobody says.
const PORT: u16 = 3000;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Listen here: an address, or an address with a port [default: 0.0.0.0]
    #[arg(long, value_name = "ADDRESS", env = "BIND_ADDR")]
    bind: Option<String>,
    /// Listen on this port [default: 3000]
    #[arg(long, value_name = "N", env = "PORT")]
    port: Option<u16>,
    #[command(flatten)]
    pub(super) slack: slack_commands::Settings,
    /// The Slack app was made with `slack manifest --minimal`
    #[arg(long)]
    pub(super) slack_minimal: bool,
    /// Connections of Socket Mode
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=10))]
    pub(super) slack_connections: u8,
    #[command(flatten)]
    pub(super) discord: discord_command::Options,
    /// Answers in a channel within an hour; what is beyond is only recorded
    #[arg(long, value_name = "N", default_value_t = Limits::default().answers_per_hour)]
    pub(super) answers_per_hour: i64,
}

impl Arguments {
    /// Where to listen.
    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        let bind = self.bind.as_deref().map(str::trim).filter(|bind| !bind.is_empty()).unwrap_or("0.0.0.0");
        let whole: Option<SocketAddr> = bind.parse().ok();
        let address = match whole {
            Some(whole) => SocketAddr::new(whole.ip(), self.port.unwrap_or(whole.port())),
            None => SocketAddr::new(
                bind.trim_matches(['[', ']']).parse().with_context(|| words::no_address(bind))?,
                self.port.unwrap_or(PORT),
            ),
        };
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        serve: Arguments,
    }

    #[rstest::rstest]
    #[case::alone(&[], Some("0.0.0.0:3000"))]
    #[case::port(&["--port", "80"], Some("0.0.0.0:80"))]
    #[case::address(&["--bind", "127.0.0.1"], Some("127.0.0.1:3000"))]
    #[case::both_in_one(&["--bind", "127.0.0.1:81"], Some("127.0.0.1:81"))]
    #[case::port_wins(&["--bind", "127.0.0.1:81", "--port", "82"], Some("127.0.0.1:82"))]
    #[case::six(&["--bind", "::1"], Some("[::1]:3000"))]
    #[case::six_with_port(&["--bind", "[::1]:83"], Some("[::1]:83"))]
    #[case::empty(&["--bind", " "], Some("0.0.0.0:3000"))]
    #[case::name(&["--bind", "example"], None)]
    fn where_to_listen(#[case] arguments: &[&str], #[case] address: Option<&str>) {
        let line = Line::parse_from(["npmfix"].iter().chain(arguments));
        let found = line.serve.address().ok().map(|address| address.to_string());
        assert_eq!(found.as_deref(), address);
    }
}
