//! The arguments that lists have.

use haproxy_listing::Part;
use haproxy_mcp_sdk::Failure;
use serde::Deserialize;

/// The arguments of a list that can only be filtered.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl Arguments {
    /// The part of the list of this tool.
    pub(crate) fn part(&self, tool: &str, default_limit: usize) -> Result<Part, Failure> {
        Ok(Part::new(
            &[Some(tool)],
            self.filter.as_deref(),
            self.limit,
            self.cursor.as_deref(),
            default_limit,
        )?)
    }
}
