//! Log files that people attach: fetched at once, as their addresses expire, from Discord's own hosts only, and never kept. Of a long
//! one only the lines around failures and secrets are read.

use std::{ops::ControlFlow, time::Duration};

use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use super::{
    rest::{self, Rest},
    wire::Attachment,
};
use crate::sieve::Unpacked;

/// Bytes that are read of a file; Discord's free uploads end at 10 MiB.
const READ: usize = 32 * 1024 * 1024;
/// For one file. A command has been told to wait by then.
const PATIENCE: Duration = Duration::from_secs(20);
/// Files of one message that are read.
pub const FILES: usize = 3;
/// Files that are fetched at the same time: unpacking and searching them keeps a core busy.
const AT_ONCE: usize = 2;

static HANDS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Fetches a file and returns what deserves reading of it. `None`, with a note in the log, when that fails.
pub async fn fetch(rest: &Rest, file: &Attachment<'_>) -> Option<String> {
    let url = Url::parse(file.url.as_str()).ok().filter(|url| is_discords(url, rest))?;
    let _hand = HANDS.acquire().await.ok()?;
    let mut sieve = Unpacked::default();
    let mut read = 0;
    let take = |bytes: &[u8]| {
        read += bytes.len();
        if sieve.take(bytes) && read < READ { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    match timeout(PATIENCE, rest.file(&url, take)).await {
        Ok(Ok(())) => Some(sieve.finish()),
        Ok(Err(error)) => {
            tracing::info!(%error, "an attachment cannot be fetched");
            None
        }
        Err(_) => {
            tracing::info!("an attachment takes too long");
            None
        }
    }
}

/// Discord's own hosts for files; in a test, the stand-in's.
fn is_discords(url: &Url, rest: &Rest) -> bool {
    const HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];
    if rest.is_loopback() {
        return rest::is_loopback(url);
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    url.scheme() == "https" && plain && url.host_str().is_some_and(|host| HOSTS.contains(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_discords_own_hosts_are_asked() {
        let rest = Rest::new("t".to_owned().into(), None).unwrap();
        for (url, good) in [
            ("https://cdn.discordapp.com/attachments/1/2/message.txt?ex=1&is=2&hm=3", true),
            ("https://media.discordapp.net/attachments/1/2/message.txt", true),
            ("http://cdn.discordapp.com/attachments/1/2/message.txt", false),
            ("https://cdn.discordapp.com:8443/attachments/1/2/message.txt", false),
            ("https://me:you@cdn.discordapp.com/attachments/1/2/message.txt", false),
            ("https://cdn.discordapp.com.evil.example/message.txt", false),
            ("https://127.0.0.1/message.txt", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_discords(&Url::parse(url).unwrap(), &rest), good, "{url}");
        }
    }
}
