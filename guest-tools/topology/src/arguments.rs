//! The arguments that lists have, and the answer of a list.

use haproxy_listing::{CursorError, Part, Selection, Written};
use haproxy_mcp_sdk::{Failure, Outcome};
use serde::{Deserialize, Serialize};

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
        Ok(Part::new(
            &[Some(tool), self.within.as_deref(), fields.as_deref()],
            self.filter.as_deref(),
            self.limit,
            self.cursor.as_deref(),
            LIMIT,
        )?)
    }

    /// Which fields of the rows are wanted.
    pub(crate) fn selection(&self, summary: &'static [&'static str]) -> Selection {
        Selection::new(self.fields.as_deref(), summary)
    }
}

/// The arguments of `list_backends` and `list_servers`, whose pages are as long as their rows need.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByName {
    /// Only `list_servers` has it.
    #[serde(default)]
    pub(crate) backend: String,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl ByName {
    /// Which part of the list of the tool is wanted.
    pub(crate) fn part(&self, tool: &str) -> Result<Part, CursorError> {
        let part = Part::new(
            &[Some(tool), Some(&self.backend)],
            self.filter.as_deref(),
            self.limit,
            self.cursor.as_deref(),
            LIMIT,
        )?;
        Ok(part.of_any_size())
    }
}

/// The answer of a list, and a line that says how much of it this is: `20 of 700 servers, …`.
pub(crate) fn list<T: Serialize>(
    written: Written,
    totals: &T,
    selection: Option<&Selection>,
    what: &str,
) -> Result<Outcome, Failure> {
    let hidden = selection.map_or(Ok(0), Selection::hidden)?;
    let line = written.line(what);
    let listed = written.with(totals).without_fields(hidden);
    Ok(Outcome::of(&listed)?.text(line))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn part(text: &str, tool: &str) -> Result<Part, CursorError> {
        serde_json::from_str::<ByName>(text).unwrap().part(tool)
    }

    fn shown(part: &Part) -> (usize, Option<String>) {
        let written = part.write(&part.of(0..50)).unwrap();
        (written.shown, written.next_cursor)
    }

    #[test]
    fn a_cursor_is_for_its_own_list_and_any_limit() {
        let (shown_first, cursor) = shown(&part(r#"{"backend":"a"}"#, "list_servers").unwrap());
        assert_eq!(shown_first, LIMIT);
        let cursor = cursor.unwrap();
        let again = |text: &str, tool| part(&text.replace("CURSOR", &cursor), tool);
        let next = again(
            r#"{"backend":"a","cursor":"CURSOR","limit":4}"#,
            "list_servers",
        );
        assert_eq!(shown(&next.unwrap()).0, 4);
        for (text, tool, error) in [
            (
                r#"{"backend":"b","cursor":"CURSOR"}"#,
                "list_servers",
                CursorError::OtherArguments,
            ),
            (
                r#"{"backend":"a","cursor":"CURSOR"}"#,
                "list_backends",
                CursorError::OtherArguments,
            ),
            (
                r#"{"backend":"a","filter":"x","cursor":"CURSOR"}"#,
                "list_servers",
                CursorError::OtherArguments,
            ),
            (
                r#"{"cursor":"nonsense"}"#,
                "list_backends",
                CursorError::Malformed,
            ),
        ] {
            assert_eq!(again(text, tool).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn the_filter_is_a_part_of_the_name() {
        let part = part(r#"{"filter":"App"}"#, "list_backends").unwrap();
        assert!(part.holds(["be_app"]) && part.holds(["BE_APP2"]) && !part.holds(["web"]));
    }
}
