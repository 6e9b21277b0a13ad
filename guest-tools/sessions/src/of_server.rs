//! `shutdown_sessions_server`.

use std::collections::BTreeSet;

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use haproxy_replies::info::Info;
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

use crate::detail::look;
use crate::filter::Filter;
use crate::one::{PATIENCE, PAUSE};

const SHUTDOWN: Need = Need {
    command: &["shutdown", "sessions", "server"],
    since: None,
    level: Some("admin"),
};

/// How many sessions are looked at one by one, to tell those that were there before from those that got their ids.
const LOOKED_AT: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    backend: String,
    server: String,
}

/// How many sessions a server has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Count {
    /// At this moment.
    sessions: usize,
    /// Those of them that were there before.
    left: usize,
}

#[derive(Serialize)]
struct Answer<'a> {
    backend: &'a str,
    server: &'a str,
    #[serde(flatten)]
    change: Change<Count>,
}

/// The tool.
pub(crate) fn shutdown_sessions_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { backend, server } = call.arguments()?;
    let instance = call.instance();
    let filter = Filter {
        frontend: None,
        backend: Some(&backend),
        server: Some(&server),
    };
    let there = ids(&instance, filter)?;
    let next = next_number(&instance)?;
    let path = format!("{backend}/{server}");
    if let Err(failure) = SHUTDOWN.ask(&instance, &[&path]) {
        filter.check_names(&instance)?;
        return Err(failure);
    }
    let since = call.monotonic();
    let after = loop {
        let now = ids(&instance, filter)?;
        let left = left(&instance, &there, &now, next)?;
        if left == 0 || call.monotonic().saturating_sub(since) > PATIENCE {
            break Count {
                sessions: now.len(),
                left,
            };
        }
        call.sleep(PAUSE)?;
    };
    let before = Count {
        sessions: there.len(),
        left: there.len(),
    };
    let what = format!("none of the sessions of `{path}`");
    let change = Change::confirmed(before, after, after.left == 0, &what)?;
    let line = format!(
        "{path}: {} sessions ended; {} new ones",
        before.sessions, after.sessions
    );
    let answer = Answer {
        backend: &backend,
        server: &server,
        change,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

fn ids(instance: &Instance, filter: Filter<'_>) -> Result<BTreeSet<Box<[u8]>>, Failure> {
    let mut ids = BTreeSet::new();
    filter.each(instance, |session| {
        ids.insert(session.id.into());
    })?;
    Ok(ids)
}

/// The number that HAProxy gives to the next session: it counts them from its start.
fn next_number(instance: &Instance) -> Result<u64, Failure> {
    let reply = instance.ask(&["show", "info"])?.bytes()?;
    let info = Info::read(&reply).map_err(Failure::unparsable)?;
    match info.require("CumReq").map_err(Failure::unparsable)? {
        Value::Unsigned(number) => Ok(*number),
        _ => Err(Failure::unparsable(
            "the process information has no number: `CumReq`",
        )),
    }
}

/// How many of those that were there are there. HAProxy gives the id of a session that has ended to the next one, which
/// has a higher number.
fn left(
    instance: &Instance,
    there: &BTreeSet<Box<[u8]>>,
    now: &BTreeSet<Box<[u8]>>,
    next: u64,
) -> Result<usize, Failure> {
    let same: Vec<_> = there.intersection(now).collect();
    if same.len() > LOOKED_AT {
        return Ok(same.len());
    }
    let mut left = 0;
    for id in same {
        let found = look(instance, &String::from_utf8_lossy(id))?;
        left += usize::from(
            found.is_some_and(|(named, _)| named.number.is_none_or(|number| number < next)),
        );
    }
    Ok(left)
}
