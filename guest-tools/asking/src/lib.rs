//! What several families of tools ask HAProxy about its proxies and servers, and what they say of a name that it does
//! not have.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]
#![allow(
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    reason = "each passes on what HAProxy or the host refuses; a question that nobody hears is no mistake to warn of"
)]

pub mod admin_state;
mod origin;
mod page;
mod row;
mod waiting;

use haproxy_mcp_sdk::{Failure, Instance, Reply};
use haproxy_replies::backends::BackendsReader;
use haproxy_replies::names::{LISTED, Nearest, Suggestion};
use haproxy_replies::servers_state::{ServerState, ServersStateError, ServersStateReader};
use haproxy_replies::stat::{Consumer, ObjectType, ProxySearch, StatError};

pub use origin::{Origin, SaidBy, from_any, to_change};
pub use page::{act_on_page, hidden, no_such_on_page, of_page, read, server_of_page};
pub use row::{Object, Row, row, row_of_page};
pub use waiting::Waiting;

/// Whether HAProxy takes the name for its own number of a backend: `#5`. No backend can be named so.
pub fn is_number(backend: &str) -> bool {
    backend.starts_with('#')
}

/// Whether `show stat` takes the name for that of a proxy: not for all proxies, and not for another command.
pub fn selectable(backend: &str) -> bool {
    !backend.starts_with(['-', '+']) && backend != "domain"
}

/// Whether HAProxy refused a name that it does not have.
pub fn is_unknown(failure: &Failure) -> bool {
    matches!(
        failure.rejection(),
        Some("no-such-proxy" | "no-such-backend")
    )
}

/// Reads statistics to their end.
pub fn statistics<C: Consumer<Error = StatError>>(
    instance: &Instance,
    words: &[&str],
    consumer: C,
) -> Result<C, Failure> {
    read(&instance.ask(words)?, consumer, Failure::unparsable)
}

/// Sends a command that takes a backend as its last word, or none for all of them.
pub fn of_backend(
    instance: &Instance,
    words: &[&str],
    backend: Option<&str>,
) -> Result<Reply, Failure> {
    let Some(backend) = backend else {
        return instance.ask(words);
    };
    if is_number(backend) {
        return Err(no_such_backend(instance, backend)?);
    }
    match instance.ask(&[words, &[backend]].concat()) {
        Err(failure) if is_unknown(&failure) => Err(no_such_backend(instance, backend)?),
        other => other,
    }
}

/// Reads the state of the servers of a backend, or of all, to its end.
pub fn states(
    instance: &Instance,
    backend: Option<&str>,
    mut server: impl FnMut(&ServerState<'_>) -> Result<(), ServersStateError>,
) -> Result<(), Failure> {
    let reply = of_backend(instance, &["show", "servers", "state"], backend)?;
    let mut reader = ServersStateReader::default();
    reply.for_each(|chunk| {
        reader
            .push(chunk, |state| server(&state))
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)
}

/// The failure for the name of a backend that HAProxy does not have, with those that are near.
pub fn no_such_backend(instance: &Instance, backend: &str) -> Result<Failure, Failure> {
    let mut nearest = Nearest::new(backend, LISTED);
    let mut reader = BackendsReader::default();
    instance.ask(&["show", "backend"])?.for_each(|chunk| {
        reader
            .push(chunk, |name| nearest.offer(name))
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)?;
    let suggestion = nearest.suggest();
    Ok(
        Failure::not_found(format!("this HAProxy has no backend: `{backend}`"))
            .hint(suggestion.hint("show_stat with type frontend lists the frontends"))
            .argument_among("/backend", suggestion.names()),
    )
}

/// The failure for the name of a frontend that HAProxy does not have, with those that are near.
pub fn no_such_frontend(instance: &Instance, frontend: &str) -> Result<Failure, Failure> {
    let mask = ObjectType::Frontend.mask().to_string();
    let search = statistics(
        instance,
        &["show", "stat", "-1", &mask, "-1"],
        ProxySearch::new(frontend),
    )?;
    let suggestion = search.finish().err().unwrap_or_default();
    Ok(
        Failure::not_found(format!("this HAProxy has no frontend: `{frontend}`"))
            .hint(suggestion.hint("list_frontends lists the frontends, list_backends the backends"))
            .argument_among("/frontend", suggestion.names()),
    )
}

/// The failure for the name of a cache or section (`what`) that HAProxy does not have, with those that it has.
pub fn no_such<N: AsRef<[u8]>>(
    what: &str,
    argument: &str,
    name: &str,
    existing: impl IntoIterator<Item = N>,
) -> Failure {
    let suggestion = Suggestion::among(name, existing);
    Failure::not_found(format!("this HAProxy has no {what}: `{name}`"))
        .hint(suggestion.hint(&format!("this HAProxy has no {what} at all")))
        .argument_among(argument, suggestion.names())
}
