//! What is answered.

use std::collections::BTreeMap;

use haproxy_mcp_sdk::{Failure, Outcome};
use haproxy_replies::dates::iso;
use haproxy_replies::log_lines::{Kind, Line, Stamp, Timers};
use haproxy_replies::names::Suggestion;
use serde::Serialize;

use super::files::Chosen;
use super::search::{Found, Search};
use super::visible::visible;
use super::when::Clock;
use super::{Arguments, LINES};

/// Bytes of rows in an answer to a call without `lines`, and in any.
const DEFAULT_BYTES: usize = 6_000;
const BYTES: usize = 200_000;

/// Characters of a line, and of a request or a name in it.
const LINE: usize = 1_000;
const FIELD: usize = 300;

/// Backends that are counted in an answer, and other files that are named.
const BACKENDS: usize = 10;
const FILES: usize = 20;

#[derive(Serialize)]
struct Answer<'a> {
    file: &'a str,
    rows: Vec<Row>,
    matched: u64,
    counts: Counts,
    searched: Searched,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    files: &'a [String],
}

#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frontend: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    termination: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    timers: BTreeMap<&'static str, i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retries: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    line: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<u64>,
}

#[derive(Serialize)]
struct Counts {
    kinds: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    status: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    backends: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Searched {
    lines: u64,
    bytes: u64,
    of_bytes: u64,
    whole: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_format: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
}

#[derive(Serialize)]
struct LeftOut {
    lines: u64,
    hint: &'static str,
}

pub(super) fn write(
    arguments: &Arguments,
    chosen: &Chosen,
    clock: &Clock,
    search: Search<'_>,
) -> Result<Outcome, Failure> {
    let room = if arguments.lines.is_some() {
        BYTES
    } else {
        DEFAULT_BYTES
    };
    let rows = newest(&search, room)?;
    let shown = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let left_out = search.matched.saturating_sub(shown);
    let whole = search.is_whole() && search.broken_off.is_none();
    let notes = notes(arguments, chosen, clock, &search);
    let line = line(&search, &chosen.name, shown, whole);
    let answer = Answer {
        file: &chosen.name,
        rows,
        matched: search.matched,
        left_out: (left_out > 0).then_some(LeftOut {
            lines: left_out,
            hint: "older lines: a larger `lines`, an earlier `until`, or a narrower filter shows them",
        }),
        notes,
        files: chosen.others.get(..FILES).unwrap_or(&chosen.others),
        searched: Searched {
            lines: search.lines,
            bytes: search.bytes,
            of_bytes: search.size,
            whole,
            from: search.first,
            to: search.last,
            other_format: (search.other_format > 0).then_some(search.other_format),
            zone: clock.zone(),
        },
        counts: Counts {
            kinds: search.counts.kinds,
            status: search.counts.status,
            backends: most(&search.counts.backends),
        },
    };
    Ok(Outcome::of(&answer)?.text(line))
}

/// As many of the newest rows as there is room for, newest last. One always is.
fn newest(search: &Search<'_>, room: usize) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    for found in search.found.iter().rev() {
        let row = row(found);
        bytes += serde_json::to_string(&row)?.len() + 1;
        if bytes > room && !rows.is_empty() {
            break;
        }
        rows.push(row);
    }
    rows.reverse();
    Ok(rows)
}

fn row(found: &Found) -> Row {
    let line = Line::read(&found.bytes);
    let field = |bytes: Option<&[u8]>| bytes.map(|bytes| visible(bytes, FIELD).0);
    let stamp = line.logged.or(line.accepted);
    // of the time that is shown, and only where nothing about it is a guess
    let at = stamp.filter(Stamp::has_year).and_then(|stamp| {
        let moment = stamp.moment(0)?;
        moment.offset.map(|_| iso(moment.utc(0), Some(0)))
    });
    let client = match (line.client, line.client_port) {
        (Some(client), Some(port)) => {
            Some([visible(client, FIELD).0, visible(port, FIELD).0].join(":"))
        }
        (client, _) => field(client),
    };
    let told = matches!(
        line.kind,
        Kind::Server | Kind::Proxy | Kind::Other | Kind::Refused
    );
    let (text, all) = visible(&found.bytes, LINE);
    Row {
        time: field(stamp.map(|stamp| stamp.written)),
        at,
        kind: line.kind.as_str(),
        severity: line.severity().filter(|_| told),
        client,
        frontend: field(line.frontend),
        backend: field(line.backend),
        server: field(line.server),
        proxy: field(line.proxy),
        status: line.status,
        termination: field(line.termination),
        timers: timers(&line),
        retries: line.retries.filter(|retries| *retries > 0),
        request: field(line.request),
        line: text,
        cut: (!all || found.length > found.bytes.len() as u64).then_some(found.length),
    }
}

/// By the names that HAProxy's manual has for them.
fn timers(line: &Line<'_>) -> BTreeMap<&'static str, i64> {
    let Timers {
        request,
        queue,
        connect,
        response,
        total,
    } = line.timers;
    let all = if line.kind == Kind::Tcp { "Tt" } else { "Ta" };
    [
        ("TR", request),
        ("Tw", queue),
        ("Tc", connect),
        ("Tr", response),
        (all, total),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// The names with the largest counts.
fn most(counts: &BTreeMap<Vec<u8>, u64>) -> BTreeMap<String, u64> {
    let mut all: Vec<(&Vec<u8>, u64)> = counts.iter().map(|(name, count)| (name, *count)).collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all.into_iter()
        .take(BACKENDS)
        .map(|(name, count)| (visible(name, FIELD).0, count))
        .collect()
}

/// What keeps the answer from being all that there is to say.
fn notes(
    arguments: &Arguments,
    chosen: &Chosen,
    clock: &Clock,
    search: &Search<'_>,
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(why) = &search.broken_off {
        notes.push(format!(
            "the file could not be read to its end ({why}): newer lines may be missing; ask again"
        ));
    } else if search.rotated {
        notes.push(
            "the file was replaced or cut off while it was read: newer lines are in the new one; ask again"
                .to_owned(),
        );
    }
    let wanted = arguments.lines.unwrap_or(LINES) as u64;
    let short = clock.has_since() || search.matched < wanted;
    if short && !search.goes_further && search.broken_off.is_none() {
        if !search.is_whole() {
            notes.push(format!(
                "older lines were not looked at: only the last {} bytes of the file were",
                search.bytes
            ));
        } else if clock.has_since() || !chosen.others.is_empty() {
            let begins = search.first.as_ref().map_or_else(
                || "the file is all that was looked at".to_owned(),
                |first| format!("the file begins at {first}"),
            );
            let older = if chosen.others.is_empty() {
                "in a rotated file, which is not granted"
            } else {
                "in another file of the log (`file`)"
            };
            notes.push(format!("{begins}: older lines may be {older}"));
        }
    }
    if search.wanted.is_about_fields() && search.other_format > 0 {
        notes.push(format!(
            "{} lines have another format (`log-format`), of which only the text is known: `text` finds them",
            search.other_format
        ));
    }
    if search.matched == 0
        && let Some(backend) = search.wanted.backend
        && !search.backends.contains_key(backend.as_bytes())
        && let Some(seen) = Suggestion::among(backend, search.backends.keys()).sentence()
    {
        notes.push(format!("no line is of the backend `{backend}`; {seen}"));
    }
    notes
}

fn line(search: &Search<'_>, name: &str, shown: u64, whole: bool) -> String {
    let statuses: Vec<String> = search
        .counts
        .status
        .iter()
        .map(|(class, count)| format!("{class} {count}"))
        .collect();
    let statuses = if statuses.is_empty() {
        String::new()
    } else {
        format!(" ({})", statuses.join(", "))
    };
    let part = if whole {
        format!("all {} lines", search.lines)
    } else {
        format!("the last {} lines", search.lines)
    };
    format!(
        "{shown} of {} lines that matched{statuses}, of {part} of `{name}`",
        search.matched
    )
}
