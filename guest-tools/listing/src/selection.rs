//! Which fields of rows are shown: a few that say most, those that were named, or all.

use haproxy_replies::names::Nearest;

/// All fields, whatever they are.
const ALL: &str = "all";

/// The fields that are shown where nothing is asked for.
const SUMMARY: &str = "summary";

/// A field that no row has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such field: `{name}`")]
pub struct NoSuchField {
    /// As it was asked for.
    pub name: String,
    /// Its place among what was asked for.
    pub index: usize,
    /// Names that are near.
    pub near: Vec<String>,
}

impl NoSuchField {
    /// What to do next.
    pub fn hint(&self) -> String {
        if self.near.is_empty() {
            "use HAProxy's own field names, \"summary\" or \"all\"".to_owned()
        } else {
            format!("did you mean {}?", self.near.join(", "))
        }
    }
}

/// What was asked for, and what there is.
#[derive(Debug, Clone)]
pub struct Selection {
    asked: Vec<String>,
    summary: &'static [&'static str],
    /// The names that were seen.
    known: Vec<String>,
}

impl Selection {
    /// The fields that were asked for, by default the summary.
    pub fn new(asked: Option<&[String]>, summary: &'static [&'static str]) -> Self {
        Self {
            asked: asked.map_or_else(|| vec![SUMMARY.to_owned()], <[String]>::to_vec),
            summary,
            known: Vec::new(),
        }
    }

    /// Whether a field is shown.
    pub fn shows(&self, name: &str) -> bool {
        self.asked.iter().any(|asked| {
            asked == name || asked == ALL || (asked == SUMMARY && self.summary.contains(&name))
        })
    }

    /// The names that rows have, of which there may be several sets.
    pub fn learn<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            if self.known.iter().all(|known| known != name) {
                self.known.push(name.to_owned());
            }
        }
    }

    /// Whether nothing was learnt: there was no row.
    pub fn is_untaught(&self) -> bool {
        self.known.is_empty()
    }

    /// How many of the fields are not shown; an error where one was asked for that no row has.
    pub fn hidden(&self) -> Result<usize, NoSuchField> {
        let unknown = self.asked.iter().enumerate().find(|(_, asked)| {
            !matches!(asked.as_str(), ALL | SUMMARY) && !self.known.contains(asked)
        });
        match unknown {
            Some((index, name)) if !self.known.is_empty() => {
                let mut nearest = Nearest::new(name, 5);
                for known in &self.known {
                    nearest.offer(known.as_bytes());
                }
                Err(NoSuchField {
                    name: name.clone(),
                    index,
                    near: nearest.into_names(),
                })
            }
            _ => Ok(self.known.iter().filter(|name| !self.shows(name)).count()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn taught(asked: Option<&[&str]>) -> Selection {
        let asked = asked.map(|asked| {
            asked
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        });
        let mut selection = Selection::new(asked.as_deref(), &["a", "b"]);
        selection.learn(["a", "b", "port"]);
        selection.learn(["b", "check_port"]);
        selection
    }

    #[test]
    fn the_summary_is_shown_unless_something_is_asked_for() {
        let shown = |asked| {
            let selection = taught(asked);
            let shown: Vec<&str> = ["a", "b", "port", "check_port"]
                .into_iter()
                .filter(|name| selection.shows(name))
                .collect();
            (shown, selection.hidden().unwrap())
        };
        assert_eq!(shown(None), (vec!["a", "b"], 2));
        assert_eq!(
            shown(Some(&["summary", "port"])),
            (vec!["a", "b", "port"], 1)
        );
        assert_eq!(
            shown(Some(&["all"])),
            (vec!["a", "b", "port", "check_port"], 0)
        );
        assert_eq!(shown(Some(&["port"])), (vec!["port"], 3));
    }

    #[test]
    fn what_no_row_has_is_an_error_with_what_is_near() {
        let error = taught(Some(&["a", "ports"])).hidden().unwrap_err();
        assert_eq!(
            (error.index, error.near.first().map(String::as_str)),
            (1, Some("port"))
        );
        assert!(error.hint().starts_with("did you mean port"));
        let selection = Selection::new(Some(&["x".to_owned()]), &[]);
        assert!(selection.is_untaught());
        assert_eq!(selection.hidden(), Ok(0));
    }
}
