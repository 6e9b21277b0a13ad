//! Series that are added up.

use std::collections::BTreeMap;

use haproxy_mcp_sdk::Failure;
use haproxy_replies::metrics::{Family, Sample, Type};

use crate::series::{Row, text};
use crate::value::{Sum, Written, as_float};

/// Groups of a call: those of a label that has as many values as there are servers in a large site.
const GROUPS: usize = 50_000;

/// Sums of series, apart by their family and by some of their labels.
#[derive(Debug)]
pub(crate) struct Sums<'a> {
    by: &'a [String],
    /// Names and types of the families, in the exporter's order.
    families: Vec<(String, Type)>,
    groups: BTreeMap<Key, Sum>,
    too_many: bool,
    /// Which of the labels some series has.
    known: Vec<bool>,
}

/// The number of the family, and the values of the labels.
type Key = (usize, Vec<Option<Vec<u8>>>);

impl<'a> Sums<'a> {
    pub(crate) fn new(by: &'a [String]) -> Self {
        Self {
            by,
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
            .is_none_or(|(name, _)| name.as_bytes() != sample.name)
        {
            let name = String::from_utf8_lossy(sample.name).into_owned();
            self.families.push((name, family.kind));
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

    /// The sums: family by family, the largest first.
    pub(crate) fn into_rows(self) -> Result<Vec<Row>, Failure> {
        if self.too_many {
            return Err(Failure::invalid_argument(format!(
                "these labels make more than {GROUPS} groups"
            ))
            .hint("name fewer labels in `by`, or one family in `family`")
            .argument("/by"));
        }
        let mut groups: Vec<(Key, Sum)> = self.groups.into_iter().collect();
        groups.sort_by(|((one, _), first), ((other, _), second)| {
            let (first, second) = (as_float(first.number()), as_float(second.number()));
            one.cmp(other).then(second.total_cmp(&first))
        });
        let (by, families) = (self.by, self.families);
        Ok(groups
            .into_iter()
            .map(|((family, values), sum)| {
                let (name, kind) = families.get(family).cloned().unwrap_or_default();
                let labels = by
                    .iter()
                    .zip(&values)
                    .filter_map(|(name, value)| Some((name.clone(), text(value.as_ref()?))))
                    .collect();
                Row {
                    family: Some(name),
                    r#type: Some(kind.as_str()),
                    labels,
                    value: Written(sum.number()),
                    series: Some(sum.series),
                    max: sum.max.filter(|_| kind == Type::Gauge).map(Written),
                }
            })
            .collect())
    }
}
