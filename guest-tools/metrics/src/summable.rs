//! Which families can be added up. The exporter does not say it: its names do, and its labels.

use haproxy_replies::metrics::{Family, Sample, Type};

/// The label with a series for each state that an object may be in: 1 for the one that it is in, else 0.
const STATE: &str = "state";

/// Families of a kind that are named in a note.
const NAMED: usize = 3;

/// Why series of a family are not added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unsummable {
    States,
    Average,
    Maximum,
    Limit,
    Weight,
    Percentage,
    Code,
}

impl Unsummable {
    /// What a family is, in a series of which a label of [`STATE`] tells series apart unless it is `chosen`.
    pub(crate) fn of(family: &Family, sample: &Sample<'_>, chosen: bool) -> Option<Self> {
        if !chosen && sample.labels.get(STATE.as_bytes()).is_some() {
            return Some(Self::States);
        }
        if family.kind == Type::Counter {
            return None;
        }
        let mut kinds = family.name.split('_').filter_map(|word| match word {
            "average" => Some(Self::Average),
            "max" | "maximum" => Some(Self::Maximum),
            "limit" => Some(Self::Limit),
            "weight" | "uweight" => Some(Self::Weight),
            "percent" | "throttle" => Some(Self::Percentage),
            "code" => Some(Self::Code),
            _ => None,
        });
        kinds.next()
    }

    /// Whether this label, named in `by` or in `labels`, makes series of states ones that can be added up.
    pub(crate) fn is_chosen_by(label: &str) -> bool {
        label == STATE
    }

    /// Whether the largest of several series says anything.
    pub(crate) fn has_largest(self) -> bool {
        !matches!(self, Self::States | Self::Code)
    }

    fn why(self) -> &'static str {
        match self {
            Self::States => {
                "there is a series for each state, so name `state` in `by`, or one in `labels`"
            }
            Self::Average => "averages are not added up",
            Self::Maximum => "maxima are not added up: `max` is the largest",
            Self::Limit => "limits are not added up",
            Self::Weight => "weights are not added up",
            Self::Percentage => "percentages are not added up",
            Self::Code => "codes are not added up",
        }
    }

    /// Says of these families why there is no sum.
    pub(crate) fn note(self, families: &[&str]) -> String {
        let named: Vec<String> = families
            .iter()
            .take(NAMED)
            .map(|name| format!("`{name}`"))
            .collect();
        let others = match families.len().saturating_sub(NAMED) {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        format!("no sum of {}{others}: {}", named.join(", "), self.why())
    }
}
