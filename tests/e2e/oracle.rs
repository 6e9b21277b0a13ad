//! HAProxy's own word, from its raw socket: `show stat typed`, `show info typed` and `show servers state`. The typed
//! format has nothing in common with the tables that the modules read, and says of each value what it is.
//!
//! # References
//! HAProxy Management Guide, section 9.2 "Typed output format".

use std::collections::BTreeMap;

use haproxy_mcp_testkit::Haproxy;
use serde_json::Value;

/// One value, as HAProxy writes it, and whether it says that it is a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Number(String),
    Text(String),
}

impl Typed {
    fn read(kind: &str, value: &str) -> Self {
        match kind {
            "str" => Self::Text(value.to_owned()),
            "s32" | "s64" | "u32" | "u64" | "flt" => Self::Number(value.to_owned()),
            other => panic!("a type that the manual does not name: {other}"),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    pub(crate) fn number(&self) -> Option<i128> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            Self::Text(_) => None,
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Number(text) | Self::Text(text) => text,
        }
    }

    /// Whether JSON says the same: a number as a number, a text as a text.
    pub(crate) fn is(&self, json: &Value) -> bool {
        match (self, json) {
            (Self::Text(text), Value::String(said)) => text == said,
            (Self::Number(digits), Value::Number(said)) => {
                said.to_string() == *digits
                    || digits.contains('.') && said.as_f64() == digits.parse().ok()
            }
            _ => false,
        }
    }
}

/// Fields by name.
pub(crate) type Fields = BTreeMap<String, Typed>;

/// Fields of one moment and of a later one: what was asked in between saw something from one to the other.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) before: Fields,
    pub(crate) after: Fields,
}

impl Span {
    /// What is wrong with `said`, a value of the field `name`; nothing where HAProxy says it, too.
    pub(crate) fn objection(&self, name: &str, said: &Value) -> Option<String> {
        let (Some(before), Some(after)) = (self.before.get(name), self.after.get(name)) else {
            return Some(format!("`{name}` is no field of HAProxy's"));
        };
        let between = || {
            let said: i128 = said.as_number()?.to_string().parse().ok()?;
            let (one, other) = (before.number()?, after.number()?);
            Some((one.min(other)..=one.max(other)).contains(&said))
        };
        let agrees = before.is(said) || after.is(said) || between().unwrap_or(false);
        (!agrees).then(|| format!("`{name}` is {said}, and HAProxy says {before:?} to {after:?}"))
    }
}

/// One line of statistics: a frontend, backend, server or listener.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) fields: Fields,
}

impl Object {
    pub(crate) fn name(&self) -> (String, String) {
        (self.text("pxname"), self.text("svname"))
    }

    pub(crate) fn text(&self, field: &str) -> String {
        self.fields
            .get(field)
            .map(|value| value.text().to_owned())
            .unwrap_or_default()
    }

    /// As the tools name it. `type` of the statistics: 0 frontend, 1 backend, 2 server, 3 listener.
    pub(crate) fn kind(&self) -> &'static str {
        match self.text("type").as_str() {
            "0" => "frontend",
            "1" => "backend",
            "2" => "server",
            "3" => "listener",
            other => panic!("a type that the manual does not name: {other}"),
        }
    }
}

/// `show stat typed`: lines such as `S.4.1.0.pxname.1:KNSV:str:be_app`, in HAProxy's order.
pub(crate) fn statistics(haproxy: &Haproxy) -> Vec<Object> {
    let reply = haproxy.raw_text("show stat typed");
    let mut objects: Vec<(String, Object)> = Vec::new();
    for line in reply.lines().filter(|line| !line.is_empty()) {
        let [place, _tags, kind, value] = parts(line);
        // type, proxy, server, position, name, process
        let place: Vec<&str> = place.split('.').collect();
        let [object_type, proxy, server, _position, name, _process] = place[..] else {
            panic!("not a line of the typed format: {line}");
        };
        let key = format!("{object_type}.{proxy}.{server}");
        if objects.last().is_none_or(|(last, _)| *last != key) {
            objects.push((
                key,
                Object {
                    fields: Fields::new(),
                },
            ));
        }
        let fields = &mut objects.last_mut().unwrap().1.fields;
        assert_eq!(
            fields.insert(name.to_owned(), Typed::read(kind, value)),
            None,
            "{line}"
        );
    }
    assert!(!objects.is_empty(), "no statistics: {reply}");
    objects.into_iter().map(|(_, object)| object).collect()
}

/// `show info typed`: lines such as `0.Name.1:POS:str:HAProxy`.
pub(crate) fn information(haproxy: &Haproxy) -> Fields {
    let reply = haproxy.raw_text("show info typed");
    let fields: Fields = reply
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let [place, _tags, kind, value] = parts(line);
            let name = place
                .split_once('.')
                .and_then(|(_, rest)| rest.rsplit_once('.'));
            let (name, _process) = name.unwrap_or_else(|| panic!("not typed: {line}"));
            (name.to_owned(), Typed::read(kind, value))
        })
        .collect();
    assert!(!fields.is_empty(), "no information: {reply}");
    fields
}

/// `show servers state` of one backend: a header line, and a line of words for each server.
pub(crate) fn states(
    haproxy: &Haproxy,
    backend: &str,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let reply = haproxy.raw_text(&format!("show servers state {backend}"));
    let mut lines = reply.lines().filter(|line| !line.is_empty());
    assert_eq!(
        lines.next(),
        Some("1"),
        "another version of the format: {reply}"
    );
    let header = lines
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .expect("a header");
    let names: Vec<&str> = header.split(' ').collect();
    lines
        .map(|line| {
            let fields: BTreeMap<String, String> = names
                .iter()
                .zip(line.split(' '))
                .map(|(name, value)| ((*name).to_owned(), value.to_owned()))
                .collect();
            (fields["srv_name"].clone(), fields)
        })
        .collect()
}

fn parts(line: &str) -> [&str; 4] {
    let parts: Vec<&str> = line.splitn(4, ':').collect();
    parts
        .try_into()
        .unwrap_or_else(|_| panic!("not a line of the typed format: {line}"))
}
