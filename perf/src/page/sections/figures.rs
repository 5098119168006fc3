//! Taking figures from a run, and writing them.

use crate::{Report, Row};

/// The message lengths in words that a report has rows for, rising.
pub(super) fn lengths(report: &Report, id: &str) -> Vec<u32> {
    let rows = report.rows.iter().filter(|row| row.id == id);
    let mut words: Vec<u32> = rows.filter_map(|row| row.words).collect();
    words.sort_unstable();
    words
}

/// The numbers with which ids of a kind end, rising, and their rows.
pub(super) fn numbered<'a>(report: &'a Report, kind: &str) -> Vec<(u32, &'a Row)> {
    let number = |row: &'a Row| Some((row.id.strip_prefix(kind)?.parse().ok()?, row));
    let mut rows: Vec<(u32, &Row)> = report.rows.iter().filter_map(number).collect();
    rows.sort_by_key(|(number, _)| *number);
    rows
}

pub(super) fn one_way(row: Option<&Row>) -> Option<u64> {
    row?.instructions_one_way
}

pub(super) fn round_trip(row: Option<&Row>) -> Option<u64> {
    row?.instructions_round_trip
}

/// One value over another, if both are there.
pub(super) fn over(value: Option<f64>, base: Option<f64>) -> Option<f64> {
    Some(value? / base.filter(|base| *base > 0.0)?)
}

/// A count for drawing and dividing; counts are far below where this loses digits.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

pub(super) fn whole(count: Option<u64>) -> String {
    count.map_or_else(dash, |count| count.to_string())
}

pub(super) fn decimals(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(dash, |value| format!("{value:.digits$}"))
}

pub(super) fn dash() -> String {
    "–".into()
}
