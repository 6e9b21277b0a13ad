//! The arguments that lists have, and the answer of a list.

use haproxy_listing::{Part, Selection, Written};
use haproxy_mcp_sdk::{Failure, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::asking::{unwritable, wrong_cursor, wrong_field};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

/// The arguments of a list, as its input schema describes them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// The backend or section that the rows are of; each tool has its own name for it.
    #[serde(
        alias = "backend",
        alias = "resolvers",
        alias = "peers",
        alias = "cache"
    )]
    pub(crate) within: Option<String>,
    filter: Option<String>,
    fields: Option<Vec<String>>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl Asked {
    /// Which part of the list of the tool is wanted.
    pub(crate) fn part(&self, tool: &str) -> Result<Part, Failure> {
        let fields = self.fields.as_ref().map(|fields| fields.join(" "));
        Part::new(
            &[Some(tool), self.within.as_deref(), fields.as_deref()],
            self.filter.as_deref(),
            self.limit,
            self.cursor.as_deref(),
            LIMIT,
        )
        .map_err(wrong_cursor)
    }

    /// Which fields of the rows are wanted.
    pub(crate) fn selection(&self, summary: &'static [&'static str]) -> Selection {
        Selection::new(self.fields.as_deref(), summary)
    }
}

#[derive(Serialize)]
struct List<'a, T: Serialize> {
    rows: Box<RawValue>,
    matched: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut<'a>>,
}

#[derive(Serialize)]
pub(crate) struct LeftOut<'a> {
    pub(crate) fields: usize,
    pub(crate) hint: &'a str,
}

/// The answer of a list, and a line that says how much of it this is: `20 of 700 servers, …`.
pub(crate) fn list<T: Serialize>(
    written: Written,
    totals: Option<&T>,
    selection: Option<&Selection>,
    what: &str,
) -> Result<Outcome, Failure> {
    let hidden = selection
        .map_or(Ok(0), Selection::hidden)
        .map_err(wrong_field)?;
    let mut line = format!("{} of {} {what}", written.shown, written.matched);
    if written.next_cursor.is_some() {
        line.push_str("; pass next_cursor for more");
    }
    let answer = List {
        rows: written.rows,
        matched: written.matched,
        totals,
        next_cursor: written.next_cursor,
        left_out: (hidden > 0).then_some(LeftOut {
            fields: hidden,
            hint: "name fields in `fields`, or \"all\"",
        }),
    };
    let structured = serde_json::to_string(&answer).map_err(unwritable)?;
    Ok(Outcome::new(structured).text(line))
}
