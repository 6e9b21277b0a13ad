//! Arguments before a call and results after it: what a module may take for granted, and what a client may.

use serde_json::{Map, Value, json};

use super::schema::Violation;
use super::tool::Tool;
use crate::policy::Access;
use crate::sandbox::{CallError, CallResult, Failure, limits};
use crate::visible::{hidden, visible};

/// Characters of one string in a result; longer ones are cut, and end in `…`.
pub(super) const STRING_CHARACTERS: usize = 8_192;

/// A checked result.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Valid under the tool's output schema.
    pub structured: Value,
    /// For a person; may be empty.
    pub text: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The arguments break the tool's input schema.
    #[error("{}", first(.0))]
    Arguments(Vec<Violation>),
    /// A key of the request stands there twice: a JSON Pointer into the arguments.
    #[error("argument `{0}` is given more than once")]
    Repeated(String),
    /// The tool needs more than the server allows.
    #[error("`{tool}` needs access `{needs}`; this server allows `{ceiling}`")]
    AboveCeiling {
        /// The tool.
        tool: String,
        /// What it declares.
        needs: Access,
        /// What the server allows.
        ceiling: Access,
    },
    /// The module or the host says why.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The result breaks the tool's own output schema.
    #[error("the tool's result breaks its own output schema at `{}`: {}", .0.pointer, .0.message)]
    Result(Violation),
    /// The result is not a JSON object.
    #[error("the tool's result is not a JSON object")]
    NotAnObject,
}

fn first(violations: &[Violation]) -> String {
    violations.first().map_or_else(
        || "the arguments are not valid".to_owned(),
        |violation| match violation.pointer.as_str() {
            "" => format!("the arguments are not valid: {}", violation.message),
            pointer => format!("argument `{pointer}` is not valid: {}", violation.message),
        },
    )
}

impl Refused {
    /// The one shape that clients see.
    pub fn failure(&self) -> Failure {
        let plain = |code: &str, hint: &str| Failure {
            code: code.to_owned(),
            message: self.to_string(),
            hint: Some(hint.to_owned()),
            details: None,
        };
        match self {
            Self::Call(error) => {
                let mut failure = error.failure();
                if let Some(details) = failure.details.take() {
                    let mut details = Value::Object(details);
                    make_visible(&mut details);
                    failure.details = details.as_object().cloned();
                }
                failure
            }
            Self::Arguments(violations) => Failure {
                details: Some(violation_details(violations)),
                ..plain(
                    "invalid-argument",
                    "correct the argument; the tool's input schema says what it takes",
                )
            },
            Self::Repeated(pointer) => Failure {
                details: Some(violation_details(&[Violation {
                    pointer: pointer.clone(),
                    message: "given more than once".to_owned(),
                }])),
                ..plain("invalid-argument", "give each argument once")
            },
            Self::AboveCeiling { needs, .. } => Failure {
                hint: Some(format!(
                    "the operator can allow it: start the server with `--access {needs}` or `HAPROXY_MCP_ACCESS={needs}`"
                )),
                ..plain("denied", "")
            },
            Self::Result(violation) => Failure {
                details: Some(violation_details(std::slice::from_ref(violation))),
                ..plain(
                    "invalid-result",
                    "report it to the author of the module; nothing of the result was passed on",
                )
            },
            Self::NotAnObject => plain(
                "invalid-result",
                "report it to the author of the module; nothing of the result was passed on",
            ),
        }
    }
}

fn violation_details(violations: &[Violation]) -> Map<String, Value> {
    let list = violations
        .iter()
        .map(|violation| json!({ "pointer": violation.pointer, "message": violation.message }))
        .collect();
    Map::from_iter([("violations".to_owned(), Value::Array(list))])
}

/// Checks arguments and writes them anew: what the module reads is what was checked.
pub(super) fn check_arguments(
    tool: &Tool,
    arguments: Map<String, Value>,
) -> Result<String, Refused> {
    let arguments = Value::Object(arguments);
    let violations = tool
        .input
        .violations(&arguments)
        .map_err(|error| CallError::Unusable(error.to_string()))?;
    if violations.is_empty() {
        Ok(arguments.to_string())
    } else {
        Err(Refused::Arguments(violations))
    }
}

/// Checks a result, and makes what others wrote in it harmless to look at.
pub(super) fn check_result(tool: &Tool, result: &CallResult) -> Result<Answer, Refused> {
    let mut structured: Value =
        serde_json::from_str(&result.structured).map_err(|_not_json| Refused::NotAnObject)?;
    if !structured.is_object() {
        return Err(Refused::NotAnObject);
    }
    make_visible(&mut structured);
    let violations = tool
        .output
        .violations(&structured)
        .map_err(|error| CallError::Unusable(error.to_string()))?;
    if let Some(violation) = violations.into_iter().next() {
        return Err(Refused::Result(violation));
    }
    let text = result
        .text
        .lines()
        .map(|line| visible(line, limits::TEXT_CHARACTERS))
        .collect::<Vec<_>>()
        .join("\n");
    Ok(Answer { structured, text })
}

/// Strings and keys, at any depth.
fn make_visible(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let std::borrow::Cow::Owned(shown) = visible(text, STRING_CHARACTERS) {
                *text = shown;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_visible),
        Value::Object(object) => {
            if object.keys().any(|key| key.chars().any(hidden)) {
                *object = std::mem::take(object)
                    .into_iter()
                    .map(|(key, value)| (visible(&key, STRING_CHARACTERS).into_owned(), value))
                    .collect();
            }
            object.values_mut().for_each(make_visible);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
