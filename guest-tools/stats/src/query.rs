//! What was asked: arguments as they came, and what they select.

use haproxy_listing::{Cursor, CursorError, Direction, Fingerprint};
use haproxy_mcp_sdk::Failure;
use haproxy_replies::stat::ObjectType;
use serde::Deserialize;

use crate::plan::{Filter, Scope};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

/// The arguments of `show_stat`, as its input schema describes them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    proxy: Option<String>,
    server: Option<String>,
    #[serde(rename = "type")]
    kind: Option<Type>,
    filter: Option<String>,
    fields: Option<Vec<String>>,
    sort: Option<String>,
    order: Option<Direction>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A type, as arguments name it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Type {
    Frontend,
    Backend,
    Server,
    Listener,
}

impl From<Type> for ObjectType {
    fn from(kind: Type) -> Self {
        match kind {
            Type::Frontend => Self::Frontend,
            Type::Backend => Self::Backend,
            Type::Server => Self::Server,
            Type::Listener => Self::Listener,
        }
    }
}

/// Why arguments are refused that the schema allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgumentError {
    #[error("`server` names a server or a listener, and `type` asks for a {0}")]
    ServerOfType(&'static str),
    #[error("`order` needs `sort`")]
    OrderWithoutSort,
    #[error("{0}")]
    Cursor(#[from] CursorError),
}

impl ArgumentError {
    /// Which argument it is, as a JSON pointer.
    pub(crate) fn pointer(&self) -> &'static str {
        match self {
            Self::ServerOfType(_) => "/server",
            Self::OrderWithoutSort => "/order",
            Self::Cursor(_) => "/cursor",
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::ServerOfType(_) => "leave out one of them",
            Self::OrderWithoutSort => "name the column to sort by",
            Self::Cursor(error) => error.hint(),
        }
    }
}

impl From<ArgumentError> for Failure {
    fn from(error: ArgumentError) -> Self {
        Self::invalid_argument(error.to_string())
            .hint(error.hint())
            .argument(error.pointer())
    }
}

/// What is selected, sorted and shown.
#[derive(Debug)]
pub(crate) struct Query {
    /// Name of the proxy, exactly.
    pub(crate) proxy: Option<String>,
    /// Name of the server or listener, exactly.
    pub(crate) server: Option<String>,
    /// The types of rows; all where there are none.
    pub(crate) types: Vec<ObjectType>,
    filter: Filter,
    /// Groups and columns.
    pub(crate) fields: Vec<String>,
    /// The column to sort by.
    pub(crate) sort: Option<String>,
    pub(crate) direction: Direction,
    pub(crate) limit: usize,
    pub(crate) after: Option<Cursor>,
    pub(crate) fingerprint: Fingerprint,
}

impl Arguments {
    /// The query.
    pub(crate) fn query(self) -> Result<Query, ArgumentError> {
        let kind = self.kind.map(ObjectType::from);
        if self.server.is_some()
            && let Some(kind @ (ObjectType::Frontend | ObjectType::Backend)) = kind
        {
            return Err(ArgumentError::ServerOfType(kind.name()));
        }
        if self.order.is_some() && self.sort.is_none() {
            return Err(ArgumentError::OrderWithoutSort);
        }
        let direction = self.order.unwrap_or(Direction::Descending);
        let fields = self.fields.unwrap_or_else(|| vec!["summary".to_owned()]);
        let fingerprint = Fingerprint::of(
            [
                Some("show_stat"),
                self.proxy.as_deref(),
                self.server.as_deref(),
                kind.map(ObjectType::name),
                self.filter.as_deref(),
                self.sort.as_deref(),
                (direction == Direction::Ascending).then_some("asc"),
            ]
            .into_iter()
            .chain(fields.iter().map(|field| Some(field.as_str()))),
        );
        let after = self
            .cursor
            .map(|cursor| Cursor::read(&cursor, fingerprint))
            .transpose()?;
        let types = match (kind, &self.server) {
            (Some(kind), _) => vec![kind],
            (None, Some(_)) => vec![ObjectType::Server, ObjectType::Listener],
            (None, None) => Vec::new(),
        };
        Ok(Query {
            proxy: self.proxy,
            server: self.server,
            types,
            filter: Filter::new(self.filter.as_deref()),
            fields,
            sort: self.sort,
            direction,
            limit: self.limit.unwrap_or(LIMIT),
            after,
            fingerprint,
        })
    }
}

impl Query {
    /// Which rows it is about, names of servers aside.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            proxy: self.proxy.as_deref(),
            types: &self.types,
        }
    }

    /// Whether a row has the names that the query asks for, its proxy aside.
    pub(crate) fn of_name(&self, pxname: &[u8], svname: &[u8]) -> bool {
        self.server
            .as_ref()
            .is_none_or(|server| server.as_bytes() == svname)
            && self.filter.holds(pxname, svname)
    }

    /// Whether an empty answer means that a named server does not exist.
    pub(crate) fn needs_server(&self) -> bool {
        self.server.is_some() && self.filter.is_any()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn query(arguments: &str) -> Result<Query, ArgumentError> {
        serde_json::from_str::<Arguments>(arguments)
            .unwrap()
            .query()
    }

    #[test]
    fn nothing_asked_is_everything_in_short() {
        let query = query("{}").unwrap();
        assert_eq!(
            (query.limit, query.fields.as_slice()),
            (20, ["summary".to_owned()].as_slice())
        );
        assert!(
            query.scope().of_proxy(b"any")
                && query.scope().of_type(None)
                && query.of_name(b"any", b"any")
        );
        assert!(!query.needs_server());
    }

    #[test]
    fn names_are_exact_and_the_filter_is_a_part() {
        let query = query(r#"{"proxy":"be_app","filter":"P/App"}"#).unwrap();
        assert!(
            query.scope().of_proxy(b"be_app")
                && !query.scope().of_proxy(b"be_apps")
                && !query.scope().of_proxy(b"BE_APP")
        );
        assert!(query.of_name(b"be_app", b"app1") && query.of_name(b"be_APP", b"APP1"));
        assert!(!query.of_name(b"be_app", b"web1"));
    }

    #[test]
    fn a_server_is_a_server_or_a_listener() {
        let query = query(r#"{"server":"app1"}"#).unwrap();
        assert_eq!(query.types, [ObjectType::Server, ObjectType::Listener]);
        assert!(
            query.scope().of_type(Some(ObjectType::Server))
                && !query.scope().of_type(Some(ObjectType::Backend))
        );
        assert!(!query.scope().of_type(None));
        assert!(query.needs_server());
    }

    #[test]
    fn arguments_that_exclude_each_other_are_refused() {
        for (arguments, pointer) in [
            (r#"{"server":"a","type":"frontend"}"#, "/server"),
            (r#"{"server":"a","type":"backend"}"#, "/server"),
            (r#"{"order":"asc"}"#, "/order"),
            (r#"{"cursor":"x"}"#, "/cursor"),
        ] {
            assert_eq!(
                query(arguments).unwrap_err().pointer(),
                pointer,
                "{arguments}"
            );
        }
        assert!(query(r#"{"server":"a","type":"listener"}"#).is_ok());
    }

    #[test]
    fn a_cursor_is_for_its_own_arguments_and_any_limit() {
        let first = query(r#"{"sort":"scur"}"#).unwrap();
        let cursor = Cursor {
            key: haproxy_listing::Key::Whole(5),
            ordinal: 7,
        }
        .write(first.fingerprint);
        let again = |more: &str| query(&format!(r#"{{"sort":"scur","cursor":"{cursor}"{more}}}"#));
        assert_eq!(again("").unwrap().after.unwrap().ordinal, 7);
        assert!(again(r#","limit":3"#).is_ok());
        assert!(again(r#","order":"desc""#).is_ok());
        for more in [
            r#","order":"asc""#,
            r#","proxy":"a""#,
            r#","fields":["all"]"#,
            r#","type":"server""#,
            r#","filter":"a""#,
        ] {
            assert_eq!(
                again(more).unwrap_err(),
                ArgumentError::Cursor(CursorError::OtherArguments),
                "{more}"
            );
        }
    }
}
