//! `get_table_entry`.

use std::borrow::Cow;

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::table;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    table: String,
    key: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    table: &'a str,
    key: &'a str,
    found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Record>,
}

/// The tool.
pub(crate) fn get_table_entry(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { table, key } = call.arguments()?;
    let instance = call.instance();
    let table = table::head(&instance, &table)?;
    let keys = table.keys()?;
    let key = keys.key(&key)?;
    let entry = table::entry(&instance, &table, &key)?;
    let said: Cow<'_, str> = match &entry {
        None => "no entry".into(),
        Some(entry) if keys.same(entry.key.as_bytes(), &key) => "found".into(),
        // as it would be for a client with this key
        Some(entry) => format!(
            "found, cut to the length of the table's keys: {}",
            entry.key
        )
        .into(),
    };
    let line = format!("{} {key}: {said}", table.name);
    let answer = Answer {
        table: &table.name,
        key: &key,
        found: entry.is_some(),
        entry,
    };
    Ok(Outcome::of(&answer)?.text(line))
}
