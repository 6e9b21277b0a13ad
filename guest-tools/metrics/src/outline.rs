//! Which families there are.

use std::collections::BTreeMap;

use haproxy_listing::cut;
use haproxy_replies::metrics::Family;
use serde::Serialize;

/// Characters of an explanation in an outline, and where few families are described.
const SHORT: usize = 120;
pub(crate) const LONG: usize = 400;

/// A family and how many series it has.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    family: String,
    r#type: &'static str,
    help: String,
    series: u64,
}

/// Counts the series of each family, in the exporter's order.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    rows: Vec<Row>,
    pub(crate) series: u64,
}

impl Outline {
    /// A series of a family; one that is not chosen still shows that the family is there.
    pub(crate) fn add(&mut self, family: &Family, chosen: bool) {
        if self
            .rows
            .last()
            .is_none_or(|last| last.family != family.name)
        {
            self.rows.push(Row {
                family: family.name.clone(),
                r#type: family.kind.as_str(),
                help: cut(&family.help, SHORT).into_owned(),
                series: 0,
            });
        }
        if chosen {
            self.series += 1;
            if let Some(row) = self.rows.last_mut() {
                row.series += 1;
            }
        }
    }

    /// Families by the first two words of their names: `haproxy_server`.
    pub(crate) fn kinds(&self) -> BTreeMap<String, u64> {
        let mut kinds = BTreeMap::new();
        for row in &self.rows {
            let kind: Vec<&str> = row.family.splitn(3, '_').take(2).collect();
            *kinds.entry(kind.join("_")).or_default() += 1;
        }
        kinds
    }

    /// The families; without those that have no series left, where zeros are left out.
    pub(crate) fn into_rows(mut self, non_zero: bool) -> Vec<Row> {
        if non_zero {
            self.rows.retain(|row| row.series > 0);
        }
        self.rows
    }

    pub(crate) fn families(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }
}
