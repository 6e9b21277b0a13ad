//! An entry of a table, as it is answered.

use std::collections::BTreeMap;

use haproxy_replies::tables::Entry;
use haproxy_replies::value::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What says how an entry is kept rather than what is remembered: it differs from one moment to the next.
pub(crate) const KEEPING: [&str; 3] = ["use", "exp", "shard"];

/// A part of the peers' work, which is 0 where nobody shares it out.
const SHARD: &str = "shard";

/// A key and its data, under HAProxy's names.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) key: String,
    data: Vec<(String, Value<'static>)>,
}

impl Record {
    pub(crate) fn of(entry: &Entry<'_>) -> Self {
        let data = entry
            .data()
            .filter(|datum| datum.name != SHARD || datum.value != Value::Unsigned(0))
            .map(|datum| (datum.name.to_owned(), datum.value.into_owned()))
            .collect();
        Self {
            key: String::from_utf8_lossy(&entry.key()).into_owned(),
            data,
        }
    }

    /// The names of its data.
    pub(crate) fn names(&self) -> Vec<String> {
        self.data.iter().map(|(name, _)| name.clone()).collect()
    }

    /// A number by name.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.data.iter().find_map(|(known, value)| match value {
            Value::Unsigned(number) if known == name => Some(*number),
            _ => None,
        })
    }

    fn remembered(&self) -> impl Iterator<Item = &(String, Value<'static>)> {
        self.data
            .iter()
            .filter(|(name, _)| !KEEPING.contains(&name.as_str()))
    }
}

/// Two records are the same where they remember the same.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.remembered().eq(other.remembered())
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", &self.key)?;
        for (name, value) in &self.data {
            match value {
                Value::Absent => {}
                Value::Unsigned(number) => map.serialize_entry(name, number)?,
                Value::Signed(number) => map.serialize_entry(name, number)?,
                Value::Float(number) => map.serialize_entry(name, number)?,
                Value::Text(text) => map.serialize_entry(name, text)?,
            }
        }
        map.end()
    }
}

/// The periods of the rates that an entry has, in milliseconds.
pub(crate) fn periods(entry: &Entry<'_>) -> BTreeMap<String, u64> {
    entry
        .data()
        .filter_map(|datum| Some((datum.name.to_owned(), datum.period?)))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use haproxy_replies::tables::{Item, TablesReader};

    use super::*;

    fn record(line: &str) -> (Record, BTreeMap<String, u64>) {
        let reply = format!("# table: t, type: ip, size:1, used:1\n{line}\n\n");
        let mut found = None;
        TablesReader::default()
            .push(reply.as_bytes(), |item| {
                if let Item::Entry(entry) = item {
                    found = Some((Record::of(&entry), periods(&entry)));
                }
            })
            .unwrap();
        found.unwrap()
    }

    #[test]
    fn a_record_is_haproxys_names_and_numbers() {
        let (record, periods) = record(
            "0x1: key=a\\ b use=1 exp=5 shard=0 gpc0_rate(10000)=7 server_id=-3 server_key=-",
        );
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"key":"a b","use":1,"exp":5,"gpc0_rate":7,"server_id":-3}"#
        );
        assert_eq!(record.number("gpc0_rate"), Some(7));
        assert_eq!(record.number("gpc0"), None);
        assert_eq!(periods, BTreeMap::from([("gpc0_rate".to_owned(), 10_000)]));
    }

    #[test]
    fn what_is_remembered_is_compared() {
        let (one, _) = record("0x1: key=a use=1 exp=5 gpc0=7");
        let (later, _) = record("0x2: key=a use=0 exp=3 shard=1 gpc0=7");
        let (changed, _) = record("0x1: key=a use=1 exp=5 gpc0=8");
        assert_eq!(one, later);
        assert_ne!(one, changed);
    }
}
