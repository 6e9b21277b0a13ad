//! `show_errors`.

use haproxy_asking::statistics;
use haproxy_listing::{Key, Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Instance, Need, Outcome};
use haproxy_replies::errors::{Captured, ErrorsReader};
use haproxy_replies::stat::ProxySearch;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

const NEED: Need = Need {
    command: &["show", "errors"],
    since: None,
    level: Some("operator"),
};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 5;

/// Lines of one message: its first ones, and those around the error.
const FIRST_LINES: usize = 4;
const LINES_AROUND: usize = 3;

/// Characters of one line of a message.
const LINE: usize = 300;

/// Lines of HAProxy's own notes on one message.
const NOTES: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    proxy: Option<String>,
    r#type: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    rows: Box<RawValue>,
    matched: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Row {
    time: String,
    what: String,
    side: String,
    proxy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    lines: Vec<Line>,
    #[serde(skip_serializing_if = "is_zero")]
    lines_left_out: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    at: u64,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<bool>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it so; small only where pointers are large"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

pub(crate) fn show_errors(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let (proxy, kind) = (arguments.proxy.as_deref(), arguments.r#type.as_deref());
    let part = Part::new(
        &[Some("show_errors"), proxy, kind],
        None,
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let instance = call.instance();
    // HAProxy takes a name that begins like a number for the number of another proxy.
    let by_name = proxy.filter(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()));
    let mut further = vec![by_name.unwrap_or("-1")];
    further.extend(kind);
    let mut page = part.page();
    let mut matched = 0_u64;
    let mut offer = |captured: Captured| {
        let about = proxy.is_none_or(|proxy| {
            captured.proxy == proxy || captured.other.as_deref() == Some(proxy)
        });
        if about {
            matched += 1;
            page.offer(Key::Absent, || row(&captured));
        }
    };
    let mut reader = ErrorsReader::default();
    let reply = match NEED.ask(&instance, &further) {
        Err(failure) if failure.rejection() == Some("no-such-proxy") => {
            let missing = missing_proxy(&instance, proxy.unwrap_or_default())?;
            return Err(missing.unwrap_or(failure));
        }
        other => other?,
    };
    reply.for_each(|chunk| reader.push(chunk, &mut offer).map_err(Failure::unparsable))?;
    drop(reply);
    let total = reader.finish(&mut offer).map_err(Failure::unparsable)?;
    if matched == 0
        && let Some(proxy) = proxy
        && let Some(failure) = missing_proxy(&instance, proxy)?
    {
        return Err(failure);
    }
    let written = part.write(&page.finish())?;
    let line = format!(
        "{} of {} captured messages; {} errors since HAProxy started",
        written.shown,
        written.matched,
        total.map_or_else(|| "?".to_owned(), |total| total.to_string())
    );
    let answer = Answer {
        rows: written.rows,
        matched: written.matched,
        captured: total,
        next_cursor: written.next_cursor,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

fn row(captured: &Captured) -> Row {
    let text = |text: &str| cut(text, LINE).into_owned();
    let error = captured.line_of_error();
    let shown = |index: usize| {
        index < FIRST_LINES || error.is_some_and(|error| index.abs_diff(error) <= LINES_AROUND)
    };
    let lines: Vec<Line> = captured
        .dump
        .iter()
        .enumerate()
        .filter(|(index, _)| shown(*index))
        .map(|(index, line)| Line {
            at: line.at,
            text: text(&line.text),
            error: (error == Some(index)).then_some(true),
        })
        .collect();
    Row {
        time: text(&captured.time),
        what: text(&captured.what),
        side: text(&captured.side),
        proxy: text(&captured.proxy),
        other: captured.other.as_deref().map(text),
        server: captured.server.as_deref().map(text),
        event: captured.event,
        source: captured.source.as_deref().map(text),
        length: captured.length,
        position: captured.position,
        lines_left_out: captured.dump.len() - lines.len(),
        lines,
        notes: captured
            .notes
            .iter()
            .take(NOTES)
            .map(|note| text(note))
            .collect(),
    }
}

/// The failure that says that there is no proxy of this name; none where there is one.
fn missing_proxy(instance: &Instance, proxy: &str) -> Result<Option<Failure>, Failure> {
    let proxies = ["show", "stat", "-1", "3", "-1"];
    let search = statistics(instance, &proxies, ProxySearch::new(proxy))?;
    Ok(search.finish().err().map(|suggestion| {
        Failure::not_found(format!(
            "this HAProxy has no frontend or backend: `{proxy}`"
        ))
        .hint(suggestion.hint("without `proxy`, the errors of all are shown"))
        .argument_among("/proxy", suggestion.names())
    }))
}
