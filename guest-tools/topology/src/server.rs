//! One server: its state and all its statistics.

use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome, Pages};
use haproxy_replies::names::{LISTED, Nearest, Suggestion};
use haproxy_replies::servers_state::{ServerState, ServersStateError};
use haproxy_replies::stat::{Columns, Consumer, ObjectType, Row, StatError};
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

use crate::columns::{Fields, Shown, text, written};
use crate::servers::{Missing, address, admin};
use haproxy_asking::{
    Origin, SaidBy, admin_state, from_any, is_number, no_such_backend, selectable, server_of_page,
    states, statistics,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneServer {
    backend: String,
    server: String,
}

/// The tool.
pub(crate) fn get_server(call: &Call<'_>) -> Result<Outcome, Failure> {
    let OneServer { backend, server } = call.arguments()?;
    let ((state, statistics), origin) = from_any(call, |origin| match origin {
        Origin::Runtime(instance) => of_instance(instance, &backend, &server),
        Origin::Page(pages) => shown(*pages, &backend, &server),
    })?;
    let said = origin.said(match origin {
        Origin::Runtime(_) => None,
        Origin::Page(_) => {
            let mut missing = Missing::default();
            missing.add(state.address.is_some(), state.admin.as_deref());
            missing.note()
        }
    });
    let (structured, line) = answer(&backend, &server, &state, &statistics, &said)?;
    Ok(Outcome::new(structured).text(origin.line(line)))
}

fn of_instance<'a>(
    instance: &Instance,
    backend: &'a str,
    server: &'a str,
) -> Result<(State, Statistics<'a>), Failure> {
    if is_number(backend) {
        return Err(no_such_backend(instance, backend)?);
    }
    let mut search = Search::new(backend, server);
    states(instance, Some(backend), |state| search.look(state))?;
    let state = search.finish().map_err(|suggestion| {
        Failure::not_found(format!("backend `{backend}` has no server: `{server}`"))
            .hint(suggestion.hint("list_servers lists the servers of a backend"))
            .argument_among("/server", suggestion.names())
    })?;
    let statistics = one(instance, backend, server, &state)?;
    Ok((state, statistics))
}

/// What the statistics page shows of it: no state of its own, but address and status.
fn shown<'a>(
    pages: Pages,
    backend: &'a str,
    server: &'a str,
) -> Result<(State, Statistics<'a>), Failure> {
    let statistics = server_of_page(pages, backend, server, Statistics::new(backend, server))?;
    let fields = statistics.fields.as_deref().unwrap_or_default();
    let tracks = !text(fields, "tracked").is_empty();
    let address = statistics.address.clone();
    let state = State {
        address,
        admin: admin_state::of_status(text(fields, "status"), tracks),
        ..State::default()
    };
    Ok((state, statistics))
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
    /// None where it is not known.
    pub(crate) admin: Option<Vec<String>>,
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
    /// A search that has seen nothing yet; [`LISTED`] names of others are kept at most.
    pub(crate) fn new(backend: &str, server: &str) -> Self {
        Self {
            backend: backend.to_owned(),
            server: server.to_owned(),
            found: None,
            nearest: Nearest::new(server, LISTED),
        }
    }

    /// A server of the reply.
    pub(crate) fn look(&mut self, state: &ServerState<'_>) -> Result<(), ServersStateError> {
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
            .map(|(name, value)| (name.to_owned(), value.into_owned()))
            .collect();
        let id = state.require("srv_id")?;
        self.found = Some(State {
            address: address(state),
            admin: Some(admin(state)),
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
    /// Address and port, where the statistics have them.
    address: Option<String>,
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
            address: None,
            hidden: 0,
        }
    }
}

/// Columns that say nothing that the answer does not say elsewhere.
const ELSEWHERE: [&str; 6] = ["pxname", "svname", "type", "pid", "addr", "-"];

impl Consumer for Statistics<'_> {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("svname")?,
            columns.require("type")?,
            // beyond the last column where there is none
            columns.index("addr").unwrap_or(columns.width()),
        ];
        (self.shown, self.hidden) = Shown::own(columns, &ELSEWHERE, &mut wanted);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        let server = ObjectType::read(row.field(2)) == Some(ObjectType::Server);
        if server
            && row.field(0) == self.backend.as_bytes()
            && row.field(1) == self.server.as_bytes()
        {
            self.fields = Some(self.shown.fields(row));
            self.address = Some(row.field(3))
                .filter(|address| !address.is_empty())
                .map(|address| String::from_utf8_lossy(address).into_owned());
        }
        Ok(())
    }
}

/// One server, and a line for a person.
pub(crate) fn answer(
    backend: &str,
    server: &str,
    state: &State,
    statistics: &Statistics<'_>,
    said: &SaidBy,
) -> serde_json::Result<(String, String)> {
    #[derive(Serialize)]
    struct One<'a, S: Serialize, T: Serialize> {
        backend: &'a str,
        server: &'a str,
        status: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        addr: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        admin_state: Option<&'a [String]>,
        stat: S,
        #[serde(skip_serializing_if = "Option::is_none")]
        state: Option<T>,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<LeftOut>,
        #[serde(flatten)]
        said: &'a SaidBy,
    }
    #[derive(Serialize)]
    struct LeftOut {
        columns: usize,
        hint: &'static str,
    }
    let fields = statistics.fields.as_deref().unwrap_or_default();
    let status = text(fields, "status");
    let one = One {
        backend,
        server,
        status,
        addr: state.address.as_deref(),
        admin_state: state.admin.as_deref(),
        stat: written(fields, &["status"]),
        state: (!state.fields.is_empty()).then(|| written(&state.fields, &[])),
        left_out: (statistics.hidden > 0).then_some(LeftOut {
            columns: statistics.hidden,
            hint: "show_stat with proxy, server and fields [\"all\"] shows the counters of TLS, HTTP/1, HTTP/2 and QUIC",
        }),
        said,
    };
    let mut line = format!("{backend}/{server} is {status}");
    if let Some(address) = &state.address {
        line = format!("{line} at {address}");
    }
    if let Some(admin) = state.admin.as_deref().filter(|admin| !admin.is_empty()) {
        line = format!("{line} ({})", admin.join(", "));
    }
    Ok((serde_json::to_string(&one)?, line))
}
