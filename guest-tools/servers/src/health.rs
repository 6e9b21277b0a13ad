//! `enable_health`, `disable_health` and `set_server_health`: whether a server is checked, and what the check found.

use haproxy_asking::{Origin, to_change};
use haproxy_mcp_sdk::{Call, Detail, Failure, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Action, Named, SET_SERVER, admin};
use crate::page::Shown;
use crate::seen::{Checked, Operational, Seen, Verdict, confirmed, judged, not_shown};

const ENABLE: Need = admin(&["enable", "health"]);
const DISABLE: Need = admin(&["disable", "health"]);

/// Whether it is checked.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Check {
    check: Checked,
}

pub(crate) fn enable_health(call: &Call<'_>) -> Result<Outcome, Failure> {
    let action = Action {
        need: &ENABLE,
        further: &[],
        page: "ehlth",
    };
    switch(call, action, true)
}

pub(crate) fn disable_health(call: &Call<'_>) -> Result<Outcome, Failure> {
    let action = Action {
        need: &DISABLE,
        further: &[],
        page: "dhlth",
    };
    switch(call, action, false)
}

fn switch(call: &Call<'_>, action: Action, on: bool) -> Result<Outcome, Failure> {
    let named: Named = call.arguments()?;
    let path = named.path();
    let (before, origin) = to_change(call, |origin| {
        let check = match origin {
            Origin::Runtime(instance) => named.seen(instance)?.health_check(),
            Origin::Page(pages) => {
                let shown = Shown::read(*pages, &named)?;
                would_show(&shown, on, &path)?;
                shown.health_check()
            }
        };
        Ok(Check { check })
    })?;
    if on {
        named.act(&origin, action)?;
    } else {
        named.act_if_any(&origin, action)?;
    }
    let read = || {
        let check = match &origin {
            Origin::Runtime(instance) => named.seen(instance)?.health_check(),
            Origin::Page(pages) => Shown::read(*pages, &named)?.health_check_after(before.check),
        };
        Ok(Check { check })
    };
    let judge = |after: &Check| match after.check {
        Checked::NotShown => Verdict::NotShown,
        check => Verdict::of((check == Checked::Enabled) == on),
    };
    let what = format!("`{} {path}`", action.need.command.join(" "));
    let change = judged(call, before, read, judge, &what)?;
    let line = origin.line(format!(
        "{path}: health check {}",
        change.after.check.words()
    ));
    Ok(Outcome::of(&named.answer_from(&origin, change))?.text(line))
}

/// Whether the page would show that the check was switched; else the refusal.
fn would_show(shown: &Shown, on: bool, path: &str) -> Result<(), Failure> {
    if shown.in_maintenance() {
        return Err(not_shown(
            format!(
                "the statistics page does not show the health check of a server in maintenance: `{path}`; nothing was \
                 changed"
            ),
            "in maintenance it is not checked in any case: take it out first with enable_server",
        ));
    }
    if !on && shown.health_check() == Checked::NotShown {
        return Err(not_shown(
            format!(
                "the statistics page shows no health check of `{path}`, and of a server that is `{}` not whether it has \
                 one; nothing was changed",
                shown.status()
            ),
            "it is probably disabled already: get_server shows `check_status` where it runs",
        ));
    }
    Ok(())
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
    /// Checks in a row that succeeded, as HAProxy counts; 0 is down. None where the page shows no check.
    #[serde(skip_serializing_if = "Option::is_none")]
    check_health: Option<u64>,
    check: Checked,
    in_maintenance: bool,
}

impl From<Seen> for Found {
    fn from(seen: Seen) -> Self {
        Self {
            operational: seen.operational,
            check_health: Some(seen.check_health),
            check: seen.health_check(),
            in_maintenance: seen.in_maintenance(),
        }
    }
}

impl From<Shown> for Found {
    fn from(shown: Shown) -> Self {
        Self {
            operational: shown.operational(),
            check_health: shown.row().number("check_health"),
            check: shown.health_check(),
            in_maintenance: shown.in_maintenance(),
        }
    }
}

fn found(origin: &Origin, named: &Named) -> Result<Found, Failure> {
    match origin {
        Origin::Runtime(instance) => named.seen(instance).map(Found::from),
        Origin::Page(pages) => Shown::read(*pages, named).map(Found::from),
    }
}

impl Health {
    fn action(self) -> Action {
        let (further, page): (&[&str], &str) = match self {
            Self::Up => (&["health", "up"], "hrunn"),
            Self::Stopping => (&["health", "stopping"], "hnolb"),
            Self::Down => (&["health", "down"], "hdown"),
        };
        Action {
            need: &SET_SERVER,
            further,
            page,
        }
    }

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
                Self::Up => found.operational.is_up(),
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
    let path = named.path();
    let (before, origin) = to_change(call, |origin| found(origin, &named))?;
    if before.in_maintenance {
        return Err(in_maintenance(&path));
    }
    named.act(&origin, health.action())?;
    let change = confirmed(
        call,
        before,
        || found(&origin, &named),
        |after| health.is(*after),
        &format!("health {} of `{path}`", health.word()),
    )?;
    let mut line = format!("{path}: health {}", health.word());
    if change.after.check == Checked::Enabled {
        line.push_str(", until its next health checks say otherwise");
    }
    let line = origin.line(line);
    Ok(Outcome::of(&named.answer_from(&origin, change))?.text(line))
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
