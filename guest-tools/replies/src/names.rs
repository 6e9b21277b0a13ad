//! Names that are near another: what to say of a name that does not exist.

/// The longest name that is compared, in bytes: the work grows with the product of two lengths.
const COMPARED: usize = 128;

/// The most names that are near; the rest says nothing more.
const NEAR: usize = 8;

/// Names that a suggestion holds at most.
pub const LISTED: usize = 20;

/// Collects the names nearest to one that was not found, from any number of candidates.
#[derive(Debug)]
pub struct Nearest {
    wanted: Vec<u8>,
    limit: usize,
    /// Distance and name, nearest first.
    found: Vec<(usize, String)>,
    /// The first names that were offered.
    first: Vec<String>,
    /// Whether there were more.
    more: bool,
}

/// What to say instead of a name that does not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// Names that are near, nearest first.
    pub near: Vec<String>,
    /// Where none is near, the first of those that exist.
    pub existing: Vec<String>,
    /// Whether more exist than are listed.
    pub more: bool,
}

impl Suggestion {
    /// What to say of a name that is not among these: [`LISTED`] of them at most.
    pub fn among<N: AsRef<[u8]>>(wanted: &str, existing: impl IntoIterator<Item = N>) -> Self {
        let mut nearest = Nearest::new(wanted, LISTED);
        for name in existing {
            nearest.offer(name.as_ref());
        }
        nearest.suggest()
    }

    /// The names: those that are near, or else those that exist.
    pub fn names(&self) -> &[String] {
        if self.near.is_empty() {
            &self.existing
        } else {
            &self.near
        }
    }

    /// What to do next: a sentence with names, or this one where there is no name at all.
    pub fn hint(&self, otherwise: &str) -> String {
        self.sentence().unwrap_or_else(|| otherwise.to_owned())
    }

    /// A sentence, unless there is no name at all.
    pub fn sentence(&self) -> Option<String> {
        if !self.near.is_empty() {
            return Some(format!("did you mean {}?", self.near.join(", ")));
        }
        let more = if self.more { ", and more" } else { "" };
        (!self.existing.is_empty())
            .then(|| format!("there are: {}{more}", self.existing.join(", ")))
    }
}

impl Nearest {
    /// At most `limit` names are kept, and no more than 8 that are near.
    pub fn new(wanted: &str, limit: usize) -> Self {
        Self {
            wanted: fold(wanted.as_bytes()),
            limit,
            found: Vec::new(),
            first: Vec::new(),
            more: false,
        }
    }

    /// One candidate. It is kept where it contains the wanted name or is contained in it (without regard to case), or
    /// differs from it by a third of its characters at most.
    pub fn offer(&mut self, name: &[u8]) {
        if self.first.len() < self.limit {
            let name = String::from_utf8_lossy(name).into_owned();
            if !self.first.contains(&name) {
                self.first.push(name);
            }
        } else {
            self.more = true;
        }
        if name.is_empty() || name.len() > COMPARED || self.wanted.len() > COMPARED {
            return;
        }
        let folded = fold(name);
        let contained = memchr::memmem::find(&folded, &self.wanted).is_some()
            || (folded.len() > 2 && memchr::memmem::find(&self.wanted, &folded).is_some());
        let distance = distance(&folded, &self.wanted);
        if !contained && distance * 3 > folded.len().max(self.wanted.len()) {
            return;
        }
        let place = self.found.partition_point(|(other, _)| *other <= distance);
        let near = self.limit.min(NEAR);
        if place < near {
            let name = String::from_utf8_lossy(name).into_owned();
            if self.found.iter().any(|(_, other)| *other == name) {
                return;
            }
            self.found.insert(place, (distance, name));
            self.found.truncate(near);
        }
    }

    /// The names that are near, nearest first.
    pub fn into_names(self) -> Vec<String> {
        self.found.into_iter().map(|(_, name)| name).collect()
    }

    /// The names that are near, or else some that exist.
    pub fn suggest(mut self) -> Suggestion {
        let existing = std::mem::take(&mut self.first);
        let more = self.more;
        let near = self.into_names();
        if near.is_empty() {
            Suggestion {
                near,
                existing,
                more,
            }
        } else {
            Suggestion {
                near,
                ..Suggestion::default()
            }
        }
    }
}

fn fold(name: &[u8]) -> Vec<u8> {
    name.iter()
        .take(COMPARED + 1)
        .map(u8::to_ascii_lowercase)
        .collect()
}

/// How many bytes must be inserted, removed or replaced to make one from the other (Levenshtein).
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, byte) in one.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(other) {
            let replaced = diagonal + usize::from(byte != other);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("app1", "app2", 1),
        ] {
            assert_eq!(
                distance(one.as_bytes(), other.as_bytes()),
                expected,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn the_nearest_come_first_and_strangers_not_at_all() {
        let mut nearest = Nearest::new("be_ap", 2);
        for name in ["be_static", "be_apps", "be_app", "stats", "BE_AP"] {
            nearest.offer(name.as_bytes());
        }
        assert_eq!(
            nearest.into_names(),
            ["BE_AP", "be_apps"]
                .map(str::to_owned)
                .into_iter()
                .take(1)
                .chain(["be_app".to_owned()])
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_part_of_a_name_finds_it() {
        let mut nearest = Nearest::new("app", 5);
        nearest.offer(b"be_production_app_v2");
        nearest.offer(b"stats");
        assert_eq!(nearest.into_names(), ["be_production_app_v2"]);
    }

    #[test]
    fn a_suggestion_has_the_names_that_say_most() {
        let near = Suggestion::among("be_ap", ["be_app", "stats"]);
        assert_eq!(near.names(), ["be_app"]);
        assert_eq!(near.hint("none"), "did you mean be_app?");
        let far = Suggestion::among("zzz", [b"be_app", b"be_api"]);
        assert_eq!(far.names(), ["be_app", "be_api"]);
        let none = Suggestion::among("zzz", [""; 0]);
        assert_eq!(
            (none.names().len(), none.hint("none").as_str()),
            (0, "none")
        );
        let many: Vec<String> = (0..30).map(|number| format!("{number}")).collect();
        assert_eq!(Suggestion::among("zzz", &many).names().len(), LISTED);
    }

    #[test]
    fn where_no_name_is_near_some_are_listed() {
        let suggest = |names: &[&str]| {
            let mut nearest = Nearest::new("zzz", 2);
            for name in names {
                nearest.offer(name.as_bytes());
            }
            nearest.suggest()
        };
        assert_eq!(
            suggest(&["a", "a", "b"]).sentence().as_deref(),
            Some("there are: a, b")
        );
        assert_eq!(
            suggest(&["a", "b", "c"]).sentence().as_deref(),
            Some("there are: a, b, and more")
        );
        assert_eq!(
            suggest(&["a", "zzy", "c"]).sentence().as_deref(),
            Some("did you mean zzy?")
        );
        assert_eq!(suggest(&[]).sentence(), None);
    }
}
