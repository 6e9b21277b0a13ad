//! `show_threads`.

use haproxy_listing::{Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::threads::{self, Thread};
use haproxy_replies::value::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde::{Deserialize, Serialize as Written};

use crate::failure::{outcome, unreadable, unwritable, wrong_cursor};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 16;

/// Characters of one line of details.
const LINE: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    #[serde(default)]
    details: bool,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Written)]
struct Totals {
    threads: usize,
    stuck: usize,
    active: usize,
}

/// A thread without its address in memory.
struct Row<'a> {
    thread: &'a Thread<'a>,
    details: bool,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("thread", &self.thread.number)?;
        map.serialize_entry("answering", &self.thread.answering)?;
        if let Some(place) = self.thread.place {
            map.serialize_entry("group", place)?;
        }
        let known = ["thread", "answering", "group", "lines", "id"];
        for (name, value) in &self.thread.fields {
            match value {
                _ if known.contains(&name.as_str()) => {}
                Value::Absent => {}
                Value::Unsigned(number) => map.serialize_entry(name, number)?,
                Value::Signed(number) => map.serialize_entry(name, number)?,
                Value::Float(number) => map.serialize_entry(name, number)?,
                Value::Text(text) => map.serialize_entry(name, &cut(text, LINE))?,
            }
        }
        if self.details {
            let lines: Vec<_> = self
                .thread
                .lines
                .iter()
                .map(|line| cut(line, LINE))
                .collect();
            map.serialize_entry("lines", &lines)?;
        }
        map.end()
    }
}

pub(crate) fn show_threads(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let details = arguments.details;
    let part = Part::new(
        &[
            Some("show_threads"),
            Some(if details { "details" } else { "" }),
        ],
        None,
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )
    .map_err(wrong_cursor)?;
    let reply = call.instance().ask(&["show", "threads"])?.bytes()?;
    let threads = threads::read(&reply).map_err(unreadable)?;
    let with = |name: &str| {
        threads
            .iter()
            .filter(|thread| {
                thread
                    .fields
                    .iter()
                    .any(|(field, value)| field == name && !matches!(value, Value::Unsigned(0)))
            })
            .count()
    };
    let totals = Totals {
        threads: threads.len(),
        stuck: with("stuck"),
        active: with("act"),
    };
    let pages = part.of(threads.iter().map(|thread| Row { thread, details }));
    let written = part.write(&pages).map_err(unwritable)?;
    let line = format!(
        "{} of {} threads: {} stuck, {} with work",
        written.shown, totals.threads, totals.stuck, totals.active
    );
    outcome(&written.with(totals), line)
}
