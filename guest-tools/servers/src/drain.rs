//! `drain_server`: out of service without breaking what is under way.

use std::time::Duration;

use haproxy_asking::{Origin, Row, Waiting, to_change};
use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::Named;
use crate::page::Shown;
use crate::seen::{Asked, Service, judged};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    timeout_seconds: Option<u64>,
    #[serde(default)]
    maint: bool,
}

/// What a server still has to do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Left {
    sessions: u64,
    queued: u64,
    /// In use, as far as HAProxy counts them: those of HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<u64>,
}

#[derive(Serialize)]
struct Emptied {
    #[serde(flatten)]
    change: Change<Service>,
    drained: bool,
    left: Left,
    waited_seconds: u64,
}

const COLUMNS: &[&str] = &["scur", "qcur", "used_conn_cur", "status"];

impl Left {
    /// What the statistics say of it.
    pub(crate) fn read(instance: &Instance, named: &Named, id: &str) -> Result<Self, Failure> {
        Ok(Self::of(&named.row(instance, id, COLUMNS)?))
    }

    fn of(row: &Row) -> Self {
        Self {
            sessions: row.number("scur").unwrap_or_default(),
            queued: row.number("qcur").unwrap_or_default(),
            connections: row.number("used_conn_cur"),
        }
    }

    fn is_none(self) -> bool {
        self.sessions == 0 && self.queued == 0 && self.connections.unwrap_or_default() == 0
    }

    /// `3 sessions`, for a person.
    pub(crate) fn line(self) -> String {
        match self.sessions + self.queued {
            0 => format!("{} connections", self.connections.unwrap_or_default()),
            1 => "1 session".to_owned(),
            sessions => format!("{sessions} sessions"),
        }
    }
}

pub(crate) fn drain_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        timeout_seconds,
        maint,
    } = call.arguments()?;
    let named = Named { backend, server };
    let path = named.path();
    let ((before, id), origin) = to_change(call, |origin| match origin {
        Origin::Runtime(instance) => {
            let seen = named.seen(instance)?;
            Ok((Service::from(&seen), seen.id))
        }
        Origin::Page(pages) => {
            let shown = Shown::read(*pages, &named)?;
            if shown.asked() != Some(Asked::Maint) {
                shown.would_show(Asked::Drain, &path)?;
            }
            Ok((Service::from(&shown), String::new()))
        }
    })?;
    // One in maintenance gets no new sessions either; draining it would let persisting ones in again.
    let mut wanted = Asked::Maint;
    if before.state != Some(Asked::Maint) {
        wanted = Asked::Drain;
        named.act(&origin, wanted.action())?;
    }
    let waiting = Waiting::new(call, Duration::from_secs(timeout_seconds.unwrap_or(60)));
    let left = loop {
        let row = named.row_from(&origin, &id, COLUMNS)?;
        let left = Left::of(&row);
        let status = row.text("status");
        // Somebody put it back into service: the sessions will not end, and reading back will say so.
        let taken_back = status.starts_with("UP") || status.starts_with("no check");
        if left.is_none() || taken_back || waiting.is_over() {
            break left;
        }
        waiting.pause(&format!("{path} has {} left", left.line()))?;
    };
    let drained = left.is_none();
    if drained && maint && wanted == Asked::Drain {
        wanted = Asked::Maint;
        named.act(&origin, wanted.action())?;
    }
    let change = judged(
        call,
        before,
        || named.service(&origin),
        |after| wanted.judge(after),
        &format!("state {} of `{path}`", wanted.word()),
    )?;
    let waited_seconds = waiting.waited().as_secs();
    let line = if drained {
        format!(
            "{path} is empty after {waited_seconds} s, state {}",
            wanted.word()
        )
    } else {
        format!(
            "{path} still has {} after {waited_seconds} s, state {}",
            left.line(),
            wanted.word()
        )
    };
    let answer = Emptied {
        change,
        drained,
        left,
        waited_seconds,
    };
    let line = origin.line(line);
    Ok(Outcome::of(&named.answer_on_service(&origin, answer))?.text(line))
}
