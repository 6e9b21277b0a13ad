//! `show_servers_conn`: connections to servers.

use haproxy_listing::{Key, Page, Part, Selection};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::servers_conn::{ServerConn, ServersConnError, ServersConnReader};
use haproxy_replies::value::{Value, unsigned};
use serde::Serialize;
use serde::ser::SerializeMap;

use crate::arguments::{self, Asked};
use crate::columns::{Fields, written};
use haproxy_asking::of_backend;

/// Fields that every row has, whatever is asked for.
const NAMES: [&str; 2] = ["bkname", "svname"];

const SUMMARY: &[&str] = &[
    "addr",
    "port",
    "served",
    "used_cur",
    "used_max",
    "need_est",
    "idle_sess",
    "unsafe_nb",
    "safe_nb",
    "idle_lim",
    "idle_cur",
];

/// Fields that are added up.
const SUMMED: [&str; 7] = [
    "served",
    "used_cur",
    "need_est",
    "idle_sess",
    "unsafe_nb",
    "safe_nb",
    "idle_cur",
];

/// The idle connections of each thread; HAProxy writes their number behind it.
const PER_THREAD: &str = "idle_per_thr";

/// The tool.
pub(crate) fn show_servers_conn(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: Asked = call.arguments()?;
    let part = asked.part("show_servers_conn")?;
    let backend = asked.within.as_deref();
    let reply = of_backend(&call.instance(), &["show", "servers", "conn"], backend)?;
    let mut connections = Connections::new(&part, backend, asked.selection(SUMMARY));
    let mut reader = ServersConnReader::default();
    reply.for_each(|chunk| {
        reader
            .push(chunk, |server| {
                connections.take(&server);
                Ok::<_, ServersConnError>(())
            })
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)?;
    connections.answer()
}

/// The connections of a server, as they are kept.
#[derive(Debug)]
struct Server {
    fields: Fields,
    per_thread: Option<Vec<u64>>,
}

impl Serialize for Server {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a, F: Serialize> {
            #[serde(flatten)]
            fields: F,
            #[serde(skip_serializing_if = "Option::is_none")]
            idle_per_thr: Option<&'a [u64]>,
        }
        Row {
            fields: written(&self.fields, &[]),
            idle_per_thr: self.per_thread.as_deref(),
        }
        .serialize(serializer)
    }
}

/// Sums over all servers that matched, of the fields that this HAProxy has.
#[derive(Debug, Default)]
struct Totals {
    servers: u64,
    sums: [Option<u64>; SUMMED.len()],
}

impl Serialize for Totals {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("servers", &self.servers)?;
        for (name, sum) in SUMMED.iter().zip(&self.sums) {
            if let Some(sum) = sum {
                map.serialize_entry(name, sum)?;
            }
        }
        map.end()
    }
}

/// The list while it is read.
#[derive(Debug)]
pub(crate) struct Connections<'p> {
    part: &'p Part,
    backend: Option<&'p str>,
    selection: Selection,
    page: Page<Server>,
    totals: Totals,
}

impl<'p> Connections<'p> {
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
    pub(crate) fn take(&mut self, server: &ServerConn<'_>) {
        let backend = server.backend();
        if self
            .backend
            .is_some_and(|wanted| wanted.as_bytes() != backend)
        {
            return;
        }
        if self.selection.is_untaught() {
            let names = server.values().map(|(name, _)| name);
            self.selection.learn(
                names
                    .filter(|name| !NAMES.contains(name))
                    .chain([PER_THREAD]),
            );
        }
        let name = [backend, b"/", server.server()].concat();
        if !self.part.holds([&*String::from_utf8_lossy(&name)]) {
            return;
        }
        self.totals.servers += 1;
        for (sum, name) in self.totals.sums.iter_mut().zip(SUMMED) {
            if let Some(number) = server.field(name).and_then(unsigned) {
                *sum = Some(sum.unwrap_or(0).saturating_add(number));
            }
        }
        let selection = &self.selection;
        self.page.offer(Key::Absent, || Server {
            fields: server
                .values()
                .filter(|(name, value)| {
                    *value != Value::Absent && (NAMES.contains(name) || selection.shows(name))
                })
                .map(|(name, value)| (name.to_owned(), value.into_owned()))
                .collect(),
            per_thread: selection.shows(PER_THREAD).then(|| {
                server
                    .per_thread()
                    .filter_map(|idle| match idle {
                        Value::Unsigned(idle) => Some(idle),
                        _ => None,
                    })
                    .collect()
            }),
        });
    }

    /// The answer.
    pub(crate) fn answer(self) -> Result<Outcome, Failure> {
        let written = self.part.write(&self.page.finish())?;
        let sum = |name: &str| {
            let sums = SUMMED.iter().zip(&self.totals.sums);
            sums.filter(|(other, _)| **other == name)
                .find_map(|(_, sum)| *sum)
                .unwrap_or(0)
        };
        let what = format!(
            "servers; over all {} connections in use, {} idle",
            sum("used_cur"),
            sum("idle_cur")
        );
        arguments::list(written, &self.totals, Some(&self.selection), &what)
    }
}
