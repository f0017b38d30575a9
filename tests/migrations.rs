//! The tables' way from the first version to this one: over data that each version left behind, on every engine.
//!
//! `samples/migrations/NNNN.sql` is put in after the migration with that number.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/engines.rs"]
mod engines;
#[path = "support/tables.rs"]
mod tables;

use std::{fs, path::PathBuf};

use engines::each_engine;
use npmfix::{
    message::{ChannelId, TeamId},
    store::{Engine, Store, StoreError, fixes, installs, memory, replies, teams},
};
use rstest::rstest;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _, migrate::Migrator};

/// The migrations that databases may hold, with the beginnings of their checksums. A line here never changes: a database refuses
/// a migration that is not the one that it took.
const TAKEN: &[(i64, &str)] = &[
    (1, "42f16c0ca44e68a3"),
    (2, "24e16772e3b52009"),
    (3, "6656c7f8488ff9b5"),
    (4, "6de56803f7e80bf7"),
    (5, "ebe2b991bc5f3a2b"),
    (6, "b6536f3d64cd46c9"),
    (7, "bd51cfa9913120b5"),
    (8, "7418eccee6a32a44"),
    (9, "bf6f4202d1f721d7"),
    (10, "e7792aa3b72f0cad"),
    (11, "1a7b3e630f2be8a7"),
    (12, "2cfb73ac9dec7612"),
    (13, "fdd2b744f21589db"),
];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

async fn migrator() -> Migrator {
    Migrator::new(folder("migrations")).await.unwrap()
}

fn sample(version: i64) -> String {
    let path = folder("tests/samples/migrations").join(format!("{version:04}.sql"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A database without any table.
async fn bare(store: &Store, address: &str) -> String {
    store.close().await;
    if store.engine() == Engine::Sqlite {
        return format!("{address}.bare");
    }
    let mut conn = AnyConnection::connect(address).await.unwrap();
    conn.execute(sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")).await.unwrap();
    address.to_owned()
}

async fn connect(engine: Engine, address: &str) -> AnyConnection {
    let create = if engine == Engine::Sqlite { "?mode=rwc" } else { "" };
    AnyConnection::connect(&format!("{address}{create}")).await.unwrap()
}

#[tokio::test]
async fn every_migration_keeps_what_earlier_versions_left() {
    each_engine(async |store, address| {
        let address = bare(&store, address).await;
        let migrator = migrator().await;
        let mut conn = connect(store.engine(), &address).await;
        for migration in migrator.iter() {
            migrator.run_to(migration.version, &mut conn).await.unwrap();
            conn.execute(sqlx::raw_sql(AssertSqlSafe(sample(migration.version)))).await.unwrap();
        }
        conn.close().await.unwrap();

        let store = Store::open(&address).await.unwrap();
        let dump = tables::dump(&store).await;
        let empty: Vec<_> = dump.iter().filter(|(_, rows)| rows.is_empty()).map(|(name, _)| name).collect();
        assert!(empty.is_empty(), "no sample for {empty:?}");
        // Who met an error on a day was found in what was recorded of it.
        let met = ["day=20780", "fingerprint=v1-3a259bd957dd75be", "who=d561a479158f9a03a5ca11e3a755f003", "seen=1"];
        assert!(dump["error_day"].iter().any(|row| met.iter().all(|part| row.lines().any(|line| line == *part))));
        let (team, channel) = (TeamId::local(), ChannelId::parse("general").unwrap());
        let mut conn = store.read().await.unwrap();
        let given = replies::last_in(&mut conn, &team, &channel).await.unwrap().unwrap();
        assert_eq!((given.state.tried.len(), given.diagnoses.len()), (1, 1));
        let fix = fixes::get(&mut conn, &team, 1, fixes::View::From(&channel)).await.unwrap().unwrap();
        assert!(fix.text.contains("log in again"), "{}", fix.text);
        assert_eq!(fixes::history(&mut conn, &team, 1, fixes::View::Everything).await.unwrap().len(), 1);
        assert_eq!(teams::settings(&mut conn, &team).await.unwrap().admins.len(), 1);
        let history = memory::history(&mut conn, &team, &channel, 10).await.unwrap();
        let packages: Vec<_> = history.iter().map(|known| known.package.as_deref()).collect();
        assert_eq!(packages, [Some("@acme/widget")]);
        let secret = ChannelId::parse("secret").unwrap();
        let history = memory::history(&mut conn, &team, &secret, 10).await.unwrap();
        assert!(
            history.iter().any(|known| known.package.as_deref() == Some("@acme/takeover") && known.seen.times == 2)
        );
        let with_the_bot = installs::teams(&mut conn).await.unwrap();
        assert_eq!(with_the_bot, [TeamId::parse("slack:T0ACME").unwrap()]);
        drop(conn);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn migrations_go_forward_and_are_numbered_without_gaps() {
    let migrator = migrator().await;
    for (migration, expected) in migrator.iter().zip(1..) {
        assert_eq!(migration.version, expected);
        assert!(!migration.migration_type.is_down_migration(), "{}", migration.description);
    }
    assert_eq!(fs::read_dir(folder("migrations")).unwrap().count(), migrator.iter().count());
    let checksums: Vec<_> = migrator.iter().map(|migration| (migration.version, hex(&migration.checksum))).collect();
    let taken: Vec<_> = TAKEN.iter().map(|(version, checksum)| (*version, (*checksum).to_owned())).collect();
    assert_eq!(checksums, taken, "a new migration gets a line above; one that was there may not change");
}

/// The first eight bytes.
fn hex(bytes: &[u8]) -> String {
    let first: [u8; 8] = bytes.first_chunk().copied().unwrap();
    format!("{:016x}", u64::from_be_bytes(first))
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    each_engine(async |store, address| {
        store.close().await;
        let mut conn = AnyConnection::connect(address).await.unwrap();
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     SELECT 9999, 'from the future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
        conn.execute(newer).await.unwrap();
        let error = Store::open(address).await.unwrap_err();
        assert!(matches!(error, StoreError::Newer(9999)) && !error.passes(), "{error:?}");
        let sentence = "the database was written by a newer npmfix (it has migration 9999): update this one";
        assert_eq!(error.to_string(), sentence);
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_was_changed_later_is_refused() {
    each_engine(async |store, address| {
        store.close().await;
        let mut conn = AnyConnection::connect(address).await.unwrap();
        conn.execute("UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM _sqlx_migrations WHERE version = 2) WHERE version = 1")
            .await
            .unwrap();
        let error = Store::open(address).await.unwrap_err();
        assert!(matches!(error, StoreError::Migration(_)), "{error:?}");
        assert!(error.to_string().starts_with("cannot bring the database up to date: "), "{error}");
    })
    .await;
}

/// Statements that add a column which rows of today could not have.
fn impossible(migration: &str) -> Vec<String> {
    let plain: String =
        migration.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    let statements = plain.split(';').map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "));
    statements
        .filter(|statement| {
            let words = statement.to_uppercase();
            let adds = words.starts_with("ALTER TABLE ") && words.contains(" ADD ");
            adds && words.contains(" NOT NULL") && !words.contains(" DEFAULT ")
        })
        .collect()
}

#[test]
fn a_column_added_later_is_empty_or_has_a_default() {
    for entry in fs::read_dir(folder("migrations")).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(impossible(&fs::read_to_string(&path).unwrap()), Vec::<String>::new(), "{}", path.display());
    }
}

#[rstest]
#[case::column("ALTER TABLE fix ADD COLUMN a TEXT NOT NULL;", true)]
#[case::lines("alter table fix\n  add a bigint\n  not null; -- DEFAULT 1", true)]
#[case::second("SELECT 1; ALTER TABLE fix ADD a TEXT NOT NULL", true)]
#[case::default("ALTER TABLE fix ADD COLUMN a TEXT NOT NULL DEFAULT '';", false)]
#[case::empty("ALTER TABLE fix ADD COLUMN a TEXT; -- NOT NULL later", false)]
#[case::table("CREATE TABLE a (b TEXT NOT NULL);", false)]
fn the_check_finds_columns_that_cannot_be_added(#[case] migration: &str, #[case] found: bool) {
    assert_eq!(!impossible(migration).is_empty(), found);
}
