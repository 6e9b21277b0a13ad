//! `show_servers_state`: the state of servers, field by field.

use haproxy_listing::{Key, Page, Part, Selection};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::servers_state::{ServerState, ServersStateError};
use haproxy_replies::value::{Value, unsigned};
use serde::Serialize;

use crate::arguments::{self, Asked};
use crate::columns::{Fields, written};
use haproxy_asking::states;

/// Fields that every row has, whatever is asked for.
const NAMES: [&str; 2] = ["be_name", "srv_name"];

const SUMMARY: &[&str] = &[
    "srv_addr",
    "srv_port",
    "srv_fqdn",
    "srv_op_state",
    "srv_admin_state",
    "srv_uweight",
    "srv_iweight",
    "srv_time_since_last_change",
    "srv_check_status",
    "srv_check_result",
    "srv_check_health",
];

/// The tool.
pub(crate) fn show_servers_state(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let part = asked.part("show_servers_state")?;
    let backend = asked.within.as_deref();
    let mut standing = Standing::new(&part, backend, asked.selection(SUMMARY));
    states(&call.instance(), backend, |state| standing.take(state))?;
    standing.answer()
}

/// A server, as it is kept.
#[derive(Debug)]
struct Server(Fields);

impl Serialize for Server {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(&self.0, &[]).serialize(serializer)
    }
}

/// All servers that matched, by `srv_op_state`, and by what `srv_admin_state` says.
#[derive(Debug, Default, Serialize)]
struct Totals {
    servers: u64,
    stopped: u64,
    starting: u64,
    running: u64,
    stopping: u64,
    maint: u64,
    drain: u64,
}

/// The bits of `srv_admin_state` that take a server out: see [`crate::admin_state`].
const MAINT: u64 = 0x01 | 0x02 | 0x04 | 0x20;
const DRAIN: u64 = 0x08 | 0x10;

/// The list while it is read.
#[derive(Debug)]
pub(crate) struct Standing<'p> {
    part: &'p Part,
    backend: Option<&'p str>,
    selection: Selection,
    page: Page<Server>,
    totals: Totals,
}

impl<'p> Standing<'p> {
    pub(crate) fn new(part: &'p Part, backend: Option<&'p str>, selection: Selection) -> Self {
        Self {
            part,
            backend,
            selection,
            page: part.page(),
            totals: Totals::default(),
        }
    }

    /// A server of the reply.
    pub(crate) fn take(&mut self, state: &ServerState<'_>) -> Result<(), ServersStateError> {
        let (backend, server) = (state.require("be_name")?, state.require("srv_name")?);
        if self
            .backend
            .is_some_and(|wanted| wanted.as_bytes() != backend)
        {
            return Ok(());
        }
        if self.selection.is_untaught() {
            let names = state.values().map(|(name, _)| name);
            self.selection
                .learn(names.filter(|name| !NAMES.contains(name)));
        }
        let name = [backend, b"/", server].concat();
        if !self.part.holds([&*String::from_utf8_lossy(&name)]) {
            return Ok(());
        }
        let number = |name| state.field(name).and_then(unsigned);
        self.totals.servers += 1;
        match number("srv_op_state") {
            Some(0) => self.totals.stopped += 1,
            Some(1) => self.totals.starting += 1,
            Some(2) => self.totals.running += 1,
            Some(3) => self.totals.stopping += 1,
            _ => {}
        }
        let admin = number("srv_admin_state").unwrap_or(0);
        self.totals.maint += u64::from(admin & MAINT != 0);
        self.totals.drain += u64::from(admin & DRAIN != 0);
        let selection = &self.selection;
        self.page.offer(Key::Absent, || {
            Server(
                state
                    .values()
                    .filter(|(name, value)| {
                        *value != Value::Absent && (NAMES.contains(name) || selection.shows(name))
                    })
                    .map(|(name, value)| (name.to_owned(), value.into_owned()))
                    .collect(),
            )
        });
        Ok(())
    }

    /// The answer.
    pub(crate) fn answer(self) -> Result<Outcome, Failure> {
        let written = self.part.write(&self.page.finish())?;
        let totals = self.totals;
        let what = format!(
            "servers; over all {} running, {} stopped, {} in maintenance, {} draining",
            totals.running, totals.stopped, totals.maint, totals.drain
        );
        arguments::list(written, &totals, Some(&self.selection), &what)
    }
}
