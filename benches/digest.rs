//! What digests cost: `cargo bench --bench digest [-- picture|sqlite|postgres]`.
//!
//! - the picture: a PNG of at most 100 KiB in at most 50 ms;
//! - the digests of 200 teams that met 1 million errors in SQLite, and of 10,000 teams that met 10 million in PostgreSQL (when
//!   `NPMFIX_TEST_POSTGRES` names a server): at most 5 ms of the database's time for each, with memory flat.
//!
//! Ends with status 1 when a target is missed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints and may fail by panicking")]

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp, civil::date};
use npmfix::{
    answer::picture::{Picture, Series, png},
    bot::{Bot, Limits},
    classifier,
    knowledge::load_embedded,
    store::{
        Engine, Store,
        chores::{self, What},
    },
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};
use tempfile::TempDir;

/// Distinct errors of each team.
const ERRORS: usize = 50;
const DAY: i64 = 24 * 3600 * 1000;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let has = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut good = true;
    if has("picture") {
        good &= picture();
    }
    if has("sqlite") {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let address = format!("sqlite:{}", folder.path().join("digest.db").display());
        good &= runtime.block_on(digests(&address, 200, 1_000_000));
    }
    #[expect(clippy::disallowed_methods, reason = "only benches and tests are set up this way")]
    let server = std::env::var("NPMFIX_TEST_POSTGRES");
    if let Ok(server) = server
        && has("postgres")
    {
        good &= runtime.block_on(async {
            drop(Store::open("sqlite::memory:").await);
            let name = format!("npmfix_{}", uuid::Uuid::now_v7().simple());
            let mut admin = AnyConnection::connect(&server).await.unwrap();
            admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
            let mut url = url::Url::parse(&server).unwrap();
            url.set_path(&name);
            let good = digests(url.as_str(), 10_000, 10_000_000).await;
            admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
            good
        });
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Says whether a target is met.
fn verdict(good: bool) -> &'static str {
    if good { "good" } else { "MISSED" }
}

fn picture() -> bool {
    let counts = |seed: u32| (0..28).map(|day: u32| (day * 31 + seed * 17) % 23).collect();
    let series = |n: u32| Series { label: format!("E401 npm{n}.acme.example"), counts: counts(n) };
    let picture = Picture {
        title: "Errors by day, 26 October – 22 November 2026".to_owned(),
        alt: String::new(),
        first: date(2026, 10, 26),
        series: (0..6).map(series).collect(),
    };
    let mut times = Vec::new();
    let mut size = 0;
    for _ in 0..51 {
        let begun = Instant::now();
        size = png(&picture).unwrap().len();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let good = size <= 100 * 1024 && median <= Duration::from_millis(50);
    println!("picture: {size} bytes in {median:?}, at worst {worst:?}: {}", verdict(good));
    good
}

async fn digests(address: &str, teams: u64, occurrences: u64) -> bool {
    let store = Store::open(address).await.unwrap();
    let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
    let begun = Instant::now();
    fill(address, store.engine(), teams, occurrences, now).await;
    println!(
        "{:?}: {teams} teams, {occurrences} occurrences, filled in {:.0} s",
        store.engine(),
        begun.elapsed().as_secs_f64()
    );
    let bot = Bot::new(load_embedded().unwrap(), store.clone(), Limits::default());
    let limit = i64::try_from(teams).unwrap();
    let due = chores::due(&mut store.read().await.unwrap(), What::Digest, limit, now).await.unwrap();
    assert_eq!(due.len(), usize::try_from(teams).unwrap());
    let mut times = Vec::new();
    let mut memory = Vec::new();
    for (n, chore) in due.iter().enumerate() {
        let begun = Instant::now();
        bot.make_digest(chore, now).await.unwrap();
        times.push(begun.elapsed());
        if n % (due.len() / 4) == due.len() / 4 - 1 {
            memory.push(resident());
        }
    }
    let sent: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM digest WHERE outcome IS NULL AND post_key IS NOT NULL")
        .fetch_one(&mut *store.read().await.unwrap())
        .await
        .unwrap();
    assert_eq!(sent, limit);
    times.sort_unstable();
    let all: Duration = times.iter().sum();
    let mean = all / u32::try_from(times.len()).unwrap();
    let good = mean <= Duration::from_millis(5);
    println!(
        "digest: mean {mean:?}, median {:?}, 99 of 100 within {:?}; memory after each quarter {memory:?} MB: {}",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        verdict(good)
    );
    store.close().await;
    good
}

/// Megabytes of this process.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096 / 1_000_000
}

/// What two years leave: the same errors, channels and people for each team.
async fn fill(address: &str, engine: Engine, teams: u64, occurrences: u64, now: Timestamp) {
    let mut conn = AnyConnection::connect(address).await.unwrap();
    if engine == Engine::Sqlite {
        conn.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000").await.unwrap();
    }
    let knowledge = load_embedded().unwrap();
    conn.execute("CREATE TABLE kind (n BIGINT PRIMARY KEY, fingerprint TEXT, host TEXT, diagnosis TEXT)")
        .await
        .unwrap();
    for n in 0..ERRORS {
        let paste = format!("npm error code E401\nnpm error 401 Unauthorized - GET https://host{n}.example/pkg\n");
        let found = classifier::explain(paste.as_bytes(), &&knowledge);
        sqlx::query("INSERT INTO kind VALUES ($1, $2, $3, $4)")
            .bind(i64::try_from(n).unwrap())
            .bind(found.diagnoses[0].fingerprint.as_str())
            .bind(format!("host{n}.example"))
            .bind(serde_json::to_string(&found.diagnoses[0]).unwrap())
            .execute(&mut conn)
            .await
            .unwrap();
    }
    let each = occurrences / teams;
    let end = (now - SignedDuration::from_hours(10)).as_millisecond();
    let step = 730 * DAY / i64::try_from(each).unwrap();
    let recent = end - 40 * DAY;
    let past = format!(
        "WITH RECURSIVE t(t) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT t + 1 FROM t WHERE t < {teams} - 1), \
         n(n) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM n WHERE n < {each} - 1), \
         past AS (SELECT 'slack:T' || t AS team, n, {end} - n * {step} AS at, 'c' || ((n * 2654435761 + t) % 8) AS channel, \
         (n * 2246822519 + t * 31) % {ERRORS} AS kind, 'who' || ((n * 3266489917 + t) % 40) AS who, \
         'm' || n AS message FROM t CROSS JOIN n)"
    );
    let all = [
        format!(
            "INSERT INTO occurrence (team, channel, message, ordinal, fingerprint, code, host, operation, seen_at, \
             diagnosis) {past} SELECT team, channel, message, 0, fingerprint, 'E401', host, 'install', \
             at, CASE WHEN at > {recent} THEN diagnosis END FROM past JOIN kind ON kind.n = past.kind"
        ),
        format!(
            "INSERT INTO heard (team, channel, message, who, gist, heard_at) {past} SELECT team, channel, message, who, '', at \
             FROM past"
        ),
        format!(
            "INSERT INTO reply (id, kind, team, channel, message, fingerprint, state, replied_at) {past} SELECT \
             team || '-' || past.n, 'answer', team, channel, message, fingerprint, '{{}}', at FROM past \
             JOIN kind ON kind.n = past.kind WHERE at > {recent}"
        ),
        format!(
            "INSERT INTO error_person (team, fingerprint, who) {past} SELECT DISTINCT team, fingerprint, who FROM past \
             JOIN kind ON kind.n = past.kind"
        ),
        "INSERT INTO error_channel (team, channel, fingerprint, seen, first_at, last_at) SELECT team, channel, fingerprint, \
         COUNT(*), MIN(seen_at), MAX(seen_at) FROM occurrence GROUP BY team, channel, fingerprint"
            .to_owned(),
        "UPDATE error_channel SET reply = (SELECT MIN(id) FROM reply WHERE reply.team = error_channel.team \
         AND reply.channel = error_channel.channel AND reply.fingerprint = error_channel.fingerprint)"
            .to_owned(),
        "INSERT INTO error (team, fingerprint, code, host, seen, first_at, last_at, state, state_at, public_at, opened_at) \
         SELECT team, fingerprint, 'E401', (SELECT host FROM kind WHERE kind.fingerprint = error_channel.fingerprint), \
         CAST(SUM(seen) AS BIGINT), MIN(first_at), MAX(last_at), 'recurring', MIN(first_at), MIN(first_at), MIN(first_at) \
         FROM error_channel GROUP BY team, fingerprint"
            .to_owned(),
        format!(
            "INSERT INTO error_day (team, day, channel, fingerprint, seen) SELECT team, seen_at / {DAY}, channel, fingerprint, \
             COUNT(*) FROM occurrence GROUP BY team, seen_at / {DAY}, channel, fingerprint"
        ),
        "INSERT INTO channel_day (team, day, channel, seen, answered, fixed, unhelpful, false_answers, secrets, helped) \
         SELECT team, day, channel, CAST(SUM(seen) AS BIGINT), 0, 1, 0, 0, 1, 1 FROM error_day GROUP BY team, day, channel"
            .to_owned(),
        format!(
            "INSERT INTO fix (team, id, breadth, value, family, text, folded, author, who, uses, helped, failed, saved_at) \
             {past} SELECT team, n + 1, 'registry', 'host' || n || '.example', 'E401', 'Log in again', 'log in again', 'ann', \
             'who1', 3, 2, 0, at FROM past WHERE n < 20"
        ),
        format!(
            "INSERT INTO schedule (team, channel, weekday, minute, zone, set_at) {past} SELECT team, 'c1', 1, 540, 'UTC', at \
             FROM past WHERE n = 0"
        ),
        format!(
            "INSERT INTO outbox (team, lane, seq, post_key, kind, body, due_at, attempts, created_at) {past} SELECT team, \
             'weekly digest', 1, 'key of ' || team, 'digest', '2026-W48', {}, 0, at FROM past WHERE n = 0",
            now.as_millisecond()
        ),
    ];
    for statement in all {
        conn.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    conn.execute("ANALYZE").await.unwrap();
    conn.close().await.unwrap();
}
