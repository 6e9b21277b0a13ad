//! The answer of `show_stat`.

use haproxy_listing::{Cursor, Fields, Rows};
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
}

#[derive(Serialize)]
struct LeftOut {
    columns: usize,
    hint: &'static str,
}

/// The structured answer, and a line for a person.
pub(crate) fn write(query: &Query, read: &Read) -> serde_json::Result<(String, String)> {
    let mut rows = Rows::default();
    let mut last = None;
    for kept in &read.page.rows {
        if !rows.add(&Fields(kept.row.values(&read.shown)))? {
            break;
        }
        last = Some(kept);
    }
    let shown = rows.count();
    let more = read.page.more || shown < read.page.rows.len();
    let next = last.filter(|_| more).map(|last| Cursor {
        key: last.key.clone(),
        ordinal: last.ordinal,
    });
    let line = line(query, read, shown, more);
    let answer = Answer {
        rows: rows.finish()?,
        matched: read.page.matched,
        totals: &read.totals,
        next_cursor: next.map(|cursor| cursor.write(query.fingerprint)),
        left_out: (read.hidden > 0).then_some(LeftOut {
            columns: read.hidden,
            hint: "name groups or columns in `fields`, or \"all\"; empty values are never shown",
        }),
    };
    Ok((serde_json::to_string(&answer)?, line))
}

fn line(query: &Query, read: &Read, shown: usize, more: bool) -> String {
    let mut line = format!("{shown} of {} matching rows", read.page.matched);
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
    if more {
        line.push_str("; pass next_cursor for more");
    }
    line
}
