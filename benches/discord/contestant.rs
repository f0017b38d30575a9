//! How the bots are told about the Discord of this bench.

use std::path::Path;

use npmfix::{
    message::{ChannelId, TeamId},
    store::{
        Store,
        channels::{Mode, set_mode},
    },
};

use super::{
    load::bots::{Contestant, Packages, Running},
    platform::GUILD,
};

/// What discord.js is installed from.
pub const DISCORD_JS: Packages = Packages {
    name: "discordjs",
    sources: concat!(env!("CARGO_MANIFEST_DIR"), "/benches/discord/discordjs"),
    main: "bot.js",
    there: &["discord.js", "better-sqlite3/build/Release/better_sqlite3.node"],
};

/// Has npmfix answer everything in these channels, as somebody's `/npmfix watch` in each of them would: by default it reads none.
pub async fn watch(folder: &Path, channels: impl Iterator<Item = String>) {
    let store = Store::open(&database(folder)).await.unwrap();
    let (mut tx, team) = (store.begin().await.unwrap(), TeamId::parse(&format!("discord:{GUILD}")).unwrap());
    for channel in channels {
        set_mode(&mut tx, &team, &ChannelId::parse(&channel).unwrap(), Mode::Auto).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
}

fn database(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("bench.db").display())
}

/// Starts a bot; each with no limit of its own to calls in a second, where Discord's is 50.
pub fn start(contestant: Contestant, api: &str, folder: &Path) -> Running {
    let mut command = contestant.command(&DISCORD_JS);
    command
        .env("DISCORD_API_URL", api)
        .env("DISCORD_TOKEN", ["a", "made-up", "token"].join("."))
        .env("DISCORD_CALLS", "1000000")
        .env("DATABASE_URL", database(folder))
        .env("BENCH_DATABASE", folder.join("bench.db"))
        .env("BIND_ADDR", "127.0.0.1:0");
    Running::start(command, folder)
}
