//! Arguments before a call and results after it: what a module may take for granted, and what a client may.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::schema::Violation;
use super::selection::{any_of, settings_of};
use super::tool::Tool;
use crate::doors::DoorName;
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
    /// More than the tool takes.
    #[error("the arguments are larger than the limit of this tool: {limit} bytes")]
    ArgumentsTooLarge {
        /// The limit.
        limit: usize,
    },
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
    /// None of the doors that the tool could work with is configured.
    #[error("`{tool}` needs {}, which is not configured", any_of(.doors))]
    NoDoor {
        /// The tool.
        tool: String,
        /// Any of these would do.
        doors: Vec<DoorName>,
    },
    /// The call did what it was asked to, and the audit has no line of it.
    #[error("it was done, but not recorded: {reason}")]
    NotRecorded {
        /// Why.
        reason: String,
    },
    /// The module or the host says why.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The result breaks the tool's own output schema.
    #[error("the tool's result breaks its own output schema at `{}`: {}", .0.pointer, .0.message)]
    Result(Violation),
    /// Checking the arguments took longer than [`limits::CHECK`].
    #[error("the arguments could not be checked against the tool's input schema within {} s", limits::CHECK.as_secs())]
    ArgumentCheckTooLong,
    /// Checking the result took longer than [`limits::CHECK`].
    #[error("the tool's result could not be checked against its output schema within {} s", limits::CHECK.as_secs())]
    ResultCheckTooLong,
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
            Self::ArgumentsTooLarge { .. } => plain("invalid-argument", "ask for less at once"),
            Self::ArgumentCheckTooLong => plain(
                "argument-check-limit",
                "ask for less at once, or report it to the author of the module: its input schema is costly to check",
            ),
            Self::ResultCheckTooLong => plain(
                "result-check-limit",
                "report it to the author of the module: its output schema is costly to check",
            ),
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
            Self::NoDoor { doors, .. } => plain("not-configured", &settings_of(doors)),
            Self::NotRecorded { .. } => plain(
                "not-recorded",
                "see to the audit file before the next change; read what is there now before asking again",
            ),
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
    let written = written(tool, &arguments)?;
    let violations = tool.input.violations(&arguments).map_err(unusable)?;
    if violations.is_empty() {
        Ok(written)
    } else {
        Err(Refused::Arguments(violations))
    }
}

/// The same for a tool that nobody here has built: apart, and not for ever.
pub(super) async fn check_foreign_arguments(
    checks: &Arc<Semaphore>,
    tool: &Tool,
    arguments: Map<String, Value>,
) -> Result<String, Refused> {
    let arguments = Value::Object(arguments);
    let written = written(tool, &arguments)?;
    let schema = Arc::clone(&tool.input);
    let violations = apart(checks, move || schema.violations(&arguments))
        .await?
        .ok_or(Refused::ArgumentCheckTooLong)?
        .map_err(unusable)?;
    if violations.is_empty() {
        Ok(written)
    } else {
        Err(Refused::Arguments(violations))
    }
}

/// Arguments as a module gets them, unless they are too large to be looked at.
fn written(tool: &Tool, arguments: &Value) -> Result<String, Refused> {
    let written = arguments.to_string();
    if written.len() > tool.argument_bytes {
        return Err(Refused::ArgumentsTooLarge {
            limit: tool.argument_bytes,
        });
    }
    Ok(written)
}

/// Reads a result, and makes what others wrote in it harmless to look at, which makes it longer.
pub(super) fn read_result(result: &CallResult) -> Result<Answer, Refused> {
    let mut structured: Value =
        serde_json::from_str(&result.structured).map_err(|_not_json| Refused::NotAnObject)?;
    if !structured.is_object() {
        return Err(Refused::NotAnObject);
    }
    if make_visible(&mut structured) && structured.to_string().len() > limits::RESULT_BYTES {
        return Err(CallError::ResultTooLarge.into());
    }
    let lines: Vec<_> = result
        .text
        .lines()
        .map(|line| visible(line, limits::TEXT_CHARACTERS))
        .collect();
    let text = lines
        .join("\n")
        .chars()
        .take(limits::TEXT_CHARACTERS)
        .collect();
    Ok(Answer { structured, text })
}

/// Checks a result against the schema of a tool that was built with the host.
pub(super) fn check_result(tool: &Tool, answer: Answer) -> Result<Answer, Refused> {
    match tool
        .output
        .first_violation(&answer.structured)
        .map_err(unusable)?
    {
        None => Ok(answer),
        Some(violation) => Err(Refused::Result(violation)),
    }
}

/// The same for a tool that nobody here has built: apart, and not for ever.
pub(super) async fn check_foreign_result(
    checks: &Arc<Semaphore>,
    tool: &Tool,
    answer: Answer,
) -> Result<Answer, Refused> {
    let schema = Arc::clone(&tool.output);
    let (answer, violation) = apart(checks, move || {
        let violation = schema.first_violation(&answer.structured);
        (answer, violation)
    })
    .await?
    .ok_or(Refused::ResultCheckTooLong)?;
    match violation.map_err(unusable)? {
        None => Ok(answer),
        Some(violation) => Err(Refused::Result(violation)),
    }
}

/// Does this on a thread of its own; none where it takes too long, waiting for a place included.
async fn apart<T: Send + 'static>(
    checks: &Arc<Semaphore>,
    check: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>, Refused> {
    let checks = Arc::clone(checks);
    let checked = async {
        let place = checks.acquire_owned().await.map_err(unusable)?;
        let checking = tokio::task::spawn_blocking(move || {
            let checked = check();
            // A check that nobody waits for any more keeps its place until it ends.
            drop(place);
            checked
        });
        checking.await.map_err(unusable)
    };
    match tokio::time::timeout(limits::CHECK, checked).await {
        Ok(checked) => checked.map(Some),
        Err(_too_long) => Ok(None),
    }
}

fn unusable(error: impl std::fmt::Display) -> Refused {
    CallError::Unusable(error.to_string()).into()
}

/// Strings and keys, at any depth; whether there was anything to do.
fn make_visible(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match visible(text, STRING_CHARACTERS) {
            Cow::Borrowed(_) => false,
            Cow::Owned(shown) => {
                *text = shown;
                true
            }
        },
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |changed, item| make_visible(item) | changed),
        Value::Object(object) => {
            let keys = object.keys().any(|key| key.chars().any(hidden));
            if keys {
                *object = std::mem::take(object)
                    .into_iter()
                    .map(|(key, value)| (visible(&key, STRING_CHARACTERS).into_owned(), value))
                    .collect();
            }
            object
                .values_mut()
                .fold(keys, |changed, value| make_visible(value) | changed)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
