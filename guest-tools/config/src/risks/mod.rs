//! `explain_config_risks`: what is risky in the configuration and in the HAProxy that runs.

mod address;
mod condition;
mod context;
mod entrance;
mod exporter;
mod gate;
mod line;
mod page;
mod process;
mod reading;
mod removed;
mod report;
mod running;
mod runtime_api;
mod servers;
mod timeouts;
mod tls;

use haproxy_listing::Part;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::context::Context;
use self::entrance::Fronts;
use self::report::{Report, Risk, Severity};
use self::running::Running;
use crate::source::{Source, Unread};

/// Rows of a page, where the arguments do not say.
const LIMIT: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    severity: Option<Severity>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    rows: Box<RawValue>,
    matched: u64,
    totals: Totals,
    files: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unread: &'a [Unread],
    running: Running,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Risks by severity, whichever were asked for.
#[derive(Debug, Default, Serialize)]
struct Totals {
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
}

impl Totals {
    fn of(risks: &[Risk]) -> Self {
        let count = |severity| {
            risks
                .iter()
                .filter(|risk| risk.severity == severity)
                .count()
        };
        Self {
            high: count(Severity::High),
            medium: count(Severity::Medium),
            low: count(Severity::Low),
            info: count(Severity::Info),
        }
    }
}

pub(crate) fn explain_config_risks(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let part = Part::new(
        &[
            Some("explain_config_risks"),
            arguments.severity.map(Severity::as_str),
        ],
        None,
        arguments.limit,
        arguments.cursor.as_deref(),
        LIMIT,
    )?;
    let source = Source::read(call)?;
    let configuration = source.configuration();
    let files: Vec<(&str, &[u8])> = source.files().collect();
    let mut report = Report::default();
    let running = Running::ask(call, &configuration, &mut report)?;
    let fronts = Fronts::of(&configuration);
    let context = Context {
        configuration: &configuration,
        files: &files,
        fronts: &fronts,
        version: running.version(),
        maxconn: running.maxconn(),
    };
    find(&context, &mut report);
    let risks = report.sorted();
    let totals = Totals::of(&risks);
    let asked = risks.iter().filter(|risk| {
        arguments
            .severity
            .is_none_or(|least| risk.severity <= least)
    });
    let written = part.write(&part.of(asked))?;
    let mut line = written.line(&format!(
        "risks: {} high, {} medium, {} low, {} to know",
        totals.high, totals.medium, totals.low, totals.info
    ));
    if !running.asked() {
        line.push_str("; the running HAProxy was not asked");
    }
    let answer = Answer {
        rows: written.rows,
        matched: written.matched,
        totals,
        files: source.names(),
        unread: &source.unread,
        running,
        next_cursor: written.next_cursor,
    };
    Ok(Outcome::of(&answer)?.text(line))
}

/// All that the files themselves show.
fn find(context: &Context<'_>, report: &mut Report) {
    reading::find(context, report);
    runtime_api::find(context, report);
    page::find(context, report);
    exporter::find(context, report);
    timeouts::find(context, report);
    servers::find(context, report);
    tls::find(context, report);
    process::find(context, report);
    removed::find(context, report);
}
