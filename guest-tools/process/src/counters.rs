//! `debug_counters`, which reads and never resets.

use haproxy_listing::{Direction, Key, Part, cut};
use haproxy_mcp_sdk::{Call, Failure, Need, Outcome};
use haproxy_replies::counters::{self, Counter};
use serde::{Deserialize, Serialize};

/// Later patch releases of 3.0 have it, too.
const NEED: Need = Need {
    command: &["debug", "counters"],
    since: Some("3.1"),
    level: Some("operator"),
};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

/// Characters of a condition with its comment.
const CONDITION: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    zero: bool,
    filter: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Row<'a> {
    count: u64,
    r#type: &'a str,
    location: &'a str,
    function: &'a str,
    condition: std::borrow::Cow<'a, str>,
}

pub(crate) fn debug_counters(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let kind = arguments.kind.as_deref();
    let part = Part::new(
        &[
            Some("debug_counters"),
            kind,
            Some(if arguments.zero { "zero" } else { "" }),
        ],
        arguments.filter.as_deref(),
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?
    .sorted(Direction::Descending);
    let mut further = vec!["show"];
    further.extend(kind);
    if arguments.zero {
        further.push("all");
    }
    let reply = NEED.ask(&call.instance(), &further)?.bytes()?;
    let counters = counters::read(&reply).map_err(Failure::unparsable)?;
    let matching = counters.iter().filter(|counter| {
        part.holds([
            counter.location.as_str(),
            counter.function.as_str(),
            counter.condition.as_str(),
        ])
    });
    let pages = part.by(matching.map(row), |row| Key::from(row.count));
    let written = part.write(&pages)?;
    let line = format!("{} of {} counters", written.shown, written.matched);
    Ok(Outcome::of(&written.alone())?.text(line))
}

fn row(counter: &Counter) -> Row<'_> {
    Row {
        count: counter.count,
        r#type: &counter.kind,
        location: &counter.location,
        function: &counter.function,
        condition: cut(&counter.condition, CONDITION),
    }
}
