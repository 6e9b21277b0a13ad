//! The arguments that both lists have.

use haproxy_listing::{Cursor, CursorError, Direction, Fingerprint, Page};
use serde::Deserialize;

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

/// The arguments of a list, as its input schema describes them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    /// Only `list_servers` has it.
    #[serde(default)]
    pub(crate) backend: String,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Which part of a list is wanted.
#[derive(Debug)]
pub(crate) struct List {
    filter: Option<Vec<u8>>,
    limit: usize,
    after: Option<Cursor>,
    pub(crate) fingerprint: Fingerprint,
}

impl Arguments {
    /// The part of the list of the tool.
    pub(crate) fn list(&self, tool: &str) -> Result<List, CursorError> {
        let fingerprint = Fingerprint::of([
            Some(tool),
            Some(self.backend.as_str()),
            self.filter.as_deref(),
        ]);
        Ok(List {
            filter: self
                .filter
                .as_ref()
                .map(|filter| filter.to_ascii_lowercase().into_bytes()),
            limit: self.limit.unwrap_or(LIMIT),
            after: self
                .cursor
                .as_ref()
                .map(|cursor| Cursor::read(cursor, fingerprint))
                .transpose()?,
            fingerprint,
        })
    }
}

impl List {
    /// Whether the filter is a part of the name, upper or lower case.
    pub(crate) fn holds(&self, name: &[u8]) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|filter| memchr::memmem::find(&name.to_ascii_lowercase(), filter).is_some())
    }

    /// A page of it, in HAProxy's order.
    pub(crate) fn page<T>(&self) -> Page<T> {
        let after = self
            .after
            .as_ref()
            .map(|cursor| (cursor.key.clone(), cursor.ordinal));
        Page::new(self.limit, Direction::Ascending, after)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use haproxy_listing::Key;

    #[test]
    fn a_cursor_is_for_its_own_list() {
        let first: Arguments = serde_json::from_str(r#"{"backend":"a"}"#).unwrap();
        let cursor = Cursor {
            key: Key::Absent,
            ordinal: 3,
        }
        .write(first.list("list_servers").unwrap().fingerprint);
        let again = |text: &str, tool| {
            serde_json::from_str::<Arguments>(&text.replace("CURSOR", &cursor))
                .unwrap()
                .list(tool)
                .map(|list| list.limit)
        };
        assert_eq!(
            again(
                r#"{"backend":"a","cursor":"CURSOR","limit":4}"#,
                "list_servers"
            ),
            Ok(4)
        );
        assert_eq!(
            again(r#"{"backend":"b","cursor":"CURSOR"}"#, "list_servers"),
            Err(CursorError::OtherArguments)
        );
        assert_eq!(
            again(r#"{"backend":"a","cursor":"CURSOR"}"#, "list_backends"),
            Err(CursorError::OtherArguments)
        );
        assert_eq!(
            again(r#"{"cursor":"nonsense"}"#, "list_backends"),
            Err(CursorError::Malformed)
        );
    }

    #[test]
    fn the_filter_is_a_part_of_the_name() {
        let arguments: Arguments = serde_json::from_str(r#"{"filter":"App"}"#).unwrap();
        let list = arguments.list("list_backends").unwrap();
        assert!(list.holds(b"be_app") && list.holds(b"BE_APP2") && !list.holds(b"web"));
    }
}
