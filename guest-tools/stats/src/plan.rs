//! Which command answers a query: HAProxy filters what it can.
//!
//! `show stat <proxy> <types> <sid>` needs all three arguments. HAProxy looks for a proxy of that name, the first one
//! where a frontend and a backend share it (allowed before 3.3), and takes what is no name for a number. So what it
//! selects is checked against the name, and the whole dump is the fallback.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show stat".

use haproxy_asking::{is_number, selectable};
use haproxy_replies::stat::ObjectType;

/// A command, as words.
pub(crate) type Words = Vec<String>;

/// Which rows are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Those of the proxies of this name.
    pub(crate) proxy: Option<&'a str>,
    /// Those of these types; of all where there are none.
    pub(crate) types: &'a [ObjectType],
}

impl Scope<'_> {
    /// Whether a row is one of the proxy, where one is named.
    pub(crate) fn of_proxy(&self, pxname: &[u8]) -> bool {
        self.proxy.is_none_or(|proxy| proxy.as_bytes() == pxname)
    }

    /// Whether a row has a type that is wanted.
    pub(crate) fn of_type(&self, kind: Option<ObjectType>) -> bool {
        self.types.is_empty() || kind.is_some_and(|kind| self.types.contains(&kind))
    }

    fn wants(&self, types: [ObjectType; 2]) -> bool {
        types.into_iter().any(|kind| self.of_type(Some(kind)))
    }
}

/// A part of the names of rows, upper or lower case; any where there is none.
#[derive(Debug)]
pub(crate) struct Filter(Option<Vec<u8>>);

impl Filter {
    pub(crate) fn new(part: Option<&str>) -> Self {
        Self(part.map(|part| part.to_ascii_lowercase().into_bytes()))
    }

    /// Whether it is a part of `proxy/server`.
    pub(crate) fn holds(&self, pxname: &[u8], svname: &[u8]) -> bool {
        self.0.as_ref().is_none_or(|part| {
            let mut name = [pxname, b"/", svname].concat();
            name.make_ascii_lowercase();
            memchr::memmem::find(&name, part).is_some()
        })
    }

    /// Whether it leaves out nothing.
    pub(crate) fn is_any(&self) -> bool {
        self.0.is_none()
    }
}

/// HAProxy's selection of the rows, or None where the name cannot be given to it.
pub(crate) fn selected(scope: Scope<'_>) -> Option<Words> {
    let proxy = scope.proxy?;
    (selectable(proxy) && !is_number(proxy)).then(|| select(proxy, scope.types))
}

/// All rows of the types that the query asks for.
pub(crate) fn everything(types: &[ObjectType]) -> Words {
    if types.is_empty() {
        words(&["show", "stat"])
    } else {
        select("-1", types)
    }
}

/// The rows of all proxies themselves.
pub(crate) fn proxies(types: &[ObjectType]) -> Words {
    select("-1", types)
}

/// The proxies that may share the name of the one whose rows were read, where there can be any.
pub(crate) fn twins(scope: Scope<'_>, seen: &[ObjectType], version: &str) -> Option<ObjectType> {
    use ObjectType::{Backend, Frontend, Listener, Server};
    let both = scope.wants([Frontend, Listener]) && scope.wants([Backend, Server]);
    if !both || !names_may_be_shared(version) {
        return None;
    }
    let seen = |types: [ObjectType; 2]| types.iter().any(|kind| seen.contains(kind));
    match (seen([Frontend, Listener]), seen([Backend, Server])) {
        (true, false) => Some(Backend),
        (false, true) => Some(Frontend),
        _ => None,
    }
}

/// Whether a frontend and a backend may have one name: up to 3.2, and where the version cannot be read.
fn names_may_be_shared(version: &str) -> bool {
    let mut numbers = version
        .split(|character: char| !character.is_ascii_digit())
        .map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (3, 3),
        _ => true,
    }
}

fn select(proxy: &str, types: &[ObjectType]) -> Words {
    let mask = if types.is_empty() {
        "-1".to_owned()
    } else {
        types
            .iter()
            .fold(0, |mask, kind| mask | kind.mask())
            .to_string()
    };
    words(&["show", "stat", proxy, &mask, "-1"])
}

fn words(words: &[&str]) -> Words {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::query::{Arguments, Query};

    fn query(arguments: &str) -> Query {
        serde_json::from_str::<Arguments>(arguments)
            .unwrap()
            .query()
            .unwrap()
    }

    #[test]
    fn haproxy_filters_what_it_can() {
        for (arguments, first) in [
            ("{}", "show stat"),
            (r#"{"filter":"a"}"#, "show stat"),
            (r#"{"type":"frontend"}"#, "show stat -1 1 -1"),
            (r#"{"server":"s1"}"#, "show stat -1 12 -1"),
            (r#"{"proxy":"be_app"}"#, "show stat be_app -1 -1"),
            (
                r#"{"proxy":"be_app","type":"server"}"#,
                "show stat be_app 4 -1",
            ),
            (
                r#"{"proxy":"be_app","server":"s1"}"#,
                "show stat be_app 12 -1",
            ),
            (r#"{"proxy":"12"}"#, "show stat 12 -1 -1"),
            (r##"{"proxy":"#3"}"##, "show stat"),
            (r#"{"proxy":"-1"}"#, "show stat"),
            (
                r#"{"proxy":"domain","type":"backend"}"#,
                "show stat -1 2 -1",
            ),
        ] {
            let query = query(arguments);
            let words = selected(query.scope()).unwrap_or_else(|| everything(&query.types));
            assert_eq!(words.join(" "), first, "{arguments}");
        }
    }

    #[test]
    fn a_shared_name_is_looked_for_where_it_can_be() {
        use ObjectType::{Backend, Frontend, Listener, Server};
        let plain = query(r#"{"proxy":"web"}"#);
        let types = [Frontend, Backend];
        let two = Scope {
            proxy: Some("web"),
            types: &types,
        };
        assert_eq!(twins(two, &[Frontend], "2.6.12"), Some(Backend));
        assert_eq!(
            twins(plain.scope(), &[Frontend, Listener], "2.6.12-1+deb12u4"),
            Some(Backend)
        );
        assert_eq!(
            twins(plain.scope(), &[Server, Backend], "3.2.26"),
            Some(Frontend)
        );
        assert_eq!(twins(plain.scope(), &[Server, Backend], "3.3.0"), None);
        assert_eq!(twins(plain.scope(), &[Server, Backend], "4.0-dev1"), None);
        assert_eq!(
            twins(plain.scope(), &[Server, Backend], "unknown"),
            Some(Frontend)
        );
        assert_eq!(twins(plain.scope(), &[Frontend, Backend], "2.6.12"), None);
        assert_eq!(
            twins(
                query(r#"{"proxy":"web","type":"server"}"#).scope(),
                &[Server],
                "2.6.12"
            ),
            None
        );
    }
}
