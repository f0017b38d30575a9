//! Statements about several rows at once: one statement for many costs hardly more than for one.

use std::fmt::Write as _;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

/// Milliseconds since 1970, as stored.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A stored time. What no calendar holds becomes its nearest end.
pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// Replaces `{rows}` in a statement by `($1, $2), ($3, $4)` and so on: `rows` rows of `columns` each. The numbers begin
/// after `before`, those that the statement names itself.
pub(super) fn sql(statement: &str, before: usize, rows: usize, columns: usize) -> AssertSqlSafe<String> {
    let mut list = String::with_capacity(rows * columns * 6);
    let mut number = before;
    for row in 0..rows {
        list.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            number += 1;
            let _ = write!(list, "{}${number}", if column == 0 { "" } else { ", " });
        }
        list.push(')');
    }
    AssertSqlSafe(statement.replace("{rows}", &list))
}
