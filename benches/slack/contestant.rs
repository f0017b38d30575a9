//! The bots: how each is started on a core of its own, and what the system says about it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use directories::BaseDirs;

/// The core that belongs to the bot. The bench itself keeps to the first.
const CORE: &str = "1";
/// What `npm install` is told to bring.
const BOLT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/slack/bolt");

/// How events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Http,
    Socket,
}

impl Way {
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Socket => "Socket Mode",
        }
    }
}

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contestant {
    Npmfix,
    Probe,
    Bolt,
}

impl Contestant {
    pub const ALL: [Self; 3] = [Self::Npmfix, Self::Probe, Self::Bolt];

    pub fn name(self) -> &'static str {
        match self {
            Self::Npmfix => "npmfix",
            Self::Probe => "bare probe",
            Self::Bolt => "Bolt",
        }
    }
}

/// What a start needs.
pub struct Start<'a> {
    pub way: Way,
    pub api: &'a str,
    pub port: u16,
    pub folder: &'a Path,
    pub secret: &'a str,
}

/// A bot that runs, until it is dropped.
pub struct Running(Child);

impl Running {
    pub fn start(contestant: Contestant, start: &Start<'_>) -> Self {
        let program = match contestant {
            Contestant::Npmfix => PathBuf::from(env!("CARGO_BIN_EXE_npmfix")),
            Contestant::Probe => std::env::current_exe().unwrap(),
            Contestant::Bolt => PathBuf::from("node"),
        };
        let mut command = Command::new("taskset");
        command.args(["-c", CORE]).arg(program);
        match contestant {
            Contestant::Npmfix => command.args(["serve", "--answers-per-hour", "1000000000"]),
            Contestant::Probe => command.arg("--probe"),
            Contestant::Bolt => command.arg(bolt_folder().join("app.js")),
        };
        let database = start.folder.join("bench.db");
        command
            .env("SLACK_API_URL", start.api)
            .env("SLACK_BOT_TOKEN", ["xoxb", "-bench"].concat())
            .env("DATABASE_URL", format!("sqlite:{}", database.display()))
            .env("BENCH_DATABASE", &database)
            .env("BIND_ADDR", "127.0.0.1")
            .env("PORT", start.port.to_string());
        match start.way {
            Way::Http => command.env("SLACK_SIGNING_SECRET", start.secret),
            Way::Socket => command.env("SLACK_APP_TOKEN", ["xapp", "-bench"].concat()),
        };
        let log = fs::File::create(start.folder.join("log")).unwrap();
        Self(command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().unwrap())
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).unwrap_or_default()
    }

    /// CPU seconds so far.
    pub fn cpu(&self) -> f64 {
        // Linux counts in hundredths of a second.
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Memory in MiB: `VmRSS` now, `VmHWM` at most so far.
    pub fn memory(&self, what: &str) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_default();
        let number: String = line.chars().filter(char::is_ascii_digit).collect();
        number.parse::<f64>().unwrap_or_default() / 1024.0
    }

    pub fn is_alive(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_none())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where Bolt is installed: once for all copies of this repository, because its SQLite takes minutes to compile.
fn bolt_folder() -> PathBuf {
    let under_target = || Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned();
    BaseDirs::new().map_or_else(under_target, |folders| folders.cache_dir().join("npmfix-bench")).join("slack-bolt")
}

/// Installs Bolt, if it is not there; says whether it is now.
pub fn install_bolt() -> bool {
    let folder = bolt_folder();
    fs::create_dir_all(&folder).unwrap();
    for file in ["package.json", "app.js"] {
        fs::copy(Path::new(BOLT).join(file), folder.join(file)).unwrap();
    }
    let there = |what: &str| folder.join("node_modules").join(what).exists();
    if !(there("@slack/bolt") && there("better-sqlite3/build/Release/better_sqlite3.node")) {
        let install =
            Command::new("npm").args(["install", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder).status();
        return install.is_ok_and(|status| status.success());
    }
    true
}
