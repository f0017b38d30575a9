//! Everything that a database holds, as text: for tests of what must not be there, and of what must still be.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use npmfix::store::Store;
use sqlx::{AssertSqlSafe, Column as _, Row as _, any::AnyRow};

/// The rows of each table, each as `column=value` in the table's order; absent values are left out.
pub type Dump = BTreeMap<String, Vec<String>>;

/// All tables of this program with all their rows.
pub async fn dump(store: &Store) -> Dump {
    let mut conn = store.read().await.unwrap();
    let names = match store.engine() {
        npmfix::store::Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
        npmfix::store::Engine::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'"
        }
    };
    let names: Vec<(String,)> = sqlx::query_as(names).fetch_all(&mut *conn).await.unwrap();
    let mut all = Dump::new();
    for (name,) in names.into_iter().filter(|(name,)| !name.starts_with("_sqlx") && !name.starts_with("sqlite_")) {
        let select = AssertSqlSafe(format!("SELECT * FROM {name}"));
        let rows = sqlx::query(select).fetch_all(&mut *conn).await.unwrap();
        all.insert(name, rows.iter().map(line).collect());
    }
    assert!(all.len() > 15, "only {:?}", all.keys());
    all
}

fn line(row: &AnyRow) -> String {
    let cells = row.columns().iter().filter_map(|column| {
        let at = column.ordinal();
        let number = |_| row.try_get::<Option<i64>, _>(at).map(|number| number.map(|number| number.to_string()));
        let value = row.try_get::<Option<String>, _>(at).or_else(number).unwrap();
        value.map(|value| format!("{}={value}", column.name()))
    });
    cells.collect::<Vec<_>>().join("\n")
}

/// The tables in which a text stands.
pub fn holding(dump: &Dump, text: &str) -> Vec<String> {
    let holds = |rows: &Vec<String>| rows.iter().any(|row| row.contains(text));
    dump.iter().filter(|(_, rows)| holds(rows)).map(|(name, _)| name.clone()).collect()
}

/// How many rows each table has for a team; tables without one are left out.
pub fn of_team(dump: &Dump, team: &str) -> BTreeMap<String, usize> {
    let owner = format!("team={team}");
    let count = |rows: &Vec<String>| rows.iter().filter(|row| row.lines().any(|line| line == owner)).count();
    dump.iter().map(|(name, rows)| (name.clone(), count(rows))).filter(|(_, count)| *count > 0).collect()
}
