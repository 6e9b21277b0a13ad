//! What a client gets of a call: one shape for answers, one for errors.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value};

use crate::catalogue::{Answer, Refused};
use crate::sandbox::Failure;

/// An answer: its text for a person, the structured content, and the same as text for clients that know no
/// structured content (MCP 2026-07-28, "Tools", "Structured Content").
pub(super) fn answer(answer: Answer) -> CallToolResult {
    let mut result = CallToolResult::structured(answer.structured);
    if !answer.text.is_empty() {
        result.content.insert(0, ContentBlock::text(answer.text));
    }
    result
}

/// An error that the model can read: `{code, message, hint?, details?}`.
pub(super) fn refused(refused: &Refused) -> CallToolResult {
    CallToolResult::structured_error(Value::Object(error_object(refused.failure())))
}

/// `{code, message, hint?, details?}`.
pub fn error_object(failure: Failure) -> Map<String, Value> {
    let mut error = Map::new();
    error.insert("code".to_owned(), failure.code.into());
    error.insert("message".to_owned(), failure.message.into());
    if let Some(hint) = failure.hint {
        error.insert("hint".to_owned(), hint.into());
    }
    if let Some(details) = failure.details {
        error.insert("details".to_owned(), Value::Object(details));
    }
    error
}
