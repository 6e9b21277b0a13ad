//! Series that are added up.

use std::collections::BTreeMap;

use haproxy_mcp_sdk::Failure;
use haproxy_replies::metrics::{Family, Sample, Type};

use crate::series::{Row, text};
use crate::summable::Unsummable;
use crate::value::{Sum, Written, as_float};

/// Groups of a call: those of a label that has as many values as there are servers in a large site.
const GROUPS: usize = 50_000;

/// Sums of series, apart by their family and by some of their labels.
#[derive(Debug)]
pub(crate) struct Sums<'a> {
    by: &'a [String],
    /// Whether the series are those of one state, or apart by it.
    state_chosen: bool,
    /// In the exporter's order.
    families: Vec<Added>,
    groups: BTreeMap<Key, Sum>,
    too_many: bool,
    /// Which of the labels some series has.
    known: Vec<bool>,
}

/// A family whose series are added up, unless that would say nothing.
#[derive(Debug, Clone, Default)]
struct Added {
    name: String,
    kind: Type,
    unsummable: Option<Unsummable>,
}

/// The number of the family, and the values of the labels.
type Key = (usize, Vec<Option<Vec<u8>>>);

impl<'a> Sums<'a> {
    /// Sums apart by some labels; those in `labels` are of one value each.
    pub(crate) fn new(by: &'a [String], labels: &BTreeMap<String, String>) -> Self {
        let mut named = by.iter().chain(labels.keys());
        Self {
            by,
            state_chosen: named.any(|label| Unsummable::is_chosen_by(label)),
            families: Vec::new(),
            groups: BTreeMap::new(),
            too_many: false,
            known: vec![false; by.len()],
        }
    }

    pub(crate) fn add(&mut self, family: &Family, sample: &Sample<'_>) {
        if self
            .families
            .last()
            .is_none_or(|added| added.name.as_bytes() != sample.name)
        {
            self.families.push(Added {
                name: String::from_utf8_lossy(sample.name).into_owned(),
                kind: family.kind,
                unsummable: Unsummable::of(family, sample, self.state_chosen),
            });
        }
        let values: Vec<Option<Vec<u8>>> = self
            .by
            .iter()
            .map(|name| {
                let value = sample.labels.get(name.as_bytes());
                value.map(std::borrow::Cow::into_owned)
            })
            .collect();
        for (known, value) in self.known.iter_mut().zip(&values) {
            *known |= value.is_some();
        }
        let key = (self.families.len() - 1, values);
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&key) {
            self.too_many = true;
            return;
        }
        self.groups.entry(key).or_default().add(sample.value);
    }

    /// The first of the labels that no series has; none where there is no series.
    pub(crate) fn unknown_label(&self) -> Option<usize> {
        if self.groups.is_empty() {
            return None;
        }
        self.known.iter().position(|known| !known)
    }

    /// The sums: family by family, the largest first; and why there is none of some.
    pub(crate) fn into_rows(self) -> Result<(Vec<Row>, Option<String>), Failure> {
        if self.too_many {
            return Err(Failure::invalid_argument(format!(
                "these labels make more than {GROUPS} groups"
            ))
            .hint("name fewer labels in `by`, or one family in `family`")
            .argument("/by"));
        }
        let (by, families) = (self.by, self.families);
        let mut without: BTreeMap<Unsummable, Vec<&str>> = BTreeMap::new();
        let mut groups: Vec<(usize, f64, Row)> = Vec::with_capacity(self.groups.len());
        for ((place, values), sum) in self.groups {
            let Some(family) = families.get(place) else {
                continue;
            };
            // One series alone is no sum, and says what it says.
            let unsummable = family.unsummable.filter(|_| sum.series > 1);
            if let Some(why) = unsummable {
                let names = without.entry(why).or_default();
                if names.last() != Some(&family.name.as_str()) {
                    names.push(&family.name);
                }
            }
            let has_largest =
                family.kind == Type::Gauge && unsummable.is_none_or(Unsummable::has_largest);
            let value = unsummable.is_none().then(|| sum.number());
            let largest = value.or(sum.max).map_or(0.0, as_float);
            let labels = by
                .iter()
                .zip(&values)
                .filter_map(|(name, value)| Some((name.clone(), text(value.as_ref()?))))
                .collect();
            let row = Row {
                family: Some(family.name.clone()),
                r#type: Some(family.kind.as_str()),
                labels,
                value: value.map(Written),
                series: Some(sum.series),
                max: sum.max.filter(|_| has_largest).map(Written),
            };
            groups.push((place, largest, row));
        }
        groups.sort_by(|(one, first, _), (other, second, _)| {
            one.cmp(other).then(second.total_cmp(first))
        });
        let notes: Vec<String> = without.iter().map(|(why, names)| why.note(names)).collect();
        let rows = groups.into_iter().map(|(_, _, row)| row).collect();
        Ok((rows, (!notes.is_empty()).then(|| notes.join("; "))))
    }
}
