//! What the tools ask HAProxy, and what they say of a name that it does not have.

use haproxy_listing::{CursorError, NoSuchField};
use haproxy_mcp_sdk::{Failure, Instance};
use haproxy_replies::backends::BackendsReader;
use haproxy_replies::names::{Nearest, Suggestion};
use haproxy_replies::servers_state::{ServerState, ServersStateReader};
use haproxy_replies::stat::{Consumer, StatReader};

use crate::error::TableError;

/// Names that an error lists at most.
pub(crate) const NAMES: usize = 20;

/// Whether HAProxy takes the name for its own number of a backend: `#5`. No backend can be named so.
pub(crate) fn is_number(backend: &str) -> bool {
    backend.starts_with('#')
}

/// Whether `show stat` takes the name for that of a proxy: not for all proxies, and not for another command.
pub(crate) fn selectable(backend: &str) -> bool {
    !backend.starts_with(['-', '+']) && backend != "domain"
}

pub(crate) fn is_unknown(failure: &Failure) -> bool {
    matches!(
        failure.rejection(),
        Some("no-such-proxy" | "no-such-backend")
    )
}

/// Reads statistics to their end.
pub(crate) fn statistics<C: Consumer<Error = TableError>>(
    instance: &Instance,
    words: &[&str],
    consumer: C,
) -> Result<C, Failure> {
    let mut reader = StatReader::new(consumer);
    instance
        .ask(words)?
        .for_each(|chunk| Ok(reader.push(chunk)?))?;
    Ok(reader.finish()?)
}

/// Reads the state of the servers of a backend to its end.
pub(crate) fn states(
    instance: &Instance,
    backend: &str,
    mut server: impl FnMut(&ServerState<'_>) -> Result<(), TableError>,
) -> Result<(), Failure> {
    let reply = match instance.ask(&["show", "servers", "state", backend]) {
        Err(failure) if is_unknown(&failure) => return Err(no_such_backend(instance, backend)?),
        other => other?,
    };
    let mut reader = ServersStateReader::default();
    reply.for_each(|chunk| Ok(reader.push(chunk, |state| server(&state))?))?;
    Ok(reader.finish().map_err(TableError::from)?)
}

/// The failure that says so, with the names that are near.
pub(crate) fn no_such_backend(instance: &Instance, backend: &str) -> Result<Failure, Failure> {
    let mut nearest = Nearest::new(backend, NAMES);
    let mut reader = BackendsReader::default();
    let unreadable =
        |error: haproxy_replies::backends::BackendsError| Failure::unparsable(error.to_string());
    instance.ask(&["show", "backend"])?.for_each(|chunk| {
        reader
            .push(chunk, |name| nearest.offer(name))
            .map_err(unreadable)
    })?;
    reader.finish().map_err(unreadable)?;
    let failure = Failure::not_found(format!("this HAProxy has no backend: `{backend}`"));
    Ok(suggest(
        failure,
        "/backend",
        &nearest.suggest(),
        "show_stat with type frontend lists the frontends",
    ))
}

pub(crate) fn suggest(
    failure: Failure,
    argument: &str,
    suggestion: &Suggestion,
    otherwise: &str,
) -> Failure {
    let hint = suggestion
        .sentence()
        .unwrap_or_else(|| otherwise.to_owned());
    let names = if suggestion.near.is_empty() {
        &suggestion.existing
    } else {
        &suggestion.near
    };
    failure
        .hint(hint)
        .details(serde_json::json!({ "argument": argument, "names": names }).to_string())
}

pub(crate) fn wrong_cursor(error: CursorError) -> Failure {
    Failure::invalid_argument(error.to_string())
        .hint(
            "begin without a cursor; then pass `next_cursor` of the last answer with the same other arguments \
             (`limit` may change)",
        )
        .details(r#"{"argument":"/cursor"}"#.to_owned())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over"
)]
pub(crate) fn unwritable(error: serde_json::Error) -> Failure {
    Failure::other(error.to_string())
}

/// A field that no row has.
#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over"
)]
pub(crate) fn wrong_field(error: NoSuchField) -> Failure {
    Failure::invalid_argument(error.to_string())
        .hint(error.hint())
        .details(
            serde_json::json!({ "argument": format!("/fields/{}", error.index), "names": error.near })
                .to_string(),
        )
}
