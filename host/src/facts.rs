//! What the facts about several doors have in common.

use std::time::Duration;

use serde::Serialize;

use crate::visible::visible;

/// The most characters of a message.
const MESSAGE_CHARACTERS: usize = 1_000;

/// Why something did not work, as the wire says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// Stable.
    pub code: &'static str,
    /// What was seen, without characters that cannot be.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Trouble {
    pub(crate) fn new(code: &'static str, error: &impl ToString, hint: Option<String>) -> Self {
        Self {
            code,
            message: visible(&error.to_string(), MESSAGE_CHARACTERS).into_owned(),
            hint,
        }
    }
}

/// Milliseconds, to the microsecond.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// `0.5 s`, `10 s`.
pub(crate) fn seconds(time: &Duration) -> String {
    format!("{} s", (time.as_secs_f64() * 1000.0).round() / 1000.0)
}
