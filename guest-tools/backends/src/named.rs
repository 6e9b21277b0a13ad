//! A backend by its name, and what the statistics say of it.

use haproxy_asking::{Object, is_number, no_such_backend, row};
use haproxy_mcp_sdk::{Failure, Instance, Need};
use serde::Serialize;

/// A command of HAProxy 3.4 that takes a socket of level `admin`.
pub(crate) const fn admin(command: &'static [&'static str]) -> Need {
    Need {
        command,
        since: Some("3.4"),
        level: Some("admin"),
    }
}

/// A backend, as the statistics have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Seen {
    /// Whether frontends may send sessions to it.
    pub(crate) published: bool,
    /// `UP`, `DOWN`, with `(UNPUB)` behind it where it is not published.
    pub(crate) status: String,
    pub(crate) mode: String,
}

/// What the statistics say of it; none where there is no such backend.
pub(crate) fn find(instance: &Instance, backend: &str) -> Result<Option<Seen>, Failure> {
    // HAProxy takes such a word for its own number, which no backend is named by.
    if is_number(backend) {
        return Ok(None);
    }
    let found = row(instance, Object::Backend(backend), &["status", "mode"])?;
    Ok(found.map(|row| {
        let status = row.text("status").to_owned();
        Seen {
            published: !status.contains("UNPUB"),
            status,
            mode: row.text("mode").to_owned(),
        }
    }))
}

/// The same, where it must be there.
pub(crate) fn seen(instance: &Instance, backend: &str) -> Result<Seen, Failure> {
    match find(instance, backend)? {
        Some(seen) => Ok(seen),
        None => Err(no_such_backend(instance, backend)?),
    }
}

/// Asks something of a backend. A refusal says what to do next.
pub(crate) fn ask(
    instance: &Instance,
    need: &Need,
    backend: &str,
    further: &[&str],
) -> Result<String, Failure> {
    let words = [&[backend], further].concat();
    match need.ask(instance, &words) {
        Err(failure) if failure.rejection() == Some("no-such-backend") => {
            Err(no_such_backend(instance, backend)?)
        }
        Err(failure) => Err(hinted(failure)),
        Ok(reply) => reply.text(),
    }
}

fn hinted(failure: Failure) -> Failure {
    let hint = match (&failure, failure.rejection()) {
        (Failure::Unsupported(_), _) => {
            "before HAProxy 3.4 backends come and go with the configuration and a reload; servers within them can be added \
             and removed: add_server, del_server"
        }
        // said by what the command needs, or by the host
        (_, None | Some("permission-denied")) => return failure,
        (_, Some("mode-required")) => {
            "this HAProxy takes the command only in its experimental mode, which this server never switches on: use the \
             configuration and a reload"
        }
        (_, Some("no-such-defaults")) => {
            "name a `defaults` section that has a name in the configuration (`defaults web`)"
        }
        (_, Some("already-exists")) => {
            "choose another name: no two frontends and backends share one"
        }
        (_, Some("still-published")) => "take it out of use first with unpublish_backend",
        (_, Some("in-use")) => {
            "remove its servers first (del_server); one that the configuration refers to (`default_backend`, \
             `use_backend`, …) stays"
        }
        (_, Some("still-connected")) => {
            "its last sessions are under way: try again when they have ended"
        }
        (_, Some("not-supported")) => {
            "what the configuration made of it stays until the next reload"
        }
        (_, Some(_)) => "HAProxy's words say what is wrong; get_backend shows what there is",
    };
    failure.hint(hint)
}
