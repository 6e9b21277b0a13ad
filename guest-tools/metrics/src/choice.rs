//! Which series are asked for.

use std::collections::BTreeMap;

use haproxy_replies::metrics::{Family, Sample};

/// Which series are asked for, and what was seen of them.
#[derive(Debug)]
pub(crate) struct Choice<'a> {
    family: Option<&'a str>,
    labels: &'a BTreeMap<String, String>,
    non_zero: bool,
    /// Whether there is a family of exactly that name: then it is that one alone.
    exact: bool,
    /// The family that was asked about last, and whether it is one of those.
    last: Option<(String, bool)>,
    pub(crate) seen: Seen,
}

/// What was seen of the series that are asked for.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    /// Whether a family is of such a name.
    pub(crate) named: bool,
    /// Whether a series of such a family has such labels.
    pub(crate) labelled: bool,
    /// Series that are left out, since HAProxy has no value for them.
    pub(crate) without_value: u64,
    /// Series that are left out, since they are 0.
    pub(crate) zero: u64,
}

/// What a series is to the choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// This is the very family that was named: what was chosen before only has a name like it.
    pub(crate) instead: bool,
    /// Its family is one of those, even where the series is left out.
    pub(crate) named: bool,
    /// It is asked for and not left out.
    pub(crate) chosen: bool,
}

impl<'a> Choice<'a> {
    pub(crate) fn new(
        family: Option<&'a str>,
        labels: &'a BTreeMap<String, String>,
        non_zero: bool,
    ) -> Self {
        Self {
            family,
            labels,
            non_zero,
            exact: false,
            last: None,
            seen: Seen::default(),
        }
    }

    /// Says what a series is, and counts it.
    pub(crate) fn judge(&mut self, family: &Family, sample: &Sample<'_>) -> Verdict {
        let mut verdict = Verdict::default();
        if !self.is_of(&family.name, &mut verdict.instead) {
            return verdict;
        }
        if verdict.instead {
            self.seen = Seen::default();
        }
        self.seen.named = true;
        verdict.named = true;
        let labelled = self.labels.iter().all(|(name, wanted)| {
            sample
                .labels
                .get(name.as_bytes())
                .is_some_and(|value| *value == *wanted.as_bytes())
        });
        if labelled {
            self.seen.labelled = true;
            if sample.value.is_nan() {
                self.seen.without_value += 1;
            } else if self.non_zero && sample.value.is_zero() {
                self.seen.zero += 1;
            } else {
                verdict.chosen = true;
            }
        }
        verdict
    }

    fn is_of(&mut self, name: &str, instead: &mut bool) -> bool {
        let Some(wanted) = self.family else {
            return true;
        };
        if let Some((last, is_of)) = &self.last
            && last == name
        {
            return *is_of;
        }
        let is_of = if name == wanted {
            *instead = !self.exact;
            self.exact = true;
            true
        } else {
            !self.exact && name.to_lowercase().contains(&wanted.to_lowercase())
        };
        self.last = Some((name.to_owned(), is_of));
        is_of
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use haproxy_replies::metrics::{MetricsError, MetricsReader};

    use super::*;

    fn chosen(
        family: Option<&str>,
        labels: &[(&str, &str)],
        non_zero: bool,
        page: &str,
    ) -> (Vec<String>, Seen) {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut choice = Choice::new(family, &labels, non_zero);
        let mut chosen = Vec::new();
        MetricsReader::default()
            .push::<MetricsError>(page.as_bytes(), |family, sample| {
                let verdict = choice.judge(family, sample);
                if verdict.instead {
                    chosen.clear();
                }
                if verdict.chosen {
                    chosen.push(family.name.clone());
                }
                Ok(())
            })
            .unwrap();
        (chosen, choice.seen)
    }

    const PAGE: &str = "a_size{p=\"x\"} 1\na_size{p=\"y\"} 0\nsize{p=\"x\"} NaN\nsize{p=\"y\"} 2\nsize_b{p=\"x\"} 3\n";

    #[test]
    fn a_name_is_a_part_unless_there_is_one_that_it_is() {
        assert_eq!(chosen(Some("SIZE"), &[], false, PAGE).0.len(), 4);
        let (all, seen) = chosen(Some("size"), &[], false, PAGE);
        assert_eq!((all, seen.without_value), (vec!["size".to_owned()], 1));
        let (all, seen) = chosen(Some("sizes"), &[], false, PAGE);
        assert_eq!((all.len(), seen.named), (0, false));
        assert_eq!(chosen(None, &[], false, PAGE).0.len(), 4);
    }

    #[test]
    fn labels_are_all_of_them_and_zeros_go_where_they_are_not_wanted() {
        let (all, seen) = chosen(None, &[("p", "y")], true, PAGE);
        assert_eq!((all, seen.zero), (vec!["size".to_owned()], 1));
        let (all, seen) = chosen(None, &[("p", "y"), ("q", "z")], false, PAGE);
        assert_eq!((all.len(), seen.named, seen.labelled), (0, true, false));
    }
}
