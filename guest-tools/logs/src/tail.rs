//! `tail_log`.

mod answer;
mod files;
mod search;
mod visible;
mod wanted;
mod when;

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Deserialize;

use self::files::Chosen;
use self::search::{Search, look_back};
use self::wanted::Wanted;
use self::when::{Clock, Span};

/// Lines of an answer, where the arguments do not say.
const LINES: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    lines: Option<usize>,
    file: Option<String>,
    backend: Option<String>,
    frontend: Option<String>,
    server: Option<String>,
    status: Option<String>,
    text: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

pub(crate) fn tail_log(call: &Call<'_>) -> Result<Outcome, Failure> {
    let arguments: Arguments = call.arguments()?;
    let wanted = Wanted::new(&arguments)?;
    let span = Span::read(arguments.since.as_deref(), arguments.until.as_deref())?;
    let chosen = Chosen::of(call, arguments.file.as_deref())?;
    let clock = Clock::of(&chosen.peek(call)?, span, call.now());
    let lines = arguments.lines.unwrap_or(LINES);
    let found: Search<'_> = look_back(call, &chosen.name, &wanted, &clock, lines)?;
    answer::write(&arguments, &chosen, &clock, found)
}
