//! All backends, each with its servers counted.
//!
//! HAProxy writes the servers of a backend before the backend itself, so that one count is open at a time.

use haproxy_listing::{Fields as Written, Key, Page, Pages};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::stat::{Columns, Consumer, ObjectType, Row};
use serde::Serialize;

use crate::answer;
use crate::asking::{statistics, unwritable, wrong_cursor};
use crate::columns::{Fields, Shown};
use crate::error::TableError;
use crate::list::{Arguments, List};
use crate::states::States;

const SHOWN: [&str; 14] = [
    "pxname", "status", "mode", "algo", "act", "bck", "weight", "qcur", "scur", "stot", "rate",
    "hrsp_5xx", "econ", "eresp",
];

/// The tool.
pub(crate) fn list_backends(call: &Call<'_>) -> Result<Outcome, Failure> {
    let list = call
        .arguments::<Arguments>()?
        .list("list_backends")
        .map_err(wrong_cursor)?;
    let words = ["show", "stat", "-1", "6", "-1"];
    let (pages, totals) = statistics(&call.instance(), &words, Backends::new(&list))?.finish();
    let (structured, shown) = answer::list(&list, &pages, &totals).map_err(unwritable)?;
    Ok(Outcome::new(structured).text(format!("{shown} of {}", totals.line())))
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
        let fields = Written(
            self.fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.clone())),
        );
        Row {
            fields,
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
pub(crate) struct Backends<'l> {
    list: &'l List,
    shown: Shown,
    /// The servers of the backend whose rows come now.
    open: (Vec<u8>, States),
    page: Page<Backend>,
    totals: Totals,
}

impl<'l> Backends<'l> {
    pub(crate) fn new(list: &'l List) -> Self {
        Self {
            list,
            shown: Shown::default(),
            open: (Vec::new(), States::default()),
            page: list.page(),
            totals: Totals::default(),
        }
    }

    pub(crate) fn finish(self) -> (Pages<Backend>, Totals) {
        (self.page.finish(), self.totals)
    }
}

impl Consumer for Backends<'_> {
    type Error = TableError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        let mut wanted = vec![
            columns.require("pxname")?,
            columns.require("type")?,
            columns.require("status")?,
        ];
        self.shown = Shown::named(columns, SHOWN, &mut wanted);
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
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
                if self.list.holds(name) {
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
