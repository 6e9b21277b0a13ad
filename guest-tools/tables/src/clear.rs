//! `clear_table_entry` and `clear_table`.

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::data::Filter;
use crate::key::KeyType;
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
    let table = table::storing(&instance, &table, &[])?;
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

/// How many entries a table has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Count {
    /// In all.
    used: u64,
    /// Those that pass the filter.
    matched: u64,
    /// Those of them that sessions use.
    in_use: u64,
}

impl Count {
    fn of(instance: &Instance, name: &str, filters: &[Filter]) -> Result<Self, Failure> {
        let (mut matched, mut in_use) = (0, 0);
        let table = table::entries(instance, name, filters, |entry| {
            matched += 1;
            in_use += u64::from(entry.number("use").is_some_and(|uses| uses > 0));
        })?;
        Ok(Self {
            used: table.used,
            matched,
            in_use,
        })
    }
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
        "all entries".to_owned()
    } else {
        format!("entries with {}", filters.join(" and "))
    };
    let change = Change::made(
        || Count::of(&instance, &table, &filter),
        |_| CLEAR.ask(&instance, &words).map(drop),
        |after| after.matched == after.in_use,
        &format!(
            "`{table}` without {of}, but for those in use (traffic may have made new ones meanwhile)"
        ),
    )?;
    let line = format!(
        "{table}: {} of {of} removed, {} in use are left",
        change.before.matched.saturating_sub(change.after.matched),
        change.after.in_use
    );
    let answer = Cleared {
        table: &table,
        change,
    };
    Ok(Outcome::of(&answer)?.text(line))
}
