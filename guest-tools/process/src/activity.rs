//! `show_activity`.

use haproxy_listing::{Fields, Selection};
use haproxy_mcp_sdk::{Call, Failure, Need, Outcome};
use haproxy_replies::activity::{self, Counter};
use haproxy_replies::value::Value;
use serde::{Deserialize, Serialize};

const NEED: Need = Need {
    command: &["show", "activity"],
    since: None,
    level: Some("operator"),
};

/// What says most; a version that has no such counter leaves it out.
const SUMMARY: &[&str] = &[
    "date_now",
    "uptime_now",
    "ctxsw",
    "loops",
    "long_rq",
    "curr_rq",
    "conn_dead",
    "stream_calls",
    "pool_fail",
    "buf_wait",
    "cpust_ms_tot",
    "cpust_ms_1s",
    "cpust_ms_15s",
    "avg_cpu_pct",
    "avg_loop_us",
    "accepted",
    "accq_full",
    "fd_takeover",
    "check_active",
    "check_running",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    fields: Option<Vec<String>>,
    #[serde(default)]
    per_thread: bool,
}

#[derive(Serialize)]
struct Answer<F: Serialize, T: Serialize> {
    threads: usize,
    fields: F,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_thread: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
}

#[derive(Serialize)]
struct LeftOut {
    fields: usize,
    hint: &'static str,
}

pub(crate) fn show_activity(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let reply = NEED.ask(&call.instance(), &[])?.bytes()?;
    let counters = activity::read(&reply).map_err(Failure::unparsable)?;
    let mut selection = Selection::new(arguments.fields.as_deref(), SUMMARY);
    selection.learn(counters.iter().map(|counter| counter.name));
    let hidden = selection.hidden()?;
    let shown: Vec<&Counter<'_>> = counters
        .iter()
        .filter(|counter| selection.shows(counter.name))
        .collect();
    // One thread: HAProxy gives the value alone.
    let threads = counters
        .iter()
        .map(|counter| counter.threads.len())
        .max()
        .unwrap_or_default()
        .max(1);
    let per_thread = arguments.per_thread.then(|| {
        shown
            .iter()
            .filter(|counter| !counter.threads.is_empty())
            .map(|counter| {
                let values: serde_json::Value = counter.threads.iter().map(json).collect();
                (counter.name.to_owned(), values)
            })
            .collect::<serde_json::Map<_, _>>()
    });
    let line = format!(
        "{threads} threads: {} connections accepted, average loop {} µs",
        text(&counters, "accepted"),
        text(&counters, "avg_loop_us")
    );
    let answer = Answer {
        threads,
        fields: Fields(
            shown
                .iter()
                .map(|counter| (counter.name, counter.total.clone())),
        ),
        per_thread,
        left_out: (hidden > 0).then_some(LeftOut {
            fields: hidden,
            hint: "fields: [\"all\"] shows every counter; per_thread: true the values of each thread",
        }),
    };
    Ok(Outcome::of(&answer)?.text(line))
}

fn json(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Absent => serde_json::Value::Null,
        Value::Unsigned(number) => (*number).into(),
        Value::Signed(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_ref().into(),
    }
}

fn text(counters: &[Counter<'_>], name: &str) -> String {
    counters
        .iter()
        .find(|counter| counter.name == name)
        .map_or_else(
            || "?".to_owned(),
            |counter| json(&counter.total).to_string(),
        )
}
