//! Whether a proxy has a name, and which names are near it.

use haproxy_replies::names::{Nearest, Suggestion};
use haproxy_replies::stat::{Columns, Consumer, Row};

use crate::table::TableError;

/// Looks for a name among proxies.
#[derive(Debug)]
pub(crate) struct Names {
    wanted: String,
    exact: bool,
    nearest: Nearest,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A proxy of that name.
    Exact,
    /// None; others instead.
    Other(Suggestion),
}

impl Names {
    /// At most `limit` names are kept.
    pub(crate) fn new(wanted: &str, limit: usize) -> Self {
        Self {
            wanted: wanted.to_owned(),
            exact: false,
            nearest: Nearest::new(wanted, limit),
        }
    }

    pub(crate) fn finish(self) -> Found {
        if self.exact {
            Found::Exact
        } else {
            Found::Other(self.nearest.suggest())
        }
    }
}

impl Consumer for Names {
    type Error = TableError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, TableError> {
        Ok(vec![columns.require("pxname")?])
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), TableError> {
        let name = row.field(0);
        if name == self.wanted.as_bytes() {
            self.exact = true;
        } else {
            self.nearest.offer(name);
        }
        Ok(())
    }
}
