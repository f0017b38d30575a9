//! Teams with two years behind them, written by the database itself.

use jiff::{SignedDuration, Timestamp};
use npmfix::{classifier, knowledge::load_embedded, store::Engine};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};

/// Distinct errors of each team.
const ERRORS: usize = 50;
const DAY: i64 = 24 * 3600 * 1000;
/// The week before the one that is due, 2026-W48: so many weeks after the first of 2024.
const LAST_WEEK: i64 = 2 * 52 + 46;

/// What two years leave behind that end at `end`: the same errors, channels and people for each team, and a digest that is due.
pub async fn fill(address: &str, engine: Engine, (teams, occurrences): (u64, u64), (due, end): (Timestamp, Timestamp)) {
    let mut conn = connect(address, engine).await;
    kinds(&mut conn).await;
    let each = occurrences / teams;
    let end = (end - SignedDuration::from_hours(10)).as_millisecond();
    let step = 730 * DAY / i64::try_from(each).unwrap();
    let recent = end - 40 * DAY;
    let past = format!(
        "WITH RECURSIVE t(t) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT t + 1 FROM t WHERE t < {teams} - 1), \
         n(n) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM n WHERE n < {each} - 1), \
         past AS (SELECT 'slack:T' || t AS team, n, {end} - n * {step} AS at, 'c' || ((n * 2654435761 + t) % 8) AS channel, \
         (n * 2246822519 + t * 31) % {ERRORS} AS kind, 'who' || ((n * 3266489917 + t) % 40) AS who, \
         'm' || n AS message FROM t CROSS JOIN n)"
    );
    // What is counted below, and all that is only put in.
    let met = [
        format!(
            "INSERT INTO occurrence (team, channel, message, ordinal, fingerprint, code, host, operation, seen_at, \
             diagnosis) {past} SELECT team, channel, message, 0, fingerprint, 'E401', host, 'install', \
             at, CASE WHEN at > {recent} THEN diagnosis END FROM past JOIN kind ON kind.n = past.kind"
        ),
        "INSERT INTO error_channel (team, channel, fingerprint, seen, first_at, last_at) SELECT team, channel, fingerprint, \
         COUNT(*), MIN(seen_at), MAX(seen_at) FROM occurrence GROUP BY team, channel, fingerprint"
            .to_owned(),
        "INSERT INTO error (team, fingerprint, code, host, seen, first_at, last_at, state, state_at, public_at, opened_at) \
         SELECT team, fingerprint, 'E401', (SELECT host FROM kind WHERE kind.fingerprint = error_channel.fingerprint), \
         CAST(SUM(seen) AS BIGINT), MIN(first_at), MAX(last_at), 'recurring', MIN(first_at), MIN(first_at), MIN(first_at) \
         FROM error_channel GROUP BY team, fingerprint"
            .to_owned(),
        format!(
            "INSERT INTO heard (team, channel, message, who, gist, heard_at) {past} SELECT team, channel, message, who, '', at \
             FROM past"
        ),
    ];
    let counted = [
        format!(
            "INSERT INTO error_day (team, day, channel, fingerprint, who, seen) {past} SELECT team, at / {DAY}, channel, \
             fingerprint, who, COUNT(*) FROM past JOIN kind ON kind.n = past.kind GROUP BY 1, 2, 3, 4, 5"
        ),
        "INSERT INTO channel_day (team, day, channel, seen, answered, fixed, unhelpful, false_answers, secrets, helped) \
         SELECT team, day, channel, CAST(SUM(seen) AS BIGINT), 0, 1, 0, 0, 1, 1 \
         FROM error_day GROUP BY team, day, channel"
            .to_owned(),
        format!(
            "INSERT INTO reply (id, kind, team, channel, message, fingerprint, state, replied_at) {past} SELECT \
             team || '-' || past.n, 'answer', team, channel, message, fingerprint, '{{}}', at FROM past \
             JOIN kind ON kind.n = past.kind WHERE at > {recent}"
        ),
        format!(
            "INSERT INTO fix (team, id, breadth, value, family, text, folded, author, who, uses, helped, failed, saved_at) \
             {past} SELECT team, n + 1, 'registry', 'host' || n || '.example', 'E401', 'Log in again', 'log in again', 'ann', \
             'who1', 3, 2, 0, at FROM past WHERE n < 20"
        ),
        // A digest each Monday until the last one, in years of 52 weeks.
        format!(
            "INSERT INTO digest (team, week, channel, due_at, made_at, post_key, outcome, ended_at) {past}, \
             said AS (SELECT team, n, {LAST_WEEK} - n AS week, {} - (n + 1) * 7 * {DAY} AS at FROM past WHERE n < 104) \
             SELECT team, '20' || (24 + week / 52) || CASE WHEN week % 52 < 9 THEN '-W0' ELSE '-W' END || (week % 52 + 1), \
             'c1', at, at, 'said ' || n, 'sent', at FROM said",
            due.as_millisecond()
        ),
        format!(
            "INSERT INTO schedule (team, channel, weekday, minute, zone, set_at) {past} SELECT team, 'c1', 1, 540, 'UTC', at \
             FROM past WHERE n = 0"
        ),
        format!(
            "INSERT INTO outbox (team, lane, seq, post_key, kind, body, due_at, attempts, created_at) {past} SELECT team, \
             'weekly digest', 1, 'key of ' || team, 'digest', '2026-W48', {}, 0, at FROM past WHERE n = 0",
            due.as_millisecond()
        ),
    ];
    let last =
        ["UPDATE error_channel SET reply = last.id FROM (SELECT team, channel, fingerprint, MAX(id) AS id FROM reply \
                 GROUP BY team, channel, fingerprint) AS last WHERE last.team = error_channel.team \
                 AND last.channel = error_channel.channel AND last.fingerprint = error_channel.fingerprint"
            .to_owned()];
    // The indexes that are no keys are built afterwards, which takes a fraction of the time.
    let indexes = indexes(&mut conn, engine).await;
    for (name, _) in &indexes {
        conn.execute(AssertSqlSafe(format!("DROP INDEX {name}"))).await.unwrap();
    }
    let indexes: Vec<String> = indexes.into_iter().map(|(_, sql)| sql).collect();
    if engine == Engine::Postgres {
        let mut other = connect(address, engine).await;
        tokio::join!(run(&mut conn, &met), run(&mut other, &counted));
        other.close().await.unwrap();
    } else {
        run(&mut conn, &met).await;
        run(&mut conn, &counted).await;
    }
    run(&mut conn, &last).await;
    run(&mut conn, &indexes).await;
    // Nobody's digest is to wait until what stands in the log of all this is in the files, or until the server has tidied up what it
    // would have over two years.
    let end: &[&str] = match engine {
        Engine::Sqlite => &["ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"],
        Engine::Postgres => &["VACUUM ANALYZE", "CHECKPOINT"],
    };
    for statement in end {
        conn.execute(*statement).await.unwrap();
    }
    conn.close().await.unwrap();
}

/// The errors of each team, in a table of their own.
async fn kinds(conn: &mut AnyConnection) {
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
            .execute(&mut *conn)
            .await
            .unwrap();
    }
}

/// A connection that waits for no disk and sorts in memory.
async fn connect(address: &str, engine: Engine) -> AnyConnection {
    let mut conn = AnyConnection::connect(address).await.unwrap();
    let fast: &[&str] = match engine {
        Engine::Sqlite => &["PRAGMA synchronous = OFF; PRAGMA cache_size = -500000"],
        Engine::Postgres => {
            &["SET synchronous_commit = off", "SET work_mem = '512MB'", "SET maintenance_work_mem = '512MB'"]
        }
    };
    for setting in fast {
        conn.execute(*setting).await.unwrap();
    }
    conn
}

async fn run(conn: &mut AnyConnection, statements: &[String]) {
    for statement in statements {
        conn.execute(AssertSqlSafe(statement.clone())).await.unwrap();
    }
}

/// The names of the indexes that are no keys, and what makes them.
async fn indexes(conn: &mut AnyConnection, engine: Engine) -> Vec<(String, String)> {
    let select = match engine {
        Engine::Sqlite => "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
        Engine::Postgres => {
            "SELECT CAST(indexname AS TEXT), indexdef FROM pg_indexes WHERE schemaname = 'public' \
             AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        }
    };
    sqlx::query_as(select).fetch_all(conn).await.unwrap()
}
