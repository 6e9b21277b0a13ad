//! All backends, each with its servers counted.
//!
//! HAProxy writes the servers of a backend before the backend itself, so that one count is open at a time.

use haproxy_listing::{Key, Listed, Page, Pages, Part};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::stat::{Columns, Consumer, ObjectType, Row, StatError};
use serde::Serialize;

use crate::arguments::ByName;
use crate::columns::{Fields, Shown, without_algorithm, written};
use crate::states::States;
use haproxy_asking::{Origin, SaidBy, from_any, of_page, statistics};

const SHOWN: [&str; 14] = [
    "pxname", "status", "mode", "algo", "act", "bck", "weight", "qcur", "scur", "stot", "rate",
    "hrsp_5xx", "econ", "eresp",
];

/// The tool.
pub(crate) fn list_backends(call: &Call<'_>) -> Result<Outcome, Failure> {
    let part = call.arguments::<ByName>()?.part("list_backends")?;
    let (backends, origin) = from_any(call, |origin| {
        let backends = Backends::new(&part);
        match origin {
            Origin::Runtime(instance) => {
                statistics(instance, &["show", "stat", "-1", "6", "-1"], backends)
            }
            Origin::Page(pages) => of_page(*pages, None, backends, Failure::unparsable),
        }
    })?;
    let (pages, totals) = backends.finish();
    let shown = pages.rows.iter().map(|kept| &kept.row.fields);
    let said = origin.said(without_algorithm(&origin, shown));
    let (structured, line) = answer(&part, &pages, &totals, &said)?;
    Ok(Outcome::new(structured).text(origin.line(line)))
}

/// A page of backends, and a line for a person.
pub(crate) fn answer(
    part: &Part,
    pages: &Pages<Backend>,
    totals: &Totals,
    said: &SaidBy,
) -> serde_json::Result<(String, String)> {
    #[derive(Serialize)]
    struct Answer<'a> {
        #[serde(flatten)]
        listed: Listed<&'a Totals>,
        #[serde(flatten)]
        said: &'a SaidBy,
    }
    let written = part.write(pages)?;
    let line = format!("{} of {}", written.shown, totals.line());
    let listed = written.with(totals);
    Ok((serde_json::to_string(&Answer { listed, said })?, line))
}

/// A backend, as it is kept.
#[derive(Debug)]
pub(crate) struct Backend {
    fields: Fields,
    servers: States,
}

impl Serialize for Backend {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<F: Serialize> {
            #[serde(flatten)]
            fields: F,
            servers: States,
        }
        Row {
            fields: written(&self.fields, &[]),
            servers: self.servers,
        }
        .serialize(serializer)
    }
}

/// Sums over all backends that matched.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Totals {
    backends: u64,
    /// Backends whose status is not `UP`.
    not_up: u64,
    servers: States,
}

impl Totals {
    /// For a person.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} matching backends ({} not up) with {}",
            self.backends,
            self.not_up,
            self.servers.line()
        )
    }
}

/// The list while it is read.
#[derive(Debug)]
pub(crate) struct Backends<'p> {
    part: &'p Part,
    shown: Shown,
    /// The servers of the backend whose rows come now.
    open: (Vec<u8>, States),
    page: Page<Backend>,
    totals: Totals,
}

impl<'p> Backends<'p> {
    pub(crate) fn new(part: &'p Part) -> Self {
        Self {
            part,
            shown: Shown::default(),
            open: (Vec::new(), States::default()),
            page: part.page(),
            totals: Totals::default(),
        }
    }

    pub(crate) fn finish(self) -> (Pages<Backend>, Totals) {
        (self.page.finish(), self.totals)
    }
}

impl Consumer for Backends<'_> {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("type")?,
            columns.require("status")?,
        ];
        self.shown = Shown::named(columns, SHOWN, &mut wanted);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        let (name, status) = (row.field(0), row.field(2));
        let (open, servers) = &mut self.open;
        if open != name {
            open.clear();
            open.extend_from_slice(name);
            *servers = States::default();
        }
        match ObjectType::read(row.field(1)) {
            Some(ObjectType::Server) => servers.add(status),
            Some(ObjectType::Backend) => {
                let servers = std::mem::take(servers);
                if self.part.holds([&*String::from_utf8_lossy(name)]) {
                    self.totals.backends += 1;
                    self.totals.not_up += u64::from(!status.starts_with(b"UP"));
                    self.totals.servers.join(&servers);
                    self.page.offer(Key::Absent, || Backend {
                        fields: self.shown.fields(row),
                        servers,
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }
}
