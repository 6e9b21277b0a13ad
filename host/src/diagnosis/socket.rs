//! The Runtime API and the master's socket: what lies at the path, what connecting comes to, and what is answered.

use std::net::SocketAddr;

use serde::Serialize;
use tokio::time::Instant;

use super::Look;
use super::path::PathAccess;
use super::system::{Connections, Process};
use crate::facts::{Trouble, milliseconds};
use crate::haproxy::reach::Attempt;
use crate::haproxy::{DialError, Door, Endpoint, RuntimeApi, WireError};
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
pub(super) async fn look_at_runtime(api: &RuntimeApi, look: &Look<'_>) -> Option<SocketFacts> {
    let door = api.door()?;
    let commands = [("show info", Probe::Info), ("show cli level", Probe::Level)];
    Some(look_at(api, door, &commands, look).await)
}

/// Of the master's socket.
pub(super) async fn look_at_master(api: &RuntimeApi, look: &Look<'_>) -> Option<SocketFacts> {
    let door = Door {
        endpoint: api.master()?.clone(),
        master: true,
    };
    let through = api.through(door.clone());
    let commands = [("show proc", Probe::Processes), ("show info", Probe::Info)];
    Some(look_at(&through, &door, &commands, look).await)
}

async fn look_at(
    api: &RuntimeApi,
    door: &Door,
    commands: &[(&'static str, Probe)],
    look: &Look<'_>,
) -> SocketFacts {
    let (file, mut facts) = tokio::join!(
        at_path(&door.endpoint, look),
        ask(api, door, commands, look)
    );
    facts.file = file;
    facts
}

/// What lies at the path of a Unix socket.
async fn at_path(endpoint: &Endpoint, look: &Look<'_>) -> Option<PathAccess> {
    let Endpoint::Unix(path) = endpoint else {
        return None;
    };
    let path = path.clone();
    look.see(move || PathAccess::of(&path)).await
}

async fn ask(
    api: &RuntimeApi,
    door: &Door,
    commands: &[(&'static str, Probe)],
    look: &Look<'_>,
) -> SocketFacts {
    let endpoint = &door.endpoint;
    let mut facts = SocketFacts {
        address: endpoint.to_string(),
        master: door.master,
        timeout: api.time_to_answer().as_secs_f64(),
        file: None,
        connects: Vec::new(),
        unresolved: None,
        asked: Vec::new(),
        answers_as: None,
        listener: None,
        connections: None,
    };
    let attempts = match api.reach(look.bounds, look.cancel).await {
        Ok(attempts) => attempts,
        Err(error) => {
            facts.unresolved = Some(error.into());
            return facts;
        }
    };
    let reached = attempts.iter().any(|attempt| attempt.outcome.is_ok());
    facts.connects = attempts.iter().map(Connect::of).collect();
    if reached {
        for (command, probe) in commands {
            let asked = Asked::of(api, command, *probe, look).await;
            let failed = asked.error.is_some();
            facts.asked.push(asked);
            if failed {
                break;
            }
        }
    }
    let fails = !reached || facts.asked.iter().any(|asked| asked.error.is_some());
    if fails {
        facts.answers_as = as_the_other(api, door, &facts, look).await;
        let endpoint = endpoint.clone();
        let seeing = look.see(move || {
            (
                connections(&endpoint, &attempts),
                listener(&endpoint, &attempts),
            )
        });
        (facts.connections, facts.listener) = seeing.await.unwrap_or_default();
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
            .filter(|attempt| {
                !matches!(
                    &attempt.outcome,
                    Err(WireError::Dial(DialError::Refused { .. }))
                )
            })
            .find_map(|attempt| attempt.address.parse::<SocketAddr>().ok())
            .map(Connections::of_address),
    }
}

/// What the socket is, where something answers and it is the other one of the two kinds.
async fn as_the_other(
    api: &RuntimeApi,
    door: &Door,
    facts: &SocketFacts,
    look: &Look<'_>,
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
    let through = api.through(other);
    let answer = through.probe(probe, look.bounds, look.cancel).await.ok()?;
    let is_it = match probe {
        Probe::Processes => answer.starts_with(b"#"),
        _ => answer.starts_with(b"Name: "),
    };
    is_it.then_some(name)
}

impl Asked {
    async fn of(api: &RuntimeApi, command: &'static str, probe: Probe, look: &Look<'_>) -> Self {
        let begun = Instant::now();
        let answer = api.probe(probe, look.bounds, look.cancel).await;
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

impl From<WireError> for Trouble {
    fn from(error: WireError) -> Self {
        Self::new(error.code(), &error, error.hint())
    }
}
