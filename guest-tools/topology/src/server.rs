//! One server: its state and all its statistics.

use haproxy_replies::names::{Nearest, Suggestion};
use haproxy_replies::servers_state::ServerState;
use haproxy_replies::stat::{Column, Columns, Consumer, ObjectType, Row};
use haproxy_replies::value::Value;

use crate::columns::{Fields, Shown, owned};
use crate::error::TableError;
use crate::servers::{address, admin};

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
