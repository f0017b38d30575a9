//! What becomes of a digest that cannot be posted, of weeks in which nobody worked, and of one whose channel is another now.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;
use npmfix::{
    bot::{Bot, outbox::Worker},
    message::{ChannelId, TeamId},
    store::{
        Store,
        chores::{self, What},
    },
};
use sqlx::Executor as _;

use crate::{BEGIN, CHANNEL, HOUR, WEEK, Wall, bot, command, engines::each_engine, pastes, rows, team, worker};

/// Teams that somebody sets the digest of while it is made.
const RACES: usize = 20;

/// A team that has a digest every Monday at nine.
struct Office {
    store: Store,
    bot: Bot,
    worker: Arc<Worker>,
    wall: Arc<Wall>,
    now: Arc<AtomicI64>,
    team: TeamId,
}

impl Office {
    async fn open(store: Store) -> Self {
        let (wall, now) = (Arc::new(Wall::default()), Arc::new(AtomicI64::new(BEGIN)));
        let (bot, worker, team) = (bot(&store), worker(&store, &wall, &now), team(1));
        command(&bot, (&team, CHANNEL), "settings followups off", BEGIN).await;
        command(&bot, (&team, CHANNEL), "digest on monday 09:00 utc", BEGIN).await;
        Self { store, bot, worker, wall, now, team }
    }

    async fn pastes(&self, at: i64) {
        pastes(&self.bot, (&self.team, CHANNEL), at).await;
    }

    async fn works(&self) {
        self.worker.drain().await.unwrap();
    }

    async fn works_at(&self, time: i64) {
        self.now.store(time, Ordering::Relaxed);
        self.works().await;
    }

    /// Slack takes nothing, or takes it again.
    fn breaks(&self, broken: bool) {
        self.wall.broken.store(broken, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_digest_that_cannot_be_posted_is_tried_until_the_next_one_which_says_so() {
    each_engine(async |store, _| {
        let office = Office::open(store).await;
        office.pastes(BEGIN - 48 * HOUR).await;
        office.works().await;
        office.breaks(true);
        for hours in 1..=6 * 24 {
            office.works_at(BEGIN + hours * HOUR).await;
        }
        assert_eq!(rows(&office.store).await, ["slack:T1 2026-W48 open"]);
        let tries = office.wall.tries.load(Ordering::Relaxed);
        assert!(tries > 100, "only {tries} tries");
        office.pastes(BEGIN + WEEK - 48 * HOUR).await;
        office.works_at(BEGIN + WEEK + HOUR).await;
        assert_eq!(rows(&office.store).await, ["slack:T1 2026-W48 late", "slack:T1 2026-W49 open"]);
        office.breaks(false);
        office.works_at(BEGIN + WEEK + 2 * HOUR).await;
        assert_eq!(rows(&office.store).await, ["slack:T1 2026-W48 late", "slack:T1 2026-W49 sent"]);
        let pages = office.wall.pages().concat();
        assert!(pages.contains("The digest of week 2026-W48 could not be posted, so it was left out."), "{pages}");
        assert_eq!(pages.matches("npm auth failures").count(), 1, "{pages}");
        // Whoever set it heard of it once in all this time.
        let told = office.wall.told.lock().unwrap().clone();
        let [(user, page)] = told.as_slice() else { panic!("{told:?}") };
        let why = "could not be posted in #C1 since 23 November 2026: the bot is not in this channel.";
        assert!(user == "U1" && page.contains(why), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn after_a_standstill_of_weeks_one_digest_comes_and_a_clock_put_back_brings_none_again() {
    each_engine(async |store, _| {
        let office = Office::open(store).await;
        office.pastes(BEGIN + 2 * WEEK - 48 * HOUR).await;
        office.works_at(BEGIN + 2 * WEEK + 30 * HOUR).await;
        let all = ["slack:T1 2026-W48 late", "slack:T1 2026-W49 late", "slack:T1 2026-W50 sent"];
        assert_eq!(rows(&office.store).await, all);
        for jump in [-3 * WEEK, HOUR, 2 * WEEK, -WEEK, WEEK] {
            office.now.fetch_add(jump, Ordering::Relaxed);
            office.works().await;
            let digests = office.wall.pages().iter().filter(|page| page.starts_with("npm auth failures")).count();
            assert_eq!(digests, 1);
        }
        assert_eq!(rows(&office.store).await.get(..3).unwrap(), all);
    })
    .await;
}

#[tokio::test]
async fn what_could_not_be_said_is_told_when_there_is_a_digest_again_also_after_a_week_without_errors() {
    each_engine(async |store, _| {
        let office = Office::open(store).await;
        // Two weeks cannot be said, the third has nothing to say, and the fourth comes.
        for (week, errors, broken) in [(0, true, true), (1, true, true), (2, false, false), (3, true, false)] {
            office.breaks(broken);
            if errors {
                office.pastes(BEGIN + week * WEEK - 48 * HOUR).await;
            }
            office.works_at(BEGIN + week * WEEK + HOUR).await;
        }
        let all = ["48 late", "49 late", "50 empty", "51 sent"].map(|row| format!("slack:T1 2026-W{row}"));
        assert_eq!(rows(&office.store).await, all);
        let pages = office.wall.pages().concat();
        let told = "The digests of 2 weeks, from 2026-W48 to 2026-W49, could not be posted, so they were left out.";
        assert_eq!((pages.matches(told).count(), pages.matches("npm auth failures").count()), (1, 1), "{pages}");
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_others_may_read_under_its_new_id_has_no_digest_any_more() {
    each_engine(async |store, _| {
        let office = Office::open(store).await;
        office.pastes(BEGIN - 48 * HOUR).await;
        office.works().await;
        let (old, new) = (ChannelId::parse(CHANNEL).unwrap(), ChannelId::parse("C2").unwrap());
        let now = Timestamp::from_millisecond(BEGIN).unwrap();
        for _ in 0..2 {
            office.bot.renumbered(&office.team, &old, &new, now).await.unwrap();
        }
        office.works_at(BEGIN + 2 * HOUR).await;
        assert_eq!(rows(&office.store).await, Vec::<String>::new());
        // Whoever had set it was told, once.
        let told = office.wall.told.lock().unwrap().clone();
        let [(user, page)] = told.as_slice() else { panic!("{told:?}") };
        assert!(user == "U1" && page.contains("People of other organisations may read #C2 now"), "{told:?}");
        assert!(!office.wall.pages().concat().contains("npm auth failures"));
        // Where somebody switches it on again, it comes.
        command(&office.bot, (&office.team, "C3"), "digest on", BEGIN + 2 * HOUR).await;
        office.pastes(BEGIN + 5 * 24 * HOUR).await;
        office.works_at(BEGIN + WEEK + 2 * HOUR).await;
        assert_eq!(rows(&office.store).await, ["slack:T1 2026-W49 sent"]);
    })
    .await;
}

#[tokio::test]
async fn a_digest_that_somebody_asks_for_and_slack_refuses_stands_in_nobodys_way() {
    each_engine(async |store, _| {
        let office = Office::open(store).await;
        office.pastes(BEGIN - 48 * HOUR).await;
        office.works().await;
        office.breaks(true);
        command(&office.bot, (&office.team, CHANNEL), "digest now", BEGIN).await;
        office.works().await;
        office.breaks(false);
        office.works_at(BEGIN + HOUR).await;
        assert_eq!(rows(&office.store).await, ["slack:T1 2026-W48 sent"]);
        assert_eq!(office.wall.pages().concat().matches("npm auth failures").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_keeps_no_digest_from_its_team() {
    each_engine(async |store, _| {
        let office = Office::open(store).await;
        office.pastes(BEGIN - 48 * HOUR).await;
        office.works().await;
        let mut tx = office.store.begin().await.unwrap();
        tx.execute("UPDATE reply SET state = '{'").await.unwrap();
        tx.commit().await.unwrap();
        office.works_at(BEGIN + HOUR).await;
        assert_eq!(rows(&office.store).await, ["slack:T1 2026-W48 sent"]);
        assert!(office.wall.pages().concat().contains("E401"));
    })
    .await;
}

#[tokio::test]
async fn whoever_sets_it_while_it_is_made_loses_nothing() {
    each_engine(async |store, _| {
        let wall = Arc::new(Wall::default());
        let now = Arc::new(AtomicI64::new(BEGIN));
        let (bot, worker) = (bot(&store), worker(&store, &wall, &now));
        for number in 0..RACES {
            let team = team(number);
            command(&bot, (&team, CHANNEL), "settings followups off", BEGIN).await;
            command(&bot, (&team, CHANNEL), "digest on monday 09:00 utc", BEGIN).await;
            pastes(&bot, (&team, CHANNEL), BEGIN - 48 * HOUR).await;
        }
        worker.drain().await.unwrap();
        let at = Timestamp::from_millisecond(BEGIN + HOUR).unwrap();
        let due = chores::due(&mut store.read().await.unwrap(), What::Digest, 100, at).await.unwrap();
        assert_eq!(due.len(), RACES);
        for chore in due {
            let made = bot.make_digest(&chore, at);
            let set = command(&bot, (&chore.team, CHANNEL), "digest on monday 09:00 utc", BEGIN + HOUR);
            let (made, ()) = tokio::join!(made, set);
            made.unwrap();
        }
        for minutes in 0..5 {
            now.store(BEGIN + HOUR + minutes * 61_000, Ordering::Relaxed);
            worker.drain().await.unwrap();
        }
        let mut all: Vec<String> = (0..RACES).map(|number| format!("{} 2026-W48 sent", team(number))).collect();
        all.sort();
        assert_eq!(rows(&store).await, all);
        let digests = wall.pages().iter().filter(|page| page.starts_with("npm auth failures")).count();
        assert_eq!(digests, RACES);
    })
    .await;
}
