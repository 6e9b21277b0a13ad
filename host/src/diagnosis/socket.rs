//! The Runtime API and the master's socket: what lies at the path, what connecting comes to, and what is answered.

use std::net::SocketAddr;

use serde::Serialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::path::PathAccess;
use super::system::{Connections, Process};
use crate::facts::{Trouble, milliseconds};
use crate::haproxy::reach::{Attempt, reach};
use crate::haproxy::{Bounds, DialError, Door, Endpoint, RuntimeApi, WireError};
use crate::policy::Probe;

/// Characters of an answer: `show info` has 3,000.
const ANSWER_CHARACTERS: usize = 16_000;

/// Facts about a socket.
#[derive(Debug, Serialize)]
pub(super) struct SocketFacts {
    /// Where it is: `unix:///run/haproxy/admin.sock`.
    address: String,
    /// Whether it was configured as the master's.
    master: bool,
    /// Seconds that one command may take.
    timeout: f64,
    /// Of a Unix socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathAccess>,
    /// What connecting came to, for each address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    connects: Vec<Connect>,
    /// Why there is no address.
    #[serde(skip_serializing_if = "Option::is_none")]
    unresolved: Option<Trouble>,
    /// What was asked and answered, in order. After a failure nothing more is asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    asked: Vec<Asked>,
    /// Where it does not answer as what it was configured as: whether it does as the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers_as: Option<&'static str>,
    /// Who listens, where that is to be known and there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    listener: Option<Process>,
    /// The connections that there are on this machine, where there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<Connections>,
}

/// What connecting to one address came to.
#[derive(Debug, Serialize)]
struct Connect {
    address: String,
    milliseconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Trouble>,
}

/// A command, and what came of it.
#[derive(Debug, Serialize)]
struct Asked {
    command: &'static str,
    milliseconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Trouble>,
}

/// Of the socket by which commands go to the worker.
pub(super) async fn look_at_runtime(
    api: &RuntimeApi,
    bounds: Bounds,
    cancel: &CancellationToken,
) -> Option<SocketFacts> {
    let door = api.door()?;
    let commands = [("show info", Probe::Info), ("show cli level", Probe::Level)];
    Some(look(api, door, &commands, bounds, cancel).await)
}

/// Of the master's socket.
pub(super) async fn look_at_master(
    api: &RuntimeApi,
    bounds: Bounds,
    cancel: &CancellationToken,
) -> Option<SocketFacts> {
    let door = Door {
        endpoint: api.master()?.clone(),
        master: true,
    };
    let through = api.through(door.clone());
    let commands = [("show proc", Probe::Processes), ("show info", Probe::Info)];
    Some(look(&through, &door, &commands, bounds, cancel).await)
}

async fn look(
    api: &RuntimeApi,
    door: &Door,
    commands: &[(&'static str, Probe)],
    bounds: Bounds,
    cancel: &CancellationToken,
) -> SocketFacts {
    let bounds = Bounds {
        deadline: bounds.deadline.min(Instant::now() + api.time_to_answer()),
        ..bounds
    };
    let endpoint = &door.endpoint;
    let mut facts = SocketFacts {
        address: endpoint.to_string(),
        master: door.master,
        timeout: api.time_to_answer().as_secs_f64(),
        file: match endpoint {
            Endpoint::Unix(path) => Some(PathAccess::of(path)),
            Endpoint::Tcp { .. } => None,
        },
        connects: Vec::new(),
        unresolved: None,
        asked: Vec::new(),
        answers_as: None,
        listener: None,
        connections: None,
    };
    let reaching = reach(endpoint, api.time_to_connect());
    let attempts = match cancel.run_until_cancelled(reaching).await {
        None => return facts,
        Some(Ok(attempts)) => attempts,
        Some(Err(error)) => {
            facts.unresolved = Some(error.into());
            return facts;
        }
    };
    let reached = attempts.iter().any(|attempt| attempt.outcome.is_ok());
    facts.connects = attempts.iter().map(Connect::of).collect();
    if reached {
        for (command, probe) in commands {
            let asked = Asked::of(api, command, *probe, bounds, cancel).await;
            let failed = asked.error.is_some();
            facts.asked.push(asked);
            if failed {
                break;
            }
        }
    }
    let fails = !reached || facts.asked.iter().any(|asked| asked.error.is_some());
    if fails {
        facts.connections = connections(endpoint, &attempts);
        facts.listener = listener(endpoint, &attempts);
        facts.answers_as = as_the_other(api, door, &facts, bounds, cancel).await;
    }
    facts
}

/// Who listens, or who made the socket.
fn listener(endpoint: &Endpoint, attempts: &[Attempt]) -> Option<Process> {
    let pid = attempts
        .iter()
        .find_map(|attempt| attempt.outcome.as_ref().ok()?.process);
    let pid = pid.or_else(|| match endpoint {
        Endpoint::Unix(path) => Connections::binder_of(path),
        Endpoint::Tcp { .. } => None,
    });
    Process::with_pid(pid?)
}

/// The connections of the first address that anything listens at.
fn connections(endpoint: &Endpoint, attempts: &[Attempt]) -> Option<Connections> {
    match endpoint {
        Endpoint::Unix(path) => Some(Connections::of_path(path)),
        Endpoint::Tcp { .. } => attempts
            .iter()
            .filter(|attempt| !matches!(attempt.outcome, Err(DialError::Refused { .. })))
            .find_map(|attempt| attempt.address.parse::<SocketAddr>().ok())
            .map(Connections::of_address),
    }
}

/// What the socket is, where something answers and it is the other one of the two kinds.
async fn as_the_other(
    api: &RuntimeApi,
    door: &Door,
    facts: &SocketFacts,
    bounds: Bounds,
    cancel: &CancellationToken,
) -> Option<&'static str> {
    let answered = facts.asked.iter().any(|asked| {
        let error = asked.error.as_ref();
        error.is_some_and(|error| matches!(error.code, "not-haproxy" | "interrupted"))
    });
    if !answered {
        return None;
    }
    let other = Door {
        endpoint: door.endpoint.clone(),
        master: !door.master,
    };
    let (name, probe) = if other.master {
        ("master", Probe::Processes)
    } else {
        ("worker", Probe::Info)
    };
    let answer = api.through(other).probe(probe, bounds, cancel).await.ok()?;
    let is_it = match probe {
        Probe::Processes => answer.starts_with(b"#"),
        _ => answer.starts_with(b"Name: "),
    };
    is_it.then_some(name)
}

impl Asked {
    async fn of(
        api: &RuntimeApi,
        command: &'static str,
        probe: Probe,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Self {
        let begun = Instant::now();
        let answer = api.probe(probe, bounds, cancel).await;
        let milliseconds = milliseconds(begun.elapsed());
        let (answer, error) = match answer {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let text: String = text.chars().take(ANSWER_CHARACTERS).collect();
                (Some(text), None)
            }
            Err(error) => (None, Some(error.into())),
        };
        Self {
            command,
            milliseconds,
            answer,
            error,
        }
    }
}

impl Connect {
    fn of(attempt: &Attempt) -> Self {
        Self {
            address: attempt.address.clone(),
            milliseconds: milliseconds(attempt.took),
            error: attempt.outcome.as_ref().err().cloned().map(Trouble::from),
        }
    }
}

impl From<DialError> for Trouble {
    fn from(error: DialError) -> Self {
        Self::new(error.code(), &error, error.hint())
    }
}

impl From<WireError> for Trouble {
    fn from(error: WireError) -> Self {
        Self::new(error.code(), &error, error.hint())
    }
}
