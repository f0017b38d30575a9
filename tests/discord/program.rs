//! The real program on the fake, for what only a process of its own shows.

use std::process::{Child, Command, Stdio};

use npmfix::{
    message::{ChannelId, TeamId},
    store::{
        Store,
        channels::{self as modes, Mode},
    },
};
use serde_json::json;
use tempfile::TempDir;

use crate::fake::{Fake, GENERAL, GUILD, Seen, State0, TOKEN};

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
        let child = Command::new(assert_cmd::cargo::cargo_bin!("npmfix"))
            .args(["serve", "--answers-per-hour", "1000000", "--database", &self.database])
            .env("DISCORD_TOKEN", TOKEN)
            .env("DISCORD_API_URL", &self.base)
            .env("BIND_ADDR", "127.0.0.1:0")
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running(child.unwrap())
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
