//! `show_startup_logs`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use haproxy_listing::{Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Need, Outcome};
use haproxy_replies::startup_logs::{self, Message};
use serde::{Deserialize, Serialize};

const NEED: Need = Need {
    command: &["show", "startup-logs"],
    since: None,
    level: Some("operator"),
};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

/// Characters of a message.
const MESSAGE: usize = 800;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    level: Option<String>,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u64>,
    message: Cow<'a, str>,
}

pub(crate) fn show_startup_logs(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let level = arguments.level.as_deref();
    let part = Part::new(
        &[Some("show_startup_logs"), level],
        arguments.filter.as_deref(),
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let reply = NEED.ask(&call.instance(), &[])?.bytes()?;
    let messages = startup_logs::read(&reply);
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    let rows: Vec<Row<'_>> = messages
        .iter()
        .map(row)
        .zip(&messages)
        .filter(|(row, message)| {
            level.is_none_or(|level| row.level.as_deref() == Some(level))
                && part.holds([message.text.as_str()])
        })
        .map(|(row, _)| row)
        .inspect(|row| {
            let level = row.level.as_deref().unwrap_or("other");
            *totals.entry(level.to_owned()).or_default() += 1;
        })
        .collect();
    let written = part.write(&part.of(rows))?;
    let counted: Vec<String> = totals
        .iter()
        .map(|(level, count)| format!("{count} {level}"))
        .collect();
    let line = format!(
        "{} of {} messages: {}",
        written.shown,
        written.matched,
        if counted.is_empty() {
            "none".to_owned()
        } else {
            counted.join(", ")
        }
    );
    Ok(Outcome::of(&written.with(totals))?.text(line))
}

fn row(message: &Message) -> Row<'_> {
    Row {
        level: message.level.as_deref().map(str::to_lowercase),
        pid: message.pid,
        message: cut(&message.text, MESSAGE),
    }
}
