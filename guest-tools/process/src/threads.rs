//! `show_threads`.

use haproxy_listing::{Part, Selection, cut};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::threads::{self, Thread};
use haproxy_replies::value::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde::{Deserialize, Serialize as Written};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 16;

/// Whether a thread is the one that answers: a field that HAProxy writes as a star.
const ANSWERING: &str = "answering";

/// What says most; a version that has no such field leaves it out.
const SUMMARY: &[&str] = &[
    ANSWERING,
    "act",
    "rq",
    "rqsz",
    "stuck",
    "harmless",
    "isolated",
    "wantrdv",
    "loops",
    "ctxsw",
    "cpu_ns_poll",
    "cpu_ns_now",
    "cpu_ns_diff",
];

/// Names that the tool gives a meaning of its own, and the address of a thread in memory.
const NOT_FIELDS: [&str; 5] = ["thread", ANSWERING, "group", "lines", "id"];

/// Characters of one line of details.
const LINE: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    fields: Option<Vec<String>>,
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
    selection: &'a Selection,
    details: bool,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("thread", &self.thread.number)?;
        if self.selection.shows(ANSWERING) {
            map.serialize_entry(ANSWERING, &self.thread.answering)?;
        }
        if let Some(place) = self.thread.place {
            map.serialize_entry("group", place)?;
        }
        for (name, value) in &self.thread.fields {
            match value {
                _ if NOT_FIELDS.contains(&name.as_str()) || !self.selection.shows(name) => {}
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
    let fields = arguments.fields.as_deref().map(|fields| fields.join(" "));
    let part = Part::new(
        &[
            Some("show_threads"),
            fields.as_deref(),
            Some(if details { "details" } else { "" }),
        ],
        None,
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let reply = call.instance().ask(&["show", "threads"])?.bytes()?;
    let threads = threads::read(&reply).map_err(Failure::unparsable)?;
    let mut selection = Selection::new(arguments.fields.as_deref(), SUMMARY);
    let names = threads.iter().flat_map(|thread| &thread.fields);
    selection.learn([ANSWERING]);
    selection.learn(
        names
            .map(|(name, _)| name.as_str())
            .filter(|name| !NOT_FIELDS.contains(name)),
    );
    selection.hidden()?;
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
    let pages = part.of(threads.iter().map(|thread| Row {
        thread,
        selection: &selection,
        details,
    }));
    let written = part.write(&pages)?;
    let line = format!(
        "{} of {} threads: {} stuck, {} with work",
        written.shown, totals.threads, totals.stuck, totals.active
    );
    Ok(Outcome::of(&written.with(totals))?.text(line))
}
