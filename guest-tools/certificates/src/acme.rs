//! `show_acme_status`.

use haproxy_listing::{Fields, Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Need, Outcome};
use haproxy_replies::columns::Columns;
use haproxy_replies::value::Value;
use serde::Deserialize;

const NEED: Need = Need {
    command: &["acme", "status"],
    since: Some("3.2"),
    level: Some("admin"),
};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

/// Characters of a field.
const FIELD: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(crate) fn show_acme_status(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let part = Part::new(
        &[Some("show_acme_status")],
        arguments.filter.as_deref(),
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let reply = NEED.ask(&call.instance(), &[])?.bytes()?;
    let table = Columns::read(&reply, '\t').map_err(Failure::unparsable)?;
    let certificate = table.require("certificate").map_err(Failure::unparsable)?;
    let section = table.names.iter().position(|name| name == "section");
    let rows = table.rows.iter().filter(|row| {
        let at = |place: usize| row.get(place).map_or("", String::as_str);
        part.holds([at(certificate), section.map_or("", at)])
    });
    let rows = rows.map(|row| {
        let fields: Vec<(&str, Value<'_>)> = table
            .names
            .iter()
            .zip(row)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.as_str(), Value::Text(cut(value, FIELD))))
            .collect();
        Fields(fields.into_iter())
    });
    let written = part.write(&part.of(rows))?;
    let line = format!("{} of {} certificates", written.shown, written.matched);
    Ok(Outcome::of(&written.alone())?.text(line))
}
