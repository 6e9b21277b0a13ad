//! `set_table_entry`.

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::clear::CLEAR;
use crate::data::{Datum, shown_as};
use crate::key::KeyType;
use crate::record::Record;
use crate::table::{self, Table};

const SET: Need = Need {
    command: &["set", "table"],
    since: None,
    level: Some("operator"),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    table: String,
    key: String,
    #[serde(default)]
    data: Vec<Datum>,
}

/// What an entry was and is.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    pub(crate) table: &'a str,
    pub(crate) key: &'a str,
    #[serde(flatten)]
    pub(crate) change: Change<Option<Record>>,
}

/// The tool.
pub(crate) fn set_table_entry(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { table, key, data } = call.arguments()?;
    Datum::check(&data)?;
    let instance = call.instance();
    let kinds: Vec<&str> = data.iter().map(|datum| datum.kind.as_str()).collect();
    let table = table::storing(&instance, &table, &kinds)?;
    let keys = table.keys()?;
    let key = keys.key(&key)?;
    if keys == KeyType::Binary {
        return Err(not_by_key("set", &table));
    }
    let before = table::entry(&instance, &table, &key)?;
    if let Some(before) = &before {
        is_of(before, keys, &key)?;
    }
    let words: Vec<String> = data
        .iter()
        .flat_map(|datum| [format!("data.{}", datum.kind), datum.value.to_string()])
        .collect();
    let words: Vec<&str> = [table.name.as_str(), "key", &key]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .collect();
    if let Err(failure) = SET.ask(&instance, &words).map_err(full) {
        return Err(undone(&instance, &table, &key, before, failure)?);
    }
    let after = table::entry(&instance, &table, &key)?;
    if let (None, Some(made)) = (&before, &after)
        && let Err(failure) = is_of(made, keys, &key)
    {
        clear(&instance, &table, &key)?;
        return Err(failure);
    }
    let holds = after.as_ref().is_some_and(|after| {
        data.iter()
            .all(|datum| after.number(&shown_as(&datum.kind)) == Some(datum.value))
    });
    let what = format!("{} in `{key}` of `{}`", wanted(&data), table.name);
    let change = Change::confirmed(before, after, holds, &what)?;
    let made = if change.before.is_none() {
        ", a new entry"
    } else {
        ""
    };
    let line = format!("{} {key}: {}{made}", table.name, wanted(&data));
    let answer = Answer {
        table: &table.name,
        key: &key,
        change,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

/// `gpc0 1, gpt0 5`
fn wanted(data: &[Datum]) -> String {
    if data.is_empty() {
        return "an entry".to_owned();
    }
    let of = |datum: &Datum| format!("{} {}", datum.kind, datum.value);
    data.iter().map(of).collect::<Vec<_>>().join(", ")
}

/// Whether an entry that HAProxy found by a key is of that key: it cuts strings to the length of the table's keys.
pub(crate) fn is_of(record: &Record, keys: KeyType, key: &str) -> Result<(), Failure> {
    if keys.same(record.key.as_bytes(), key) {
        return Ok(());
    }
    let kept = &record.key;
    Err(Failure::invalid_argument(format!(
        "the table keeps no key of this length, and would take it for another one: `{kept}`"
    ))
    .hint(format!(
        "pass `{kept}` if that entry is meant: it stands for all keys that begin so"
    ))
    .argument("/key"))
}

/// The failure for an entry of a table whose keys HAProxy takes in no command.
pub(crate) fn not_by_key(what: &str, table: &Table) -> Failure {
    Failure::unsupported(format!(
        "no version of HAProxy can {what} an entry by its key in a table of binary keys: `{}`",
        table.name
    ))
    .hint("clear_table with `filter` removes entries by what they store; get_table_entry and show_table read them")
}

/// What to do about a table that takes no more.
fn full(failure: Failure) -> Failure {
    if failure.rejection() == Some("full") {
        return failure.hint(
            "the table has as many entries as `size` in HAProxy's configuration allows, and `nopurge`: clear_table and \
             clear_table_entry make room",
        );
    }
    failure
}

/// The failure of a command that HAProxy refused, after what it did of it nevertheless: it makes an entry first, and
/// sets one value after the other.
fn undone(
    instance: &Instance,
    table: &Table,
    key: &str,
    before: Option<Record>,
    failure: Failure,
) -> Result<Failure, Failure> {
    if !matches!(failure, Failure::Rejected(..)) {
        return Ok(failure);
    }
    let after = table::entry(instance, table, key)?;
    if before.is_none() && after.is_some() {
        clear(instance, table, key)?;
    } else if before != after {
        let what = format!("all of the data in `{key}` of `{}`", table.name);
        return Ok(Change::confirmed(before, after, false, &what)
            .map_or_else(|failure| failure, |_| failure));
    }
    Ok(failure)
}

/// Removes an entry that was made by the way.
fn clear(instance: &Instance, table: &Table, key: &str) -> Result<(), Failure> {
    CLEAR.ask(instance, &[&table.name, "key", key]).map(drop)
}
