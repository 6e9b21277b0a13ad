//! `enable_agent`, `disable_agent` and `set_server_agent`: whether the agent on a server is asked, and what it said.

use haproxy_mcp_sdk::{Call, Failure, Instance, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::named::{Named, SET_SERVER, admin};
use crate::seen::{Checked, made};

const ENABLE: Need = admin(&["enable", "agent"]);
const DISABLE: Need = admin(&["disable", "agent"]);

/// Whether it is asked.
#[derive(Clone, Copy, PartialEq, Serialize)]
struct Agent {
    agent: Checked,
}

pub(crate) fn enable_agent(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &ENABLE, |agent| agent == Checked::Enabled)
}

pub(crate) fn disable_agent(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &DISABLE, |agent| agent != Checked::Enabled)
}

fn switch(call: &Call<'_>, need: &Need, holds: fn(Checked) -> bool) -> Result<Outcome, Failure> {
    let named: Named = call.arguments()?;
    let (instance, path) = (call.instance(), named.path());
    let change = made(
        call,
        || {
            let agent = named.seen(&instance)?.agent_check();
            Ok(Agent { agent })
        },
        |_| named.ask(&instance, need, &[]).map(drop),
        |after| holds(after.agent),
        &format!("`{} {path}`", need.command.join(" ")),
    )?;
    let line = format!("{path}: agent check {}", change.after.agent.words());
    Ok(Outcome::of(&named.answer(change))?.text(line))
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

fn read(instance: &Instance, named: &Named, id: &str) -> Result<Found, Failure> {
    let row = named.row(instance, id, &["status", "agent_health", "agent_rise"])?;
    Ok(Found {
        status: row.text("status").to_owned(),
        agent_health: row.number("agent_health"),
        agent_rise: row.number("agent_rise"),
    })
}

impl Said {
    fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
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
    let (instance, path) = (call.instance(), named.path());
    let id = named.seen(&instance)?.id;
    let change = made(
        call,
        || read(&instance, &named, &id),
        |_| {
            let words = ["agent", agent.word()];
            named.ask(&instance, &SET_SERVER, &words).map(drop)
        },
        |after| agent.is(after),
        &format!("agent {} of `{path}`", agent.word()),
    )?;
    let line = format!(
        "{path}: agent {}, until it is asked again; status {}",
        agent.word(),
        change.after.status
    );
    Ok(Outcome::of(&named.answer(change))?.text(line))
}
