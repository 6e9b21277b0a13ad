//! `clear_table_entry` and `clear_table`.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use haproxy_replies::tables::Entry;
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

use crate::data::Filter;
use crate::key::KeyType;
use crate::record::KEEPING;
use crate::set::{Answer, is_of, not_by_key};
use crate::table;

/// `clear table`.
pub(crate) const CLEAR: Need = Need {
    command: &["clear", "table"],
    since: None,
    level: Some("operator"),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    table: String,
    key: String,
}

/// The tool.
pub(crate) fn clear_table_entry(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Which { table, key } = call.arguments()?;
    let instance = call.instance();
    let table = table::head(&instance, &table)?;
    let keys = table.keys()?;
    let key = keys.key(&key)?;
    if keys == KeyType::Binary {
        return Err(not_by_key("remove", &table));
    }
    let Some(before) = table::entry(&instance, &table, &key)? else {
        return Err(Failure::not_found(format!(
            "`{}` has no entry of this key: `{key}`",
            table.name
        ))
        .hint("show_table lists the entries; it may have expired")
        .argument("/key"));
    };
    is_of(&before, keys, &key)?;
    CLEAR
        .ask(&instance, &[&table.name, "key", &key])
        .map_err(|failure| {
            if failure.rejection() == Some("in-use") {
                failure.hint(
                    "sessions that are counted in the entry have to end first: show_sess lists them, and \
                     shutdown_session ends one. To lift a ban, set_table_entry sets its data to 0 at once",
                )
            } else {
                failure
            }
        })?;
    let after = table::entry(&instance, &table, &key)?;
    let gone = after.is_none();
    let what = format!("no entry `{key}` in `{}`", table.name);
    let change = Change::confirmed(Some(before), after, gone, &what)?;
    let line = format!("{} {key}: removed", table.name);
    let answer = Answer {
        table: &table.name,
        key: &key,
        change,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    table: String,
    #[serde(default)]
    filter: Vec<Filter>,
}

/// Entries of which it is kept how they were, to see afterwards whether they are gone: some 20 MB.
const KNOWN: usize = 500_000;

/// How many entries a table has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Count {
    /// In all.
    used: u64,
    /// Those that pass the filter.
    matched: u64,
    /// Those of them that sessions use.
    in_use: u64,
    /// Those of them that were there before, and that nobody uses or touched since.
    left: u64,
}

/// Entries as they were: traffic makes new ones with the same keys at once, which were not there.
#[derive(Default)]
struct Known(BTreeMap<u64, (u64, u64)>);

impl Known {
    fn add(&mut self, entry: &Entry<'_>) {
        if self.0.len() < KNOWN {
            let (key, standing) = Self::standing(entry);
            self.0.insert(key, standing);
        }
    }

    /// Whether it was there, and is as it was: its time goes on, and nothing was counted in it.
    fn has(&self, entry: &Entry<'_>) -> bool {
        let (key, (expires, data)) = Self::standing(entry);
        self.0
            .get(&key)
            .is_some_and(|(before, was)| expires <= *before && data == *was)
    }

    /// What stands for the key, milliseconds until it expires, and what stands for its counters; rates fall by
    /// themselves.
    fn standing(entry: &Entry<'_>) -> (u64, (u64, u64)) {
        let mut data = DefaultHasher::new();
        for datum in entry.data().filter(|datum| datum.period.is_none()) {
            if let Value::Unsigned(number) = datum.value
                && !KEEPING.contains(&datum.name)
            {
                (datum.name, number).hash(&mut data);
            }
        }
        let mut key = DefaultHasher::new();
        entry.written_key().hash(&mut key);
        let expires = entry.number("exp").unwrap_or(0);
        (key.finish(), (expires, data.finish()))
    }
}

/// Counts the entries that pass the filters; each that is not in use is handed to `free`, which says whether it counts
/// as left.
fn count(
    instance: &Instance,
    name: &str,
    filters: &[Filter],
    mut free: impl FnMut(&Entry<'_>) -> bool,
) -> Result<Count, Failure> {
    let (mut matched, mut in_use, mut left) = (0, 0, 0);
    let table = table::entries(instance, name, filters, |entry| {
        matched += 1;
        if entry.number("use").is_some_and(|uses| uses > 0) {
            in_use += 1;
        } else {
            left += u64::from(free(entry));
        }
    })?;
    Ok(Count {
        used: table.used,
        matched,
        in_use,
        left,
    })
}

#[derive(Serialize)]
struct Cleared<'a> {
    table: &'a str,
    #[serde(flatten)]
    change: Change<Count>,
}

/// The tool.
pub(crate) fn clear_table(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { table, filter } = call.arguments()?;
    let instance = call.instance();
    let words = Filter::words(&filter);
    let words: Vec<&str> = std::iter::once(table.as_str())
        .chain(words.iter().map(String::as_str))
        .collect();
    let filters: Vec<String> = filter.iter().map(Filter::to_string).collect();
    let of = if filters.is_empty() {
        "entries".to_owned()
    } else {
        format!("entries with {}", filters.join(" and "))
    };
    let mut known = Known::default();
    let before = count(&instance, &table, &filter, |entry| {
        known.add(entry);
        true
    })?;
    CLEAR.ask(&instance, &words)?;
    let after = count(&instance, &table, &filter, |entry| known.has(entry))?;
    let change = Change::confirmed(
        before,
        after,
        after.left == 0,
        &format!("`{table}` without {of}, but for those in use"),
    )?;
    let line = format!(
        "{table}: {} {of} removed, {} in use kept",
        change.before.left, change.after.in_use
    );
    let answer = Cleared {
        table: &table,
        change,
    };
    Ok(Outcome::of(&answer)?.text(line))
}
