//! `show ssl sni` (from 3.2): which certificate answers which name where, and until when it is valid.
//!
//! Measured on 3.2 and 3.4: columns stand between tabs. A name may come more than once, with one certificate for each
//! line of a list of certificates that it is in. `*` is what answers where no name fits.

use super::table::{Form, Row, TableReader};

/// The table of names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names;

impl Form for Names {
    const START: &'static str = "# ";
    const SEPARATOR: &'static str = "\t";
    const REQUIRED: &'static [&'static str] = &["Frontend/Bind", "SNI", "Filename"];
}

/// A name, with HAProxy's columns: `Frontend/Bind`, `SNI`, `Negative Filter`, `Type` (of the key), `Filename`,
/// `NotAfter`, `NotBefore`.
pub type Name<'a> = Row<'a, Names>;

/// Reads the names chunk by chunk.
pub type SniReader = TableReader<Names>;

impl Row<'_, Names> {
    /// The frontend, and the file and line of its `bind`.
    pub fn place(&self) -> Option<(String, String)> {
        let place = self.field("Frontend/Bind")?;
        let (frontend, bind) = place.split_once('/')?;
        Some((frontend.to_owned(), bind.to_owned()))
    }

    /// The names that a wildcard does not stand for, without their `!`.
    pub fn negative_filters(&self) -> Vec<String> {
        self.field("Negative Filter")
            .iter()
            .flat_map(|filters| filters.split(' '))
            .filter_map(|filter| filter.strip_prefix('!'))
            .map(str::to_owned)
            .collect()
    }

    /// A date by name (`NotAfter`, `NotBefore`), in seconds since 1970.
    pub fn time(&self, name: &str) -> Option<i64> {
        crate::dates::certificate_time(self.field(name)?.as_bytes())
    }
}
