//! `del_server`: a server that goes at run time.

use std::time::Duration;

use haproxy_asking::Waiting;
use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::drain::Left;
use crate::named::{Named, SET_SERVER, admin};
use crate::seen::{Asked, Operational, Seen, Service, confirmed};

const DEL_SERVER: Need = admin(&["del", "server"]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    backend: String,
    name: String,
    timeout_seconds: Option<u64>,
}

#[derive(Serialize)]
struct Deleted {
    #[serde(flatten)]
    change: Change<Option<Service>>,
    waited_seconds: u64,
}

pub(crate) fn del_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Wanted {
        backend,
        name: server,
        timeout_seconds,
    } = call.arguments()?;
    let named = Named { backend, server };
    let (instance, path) = (call.instance(), named.path());
    let seen = named.seen(&instance)?;
    let waiting = Waiting::new(call, Duration::from_secs(timeout_seconds.unwrap_or(60)));
    // HAProxy looks for what refers to the server before it looks at its state: one that must stay is found out while it
    // still serves.
    match named.ask(&instance, &DEL_SERVER, &[]) {
        Ok(_) => {}
        Err(failure) => match failure.rejection() {
            Some("not-in-maintenance") => {
                let maint = ["state", Asked::Maint.word()];
                named.ask(&instance, &SET_SERVER, &maint)?;
                let deleted = delete(&instance, &named, &seen, &waiting);
                deleted.map_err(|failure| put_back(&instance, &named, &seen, failure))?;
            }
            Some("still-connected") => delete(&instance, &named, &seen, &waiting)?,
            _ => return Err(failure),
        },
    }
    let change = confirmed(
        call,
        Some(Service::from(&seen)),
        || Ok(named.find(&instance)?.as_ref().map(Service::from)),
        Option::is_none,
        &format!("`{path}` removed"),
    )?;
    let answer = Deleted {
        change,
        waited_seconds: waiting.waited().as_secs(),
    };
    let line = format!("{path} was removed");
    Ok(Outcome::of(&named.answer(answer))?.text(line))
}

/// Removes a server in maintenance as soon as it is empty.
fn delete(
    instance: &Instance,
    named: &Named,
    seen: &Seen,
    waiting: &Waiting<'_>,
) -> Result<(), Failure> {
    let waits = instance.supports(&["wait"])?;
    loop {
        match named.ask(instance, &DEL_SERVER, &[]) {
            Ok(_) => return Ok(()),
            Err(failure) if failure.rejection() == Some("still-connected") => {}
            Err(failure) => return Err(failure),
        }
        let left = Left::read(instance, named, &seen.id)?;
        let path = named.path();
        if waiting.is_over() {
            let seconds = waiting.waited().as_secs();
            let details = serde_json::json!({ "left": left, "waited_seconds": seconds });
            return Err(Failure::not_applied(format!(
                "`{path}` was not removed: it still has {} after {seconds} s",
                left.line()
            ))
            .hint(
                "wait longer with `timeout_seconds`, drain it before (drain_server), or end its sessions with \
                 shutdown_sessions_server",
            )
            .details(details.to_string()));
        }
        let message = format!("{path} has {} left", left.line());
        if waits {
            waiting.pause_until(instance, &["srv-removable", &path], &message)?;
        } else {
            waiting.pause(&message)?;
        }
    }
}

/// Gives the server the state that it had, and says so with why it was not removed.
fn put_back(instance: &Instance, named: &Named, seen: &Seen, failure: Failure) -> Failure {
    // HAProxy or the caller is gone: nothing can be put back, and what the host says is what matters.
    if matches!(failure, Failure::Host(_)) {
        return failure;
    }
    let before = seen.asked();
    let words = ["state", before.word()];
    let now = named
        .ask(instance, &SET_SERVER, &words)
        .and_then(|_| named.seen(instance))
        .and_then(|now| health_back(instance, named, seen, now));
    match now {
        Ok(now) if now.asked() == before && now.operational != seen.operational => {
            failure.note(&format!(
                "it is {} again, and {}: it was {}",
                before.word(),
                now.operational.word(),
                seen.operational.word()
            ))
        }
        Ok(now) if now.asked() == before => failure.note(&format!("it is {} again", before.word())),
        Ok(now) => failure.note(&format!(
            "it was to be {} again, and is {}",
            before.word(),
            now.asked().word()
        )),
        Err(_) => {
            failure.note("it could not be put back into the state that it had: see get_server")
        }
    }
}

/// A server comes out of maintenance up. One that was down or stopping before would get sessions until its next check,
/// or for good where it has none.
fn health_back(
    instance: &Instance,
    named: &Named,
    before: &Seen,
    now: Seen,
) -> Result<Seen, Failure> {
    let health = match before.operational {
        Operational::Down => "down",
        Operational::Stopping => "stopping",
        _ => return Ok(now),
    };
    if now.operational == before.operational {
        return Ok(now);
    }
    match named.ask(instance, &SET_SERVER, &["health", health]) {
        // one that follows another has its health
        Err(failure) if failure.rejection() == Some("tracking") => Ok(now),
        other => {
            other?;
            named.seen(instance)
        }
    }
}
