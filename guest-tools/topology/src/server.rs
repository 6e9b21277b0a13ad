//! One server: its state and all its statistics.

use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::names::{Nearest, Suggestion};
use haproxy_replies::servers_state::ServerState;
use haproxy_replies::stat::{Column, Columns, Consumer, ObjectType, Row};
use haproxy_replies::value::Value;
use serde::Deserialize;

use crate::answer;
use crate::asking::{
    NAMES, is_number, no_such_backend, selectable, states, statistics, suggest, unwritable,
};
use crate::columns::{Fields, Shown, owned};
use crate::error::TableError;
use crate::servers::{address, admin};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneServer {
    backend: String,
    server: String,
}

/// The tool.
pub(crate) fn get_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    let OneServer { backend, server } = call.arguments()?;
    let instance = call.instance();
    if is_number(&backend) {
        return Err(no_such_backend(&instance, &backend)?);
    }
    let mut search = Search::new(&backend, &server, NAMES);
    states(&instance, &backend, |state| search.look(state))?;
    let state = search.finish().map_err(|suggestion| {
        let failure = Failure::not_found(format!("backend `{backend}` has no server: `{server}`"));
        suggest(
            failure,
            "/server",
            &suggestion,
            "list_servers lists the servers of a backend",
        )
    })?;
    let statistics = one(&instance, &backend, &server, &state)?;
    let (structured, line) =
        answer::server(&backend, &server, &state, &statistics).map_err(unwritable)?;
    Ok(Outcome::new(structured).text(line))
}

/// The statistics of one server, which is known to exist.
fn one<'a>(
    instance: &Instance,
    backend: &'a str,
    server: &'a str,
    state: &State,
) -> Result<Statistics<'a>, Failure> {
    let id = state.id.as_deref().unwrap_or("-1");
    if selectable(backend) {
        let read = statistics(
            instance,
            &["show", "stat", backend, "4", id],
            Statistics::new(backend, server),
        )?;
        if read.fields.is_some() {
            return Ok(read);
        }
    }
    // HAProxy selected another proxy: a frontend of the same name
    let read = statistics(
        instance,
        &["show", "stat", "-1", "4", id],
        Statistics::new(backend, server),
    )?;
    if read.fields.is_none() {
        return Err(Failure::not_found(format!(
            "HAProxy has no statistics of the server: `{backend}/{server}`"
        ))
        .hint("it was removed just now, or is being added: ask again"));
    }
    Ok(read)
}

/// What `show servers state` says of a server.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) address: Option<String>,
    pub(crate) admin: Vec<String>,
    /// HAProxy's number of it within its backend.
    pub(crate) id: Option<String>,
    /// All fields that are set, except for the names, which the answer has already.
    pub(crate) fields: Fields,
}

/// Looks for a server among those of a backend.
#[derive(Debug)]
pub(crate) struct Search {
    backend: String,
    server: String,
    found: Option<State>,
    nearest: Nearest,
}

impl Search {
    /// At most `limit` names of others are kept.
    pub(crate) fn new(backend: &str, server: &str, limit: usize) -> Self {
        Self {
            backend: backend.to_owned(),
            server: server.to_owned(),
            found: None,
            nearest: Nearest::new(server, limit),
        }
    }

    /// A server of the reply.
    pub(crate) fn look(&mut self, state: &ServerState<'_>) -> Result<(), TableError> {
        let name = state.require("srv_name")?;
        if state.require("be_name")? != self.backend.as_bytes() {
            return Ok(());
        }
        if name != self.server.as_bytes() {
            self.nearest.offer(name);
            return Ok(());
        }
        let fields = state
            .values()
            .filter(|(name, value)| {
                !matches!(*name, "be_name" | "srv_name") && *value != Value::Absent
            })
            .map(|(name, value)| (name.to_owned(), owned(value)))
            .collect();
        let id = state.require("srv_id")?;
        self.found = Some(State {
            address: address(state),
            admin: admin(state),
            id: Some(String::from_utf8_lossy(id).into_owned()),
            fields,
        });
        Ok(())
    }

    /// The server, or the names of others.
    pub(crate) fn finish(self) -> Result<State, Suggestion> {
        self.found.ok_or_else(|| self.nearest.suggest())
    }
}

/// Takes the one row of a server.
#[derive(Debug)]
pub(crate) struct Statistics<'a> {
    backend: &'a str,
    server: &'a str,
    shown: Shown,
    pub(crate) fields: Option<Fields>,
    /// How many columns of HAProxy's modules are not taken.
    pub(crate) hidden: usize,
}

impl<'a> Statistics<'a> {
    pub(crate) fn new(backend: &'a str, server: &'a str) -> Self {
        Self {
            backend,
            server,
            shown: Shown::default(),
            fields: None,
            hidden: 0,
        }
    }
}

/// Columns that say nothing that the answer does not say elsewhere.
const ELSEWHERE: [&str; 6] = ["pxname", "svname", "type", "pid", "addr", "-"];

impl Consumer for Statistics<'_> {
    type Error = TableError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("svname")?,
            columns.require("type")?,
        ];
        // HAProxy's own columns stand before `-`, those of its modules (TLS, HTTP/2, QUIC, …) after it
        let own = columns.index("-").unwrap_or(columns.width());
        self.hidden = columns.width().saturating_sub(own + 1);
        let names = columns
            .iter()
            .take(own)
            .map(Column::name)
            .filter(|name| !ELSEWHERE.contains(name));
        self.shown = Shown::named(columns, names, &mut wanted);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        let server = ObjectType::read(row.field(2)) == Some(ObjectType::Server);
        if server
            && row.field(0) == self.backend.as_bytes()
            && row.field(1) == self.server.as_bytes()
        {
            self.fields = Some(self.shown.fields(row));
        }
        Ok(())
    }
}
