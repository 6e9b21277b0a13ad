//! The arguments that the lists have.

use haproxy_listing::Part;
use haproxy_mcp_sdk::Failure;
use serde::Deserialize;

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

/// The arguments of a list, as its input schema describes them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// The file whose content the rows are; each tool has its own name for it.
    #[serde(alias = "ca_file", alias = "crl_file", alias = "crt_list")]
    pub(crate) within: Option<String>,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl Asked {
    /// Which part of the list of the tool is wanted.
    pub(crate) fn part(&self, tool: &str) -> Result<Part, Failure> {
        let page = Page {
            filter: self.filter.as_deref(),
            limit: self.limit,
            cursor: self.cursor.as_deref(),
        };
        page.of(&[Some(tool), self.within.as_deref()])
    }
}

/// The arguments by which a list is cut to pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) filter: Option<&'a str>,
    pub(crate) limit: Option<usize>,
    pub(crate) cursor: Option<&'a str>,
}

impl Page<'_> {
    /// The part of the list with these other arguments, the name of its tool among them.
    pub(crate) fn of(self, others: &[Option<&str>]) -> Result<Part, Failure> {
        Ok(Part::new(
            others,
            self.filter,
            self.limit,
            self.cursor,
            LIMIT,
        )?)
    }
}
