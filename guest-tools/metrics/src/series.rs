//! Series, as rows of an answer.

use std::collections::BTreeMap;

use haproxy_listing::cut;
use haproxy_replies::metrics::{Family, Labels, Sample};
use serde::Serialize;

use crate::outline::LONG;
use crate::value::Written;

/// Families that are described in an answer.
const DESCRIBED: usize = 8;

/// Characters of the value of a label.
const LABEL: usize = 256;

/// What is known of the families that have rows, in the exporter's order.
#[derive(Debug, Default)]
pub(crate) struct Families {
    first: Vec<Described>,
    last: String,
    pub(crate) count: u64,
}

/// A family, described.
#[derive(Debug, Serialize)]
pub(crate) struct Described {
    family: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    help: String,
}

impl Families {
    /// A series of a family.
    pub(crate) fn add(&mut self, family: &Family) {
        if self.last == family.name {
            return;
        }
        self.last.clone_from(&family.name);
        self.count += 1;
        if self.first.len() < DESCRIBED {
            self.first.push(Described {
                family: family.name.clone(),
                r#type: family.kind.as_str(),
                help: cut(&family.help, LONG).into_owned(),
            });
        }
    }

    /// Whether rows have to say which family they are of.
    pub(crate) const fn is_one(&self) -> bool {
        self.count == 1
    }

    /// The descriptions, where it is few families.
    pub(crate) fn described(self) -> Vec<Described> {
        if self.count > DESCRIBED as u64 {
            Vec::new()
        } else {
            self.first
        }
    }
}

/// A series, or several that were added up.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) labels: BTreeMap<String, String>,
    /// None where it would be the sum of what is not to be added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) series: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max: Option<Written>,
}

impl Row {
    pub(crate) fn of(family: &Family, sample: &Sample<'_>) -> Self {
        // A part of a histogram has a name of its own.
        let name = String::from_utf8_lossy(sample.name).into_owned();
        Self {
            family: Some(name),
            r#type: Some(family.kind.as_str()),
            labels: labels(sample.labels),
            value: Some(Written(sample.value)),
            series: None,
            max: None,
        }
    }

    /// Without what the answer says of all rows.
    pub(crate) fn of_the_one(mut self) -> Self {
        self.family = None;
        self.r#type = None;
        self
    }
}

pub(crate) fn labels(labels: Labels<'_>) -> BTreeMap<String, String> {
    labels
        .iter()
        .map(|(name, value)| (text(name), text(&value)))
        .collect()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    cut(&String::from_utf8_lossy(bytes), LABEL).into_owned()
}
