//! The servers of one backend: what the statistics say, and then what the state says of those on the page.

use std::collections::HashMap;

use haproxy_listing::{Fields as Written, Key, Listed, Page, Pages, Part};
use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome, Pages as Doors};
use haproxy_replies::servers_state::ServerState;
use haproxy_replies::stat::{Columns, Consumer, ObjectType, Row, StatError};
use haproxy_replies::value::{Value, unsigned};
use serde::Serialize;

use crate::arguments::ByName;
use crate::columns::{Fields, Shown};
use crate::states::States;
use haproxy_asking::{
    Origin, SaidBy, admin_state, from_any, is_number, is_unknown, no_such_backend, no_such_on_page,
    of_page, selectable, states, statistics,
};

const SHOWN: [&str; 14] = [
    "svname",
    "status",
    "weight",
    "bck",
    "qcur",
    "scur",
    "slim",
    "stot",
    "rate",
    "hrsp_5xx",
    "econ",
    "eresp",
    "check_status",
    "lastchg",
];

/// `show stat` for the servers of all backends.
const EVERY_SERVER: &[&str] = &["show", "stat", "-1", "4", "-1"];

/// The tool.
pub(crate) fn list_servers(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: ByName = call.arguments()?;
    let part = arguments.part("list_servers")?;
    let backend = arguments.backend.as_str();
    let ((pages, totals), origin) = from_any(call, |origin| match origin {
        Origin::Runtime(instance) => servers(instance, backend, &part),
        Origin::Page(page) => shown(*page, backend, &part),
    })?;
    let said = origin.said(match origin {
        Origin::Runtime(_) => None,
        Origin::Page(_) => note(pages.rows.iter().map(|kept| &kept.row)),
    });
    let (structured, line) = answer(backend, &part, &pages, &totals, &said)?;
    Ok(Outcome::new(structured).text(origin.line(line)))
}

/// A page of the servers of a backend, and a line for a person.
pub(crate) fn answer(
    backend: &str,
    part: &Part,
    pages: &Pages<Server>,
    totals: &Totals,
    said: &SaidBy,
) -> serde_json::Result<(String, String)> {
    #[derive(Serialize)]
    struct OfBackend<'a> {
        backend: &'a str,
        #[serde(flatten)]
        listed: Listed<&'a Totals>,
        #[serde(flatten)]
        said: &'a SaidBy,
    }
    let written = part.write(pages)?;
    let line = format!("{} of `{backend}`: {}", written.shown, totals.line());
    let listed = written.with(totals);
    let answer = OfBackend {
        backend,
        listed,
        said,
    };
    Ok((serde_json::to_string(&answer)?, line))
}

/// A page of the servers of a backend, as the statistics page shows them.
fn shown(page: Doors, backend: &str, part: &Part) -> Result<(Pages<Server>, Totals), Failure> {
    let read = of_page(
        page,
        Some(backend),
        Servers::new(backend, part),
        Failure::unparsable,
    )?;
    if !read.is_backend {
        return Err(no_such_on_page(page, ObjectType::Backend, backend)?);
    }
    let (_, pages, totals) = read.finish();
    Ok((pages, totals))
}

/// What the page does not say of these servers; none where it says all.
fn note<'s>(servers: impl Iterator<Item = &'s Server>) -> Option<String> {
    let mut missing = Missing::default();
    for server in servers {
        missing.add(server.address.is_some(), server.admin_state.as_deref());
    }
    missing.note()
}

/// What the statistics page does not say of servers.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    address: bool,
    maintenance: bool,
    drain: bool,
    servers: usize,
}

impl Missing {
    /// Adds a server.
    pub(crate) fn add(&mut self, address: bool, admin_state: Option<&[String]>) {
        self.address |= !address;
        self.servers += 1;
        match admin_state {
            None => self.drain = true,
            Some(names) => self.maintenance |= names.iter().any(|name| name.ends_with("maint")),
        }
    }

    /// For whoever reads the answer.
    pub(crate) fn note(&self) -> Option<String> {
        let parts: Vec<&str> = [
            (
                self.address,
                "an address (without `stats show-legends` in HAProxy's configuration)",
            ),
            (
                self.drain,
                "whether a server that is down, stopping, or drained while it tracks another was drained at run time",
            ),
            (
                self.maintenance,
                "whether maintenance has further reasons (fmaint, imaint, rmaint)",
            ),
            (self.servers > 0, admin_state::CMAINT_NOT_SHOWN),
        ]
        .into_iter()
        .filter_map(|(missing, part)| missing.then_some(part))
        .collect();
        (!parts.is_empty())
            .then(|| format!("the statistics page does not say {}", parts.join("; ")))
    }
}

/// A page of the servers of a backend, with what the state says of them.
fn servers(
    instance: &Instance,
    backend: &str,
    part: &Part,
) -> Result<(Pages<Server>, Totals), Failure> {
    if is_number(backend) {
        return Err(no_such_backend(instance, backend)?);
    }
    let read =
        |words: &[&str]| Ok(statistics(instance, words, Servers::new(backend, part))?.finish());
    let selected = if selectable(backend) {
        read(&["show", "stat", backend, "4", "-1"])
    } else {
        read(EVERY_SERVER)
    };
    let (seen, mut pages, mut totals) = match selected {
        Err(failure) if is_unknown(&failure) => return Err(no_such_backend(instance, backend)?),
        other => other?,
    };
    if !seen {
        // no servers, no such backend, or HAProxy selected another proxy: a frontend of the same name
        let mut servers = 0;
        states(instance, Some(backend), |state| {
            servers += usize::from(state.require("be_name")? == backend.as_bytes());
            Ok(())
        })?;
        if servers == 0 {
            return Ok((pages, totals));
        }
        (_, pages, totals) = read(EVERY_SERVER)?;
    }
    let mut rows: HashMap<Vec<u8>, &mut Server> = pages
        .rows
        .iter_mut()
        .map(|kept| (kept.row.name().to_vec(), &mut kept.row))
        .collect();
    if !rows.is_empty() {
        states(instance, Some(backend), |state| {
            if let Some(server) = rows.get_mut(state.require("srv_name")?) {
                server.describe(state);
            }
            Ok(())
        })?;
    }
    Ok((pages, totals))
}

/// A server, as it is kept.
#[derive(Debug)]
pub(crate) struct Server {
    name: Vec<u8>,
    fields: Fields,
    address: Option<String>,
    /// None where the statistics do not say it.
    admin_state: Option<Vec<String>>,
}

impl Serialize for Server {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a, F: Serialize> {
            #[serde(flatten)]
            fields: F,
            #[serde(skip_serializing_if = "Option::is_none")]
            addr: Option<&'a str>,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            admin_state: &'a [String],
        }
        // 1 only where it is a backup
        let shown = self
            .fields
            .iter()
            .filter(|(name, value)| name != "bck" || *value != Value::Unsigned(0));
        let fields = Written(shown.map(|(name, value)| (name.as_str(), value.clone())));
        Row {
            fields,
            addr: self.address.as_deref(),
            admin_state: self.admin_state.as_deref().unwrap_or_default(),
        }
        .serialize(serializer)
    }
}

impl Server {
    /// Adds what the state says of it.
    pub(crate) fn describe(&mut self, state: &ServerState<'_>) {
        self.address = address(state);
        self.admin_state = Some(admin(state));
    }

    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }
}

/// Address and port: `10.0.0.1:80`, `[::1]:80`; without a port where it has none, as a Unix socket.
pub(crate) fn address(state: &ServerState<'_>) -> Option<String> {
    let address = state
        .field("srv_addr")
        .filter(|address| !address.is_empty() && *address != b"-")?;
    let address = String::from_utf8_lossy(address);
    let port = state
        .field("srv_port")
        .and_then(unsigned)
        .filter(|port| *port > 0);
    Some(match port {
        None => address.into_owned(),
        Some(port) if address.contains(':') => format!("[{address}]:{port}"),
        Some(port) => format!("{address}:{port}"),
    })
}

/// The names of the bits of the administrative state.
pub(crate) fn admin(state: &ServerState<'_>) -> Vec<String> {
    state
        .field("srv_admin_state")
        .and_then(unsigned)
        .map(admin_state::names)
        .unwrap_or_default()
}

/// The list while it is read.
#[derive(Debug)]
pub(crate) struct Servers<'p> {
    backend: &'p str,
    part: &'p Part,
    shown: Shown,
    /// Whether any row of a server of the backend came.
    seen: bool,
    /// Whether any row of the backend came.
    is_backend: bool,
    page: Page<Server>,
    totals: Totals,
}

/// Sums over all servers that matched.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Totals {
    servers: States,
    qcur: u64,
    scur: u64,
    stot: u64,
}

impl Totals {
    /// For a person.
    pub(crate) fn line(&self) -> String {
        format!(
            "{}; {} sessions now, {} queued",
            self.servers.line(),
            self.scur,
            self.qcur
        )
    }
}

impl<'p> Servers<'p> {
    pub(crate) fn new(backend: &'p str, part: &'p Part) -> Self {
        Self {
            backend,
            part,
            shown: Shown::default(),
            seen: false,
            is_backend: false,
            page: part.page(),
            totals: Totals::default(),
        }
    }

    /// Whether any server of the backend came, the page, and the sums.
    pub(crate) fn finish(self) -> (bool, Pages<Server>, Totals) {
        (self.seen, self.page.finish(), self.totals)
    }
}

/// Where the fields are that are needed in any case.
mod place {
    pub(super) const PXNAME: usize = 0;
    pub(super) const SVNAME: usize = 1;
    pub(super) const TYPE: usize = 2;
    pub(super) const STATUS: usize = 3;
    pub(super) const QCUR: usize = 4;
    pub(super) const SCUR: usize = 5;
    pub(super) const STOT: usize = 6;
    pub(super) const TRACKED: usize = 7;
    pub(super) const ADDR: usize = 8;
}

impl Consumer for Servers<'_> {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        let names = ["pxname", "svname", "type", "status", "qcur", "scur", "stot"];
        let mut wanted = names
            .into_iter()
            .map(|name| columns.require(name))
            .collect::<Result<Vec<_>, _>>()?;
        for name in ["tracked", "addr"] {
            // beyond the last column where there is none
            wanted.push(columns.index(name).unwrap_or(columns.width()));
        }
        self.shown = Shown::named(columns, SHOWN, &mut wanted);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        let (proxy, name) = (row.field(place::PXNAME), row.field(place::SVNAME));
        if proxy != self.backend.as_bytes() {
            return Ok(());
        }
        match ObjectType::read(row.field(place::TYPE)) {
            Some(ObjectType::Server) => {}
            kind => {
                self.is_backend |= kind == Some(ObjectType::Backend);
                return Ok(());
            }
        }
        (self.seen, self.is_backend) = (true, true);
        if !self.part.holds([&*String::from_utf8_lossy(name)]) {
            return Ok(());
        }
        self.totals.servers.add(row.field(place::STATUS));
        for (sum, place) in [
            (&mut self.totals.qcur, place::QCUR),
            (&mut self.totals.scur, place::SCUR),
            (&mut self.totals.stot, place::STOT),
        ] {
            *sum = sum.saturating_add(unsigned(row.field(place)).unwrap_or(0));
        }
        self.page.offer(Key::Absent, || Server {
            name: name.to_vec(),
            fields: self.shown.fields(row),
            address: Some(row.field(place::ADDR))
                .filter(|address| !address.is_empty())
                .map(|address| String::from_utf8_lossy(address).into_owned()),
            admin_state: admin_state::of_status(
                &String::from_utf8_lossy(row.field(place::STATUS)),
                !row.field(place::TRACKED).is_empty(),
            ),
        });
        Ok(())
    }
}
