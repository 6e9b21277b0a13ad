//! Sessions: what HAProxy handles just now, and how to end it.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod counted;
mod detail;
mod filter;
mod list;
mod of_server;
mod one;

use haproxy_mcp_sdk::{Access, Call, Failure, Need, Outcome, Tool};

/// `show sess`.
pub(crate) const SHOW: Need = Need {
    command: &["show", "sess"],
    since: None,
    level: Some("operator"),
};

/// The frontend of the connections to HAProxy's Runtime API.
pub(crate) const RUNTIME_API: &str = "GLOBAL";

const TOOLS: &[Tool] = &[
    Tool {
        name: "show_sess",
        title: "Sessions",
        description: "The sessions (streams) that HAProxy handles at this moment (`show sess`): client's address, frontend, \
            backend, server, age; oldest first. Use it to see who holds connections, and what hangs. With session: \
            everything about that one, for a report to HAProxy's developers. Connections to the Runtime API are left out. \
            An id means another session once its own has ended.",
        input_schema: include_str!("../schema/show_sess.input.json"),
        output_schema: include_str!("../schema/show_sess.output.json"),
        access: Access::Read,
        toolset: "sessions",
        idempotent: true,
        run: show_sess,
        ..Tool::USUAL
    },
    Tool {
        name: "shutdown_session",
        title: "End a session",
        description: "Ends one session at once (`shutdown session`), and looks that it is gone: its client's connection \
            breaks off. This cannot be taken back; the client may come again. show_sess has the ids.",
        input_schema: include_str!("../schema/shutdown_session.input.json"),
        output_schema: include_str!("../schema/shutdown_session.output.json"),
        access: Access::Operate,
        toolset: "sessions",
        destructive: true,
        // an id may be another session's by then
        idempotent: false,
        run: one::shutdown_session,
        ..Tool::USUAL
    },
    Tool {
        name: "shutdown_sessions_server",
        title: "End all sessions of a server",
        description: "Ends all sessions of a server at once (`shutdown sessions server`), and looks that they are gone: \
            their clients' connections break off. This cannot be taken back. The server goes on taking new sessions unless \
            it is drained or in maintenance: set_server_state first.",
        input_schema: include_str!("../schema/shutdown_sessions_server.input.json"),
        output_schema: include_str!("../schema/shutdown_sessions_server.output.json"),
        access: Access::Operate,
        toolset: "sessions",
        destructive: true,
        // those that came since end as well
        idempotent: false,
        run: of_server::shutdown_sessions_server,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "sessions", tools: TOOLS }

/// The tool.
fn show_sess(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: list::Arguments = call.arguments()?;
    match &arguments.session {
        Some(id) if arguments.is_of_one() => detail::show(call, id),
        Some(_) => Err(Failure::invalid_argument(
            "`session` names one session, and takes no other argument beside it",
        )
        .hint("leave out `session` to list sessions")
        .argument("/session")),
        None => list::show(call, &arguments),
    }
}
