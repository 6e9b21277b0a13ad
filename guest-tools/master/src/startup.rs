//! `show_master_startup_logs`, and the messages of a reload.

use std::collections::BTreeMap;

use haproxy_listing::{Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Instance, Need, Outcome};
use haproxy_replies::startup_logs::{self, Message};
use serde::{Deserialize, Serialize};

use crate::need::ask;

/// The master goes by this name on its socket: a worker has a command of the same words.
const COMMAND: Need = Need {
    command: &["@master", "show", "startup-logs"],
    since: Some("2.7"),
    level: Some("operator"),
};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

/// Characters of a message.
const MESSAGE: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    level: Option<String>,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A message as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<u64>,
    pub(crate) message: String,
}

impl Said {
    pub(crate) fn of(message: &Message) -> Self {
        Self {
            level: message.level.as_deref().map(str::to_lowercase),
            pid: message.pid,
            message: cut(&message.text, MESSAGE).into_owned(),
        }
    }
}

pub(crate) fn show_master_startup_logs(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let level = arguments.level.as_deref();
    let part = Part::new(
        &[Some("show_master_startup_logs"), level],
        arguments.filter.as_deref(),
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let messages = said(&call.instance())?;
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    let rows = messages
        .iter()
        .map(Said::of)
        .zip(&messages)
        .filter(|(row, message)| {
            level.is_none_or(|level| row.level.as_deref() == Some(level))
                && part.holds([message.text.as_str()])
        })
        .map(|(row, _)| row)
        .inspect(|row| {
            let level = row.level.as_deref().unwrap_or("other");
            *totals.entry(level.to_owned()).or_default() += 1;
        });
    let pages = part.of(rows);
    let written = part.write(&pages)?;
    let line = written.line("messages of the last start or reload");
    Ok(Outcome::of(&written.with(totals))?.text(line))
}

/// What the master and its new worker said at the last start or reload.
pub(crate) fn said(instance: &Instance) -> Result<Vec<Message>, Failure> {
    let reply = ask(&COMMAND, instance).map_err(|failure| match failure {
        Failure::Unsupported(_) => failure.hint(
            "it takes HAProxy 2.7 or later; show_startup_logs has what the worker said, and HAProxy's own log why a \
             reload failed",
        ),
        other => other,
    })?;
    Ok(startup_logs::read(&reply.bytes()?))
}
