//! `echo`.

use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    text: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    answered: bool,
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    same: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

pub(crate) fn echo(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { text } = call.arguments()?;
    if text.starts_with("Unknown command") {
        return Err(Failure::invalid_argument(
            "sent back, this text cannot be told from HAProxy's refusal of a command",
        )
        .hint("use another text")
        .argument("/text"));
    }
    let instance = call.instance();
    let received = match instance.ask(&["echo", &text]) {
        Ok(reply) => reply.text()?,
        Err(Failure::Unsupported(_)) => return otherwise(&instance),
        Err(failure) => return Err(failure),
    };
    let received = received.strip_suffix('\n').unwrap_or(&received);
    let answer = Answer {
        answered: true,
        by: "echo",
        received: Some(received),
        same: Some(received == text),
        note: None,
    };
    let line = if received == text {
        "HAProxy sent the text back"
    } else {
        "HAProxy sent another text back"
    };
    Ok(Outcome::of(&answer)?.text(line))
}

/// Without `echo`, another answer proves that HAProxy is reached and answers.
fn otherwise(instance: &Instance) -> Result<Outcome, Failure> {
    let version = instance.ask(&["show", "version"])?.text()?;
    let version = version.trim();
    let answer = Answer {
        answered: true,
        by: "show version",
        received: None,
        same: None,
        note: Some(format!(
            "HAProxy {version} has no `echo`, which came with 3.1: the text was not sent back, but HAProxy answered \
             `show version`"
        )),
    };
    Ok(Outcome::of(&answer)?.text(format!("HAProxy {version} answers; it has no `echo`")))
}
