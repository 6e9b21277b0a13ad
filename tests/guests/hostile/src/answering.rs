//! Tools that answer with what they should not.

use haproxy_mcp_sdk::bindings::haproxy::module::types::{AccessLevel, Denial, HostError, Problem};
use haproxy_mcp_sdk::{Call, Detail, Failure, Outcome};
use serde::Deserialize;

pub fn fine(_call: &Call<'_>) -> Result<Outcome, Failure> {
    Ok(Outcome::new(r#"{"fine":true}"#.to_owned()).text("fine"))
}

#[derive(Deserialize)]
struct Size {
    bytes: usize,
    #[serde(default = "letters")]
    of: String,
}

fn letters() -> String {
    "xxxxx".to_owned()
}

/// An object of exactly so many bytes.
pub fn result(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Size { bytes, of } = call.arguments()?;
    let around = r#"{"filling":[]}"#.len();
    // Many short strings: one long string would be cut for its length alone.
    let item = format!("\"{of}\",");
    let mut filling = item.repeat(bytes.saturating_sub(around) / item.len());
    let left = bytes.saturating_sub(around + filling.len());
    filling.push_str(&" ".repeat(left));
    if let Some(comma) = filling.rfind(',') {
        filling.replace_range(comma..=comma, " ");
    }
    Ok(Outcome::new(format!(r#"{{"filling":[{filling}]}}"#)))
}

#[derive(Deserialize)]
struct Length {
    characters: usize,
}

pub fn text(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Length { characters } = call.arguments()?;
    Ok(Outcome::new("{}".to_owned()).text("x".repeat(characters)))
}

#[derive(Deserialize)]
struct Answer {
    structured: String,
    #[serde(default)]
    text: String,
}

pub fn answer(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Answer { structured, text } = call.arguments()?;
    Ok(Outcome::new(structured).text(text))
}

#[derive(Deserialize)]
struct Fail {
    case: String,
    #[serde(default)]
    message: String,
    hint: Option<String>,
    #[serde(default)]
    details: String,
    /// Message, hint and the text in the details are repeated so often.
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

/// Fails with any case of `tool-error`, those included that say that the host had refused.
pub fn fail(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Fail {
        case,
        message,
        hint,
        details,
        times,
    } = call.arguments()?;
    let message = message.repeat(times);
    let hint = hint.map(|hint| hint.repeat(times));
    let details = match times {
        1 => details,
        _ => format!("{{\"long\":\"{}\"}}", details.repeat(times)),
    };
    let problem = || Problem {
        code: "made-up".to_owned(),
        message: message.clone(),
    };
    let host = match case.as_str() {
        "host-denied" => Some(HostError::Denied(Denial {
            asked: message.clone(),
            needs: Some(AccessLevel::Admin),
            hint: hint.clone().unwrap_or_default(),
        })),
        "host-exhausted" => Some(HostError::Exhausted(problem())),
        "host-unreachable" => Some(HostError::Unreachable(problem())),
        "host-cancelled" => Some(HostError::Cancelled),
        _ => None,
    };
    if let Some(error) = host {
        return Err(Failure::Host(error));
    }
    let detail = Detail {
        message,
        hint,
        details,
    };
    Err(match case.as_str() {
        "invalid-argument" => Failure::InvalidArgument(detail),
        "not-found" => Failure::NotFound(detail),
        "rejected" => Failure::Rejected("made-up".to_owned(), detail),
        "not-applied" => Failure::NotApplied(detail),
        "unsupported" => Failure::Unsupported(detail),
        "unparsable" => Failure::Unparsable(detail),
        _ => Failure::Other(detail),
    })
}
