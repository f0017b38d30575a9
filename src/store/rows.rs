//! Statements about several rows at once: one statement for many costs hardly more than for one.

use std::{fmt::Write as _, iter};

use jiff::Timestamp;
use sqlx::{
    Any, AnyConnection, AssertSqlSafe,
    any::{AnyArguments, AnyRow},
    query::{Query, QueryAs},
};

/// Milliseconds since 1970, as stored.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A stored time. What no calendar holds becomes its nearest end.
pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// UTC days since 1970.
pub(super) fn day(at: Timestamp) -> i64 {
    millis(at).div_euclid(24 * 3600 * 1000)
}

/// Replaces `{rows}` in a statement by `($1, $2), ($3, $4)` and so on: `rows` rows of `columns` each. The numbers begin
/// after `before`, those that the statement names itself.
///
/// SQLite takes each `$1` for a name, and compares it with all names before it: a thousand of them cost more than what the
/// statement does. Where the statement names its own in their order and before the rows, it gets `?` instead.
pub(super) fn sql(
    conn: &AnyConnection,
    statement: &str,
    before: usize,
    rows: usize,
    columns: usize,
) -> AssertSqlSafe<String> {
    let (head, tail) = statement.split_once("{rows}").unwrap_or((statement, ""));
    let unnumbered =
        if conn.backend_name() == "SQLite" && !tail.contains('$') { unnumbered(head, before) } else { None };
    let unnamed = unnumbered.is_some();
    let mut text = unnumbered.unwrap_or_else(|| head.to_owned());
    text.reserve(rows * columns * 6 + tail.len());
    let mut number = before;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            number += 1;
            text.push_str(if column == 0 { "" } else { ", " });
            if unnamed {
                text.push('?');
            } else {
                let _ = write!(text, "${number}");
            }
        }
        text.push(')');
    }
    text.push_str(tail);
    AssertSqlSafe(text)
}

/// The part before the rows with `?` for its own arguments; `None` unless these are `$1` to the last, in this order.
fn unnumbered(head: &str, before: usize) -> Option<String> {
    let mut parts = head.split('$');
    let mut text = parts.next()?.to_owned();
    let mut numbers = 1..=before;
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: usize = part.strip_suffix(rest)?.parse().ok()?;
        if Some(number) != numbers.next() {
            return None;
        }
        text.push('?');
        text.push_str(rest);
    }
    numbers.next().is_none().then_some(text)
}

/// The most rows of a statement.
pub(super) const FULL: usize = 128;

/// Statements of so many rows are prepared once and kept: SQLite needs longer to read the text of a statement of many rows than to
/// carry it out. With each size more, the connection would have to forget others.
const KEPT: [usize; 4] = [1, 4, 16, FULL];

pub(super) fn is_kept(rows: usize) -> bool {
    KEPT.contains(&rows)
}

/// What is put in, in parts of which each fills a kept statement; the longest come first.
pub(super) fn parts<T>(all: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = all;
    iter::from_fn(move || {
        let size = KEPT.into_iter().rev().find(|size| *size <= left.len())?;
        let (part, rest) = left.split_at_checked(size)?;
        left = rest;
        Some(part)
    })
}

/// What is looked up or changed to the same, at most [`FULL`] of it, with its last repeated until there are as many as a kept
/// statement has rows.
pub(super) fn padded<T: Copy>(some: &[T]) -> Vec<T> {
    let size = KEPT.into_iter().find(|size| *size >= some.len()).unwrap_or(some.len());
    let mut all = some.to_vec();
    if let Some(last) = some.last() {
        all.resize(size, *last);
    }
    all
}

/// A statement whose text depends on the number of its rows. What comes in numbers comes in [`parts`].
pub(super) fn query<'q>(
    conn: &AnyConnection,
    statement: &str,
    rows: usize,
    columns: usize,
) -> Query<'q, Any, AnyArguments> {
    query_of(conn, statement, 0, rows, columns)
}

/// The same for a statement that names `before` arguments itself.
pub(super) fn query_of<'q>(
    conn: &AnyConnection,
    statement: &str,
    before: usize,
    rows: usize,
    columns: usize,
) -> Query<'q, Any, AnyArguments> {
    sqlx::query(sql(conn, statement, before, rows, columns)).persistent(is_kept(rows))
}

/// The same for a statement that returns tuples.
pub(super) fn query_as<'q, T>(
    conn: &AnyConnection,
    statement: &str,
    before: usize,
    rows: usize,
    columns: usize,
) -> QueryAs<'q, Any, T, AnyArguments>
where
    T: for<'r> sqlx::FromRow<'r, AnyRow>,
{
    sqlx::query_as(sql(conn, statement, before, rows, columns)).persistent(is_kept(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_fills_a_kept_statement() {
        for (given, size) in [(0, 0), (1, 1), (2, 4), (4, 4), (17, FULL), (FULL, FULL)] {
            let numbers: Vec<usize> = (0..given).collect();
            let all = padded(&numbers);
            assert_eq!(all.len(), size, "{given}");
            assert!(all.starts_with(&numbers) && all.iter().skip(given).all(|n| *n == given - 1));
        }
    }

    #[test]
    fn what_is_put_in_comes_in_kept_parts() {
        for (given, sizes) in [(0, vec![]), (1, vec![1]), (7, vec![4, 1, 1, 1]), (280, vec![FULL, FULL, 16, 4, 4])] {
            let numbers: Vec<usize> = (0..given).collect();
            assert_eq!(parts(&numbers).map(<[usize]>::len).collect::<Vec<_>>(), sizes);
            assert_eq!(parts(&numbers).flatten().copied().collect::<Vec<_>>(), numbers);
        }
    }

    #[test]
    fn arguments_lose_their_numbers_where_they_stand_in_order() {
        let text = unnumbered("SELECT 14 FROM a WHERE b = $1 AND c > $2 AND d IN (", 2);
        assert_eq!(text.as_deref(), Some("SELECT 14 FROM a WHERE b = ? AND c > ? AND d IN ("));
        for (head, before) in [("$2 $1", 2), ("$1 $1", 1), ("$1", 2), ("$1 $2", 1), ("$", 1), ("", 1)] {
            assert_eq!(unnumbered(head, before), None, "{head}");
        }
    }
}
