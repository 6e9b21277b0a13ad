//! Sums over the rows that matched, apart for each type: a request that a frontend counted is counted again by its
//! backend and by its server, so that a sum over all types would say nothing.

use haproxy_replies::stat::ObjectType;
use haproxy_replies::value::unsigned;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The most different states that are told apart; HAProxy has seven.
const STATES: usize = 16;

/// The sums of all types.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    names: Vec<String>,
    types: [Option<Sums>; 4],
}

#[derive(Debug)]
struct Sums {
    rows: u64,
    states: Vec<(Vec<u8>, u64)>,
    /// None while no row had a value.
    columns: Vec<Option<u64>>,
}

impl Totals {
    /// Sums of the columns with these names.
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self {
            names,
            types: [const { None }; 4],
        }
    }

    /// Adds a row: its state, and its fields in the order of the names.
    pub(crate) fn add<'a>(
        &mut self,
        kind: ObjectType,
        status: &[u8],
        fields: impl Iterator<Item = &'a [u8]>,
    ) {
        let Some(sums) = self.types.get_mut(kind as usize) else {
            return;
        };
        let width = self.names.len();
        let sums = sums.get_or_insert_with(|| Sums {
            rows: 0,
            states: Vec::new(),
            columns: vec![None; width],
        });
        sums.rows += 1;
        let state = state(status);
        if let Some((_, count)) = sums.states.iter_mut().find(|(known, _)| known == state) {
            *count += 1;
        } else if sums.states.len() < STATES && !state.is_empty() {
            sums.states.push((state.to_vec(), 1));
        }
        for (sum, field) in sums.columns.iter_mut().zip(fields) {
            if let Some(number) = unsigned(field) {
                *sum = Some(sum.unwrap_or(0).saturating_add(number));
            }
        }
    }

    /// How many rows of each type there are.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (ObjectType, u64)> {
        ObjectType::ALL
            .into_iter()
            .zip(&self.types)
            .filter_map(|(kind, sums)| Some((kind, sums.as_ref()?.rows)))
    }
}

/// The state without its details: `UP` of `UP 1/3`, `MAINT` of `MAINT (via be_app/app1)`.
fn state(status: &[u8]) -> &[u8] {
    if status == b"no check" {
        return status;
    }
    status
        .split(|byte| *byte == b' ')
        .next()
        .unwrap_or_default()
}

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (kind, sums) in ObjectType::ALL.into_iter().zip(&self.types) {
            if let Some(sums) = sums {
                map.serialize_entry(
                    kind.name(),
                    &Named {
                        names: &self.names,
                        sums,
                    },
                )?;
            }
        }
        map.end()
    }
}

struct Named<'a> {
    names: &'a [String],
    sums: &'a Sums,
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct States<'a>(&'a [(Vec<u8>, u64)]);
        impl Serialize for States<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(
                    self.0
                        .iter()
                        .map(|(state, count)| (String::from_utf8_lossy(state), count)),
                )
            }
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rows", &self.sums.rows)?;
        map.serialize_entry("states", &States(&self.sums.states))?;
        for (name, sum) in self.names.iter().zip(&self.sums.columns) {
            if let Some(sum) = sum {
                map.serialize_entry(name, sum)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn types_are_added_up_apart() {
        let mut totals = Totals::new(["scur", "econ", "none"].map(str::to_owned).to_vec());
        let mut add = |kind, status: &str, fields: [&str; 3]| {
            totals.add(
                kind,
                status.as_bytes(),
                fields.iter().map(|field| field.as_bytes()),
            );
        };
        add(ObjectType::Server, "UP", ["1", "2", ""]);
        add(ObjectType::Server, "UP 1/3", ["10", "", ""]);
        add(ObjectType::Server, "MAINT (via a/b)", ["5", "x", ""]);
        add(ObjectType::Server, "no check", ["0", "0", ""]);
        add(
            ObjectType::Backend,
            "UP",
            ["16", "18446744073709551615", ""],
        );
        add(ObjectType::Backend, "", ["1", "18446744073709551615", ""]);
        assert_eq!(
            serde_json::to_string(&totals).unwrap(),
            r#"{"backend":{"rows":2,"states":{"UP":1},"scur":17,"econ":18446744073709551615},"server":{"rows":4,"states":{"UP":2,"MAINT":1,"no check":1},"scur":16,"econ":2}}"#
        );
        assert_eq!(
            totals.counts().collect::<Vec<_>>(),
            [(ObjectType::Backend, 2), (ObjectType::Server, 4)]
        );
    }
}
