//! Whether a proxy has a name, and which names are near it.

use crate::names::{LISTED, Nearest, Suggestion};
use crate::stat::{Columns, Consumer, Row, StatError};

/// Looks for the proxy of a name among the rows: exactly this one.
#[derive(Debug)]
pub struct ProxySearch {
    wanted: String,
    found: bool,
    nearest: Nearest,
}

impl ProxySearch {
    /// A search that has seen nothing yet; [`LISTED`] names of others are kept at most.
    pub fn new(wanted: &str) -> Self {
        Self {
            wanted: wanted.to_owned(),
            found: false,
            nearest: Nearest::new(wanted, LISTED),
        }
    }

    /// Whether it is there, or else what to say of the name.
    pub fn finish(self) -> Result<(), Suggestion> {
        if self.found {
            Ok(())
        } else {
            Err(self.nearest.suggest())
        }
    }
}

impl Consumer for ProxySearch {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        Ok(vec![columns.require("pxname")?])
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        let name = row.field(0);
        if name == self.wanted.as_bytes() {
            self.found = true;
        } else {
            self.nearest.offer(name);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::stat::StatReader;

    fn search(wanted: &str) -> Result<(), Suggestion> {
        let mut reader = StatReader::new(ProxySearch::new(wanted));
        reader
            .push(b"# pxname,svname,\nfe_http,FRONTEND,\nbe_app,BACKEND,\n")
            .unwrap();
        reader.finish().unwrap().finish()
    }

    #[test]
    fn a_proxy_is_found_by_its_exact_name_and_else_others_are_named() {
        assert_eq!(search("be_app"), Ok(()));
        assert_eq!(search("BE_APP").unwrap_err().near, ["be_app"]);
        assert_eq!(
            search("zzz").unwrap_err().existing,
            ["fe_http", "be_app"].map(str::to_owned)
        );
    }
}
