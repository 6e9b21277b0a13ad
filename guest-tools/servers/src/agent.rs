//! `enable_agent`, `disable_agent` and `set_server_agent`: whether the agent on a server is asked, and what it said.

use haproxy_asking::{Origin, Row, to_change};
use haproxy_mcp_sdk::{Call, Failure, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Action, Named, SET_SERVER, admin};
use crate::page::Shown;
use crate::seen::{Checked, confirmed};

const ENABLE: Need = admin(&["enable", "agent"]);
const DISABLE: Need = admin(&["disable", "agent"]);

/// Whether it is asked.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Agent {
    agent: Checked,
}

pub(crate) fn enable_agent(call: &Call<'_>) -> Result<Outcome, Failure> {
    let action = Action {
        need: &ENABLE,
        further: &[],
        page: "eagent",
    };
    switch(call, action, true)
}

pub(crate) fn disable_agent(call: &Call<'_>) -> Result<Outcome, Failure> {
    let action = Action {
        need: &DISABLE,
        further: &[],
        page: "dagent",
    };
    switch(call, action, false)
}

fn switch(call: &Call<'_>, action: Action, on: bool) -> Result<Outcome, Failure> {
    let named: Named = call.arguments()?;
    let path = named.path();
    let read = |origin: &Origin| {
        let agent = match origin {
            Origin::Runtime(instance) => named.seen(instance)?.agent_check(),
            Origin::Page(pages) => Shown::read(*pages, &named)?.agent_check(),
        };
        Ok(Agent { agent })
    };
    let (before, origin) = to_change(call, read)?;
    if on {
        named.act(&origin, action)?;
    } else {
        named.act_if_any(&origin, action)?;
    }
    let holds = |agent| (agent == Checked::Enabled) == on;
    let again = || {
        let mut after = read(&origin)?;
        if before.agent == Checked::Enabled && after.agent == Checked::NotEnabled {
            // It is configured: it was asked just now.
            after.agent = Checked::Disabled;
        }
        Ok(after)
    };
    let what = format!("`{} {path}`", action.need.command.join(" "));
    let change = confirmed(call, before, again, |after| holds(after.agent), &what)?;
    let line = origin.line(format!(
        "{path}: agent check {}",
        change.after.agent.words()
    ));
    Ok(Outcome::of(&named.answer_from(&origin, change))?.text(line))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    server: String,
    agent: Said,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    Up,
    Down,
}

/// What HAProxy holds of the agent.
#[derive(Clone, PartialEq, Serialize)]
struct Found {
    status: String,
    /// Answers in a row that were good, as HAProxy counts; 0 is down. None where the agent is not asked.
    agent_health: Option<u64>,
    agent_rise: Option<u64>,
}

impl From<&Row> for Found {
    fn from(row: &Row) -> Self {
        Self {
            status: row.text("status").to_owned(),
            agent_health: row.number("agent_health"),
            agent_rise: row.number("agent_rise"),
        }
    }
}

const COLUMNS: &[&str] = &["status", "agent_health", "agent_rise"];

impl Said {
    fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    fn action(self) -> Action {
        let (further, page): (&[&str], &str) = match self {
            Self::Up => (&["agent", "up"], "arunn"),
            Self::Down => (&["agent", "down"], "adown"),
        };
        Action {
            need: &SET_SERVER,
            further,
            page,
        }
    }

    fn is(self, found: &Found) -> bool {
        match (self, found.agent_health) {
            (Self::Up, Some(health)) => health >= found.agent_rise.unwrap_or(1),
            (Self::Down, Some(health)) => health == 0,
            (_, None) => false,
        }
    }
}

pub(crate) fn set_server_agent(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        server,
        agent,
    } = call.arguments()?;
    let named = Named { backend, server };
    let path = named.path();
    let ((before, id), origin) = to_change(call, |origin| {
        let id = match origin {
            Origin::Runtime(instance) => named.seen(instance)?.id,
            Origin::Page(_) => String::new(),
        };
        Ok((Found::from(&named.row_from(origin, &id, COLUMNS)?), id))
    })?;
    named.act(&origin, agent.action())?;
    let change = confirmed(
        call,
        before,
        || Ok(Found::from(&named.row_from(&origin, &id, COLUMNS)?)),
        |after| agent.is(after),
        &format!("agent {} of `{path}`", agent.word()),
    )?;
    let line = origin.line(format!(
        "{path}: agent {}, until it is asked again; status {}",
        agent.word(),
        change.after.status
    ));
    Ok(Outcome::of(&named.answer_from(&origin, change))?.text(line))
}
