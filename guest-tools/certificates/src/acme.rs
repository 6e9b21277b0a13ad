//! `show_acme_status` and `renew_acme`.

use std::collections::BTreeMap;
use std::time::Duration;

use haproxy_asking::no_such;
use haproxy_listing::{Fields, Part, cut};
use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};
use haproxy_replies::columns::Columns;
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

use crate::transaction::admin;

const NEED: Need = admin(&["acme", "status"], Some("3.2"));
const RENEW: Need = admin(&["acme", "renew"], Some("3.2"));

/// Between two looks at a renewal that has not begun yet, and how many there are.
const PAUSE: Duration = Duration::from_millis(100);
const LOOKS: usize = 20;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renewed {
    cert: String,
}

/// HAProxy's own names of the columns, and what stands in them.
type Standing = BTreeMap<String, String>;

#[derive(Serialize)]
struct Answer<'a> {
    cert: &'a str,
    #[serde(flatten)]
    change: Change<Standing>,
}

pub(crate) fn renew_acme(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Renewed { cert } = call.arguments()?;
    let instance = call.instance();
    let before = standing(&instance, &cert)?;
    RENEW
        .ask(&instance, &[&cert])
        .map_err(|failure| match failure.rejection() {
            Some("already-running") => {
                failure.hint("wait for it: show_acme_status says how it goes")
            }
            _ => failure,
        })?;
    let mut after = standing(&instance, &cert)?;
    for _ in 0..LOOKS {
        if is_renewing(&before, &after) {
            break;
        }
        call.sleep(PAUSE)?;
        after = standing(&instance, &cert)?;
    }
    let holds = is_renewing(&before, &after);
    let what = format!("a renewal of `{cert}`");
    let change = Change::confirmed(before, after, holds, &what)?;
    let state = change.after.get("state").cloned().unwrap_or_default();
    let answer = Answer {
        cert: &cert,
        change,
    };
    Ok(Outcome::of(&answer)?.text(format!("{cert}: {state}")))
}

/// Whether a renewal runs, or is through already.
fn is_renewing(before: &Standing, after: &Standing) -> bool {
    let until = |standing: &Standing| standing.get("expiration date (UTC)").cloned();
    after.get("state").is_some_and(|state| state == "Running") || until(before) != until(after)
}

/// The line of a certificate.
fn standing(instance: &Instance, cert: &str) -> Result<Standing, Failure> {
    let reply = NEED.ask(instance, &[])?.bytes()?;
    let table = Columns::read(&reply, '\t').map_err(Failure::unparsable)?;
    let certificate = table.require("certificate").map_err(Failure::unparsable)?;
    let name = |row: &Vec<String>| row.get(certificate).cloned().unwrap_or_default();
    let Some(row) = table.rows.iter().find(|row| name(row) == cert) else {
        let known: Vec<String> = table.rows.iter().map(name).collect();
        return Err(no_such("certificate from ACME", "/cert", cert, known));
    };
    let fields = table.names.iter().zip(row);
    Ok(fields
        .filter(|(_, value)| !value.is_empty() && *value != "-")
        .map(|(name, value)| (name.clone(), cut(value, FIELD).into_owned()))
        .collect())
}
