//! Rows, compared with a reply of HAProxy that was read in another way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::expected::{Check, object, rows, text};

/// Values of things by their names, as HAProxy writes them.
pub(super) type Things = BTreeMap<String, BTreeMap<String, String>>;

/// A reply as things; those of one owner where there is one.
pub(super) type Reading = fn(&str) -> Things;

/// Compares rows with a reply that was read in another way. Numbers may have moved in between.
pub(super) fn table(
    check: &mut Check<'_>,
    command: &'static str,
    read: Reading,
    owner: Option<&str>,
    answer: &Value,
    everything: bool,
) {
    let of_owner = |reply: &str| -> Things {
        read(reply)
            .into_iter()
            .filter(|(name, _)| {
                owner
                    .is_none_or(|owner| name.split_once('/').map(|(front, _)| front) == Some(owner))
            })
            .collect()
    };
    let before = of_owner(&check.before.replies[command]);
    let after = of_owner(&check.after.replies[command]);
    let mut said = BTreeSet::new();
    for row in rows(answer) {
        let owner = ["be_name", "bkname", "resolvers", "peers"]
            .map(|name| text(row, name))
            .concat();
        let own = ["srv_name", "svname", "nameserver", "peer"]
            .map(|name| text(row, name))
            .concat();
        let name = format!("{owner}/{own}");
        let (Some(one), Some(other)) = (before.get(&name), after.get(&name)) else {
            check.wrong(format!("`{command}` has no `{name}`"));
            continue;
        };
        let mut shown = 0;
        for (key, value) in row {
            if value.is_array() || key == "shared_tables" {
                arrays(check, &name, key, value, one);
                continue;
            }
            shown += 1;
            let Some((one, other)) = one.get(key).zip(other.get(key)) else {
                check.wrong(format!("`{command}` has no `{key}` for `{name}`"));
                continue;
            };
            if !agrees(value, one, other) {
                check.wrong(format!(
                    "`{key}` of `{name}` is {value}, by `{command}` {one} to {other}"
                ));
            }
        }
        if everything {
            let there = one
                .iter()
                .filter(|(key, value)| *value != "-" && !key.starts_with("idle_per_thr"));
            check.same(&format!("fields of `{name}`"), shown, there.count());
        }
        said.insert(name);
    }
    check.same(command, said, before.keys().cloned().collect());
    check.same(
        "matched",
        answer["matched"].as_u64(),
        Some(before.len() as u64),
    );
}

/// What a row says in lists.
fn arrays(
    check: &mut Check<'_>,
    name: &str,
    key: &str,
    value: &Value,
    raw: &BTreeMap<String, String>,
) {
    match key {
        "idle_per_thr" => {
            let threads = value.as_array().map(Vec::len);
            check.same(&format!("threads of `{name}`"), threads, Some(2));
        }
        "role" => {
            let said: Vec<&str> = value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            check.same(
                &format!("role of `{name}`"),
                said.join(","),
                raw["role"].clone(),
            );
        }
        "shared_tables" => check.same(
            &format!("tables of `{name}`"),
            value.to_string(),
            raw["tables"].clone(),
        ),
        "tables" => {
            let said: Vec<String> = value
                .as_array()
                .into_iter()
                .flatten()
                .map(|table| text(object(table), "table.id"))
                .collect();
            check.same(
                &format!("tables of `{name}`"),
                said.join(","),
                raw["table names"].clone(),
            );
        }
        other => check.wrong(format!("a list that nobody knows: {other}")),
    }
}

/// Whether an answer says what HAProxy said before it, or after it, or a number in between.
pub(crate) fn agrees(said: &Value, before: &str, after: &str) -> bool {
    let text = said
        .as_str()
        .map_or_else(|| said.to_string(), str::to_owned);
    if text == before || text == after {
        return true;
    }
    match (
        text.parse::<i128>(),
        before.parse::<i128>(),
        after.parse::<i128>(),
    ) {
        (Ok(said), Ok(one), Ok(other)) => (one.min(other)..=one.max(other)).contains(&said),
        _ => false,
    }
}
