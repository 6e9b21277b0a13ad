//! The answer of `show_stat`.

use haproxy_asking::SaidBy;
use haproxy_listing::{Fields, Rows, Written};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::query::Query;
use crate::table::Read;
use crate::totals::Totals;

#[derive(Serialize)]
struct Answer<'a> {
    rows: Box<RawValue>,
    matched: u64,
    totals: &'a Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
    #[serde(flatten)]
    said: &'a SaidBy,
}

#[derive(Serialize)]
struct LeftOut {
    columns: usize,
    hint: &'static str,
}

/// The structured answer, and a line for a person.
pub(crate) fn write(
    query: &Query,
    read: &Read,
    said: &SaidBy,
) -> serde_json::Result<(String, String)> {
    let written = read
        .page
        .write(Rows::default(), query.fingerprint, |fields| {
            Fields(fields.values(&read.shown))
        })?;
    let line = line(query, read, &written);
    let answer = Answer {
        rows: written.rows,
        matched: written.matched,
        totals: &read.totals,
        next_cursor: written.next_cursor,
        left_out: (read.hidden > 0).then_some(LeftOut {
            columns: read.hidden,
            hint: "name groups or columns in `fields`, or \"all\"; empty values are never shown",
        }),
        said,
    };
    Ok((serde_json::to_string(&answer)?, line))
}

fn line(query: &Query, read: &Read, written: &Written) -> String {
    let mut line = format!("{} of {} matching rows", written.shown, written.matched);
    let counts: Vec<String> = read
        .totals
        .counts()
        .map(|(kind, count)| format!("{count} {}", kind.name()))
        .collect();
    if !counts.is_empty() {
        line = format!("{line} ({})", counts.join(", "));
    }
    if let Some(sort) = &query.sort {
        line = format!("{line}, sorted by {sort}");
    }
    if written.next_cursor.is_some() {
        line.push_str("; pass next_cursor for more");
    }
    line
}
