//! The bots: how each is started on a core of its own, what the system says about it, and how its rival's packages are installed.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use directories::BaseDirs;

/// The core that belongs to the bot. The bench itself keeps to the first.
const CORE: &str = "1";

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contestant {
    Npmfix,
    /// As little as can do it, on npmfix's own libraries.
    Probe,
    /// What is usual on the platform.
    Rival,
}

impl Contestant {
    pub const ALL: [Self; 3] = [Self::Npmfix, Self::Probe, Self::Rival];

    /// Its name, if the rival has this one.
    pub fn name(self, rival: &'static str) -> &'static str {
        match self {
            Self::Npmfix => "npmfix",
            Self::Probe => "bare probe",
            Self::Rival => rival,
        }
    }

    /// What is started. The probe is this program itself.
    pub fn command(self, rival: &Packages) -> Command {
        let bot = match self {
            Self::Npmfix => pinned(env!("CARGO_BIN_EXE_npmfix")),
            Self::Probe => pinned(std::env::current_exe().unwrap()),
            Self::Rival => pinned("node"),
        };
        let mut bot = bot;
        match self {
            Self::Npmfix => bot.args(["serve", "--answers-per-hour", "1000000000"]),
            Self::Probe => bot.arg("--probe"),
            Self::Rival => bot.arg(rival.folder().join(rival.main)),
        };
        bot
    }
}

/// Keeps this process to the first core.
pub fn pin_self() {
    let pinned = Command::new("taskset").args(["-cp", "0", &std::process::id().to_string()]).output();
    assert!(pinned.is_ok_and(|done| done.status.success()), "taskset (util-linux) is needed");
}

fn pinned(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", CORE]).arg(program);
    command
}

/// A bot that runs, until it is dropped.
pub struct Running(Child);

impl Running {
    /// Starts it; what it prints goes to `log` in a folder.
    pub fn start(mut command: Command, folder: &Path) -> Self {
        let log = fs::File::create(folder.join("log")).unwrap();
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

/// A rival on Node.js.
pub struct Packages {
    /// The name of the folder in which it is installed.
    pub name: &'static str,
    /// Where its `package.json` and program are.
    pub sources: &'static str,
    pub main: &'static str,
    /// What is in `node_modules` when it is installed.
    pub there: &'static [&'static str],
}

impl Packages {
    /// Once for all copies of this repository, because its SQLite takes minutes to compile.
    fn folder(&self) -> PathBuf {
        let under_target = || Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned();
        let cache = BaseDirs::new().map_or_else(under_target, |folders| folders.cache_dir().join("npmfix-bench"));
        cache.join(self.name)
    }

    /// Installs it, if it is not there; says whether it is now.
    pub fn install(&self) -> bool {
        let folder = self.folder();
        fs::create_dir_all(&folder).unwrap();
        for file in ["package.json", self.main] {
            fs::copy(Path::new(self.sources).join(file), folder.join(file)).unwrap();
        }
        if self.there.iter().all(|what| folder.join("node_modules").join(what).exists()) {
            return true;
        }
        let install = ["install", "--no-audit", "--no-fund", "--silent"];
        Command::new("npm").args(install).current_dir(&folder).status().is_ok_and(|status| status.success())
    }
}
