//! `shutdown_sessions_server`.

use std::collections::BTreeSet;

use haproxy_asking::{Origin, SaidBy, to_change};
use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use haproxy_replies::info::Info;
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

use crate::counted::{self, Counted};
use crate::detail::{Named, look};
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
pub(crate) struct Arguments {
    pub(crate) backend: String,
    pub(crate) server: String,
}

/// How many sessions a server has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Count {
    /// At this moment.
    pub(crate) sessions: u64,
    /// Those of them that were there before.
    pub(crate) left: u64,
}

#[derive(Serialize)]
struct Answer<'a> {
    backend: &'a str,
    server: &'a str,
    #[serde(flatten)]
    change: Change<Count>,
    #[serde(flatten)]
    said: SaidBy,
}

/// The sessions of a server, before they are ended.
enum There {
    /// By their ids.
    Listed(Listed),
    /// As many as the statistics page counts.
    Counted(Counted),
}

/// The sessions of a server, one by one.
struct Listed {
    ids: BTreeSet<Box<[u8]>>,
    /// The number that HAProxy gives to the next one.
    next: u64,
}

/// The tool.
pub(crate) fn shutdown_sessions_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    let of: Arguments = call.arguments()?;
    let (there, origin) = to_change(call, |origin| match origin {
        Origin::Runtime(instance) => Ok(There::Listed(Listed {
            ids: ids(instance, of.filter())?,
            next: next_number(instance)?,
        })),
        Origin::Page(pages) => Counted::read(*pages, &of).map(There::Counted),
    })?;
    let path = of.path();
    let change = match there {
        There::Listed(there) => listed(call, &of, &there)?,
        There::Counted(there) => counted::shut_down(call, &of, there)?,
    };
    let line = origin.line(format!(
        "{path}: {} sessions ended; {} new ones",
        change.before.sessions, change.after.sessions
    ));
    let answer = Answer {
        backend: &of.backend,
        server: &of.server,
        change,
        said: origin.said(None),
    };
    Ok(Outcome::of(&answer)?.text(line))
}

impl Arguments {
    /// `backend/server`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.backend, self.server)
    }

    /// What a change is to come to.
    pub(crate) fn wanted(&self) -> String {
        format!("none of the sessions of `{}`", self.path())
    }

    fn filter(&self) -> Filter<'_> {
        Filter {
            frontend: None,
            backend: Some(&self.backend),
            server: Some(&self.server),
        }
    }
}

impl Count {
    /// So many, all of which were there before.
    pub(crate) fn all(sessions: u64) -> Self {
        Self {
            sessions,
            left: sessions,
        }
    }
}

/// Counts again until none is left that was there before, or they should have ended long ago.
pub(crate) fn until_ended(
    call: &Call<'_>,
    count: impl Fn() -> Result<Count, Failure>,
) -> Result<Count, Failure> {
    let since = call.monotonic();
    loop {
        let now = count()?;
        if now.left == 0 || call.monotonic().saturating_sub(since) > PATIENCE {
            return Ok(now);
        }
        call.sleep(PAUSE)?;
    }
}

/// Ends them through the Runtime API.
fn listed(call: &Call<'_>, of: &Arguments, there: &Listed) -> Result<Change<Count>, Failure> {
    let (instance, filter) = (call.instance(), of.filter());
    if let Err(failure) = SHUTDOWN.ask(&instance, &[&of.path()]) {
        filter.check_names(&instance)?;
        return Err(failure);
    }
    let after = until_ended(call, || {
        let now = ids(&instance, filter)?;
        Ok(Count {
            sessions: number_of(now.len()),
            left: left(&instance, there, &now)?,
        })
    })?;
    let before = Count::all(number_of(there.ids.len()));
    Change::confirmed(before, after, after.left == 0, &of.wanted())
}

fn number_of(sessions: usize) -> u64 {
    u64::try_from(sessions).unwrap_or(u64::MAX)
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
fn left(instance: &Instance, there: &Listed, now: &BTreeSet<Box<[u8]>>) -> Result<u64, Failure> {
    let same: Vec<_> = there.ids.intersection(now).collect();
    if same.len() > LOOKED_AT {
        return Ok(number_of(same.len()));
    }
    let mut left = 0;
    for id in same {
        let found = look(instance, &String::from_utf8_lossy(id))?;
        let is_old = |(named, _): (Named, _)| named.number.is_none_or(|number| number < there.next);
        left += u64::from(found.is_some_and(is_old));
    }
    Ok(left)
}
