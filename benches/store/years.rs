//! Teams with two years behind them: what they ask costs the same whether they met 1,000 errors or 10 million.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use npmfix::{
    bot::{
        Bot,
        commands::{Asked, Audience},
    },
    classifier,
    knowledge::load_embedded,
    message::{ChannelId, TeamId, Visibility},
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};

use super::{author, bot, median, message, paste, verdict};

/// Distinct errors of the team.
const ERRORS: usize = 300;
/// Times that each thing is done, after those that bring in what connections and their statements need.
const TIMES: usize = 401;
const BEFORE: usize = 20;
const YEARS: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// What is measured, in the order of the columns.
const WHAT: [&str; 4] = ["hear", "history", "fixes", "stats"];

/// Measures teams of these sizes; prints the medians, and whether the largest stays within twice the smallest. They take turns, so
/// that all of them meet whatever else the machine does.
pub async fn compare(folder: &Path, sizes: &[u64]) -> bool {
    let end: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let mut bots = Vec::new();
    for size in sizes {
        let database = folder.join(format!("team-{size}.db"));
        let begun = Instant::now();
        let bot = bot(&database).await;
        fill(&database, *size, end).await;
        let megabytes = std::fs::metadata(&database).unwrap().len() / 1_000_000;
        println!("filled with {size} occurrences: {megabytes} MB in {:.0} s", begun.elapsed().as_secs_f64());
        bots.push(bot);
    }
    let mut times: Vec<[Vec<Duration>; 4]> = bots.iter().map(|_| Default::default()).collect();
    for n in 0..BEFORE + TIMES {
        for (bot, times) in bots.iter().zip(&mut times) {
            for (took, times) in once(bot, n, end).await.into_iter().zip(times) {
                if n >= BEFORE {
                    times.push(took);
                }
            }
        }
    }
    let mut rows: Vec<[Duration; 4]> = Vec::new();
    for ((size, bot), times) in sizes.iter().zip(&bots).zip(times) {
        let medians = times.map(median);
        let all: Vec<String> = WHAT.iter().zip(&medians).map(|(what, median)| format!("{what} {median:?}")).collect();
        println!("{size} occurrences: {}", all.join(", "));
        rows.push(medians);
        bot.store().close().await;
        std::fs::remove_file(folder.join(format!("team-{size}.db"))).unwrap();
    }
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return true };
    let mut all = true;
    for ((what, first), last) in WHAT.iter().zip(first).zip(last) {
        let ratio = last.as_secs_f64() / first.as_secs_f64();
        all &= ratio <= 2.0;
        println!("{what:8} largest / smallest {ratio:.2}: {}", verdict(ratio <= 2.0));
    }
    all
}

/// Does each thing once; returns how long each took.
async fn once(bot: &Bot, n: usize, end: Timestamp) -> [Duration; 4] {
    // Two hours later: no answer is so fresh that the bot would point to it.
    let now = end + SignedDuration::from_hours(2);
    let mut times = [Duration::ZERO; 4];
    let (team, channel, author) = (TeamId::local(), ChannelId::parse("c7").unwrap(), author());
    let text = paste(n);
    let message = message("c7", &format!("new-{n}"), text.as_bytes());
    let begun = Instant::now();
    bot.hear(&message, now).await.unwrap();
    times[0] = begun.elapsed();
    for (command, time) in WHAT.iter().zip(&mut times).skip(1) {
        let event = format!("{command}-{n}");
        let asked = Asked {
            team: &team,
            channel: &channel,
            visibility: Visibility::Public,
            author: &author,
            event: &event,
            reply: None,
            about: None,
            audience: Audience::Everybody,
        };
        let begun = Instant::now();
        bot.command(&asked, command, now).await.unwrap().unwrap();
        *time = begun.elapsed();
    }
    times
}

/// Fills a database with what two years of that many occurrences leave: the same errors, channels and people for every size.
async fn fill(database: &Path, size: u64, end: Timestamp) {
    let mut conn = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let knowledge = load_embedded().unwrap();
    conn.execute("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = FILE").await.unwrap();
    conn.execute("CREATE TEMP TABLE kind (n BIGINT PRIMARY KEY, fingerprint TEXT, host TEXT, diagnosis TEXT)")
        .await
        .unwrap();
    for n in 0..ERRORS {
        let found = classifier::explain(paste(n).as_bytes(), &&knowledge);
        let diagnosis = &found.diagnoses[0];
        sqlx::query("INSERT INTO kind VALUES ($1, $2, $3, $4)")
            .bind(i64::try_from(n).unwrap())
            .bind(&diagnosis.fingerprint)
            .bind(format!("host{n}.example"))
            .bind(serde_json::to_string(diagnosis).unwrap())
            .execute(&mut conn)
            .await
            .unwrap();
    }
    // The indexes that are no keys are built afterwards, which takes a fraction of the time.
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('occurrence', 'heard', 'reply')",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    for (name, _) in &indexes {
        conn.execute(AssertSqlSafe(format!("DROP INDEX {name}"))).await.unwrap();
    }
    let step = YEARS.as_millis() / i128::from(size);
    let begin = (end - YEARS).as_millisecond();
    // Scattered, but the same each time; 500 people.
    let numbers = format!(
        "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {size} - 1), past AS (SELECT n, \
         {begin} + n * {step} AS at, 'c' || ((n * 2654435761 >> 9) % 20) AS channel, (n * 2246822519 >> 11) % {ERRORS} AS kind, \
         printf('%032x', (n * 3266489917 >> 7) % 500) AS who FROM n)"
    );
    let all = [
        format!(
            "INSERT INTO occurrence (team, channel, message, ordinal, fingerprint, code, host, operation, seen_at, \
             diagnosis) {numbers} SELECT 'local', channel, printf('m%012d', past.n), 0, fingerprint, \
             'E401', host, 'install', at, CASE WHEN past.n >= {size} - 100000 THEN diagnosis ELSE substr(diagnosis, 1, 200) END FROM past JOIN kind ON kind.n = past.kind"
        ),
        format!(
            "INSERT INTO heard (team, channel, message, who, gist, heard_at) {numbers} SELECT 'local', channel, \
             printf('m%012d', n), who, '', at FROM past"
        ),
        "INSERT INTO reply (id, kind, team, channel, message, fingerprint, answer, state, replied_at) SELECT 'r' || message, \
         'answer', team, channel, message, fingerprint, 'a' || message, '{}', seen_at FROM occurrence"
            .to_owned(),
        "INSERT INTO error_channel (team, channel, fingerprint, seen, first_at, last_at) SELECT team, channel, fingerprint, \
         COUNT(*), MIN(seen_at), MAX(seen_at) FROM occurrence GROUP BY team, channel, fingerprint"
            .to_owned(),
        "INSERT INTO error (team, fingerprint, code, host, seen, first_at, last_at) SELECT team, fingerprint, 'E401', \
         (SELECT host FROM kind WHERE kind.fingerprint = error_channel.fingerprint), SUM(seen), MIN(first_at), MAX(last_at) \
         FROM error_channel GROUP BY team, fingerprint"
            .to_owned(),
        "INSERT INTO error_day (team, day, channel, fingerprint, who, seen) SELECT o.team, seen_at / 86400000, o.channel, \
         fingerprint, who, COUNT(*) FROM occurrence o JOIN heard h USING (team, channel, message) GROUP BY 1, 2, 3, 4, 5"
            .to_owned(),
        "INSERT INTO channel_day (team, day, channel, seen, answered, fixed, unhelpful, false_answers, secrets) SELECT team, day, \
         channel, SUM(seen), SUM(seen), 0, 0, 0, 0 FROM error_day GROUP BY 1, 2, 3"
            .to_owned(),
        format!(
            "INSERT INTO fix (team, id, breadth, value, family, text, folded, author, who, uses, helped, failed, saved_at) \
             {numbers} SELECT 'local', n + 1, 'registry', 'host' || n || '.example', 'E401', 'Log in again', 'log in again', \
             'ann', who, 3, 2, 0, at FROM past LIMIT 200"
        ),
    ];
    for statement in all.into_iter().chain(indexes.into_iter().map(|(_, sql)| sql)) {
        conn.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    conn.close().await.unwrap();
}
