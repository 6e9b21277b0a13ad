//! How what goes wrong here is told.

use haproxy_listing::CursorError;
use haproxy_mcp_sdk::{Failure, Outcome};
use haproxy_replies::names::{Nearest, Suggestion};
use serde::Serialize;

pub(crate) fn wrong_cursor(error: CursorError) -> Failure {
    Failure::invalid_argument(error.to_string())
        .hint(error.hint())
        .details(r#"{"argument":"/cursor"}"#.to_owned())
}

pub(crate) fn unreadable(error: impl std::error::Error) -> Failure {
    Failure::unparsable(error.to_string())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over"
)]
pub(crate) fn unwritable(error: serde_json::Error) -> Failure {
    Failure::other(error.to_string())
}

/// The answer as JSON, with a line for a person.
pub(crate) fn outcome(answer: &impl Serialize, line: String) -> Result<Outcome, Failure> {
    let structured = serde_json::to_string(answer).map_err(unwritable)?;
    Ok(Outcome::new(structured).text(line))
}

/// Names that exist, for one that does not.
pub(crate) fn suggestion<'a>(
    name: &str,
    existing: impl IntoIterator<Item = &'a str>,
) -> Suggestion {
    let mut nearest = Nearest::new(name, 20);
    for existing in existing {
        nearest.offer(existing.as_bytes());
    }
    nearest.suggest()
}
