//! The program itself, killed with SIGKILL around the moments at which digests are due: two of them at once on a server, one on a
//! file. Slack is a fake on loopback that looks at every call.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use npmfix::{
    bot::{Bot, schedule::Schedule},
    message::TeamId,
    store::{
        Engine, Store,
        chores::{self, What},
        digests,
        installs::{self, Install},
        seal::{Keys, fresh_key},
    },
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use secrecy::SecretString;
use tokio::time::sleep;

use crate::{
    HOUR, bot, command, engines,
    fake::{
        APP, Fake,
        state::{Channel, SCOPES, Token},
        text_of,
    },
    pastes,
};

/// Kills that have to happen on a server, where two run at once; a file has one at a time, and fewer of them will do.
const KILLS: usize = 100;
const KILLS_ON_A_FILE: usize = 20;
/// Teams whose digests come due while a pair lives.
const TEAMS_AT_A_TIME: usize = 2;
/// How long before and after the start of a pair its digests are due, in milliseconds.
const AROUND: (i64, i64) = (-500, 1200);
/// A pair that has said nothing for so long is killed anyway.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the last pair may take: first the leases of the dead run out, which takes a minute.
const REST: Duration = Duration::from_secs(150);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_team_is_without_its_digest_and_none_has_two_however_often_the_program_is_killed() {
    engines::each_engine(async |store, address| {
        let begun = Instant::now();
        let (replicas, wanted) = if store.engine() == Engine::Postgres { (2, KILLS) } else { (1, KILLS_ON_A_FILE) };
        let world = World::new(&store, address).await;
        let mut random = StdRng::seed_from_u64(20_261_130);
        let mut counts = Counts::default();
        let mut teams = 0;
        while counts.kills < wanted {
            for _ in 0..TEAMS_AT_A_TIME {
                let due = Timestamp::now() + SignedDuration::from_millis(random.random_range(AROUND.0..AROUND.1));
                world.team(teams, due).await;
                teams += 1;
            }
            let mut pair: Vec<Program> = (0..replicas).map(|_| world.start()).collect();
            // Most die while Slack is being told something, some before, some after.
            let calls = world.calls() + random.random_range(0..6);
            let waited = Instant::now();
            while world.calls() < calls && waited.elapsed() < PATIENCE {
                sleep(Duration::from_millis(1)).await;
            }
            for program in &mut pair {
                sleep(Duration::from_micros(random.random_range(0..15_000))).await;
                program.kill().unwrap();
                counts.kills += 1;
                world.look(&mut counts).await;
            }
        }
        let rest = Instant::now();
        let mut last: Vec<Program> = (0..replicas).map(|_| world.start()).collect();
        while world.ended().await < teams && rest.elapsed() < REST {
            sleep(Duration::from_millis(200)).await;
        }
        for program in &mut last {
            program.kill().unwrap();
        }
        println!(
            "{:?}: {}; {teams} teams; {:.0} s, the last run without a kill {:.0} s of it",
            store.engine(),
            counts.text(),
            begun.elapsed().as_secs_f64(),
            rest.elapsed().as_secs_f64()
        );
        world.check(teams).await;
        // Of a pair, the second often dies when the first has said it all.
        assert!(counts.at_work * 4 > counts.kills, "hardly a kill came when something was under way");
    })
    .await;
}

/// Where the kills fell.
#[derive(Default)]
struct Counts {
    kills: usize,
    /// Kills with a digest that was due and not said.
    at_work: usize,
    /// Of these, with one that nobody had made.
    due: usize,
    /// With one that was made and nobody had begun to say.
    made: usize,
    /// With one that was being said and did not stand in its channel.
    begun: usize,
    /// With one that stood there and was not marked as said.
    said: usize,
    known: BTreeSet<(String, Option<i64>)>,
}

impl Counts {
    fn text(&self) -> String {
        let Self { kills, at_work, due, made, begun, said, .. } = self;
        format!(
            "{kills} kills, {at_work} of them at work ({due} left a digest due, {made} one made and not begun, {begun} one begun \
             and not said, {said} one said and not marked as said)"
        )
    }
}

struct World {
    fake: Fake,
    store: Store,
    bot: Bot,
    address: String,
    key: String,
    keys: Keys,
}

fn team(number: usize) -> TeamId {
    TeamId::parse(&format!("slack:{}", workspace(number))).unwrap()
}

fn workspace(number: usize) -> String {
    format!("T0{number:04}")
}

fn channel(number: usize) -> String {
    format!("C0{number:04}")
}

impl World {
    async fn new(store: &Store, address: &str) -> Self {
        let fake = Fake::start().await;
        fake.state().tiers_off = true;
        let key = fresh_key();
        let keys = Keys::parse(&SecretString::from(key.clone())).unwrap();
        let bot = bot(store);
        Self { fake, store: store.clone(), bot, address: address.to_owned(), key, keys }
    }

    /// A workspace that has the bot, met an error and has a digest that is due.
    async fn team(&self, number: usize, due: Timestamp) {
        let (workspace, team) = (workspace(number), team(number));
        let token = ["xoxb", &workspace, "1Aa"].join("-");
        let scopes = SCOPES.iter().map(|scope| (*scope).to_owned());
        {
            let mut state = self.fake.state();
            let known = Token {
                team: Some(workspace.clone()),
                enterprise: None,
                bot_user: format!("U{workspace}"),
                bot: format!("B{workspace}"),
                scopes: scopes.clone().collect(),
                installer: "U0ROOT".to_owned(),
            };
            state.tokens.insert(token.clone(), known);
            let id = channel(number);
            let here =
                Channel { id: id.clone(), name: id.clone(), team: workspace, has_bot: true, ..Channel::default() };
            state.channels.insert(id, here);
        }
        let install = Install {
            team: team.clone(),
            enterprise: None,
            name: None,
            url: None,
            app: Some(APP.to_owned()),
            bot_user: "U0NPMFIX".to_owned(),
            bot_id: None,
            scopes: scopes.collect(),
            installer: None,
            token: token.into(),
            refresh: None,
            expires_at: None,
            installed_at: due,
        };
        let (channel, at) = (channel(number), due.as_millisecond());
        let place = (&team, channel.as_str());
        // What is pasted is recorded, and not answered: this is about digests.
        command(&self.bot, place, "mention", at - 49 * HOUR).await;
        pastes(&self.bot, place, at - 48 * HOUR).await;
        command(&self.bot, place, "digest on monday 09:00 utc", at).await;
        let mut tx = self.store.begin().await.unwrap();
        installs::put(&mut tx, &self.keys, &install).await.unwrap();
        let setting = digests::setting(&mut tx, &team).await.unwrap().unwrap();
        let schedule: Schedule = npmfix::bot::digest::schedule(&setting);
        let week = schedule.week_at(due).to_string();
        chores::plan(&mut tx, &team, (What::Digest, &week), due, due).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn start(&self) -> Program {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("npmfix"))
            .env_clear()
            .env("DATABASE_URL", &self.address)
            .env("SLACK_API_URL", self.fake.api())
            .env("SLACK_CLIENT_ID", "111.222")
            .env("SLACK_CLIENT_SECRET", ["c1ient", "5ecret"].concat())
            .env("SLACK_SIGNING_SECRET", self.fake.signing_secret())
            .env("NPMFIX_SECRET_KEY", &self.key)
            .env("NPMFIX_URL", "https://npmfix.acme.example/")
            .env("BIND_ADDR", "127.0.0.1:0")
            .arg("serve")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let reader = thread::spawn(move || lines.map_while(Result::ok).collect());
        Program { child, reader: Some(reader) }
    }

    /// Calls that Slack has got so far.
    fn calls(&self) -> usize {
        self.fake.state().calls.len()
    }

    /// How many digests stand in each channel.
    fn posts(&self) -> BTreeMap<String, usize> {
        let state = self.fake.state();
        let is_one = |message: &&serde_json::Value| text_of(message, "text").starts_with("npm auth failures, ");
        state.channels.values().map(|c| (c.team.clone(), c.messages.values().filter(is_one).count())).collect()
    }

    /// Sees what a kill left behind.
    async fn look(&self, counts: &mut Counts) {
        let posts = self.posts();
        let now = Timestamp::now().as_millisecond();
        let mut conn = self.store.read().await.unwrap();
        let due: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE kind = 'digest' AND due_at <= $1")
            .bind(now)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        let open: Vec<(String, String, Option<i64>)> =
            sqlx::query_as("SELECT post_key, team, sending_at FROM outbox WHERE kind = 'post'")
                .fetch_all(&mut *conn)
                .await
                .unwrap();
        // On a server what a kill leaves waits for its lease, and is no news at the next one.
        let mut news = |(key, _, sending): &(String, _, Option<i64>)| counts.known.insert((key.clone(), *sending));
        let open: Vec<_> = open.into_iter().filter(|row| news(row)).collect();
        let stands = |team: &str| team.strip_prefix("slack:").is_some_and(|team| posts.get(team) > Some(&0));
        counts.at_work += usize::from(due > 0 || !open.is_empty());
        counts.due += usize::from(due > 0);
        counts.made += usize::from(open.iter().any(|(.., sending)| sending.is_none()));
        counts.begun += usize::from(open.iter().any(|(_, team, sending)| sending.is_some() && !stands(team)));
        counts.said += usize::from(open.iter().any(|(_, team, sending)| sending.is_some() && stands(team)));
    }

    /// How many digests have come to their end.
    async fn ended(&self) -> usize {
        let select = "SELECT COUNT(*) FROM digest WHERE outcome IS NOT NULL";
        let count: i64 = sqlx::query_scalar(select).fetch_one(&mut *self.store.read().await.unwrap()).await.unwrap();
        usize::try_from(count).unwrap()
    }

    async fn check(&self, teams: usize) {
        let expected: BTreeMap<String, usize> = (0..teams).map(|number| (team(number).to_string(), 1)).collect();
        let mut conn = self.store.read().await.unwrap();
        let rows: Vec<(String, Option<String>)> =
            sqlx::query_as("SELECT team, outcome FROM digest").fetch_all(&mut *conn).await.unwrap();
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        for (team, outcome) in rows {
            assert_eq!(outcome.as_deref(), Some("sent"), "{team}");
            *sent.entry(team).or_default() += 1;
        }
        assert_eq!(sent, expected);
        let mut posts = self.posts();
        posts.retain(|_, posts| *posts > 0);
        let posts: BTreeMap<String, usize> = posts.into_iter().map(|(team, n)| (format!("slack:{team}"), n)).collect();
        assert_eq!(posts, expected);
        // Nothing is left to say, and each team waits for its next one.
        let left: Vec<(String, i64)> =
            sqlx::query_as("SELECT kind, COUNT(*) FROM outbox GROUP BY kind").fetch_all(&mut *conn).await.unwrap();
        assert_eq!(left, [("digest".to_owned(), i64::try_from(teams).unwrap())]);
        assert_eq!(self.fake.state().wrongs, Vec::<String>::new());
    }
}

struct Program {
    child: Child,
    /// Reads along what it says, so that it never waits for a reader.
    reader: Option<thread::JoinHandle<Vec<String>>>,
}

impl Program {
    /// Kills it. One that had ended by itself is at fault: then this is what it said.
    fn kill(&mut self) -> Result<(), Vec<String>> {
        let ended = self.child.try_wait().unwrap().is_some();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let said = self.reader.take().unwrap().join().unwrap();
        if ended { Err(said) } else { Ok(()) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
