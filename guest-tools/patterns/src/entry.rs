//! One entry: added or deleted, and read back.

use haproxy_mcp_sdk::{Call, Change, Failure, Outcome};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::kind::Kind;
use crate::set::Set;
use crate::version::Versions;

/// Values of one key that an answer shows.
const SHOWN: usize = 10;

/// Commands that are handed over at once: some hundred kilobytes.
const AT_ONCE: usize = 2_000;

/// What a set has under one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryState {
    /// Entries with exactly this key.
    pub entries: u64,
    /// Their first values, in the order in which HAProxy looks; none in an ACL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// Entries that have the value that is asked about, too.
    #[serde(skip)]
    pub matching: u64,
}

impl EntryState {
    /// What a version has under this key, and how often with this value.
    pub fn read(
        set: &Set<'_>,
        version: Option<u32>,
        key: &str,
        value: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut state = Self {
            entries: 0,
            values: set.kind.has_values.then(Vec::new),
            matching: 0,
        };
        set.entries(version, |entry| match &mut state.values {
            None => state.entries += u64::from(entry.text == key.as_bytes()),
            Some(values) => {
                let Some(found) = entry.value_of(key.as_bytes()) else {
                    return;
                };
                state.entries += 1;
                state.matching += u64::from(value.is_some_and(|value| found == value.as_bytes()));
                if values.len() < SHOWN {
                    values.push(String::from_utf8_lossy(found).into_owned());
                }
            }
        })?;
        Ok(state)
    }
}

/// What an answer about one entry says.
#[derive(Serialize)]
pub struct AboutEntry<'a> {
    /// The key.
    pub key: &'a str,
    /// The prepared version, where it is not the live one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Before and after.
    #[serde(flatten)]
    pub change: Change<EntryState>,
}

/// Refuses a key that HAProxy takes for something else.
pub fn check_key(kind: &Kind, key: &str) -> Result<(), Failure> {
    if key.starts_with("#0x") {
        return Err(Failure::invalid_argument(format!(
            "a key that begins with `#0x` is the address of an entry to HAProxy: `{key}`"
        ))
        .hint("name the entry by its key")
        .argument("/key"));
    }
    if kind.has_values && key.contains(' ') {
        return Err(
            Failure::invalid_argument(format!("a key of a map holds no space: `{key}`"))
                .hint("a space ends the key: what follows belongs into `value`")
                .argument("/key"),
        );
    }
    Ok(())
}

/// The failure for a key that a set does not have.
pub fn no_such_key(set: &Set<'_>, key: &str) -> Failure {
    let (noun, word, name) = (set.kind.noun, set.kind.word, set.name);
    Failure::not_found(format!("{noun} `{name}` has no entry with exactly this key: `{key}`"))
        .hint(format!(
            "show_{word} with `filter` finds keys by a part of them; get_{word} tells what HAProxy would find for it"
        ))
        .argument("/key")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(alias = "map", alias = "acl")]
    set: String,
    key: String,
    /// Of a map.
    value: Option<String>,
    version: Option<u32>,
}

/// Adds an entry, and never replaces one.
pub fn add(call: &Call<'_>, kind: &'static Kind) -> Result<Outcome, Failure> {
    let wanted: Wanted = call.arguments()?;
    let (key, value) = (wanted.key.as_str(), wanted.value.as_deref());
    check_key(kind, key)?;
    let instance = call.instance();
    let set = Set::new(kind, &instance, &wanted.set);
    let still_prepared = || match wanted.version {
        Some(version) => Versions::of(&set)?.require(&set, version),
        None => Ok(()),
    };
    let read = || EntryState::read(&set, wanted.version, key, value);
    still_prepared()?;
    let before = read()?;
    set.require_reading_again()?;
    let further: Vec<&str> = std::iter::once(key).chain(value).collect();
    set.ask(&kind.add, wanted.version, &further)
        .map_err(|failure| of_another_kind(&set, failure))?;
    let after = read()?;
    // A commit by somebody else drops the version, and HAProxy goes on taking entries for it.
    still_prepared()?;
    let holds =
        after.entries > before.entries && (!kind.has_values || after.matching > before.matching);
    let change = Change::confirmed(before, after, holds, &format!("one more entry `{key}`"))?;
    let mut line = format!("{} `{}`: `{key}` added", kind.noun, set.name);
    if change.after.entries > 1 {
        line = format!("{line}; it is there {} times now", change.after.entries);
        if kind.has_values {
            line.push_str(", and HAProxy uses the first: set_map gives all of them one value");
        }
    }
    let about = AboutEntry {
        key,
        version: wanted.version,
        change,
    };
    let answer = Answer::of(kind, set.name, about);
    Ok(Outcome::of(&answer)?.text(line))
}

/// Deletes all entries with this key.
pub fn del(call: &Call<'_>, kind: &'static Kind) -> Result<Outcome, Failure> {
    let wanted: Wanted = call.arguments()?;
    let key = wanted.key.as_str();
    check_key(kind, key)?;
    let instance = call.instance();
    let set = Set::new(kind, &instance, &wanted.set);
    let read = || EntryState::read(&set, None, key, None);
    let before = read()?;
    if before.entries == 0 {
        return Err(no_such_key(&set, key));
    }
    set.require_reading_again()?;
    none_left(set.ask(&kind.del, None, &[key]).map(drop))?;
    let mut after = read()?;
    // Up to 3.2 all are gone by now; 3.4 deletes the first.
    if after.entries > 0 && after.entries < before.entries {
        set.require_reading_again()?;
        let words = [kind.del.command, &[set.name, key]].concat();
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let mut left = usize::try_from(after.entries).unwrap_or(usize::MAX);
        while left > 0 {
            let some = left.min(AT_ONCE);
            let deleted = instance.do_all(std::iter::repeat_n(words.clone(), some));
            none_left(deleted.map_err(|error| error.failure))?;
            left -= some;
        }
        after = read()?;
    }
    let holds = after.entries == 0;
    let change = Change::confirmed(before, after, holds, &format!("no entry `{key}`"))?;
    let count = change.before.entries;
    let entries = if count == 1 { "entry" } else { "entries" };
    let line = format!(
        "{} `{}`: {count} {entries} `{key}` deleted",
        kind.noun, set.name
    );
    let about = AboutEntry {
        key,
        version: None,
        change,
    };
    let answer = Answer::of(kind, set.name, about);
    Ok(Outcome::of(&answer)?.text(line))
}

/// That there is none any more is what is wanted.
fn none_left(deleted: Result<(), Failure>) -> Result<(), Failure> {
    match deleted {
        Err(failure) if failure.rejection() == Some("no-such-key") => Ok(()),
        other => other,
    }
}

/// HAProxy refused the entry itself.
fn of_another_kind(set: &Set<'_>, failure: Failure) -> Failure {
    let word = set.kind.word;
    match failure.rejection() {
        Some("rejected" | "invalid-argument") => failure.hint(format!(
            "the {} compares with something else, such as addresses or numbers: show_{word} tells where it is used, and \
             get_{word} how it compares",
            set.kind.noun
        )),
        _ => failure,
    }
}
