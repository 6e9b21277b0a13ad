//! Tools that ask the host too often, or for too much.

use haproxy_mcp_sdk::bindings::haproxy::module::runtime::{self, Command};
use haproxy_mcp_sdk::bindings::haproxy::module::types::HostError;
use haproxy_mcp_sdk::bindings::haproxy::module::{clock, invocation, log, progress};
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Deserialize;
use serde_json::json;

use crate::asking::{command_name, name};

#[derive(Deserialize)]
struct Flood {
    what: String,
    times: u32,
    /// How many refusals it takes to make it stop; none: it goes on to the end.
    patience: Option<u32>,
    /// A function that is called once after all that.
    then: Option<String>,
}

pub fn flood(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Flood {
        what,
        times,
        patience,
        then,
    } = call.arguments()?;
    let instance = runtime::current();
    let words = vec!["show".to_owned(), "info".to_owned()];
    let command = Command {
        words: words.clone(),
        payload: Vec::new(),
    };
    let too_many = vec!["x".to_owned(); 80_000];
    let ask = |what: &str| -> Result<(), String> {
        match what {
            "sleep" => clock::sleep(0).map_err(|error| name(&error)),
            "execute" => instance
                .execute(&command)
                .map(|_reply| ())
                .map_err(|error| command_name(&error)),
            "supports" => instance
                .supports(&words)
                .map(|_yes| ())
                .map_err(|error| name(&error)),
            "supports-too-many" => instance
                .supports(&too_many)
                .map(|_yes| ())
                .map_err(|error| name(&error)),
            "version" => instance
                .version()
                .map(|_version| ())
                .map_err(|error| name(&error)),
            "denied" => instance
                .execute(&Command {
                    words: ["clear", "counters", "all"].map(str::to_owned).to_vec(),
                    payload: Vec::new(),
                })
                .map(|_reply| ())
                .map_err(|error| command_name(&error)),
            // These are not counted: they neither wait nor keep anything.
            "clock" => {
                clock::monotonic();
                Ok(())
            }
            "log" => {
                log::write(log::Level::Info, "again");
                Ok(())
            }
            "outcome" => {
                drop(invocation::Outcome::new("{}"));
                Ok(())
            }
            other => Err(format!("no such function: {other}")),
        }
    };
    let (mut done, mut refused, mut told) = (0_u32, 0_u32, String::new());
    for _ in 0..times {
        match ask(&what) {
            Ok(()) => done += 1,
            Err(error) => {
                refused += 1;
                told = error;
            }
        }
        if patience.is_some_and(|patience| refused > patience) {
            break;
        }
    }
    let then = then.and_then(|what| ask(&what).err());
    Ok(Outcome::new(
        json!({ "done": done, "refused": refused, "told": told, "then": then }).to_string(),
    ))
}

#[derive(Deserialize)]
struct Hoard {
    what: String,
    count: u32,
}

pub fn hoard(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Hoard { what, count } = call.arguments()?;
    let mut outcomes = Vec::new();
    let mut instances = Vec::new();
    for _ in 0..count {
        match what.as_str() {
            "outcomes" => outcomes.push(invocation::Outcome::new("{}")),
            "large-outcomes" => outcomes.push(invocation::Outcome::new(&"x".repeat(1024 * 1024))),
            _ => instances.push(runtime::current()),
        }
    }
    let kept = outcomes.len() + instances.len();
    Ok(Outcome::new(json!({ "kept": kept }).to_string()))
}

#[derive(Deserialize)]
struct HandOver {
    what: String,
    bytes: usize,
}

pub fn hand_over(call: &Call<'_>) -> Result<Outcome, Failure> {
    let HandOver { what, bytes } = call.arguments()?;
    let large = "x".repeat(bytes);
    let told = match what.as_str() {
        "log" => {
            log::write(log::Level::Info, &large);
            None
        }
        "progress" => {
            progress::report(1, 2, &large);
            None
        }
        "outcome" => {
            drop(invocation::Outcome::new(&large));
            None
        }
        "one-word" => {
            let words = vec!["show".to_owned(), "info".to_owned(), large];
            refusal(&Command {
                words,
                payload: Vec::new(),
            })
        }
        // Each word costs the host a string of its own.
        "many-words" => {
            let words = vec!["x".to_owned(); bytes];
            refusal(&Command {
                words,
                payload: Vec::new(),
            })
        }
        _ => {
            let words = vec!["show".to_owned(), "info".to_owned()];
            refusal(&Command {
                words,
                payload: vec![large],
            })
        }
    };
    Ok(Outcome::new(json!({ "told": told }).to_string()))
}

fn refusal(command: &Command) -> Option<String> {
    runtime::current()
        .execute(command)
        .err()
        .map(|error| command_name(&error))
}

#[derive(Deserialize)]
struct Lines {
    lines: u32,
    #[serde(default)]
    characters: usize,
    #[serde(default)]
    text: String,
}

pub fn log(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Lines {
        lines,
        characters,
        text,
    } = call.arguments()?;
    for line in 0..lines {
        let message = format!("line-{line}:{text}{}", "x".repeat(characters));
        log::write(log::Level::Warn, &message);
    }
    Ok(Outcome::new(json!({ "written": lines }).to_string()))
}

#[derive(Deserialize)]
struct Reports {
    times: u32,
    pause: u32,
}

pub fn progress(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Reports { times, pause } = call.arguments()?;
    let from = clock::monotonic();
    for time in 1..=times {
        progress::report(
            time,
            times,
            &format!("{time}\u{1b}[31m\u{202e}{}", "x".repeat(300)),
        );
        if pause > 0 {
            clock::sleep(pause).map_err(|error: HostError| Failure::Host(error))?;
        }
    }
    let milliseconds = (clock::monotonic() - from) / 1_000_000;
    Ok(Outcome::new(
        json!({ "milliseconds": milliseconds }).to_string(),
    ))
}
