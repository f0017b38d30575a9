//! What the bot asks the database never costs more because much was heard before: no statement of hearing, choosing, asking and
//! saying walks through a table that grows with every paste. The plans are printed: `cargo test --test plans -- --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::BTreeSet, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use npmfix::{
    bot::{
        Bot, Limits,
        amend::Aftermath,
        choices::Click,
        commands::{Asked, Audience},
        outbox::{Courier, Delivery, LookUp, Settings, Soon, Worker},
    },
    knowledge::load_embedded,
    message::{
        Address, Author, ChannelId, Message, MessageId, MessageRef, Platform, Rights, Speaker, TeamId, UserId,
        Visibility,
    },
    store::{
        Store,
        chores::{self, What},
        outbox::Parcel,
    },
};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use statements::Statements;
use tempfile::TempDir;

#[path = "support/statements.rs"]
mod statements;

/// Tables that people fill by hand, and what a statement brings along itself: these may be walked through.
const SMALL: [&str; 10] = ["fix", "channel", "mute", "given", "met", "times", "scope", "wanted", "asked", "answer"];

#[tokio::test]
async fn no_statement_walks_through_a_table_that_grows() {
    let folder = TempDir::new().unwrap();
    let address = format!("sqlite:{}", folder.path().join("test.db").display());
    let store = Store::open(&address).await.unwrap();
    let statements = Statements::listen();
    converse(&Arc::new(Bot::new(load_embedded().unwrap(), store.clone(), Limits::default()))).await;
    store.close().await;

    let mut conn = SqliteConnection::connect(&address).await.unwrap();
    let heard = statements.take();
    let all: BTreeSet<String> = heard.into_iter().filter(|text| !text.starts_with("PRAGMA")).collect();
    let mut walks = Vec::new();
    for statement in &all {
        println!("{statement}");
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(&mut conn).await.unwrap();
        for (.., step) in plan {
            // Who asks for the first few is not to sort all.
            let sorts = statement.contains(" LIMIT ") && step == "USE TEMP B-TREE FOR ORDER BY";
            walks.extend(sorts.then(|| format!("sorted: {statement}")));
            println!("    {step}");
            let walked = step.strip_prefix("SCAN ").filter(|walked| !is_small(walked));
            walks.extend(walked.map(|walked| format!("{walked}: {statement}")));
        }
    }
    assert_eq!(walks, Vec::<String>::new());
    for table in [
        "heard",
        "occurrence",
        "reply",
        "error",
        "error_channel",
        "error_day",
        "channel_day",
        "feedback",
        "lane",
        "digest",
    ] {
        assert!(all.iter().any(|text| text.contains(&format!(" {table} "))), "{table} was never asked");
    }
    assert!(all.len() > 40, "only {} statements were seen", all.len());
}

fn is_small(walked: &str) -> bool {
    let name = walked.split(' ').next().unwrap_or_default();
    let own = ["CONSTANT ROW", "CONSTANT ROWS", "VALUES CLAUSE"].iter().any(|own| walked.ends_with(own));
    own || name.starts_with("(subquery-") || SMALL.contains(&name)
}

/// Everything that people do with the bot, from both kinds of channels.
async fn converse(bot: &Arc<Bot>) {
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let screen: Arc<dyn Courier> = Arc::new(Silent);
    let worker = Worker::new(Arc::clone(bot), vec![screen], Settings::default(), Arc::new(move || now));
    let text =
        |host: &str| format!("npm error code E401\nnpm error 401 Unauthorized - GET https://{host}.example/pkg\n");
    for (n, (visibility, at)) in [
        (Visibility::Public, now),
        (Visibility::Public, now + SignedDuration::from_mins(5)),
        (Visibility::Private, now),
        (Visibility::Private, now + SignedDuration::from_mins(5)),
    ]
    .into_iter()
    .enumerate()
    {
        let text = text("host");
        let message = message(visibility, &n.to_string(), text.as_bytes());
        bot.hear(&message, at).await.unwrap();
        bot.hear(&message, at).await.unwrap();
        worker.drain().await.unwrap();
    }
    let secret = text("host") + "//host.example/:_authToken=npm_" + &"a1B2c3".repeat(6) + "\n";
    bot.hear(&message(Visibility::Public, "secret", secret.as_bytes()), now).await.unwrap();
    bot.edited(&message(Visibility::Public, "0", text("other").as_bytes()), now).await.unwrap();
    bot.edited(&message(Visibility::Public, "1", b"never mind"), now).await.unwrap();
    worker.drain().await.unwrap();

    let author = author();
    for visibility in [Visibility::Public, Visibility::Private] {
        for (n, text) in [
            "save log in again",
            "history",
            "history v1",
            "fixes",
            "fixes log in",
            "fix 1",
            "fix 1 history",
            "stats",
            "digest on monday 9:00 UTC",
            "digest",
            "digest now",
            "digest preview",
        ]
        .into_iter()
        .enumerate()
        {
            let (event, channel) = (format!("{visibility:?}-{n}"), channel(visibility));
            let team = &TeamId::local();
            let (reply, about, audience) = (None, None, Audience::Everybody);
            let (channel, event) = (&channel, event.as_str());
            let asked = Asked { team, channel, visibility, author: &author, event, reply, about, audience };
            // A day later: a digest is about full days.
            bot.command(&asked, text, now + SignedDuration::from_hours(24)).await.unwrap();
        }
        let known = bot.last_answer(&TeamId::local(), &channel(visibility)).await.unwrap().unwrap();
        let choices = known.rows.iter().flat_map(|row| &row.choices).filter(|choice| !choice.id.ends_with(":save"));
        for choice in choices {
            let team = &TeamId::local();
            let click = Click { team, event: &choice.id, author: &author, choice: &choice.id };
            bot.choose(&click, now).await.unwrap();
        }
        worker.drain().await.unwrap();
    }
    bot.deleted(&place(Visibility::Public, "0"), Aftermath::Quiet, now).await.unwrap();
    // Digests and questions that come later.
    let later = now + SignedDuration::from_hours(15 * 24);
    for what in [What::FollowUp, What::Digest] {
        let due = chores::due(&mut bot.store().read().await.unwrap(), what, 10, later).await.unwrap();
        assert!(!due.is_empty(), "{what:?}");
        for chore in due {
            match what {
                What::FollowUp => bot.follow_up(&chore, later).await.unwrap(),
                What::Digest => bot.make_digest(&chore, later).await.unwrap(),
            }
        }
    }
    worker.finish(|| false).await.unwrap();
}

fn channel(visibility: Visibility) -> ChannelId {
    ChannelId::parse(if visibility == Visibility::Public { "general" } else { "secrets" }).unwrap()
}

fn place(visibility: Visibility, id: &str) -> MessageRef {
    MessageRef { team: TeamId::local(), channel: channel(visibility), thread: None, id: MessageId::parse(id).unwrap() }
}

fn author() -> Author {
    let id = UserId::parse("ann").unwrap();
    Author { id, name: "ann".to_owned(), speaker: Speaker::Person, rights: Rights::Member }
}

fn message<'a>(visibility: Visibility, id: &str, text: &'a [u8]) -> Message<'a> {
    Message { place: place(visibility, id), visibility, author: author(), address: Address::Overheard, text }
}

/// A platform that takes everything.
struct Silent;

impl Courier for Silent {
    fn platform(&self) -> Platform {
        Platform::Terminal
    }

    fn pace(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Soon<'a, Delivery> {
        Box::pin(async { Delivery::Done(Some(parcel.key.clone())) })
    }

    fn look_up<'a>(&'a self, _: &'a Parcel) -> Soon<'a, LookUp> {
        Box::pin(async { LookUp::Unknown })
    }
}
