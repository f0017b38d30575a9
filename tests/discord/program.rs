//! The real program on the fake, for what only a process of its own shows.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStderr, Command, Stdio},
    time::{Duration, Instant},
};

use npmfix::{
    message::{ChannelId, TeamId},
    store::{
        Store,
        channels::{self as modes, Mode},
    },
};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::fake::{Fake, GENERAL, GUILD, PATIENCE, Seen, State0, TOKEN};

/// One of its channels.
pub fn channel(number: usize) -> String {
    (1_310_000_000_000_000_000 + number).to_string()
}

/// Makes channels that are watched.
pub async fn watch(fake: &Fake, store: &Store, channels: &[String]) {
    let (mut tx, team) = (store.begin().await.unwrap(), TeamId::parse(&format!("discord:{GUILD}")).unwrap());
    for id in channels {
        modes::set_mode(&mut tx, &team, &ChannelId::parse(id).unwrap(), Mode::Auto).await.unwrap();
        let mut state = fake.state();
        let mut told = state.channels[GENERAL].clone();
        told["id"] = json!(id);
        state.channels.insert(id.clone(), told);
    }
    tx.commit().await.unwrap();
}

/// The answers that stand in the channels.
pub fn posts(state: &State0) -> usize {
    state.seen.iter().filter(|seen| matches!(seen, Seen::Posted(_))).count()
}

/// The program, and where it runs.
pub struct Program {
    base: String,
    pub database: String,
    _folder: TempDir,
}

impl Program {
    /// With a database in which so many channels are watched.
    pub async fn watching(fake: &Fake, channels: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let database = format!("sqlite:{}", folder.path().join("crash.db").display());
        let store = Store::open(&database).await.unwrap();
        watch(fake, &store, &(0..channels).map(channel).collect::<Vec<_>>()).await;
        store.close().await;
        Self { base: fake.base.clone(), database, _folder: folder }
    }

    /// Starts it, with more in its environment.
    pub fn start(&self, environment: &[(&str, &str)]) -> Running {
        Running(self.serve(environment).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// The same, with what it writes into its log.
    pub fn start_heard(&self, environment: &[(&str, &str)]) -> (Running, Log) {
        let mut child = self.serve(environment).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        (Running(child), Log(log))
    }

    fn serve(&self, environment: &[(&str, &str)]) -> Command {
        let mut command = on(&self.base, environment);
        command
            .args(["serve", "--answers-per-hour", "1000000", "--database", &self.database])
            .env("BIND_ADDR", "127.0.0.1:0");
        command
    }

    /// Waits until nothing is left to say, or for this long.
    pub async fn settles(&self, fake: &Fake, patience: Duration) {
        let store = Store::open(&self.database).await.unwrap();
        let open = "SELECT COUNT(*) FROM outbox WHERE parked_at IS NULL AND kind <> 'followup'";
        let begun = Instant::now();
        loop {
            let rows: i64 = sqlx::query_scalar(open).fetch_one(&mut *store.read().await.unwrap()).await.unwrap();
            if rows == 0 || begun.elapsed() > patience {
                break;
            }
            let _ = timeout(Duration::from_millis(100), fake.news.notified()).await;
        }
        store.close().await;
    }
}

/// The program on a stand-in, with more in its environment. Which certificates it trusts is said there and by the machine, by
/// nothing that whoever runs the tests has set.
pub fn on(base: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("npmfix"));
    command
        .env("DISCORD_TOKEN", TOKEN)
        .env("DISCORD_API_URL", base)
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR")
        .envs(environment.iter().copied());
    command
}

/// What a program writes into its log.
pub struct Log(BufReader<ChildStderr>);

impl Log {
    /// The next line that says this.
    pub async fn says(mut self, what: &'static str) -> String {
        let look = move || {
            let mut line = String::new();
            while self.0.read_line(&mut line).unwrap() > 0 {
                if line.contains(what) {
                    return line;
                }
                line.clear();
            }
            panic!("it ended without {what:?}");
        };
        timeout(PATIENCE, tokio::task::spawn_blocking(look)).await.expect(what).unwrap()
    }
}

/// The program as it runs. It is killed with SIGKILL, at the latest when nobody looks at it any more.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
