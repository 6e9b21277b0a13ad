//! `enable_health`, `disable_health` and `set_server_health`: whether a server is checked, and what the check found.

use haproxy_mcp_sdk::{Call, Detail, Failure, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Named, SET_SERVER, admin};
use crate::seen::{Checked, Operational, Seen, made};

const ENABLE: Need = admin(&["enable", "health"]);
const DISABLE: Need = admin(&["disable", "health"]);

/// Whether it is checked.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Check {
    check: Checked,
}

pub(crate) fn enable_health(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &ENABLE, |check| check == Checked::Enabled)
}

pub(crate) fn disable_health(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &DISABLE, |check| check != Checked::Enabled)
}

fn switch(call: &Call<'_>, need: &Need, holds: fn(Checked) -> bool) -> Result<Outcome, Failure> {
    let named: Named = call.arguments()?;
    let (instance, path) = (call.instance(), named.path());
    let change = made(
        call,
        || {
            let check = named.seen(&instance)?.health_check();
            Ok(Check { check })
        },
        |_| named.ask(&instance, need, &[]).map(drop),
        |after| holds(after.check),
        &format!("`{} {path}`", need.command.join(" ")),
    )?;
    let line = format!("{path}: health check {}", change.after.check.words());
    Ok(Outcome::of(&named.answer(change))?.text(line))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    health: Health,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Up,
    Stopping,
    Down,
}

/// What HAProxy holds of its health.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Found {
    operational: Operational,
    /// Checks in a row that succeeded, as HAProxy counts; 0 is down.
    check_health: u64,
    check: Checked,
    in_maintenance: bool,
}

impl From<Seen> for Found {
    fn from(seen: Seen) -> Self {
        Self {
            operational: seen.operational,
            check_health: seen.check_health,
            check: seen.health_check(),
            in_maintenance: seen.in_maintenance(),
        }
    }
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Stopping => "stopping",
            Self::Down => "down",
        }
    }

    fn is(self, found: Found) -> bool {
        !found.in_maintenance
            && match self {
                Self::Up => matches!(found.operational, Operational::Up | Operational::Starting),
                Self::Stopping => found.operational == Operational::Stopping,
                Self::Down => found.operational == Operational::Down,
            }
    }
}

pub(crate) fn set_server_health(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        health,
    } = call.arguments()?;
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let change = made(
        call,
        || Ok(Found::from(named.seen(&instance)?)),
        |before| {
            if before.in_maintenance {
                return Err(in_maintenance(&path));
            }
            let words = ["health", health.word()];
            named.ask(&instance, &SET_SERVER, &words).map(drop)
        },
        |after| health.is(*after),
        &format!("health {} of `{path}`", health.word()),
    )?;
    let mut line = format!("{path}: health {}", health.word());
    if change.after.check == Checked::Enabled {
        line.push_str(", until its next health checks say otherwise");
    }
    Ok(Outcome::of(&named.answer(change))?.text(line))
}

/// HAProxy takes the command, the server stays down, and comes out of maintenance up whatever was said of its health.
fn in_maintenance(path: &str) -> Failure {
    let details = serde_json::json!({ "reason": "in-maintenance" });
    Failure::Rejected(
        "in-maintenance".to_owned(),
        Detail {
            message: format!("`{path}` is in maintenance, where its health means nothing"),
            hint: Some(
                "take it out first with set_server_state (ready), or leave it there: it gets no sessions"
                    .to_owned(),
            ),
            details: details.to_string(),
        },
    )
}
