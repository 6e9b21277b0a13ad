//! Tools that ask HAProxy for what they should not, or in a way in which they should not.

use haproxy_mcp_sdk::bindings::haproxy::module::runtime::{self, Command, CommandError};
use haproxy_mcp_sdk::bindings::haproxy::module::types::HostError;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Said {
    words: Vec<String>,
    #[serde(default)]
    payload: Vec<String>,
}

impl From<Said> for Command {
    fn from(said: Said) -> Self {
        Self {
            words: said.words,
            payload: said.payload,
        }
    }
}

pub fn say(call: &Call<'_>) -> Result<Outcome, Failure> {
    let command: Command = call.arguments::<Said>()?.into();
    let reply = read_all(&runtime::current().execute(&command)?)?;
    Ok(Outcome::new(json!({ "reply": reply }).to_string()))
}

#[derive(Deserialize)]
struct SaidAll {
    commands: Vec<Said>,
}

/// Goes on after each refusal: what became of a command is in the answer.
pub fn say_all(call: &Call<'_>) -> Result<Outcome, Failure> {
    let instance = runtime::current();
    let outcomes: Vec<Value> = call
        .arguments::<SaidAll>()?
        .commands
        .into_iter()
        .map(|said| match instance.execute(&said.into()) {
            Ok(reply) => match read_all(&reply) {
                Ok(reply) => json!({ "reply": reply }),
                Err(error) => json!({ "error": name(&error) }),
            },
            Err(error) => json!({ "error": command_name(&error) }),
        })
        .collect();
    Ok(Outcome::new(json!({ "outcomes": outcomes }).to_string()))
}

#[derive(Deserialize)]
struct SaidAnd {
    commands: Vec<Said>,
    then: String,
}

/// Whatever it opened in HAProxy by these commands, it does not settle. A refusal ends it, too.
pub fn say_and(call: &Call<'_>) -> Result<Outcome, Failure> {
    let SaidAnd { commands, then } = call.arguments()?;
    let instance = runtime::current();
    let mut replies = Vec::new();
    for said in commands {
        replies.push(read_all(&instance.execute(&said.into())?)?);
    }
    call.progress(1, 2, "said");
    match then.as_str() {
        "return" => Ok(Outcome::new(json!({ "replies": replies }).to_string())),
        "fail" => Err(Failure::other("it gives up")),
        "return-nonsense" => Ok(Outcome::new("no JSON".to_owned())),
        "panic" => panic!("a panic"),
        "spin" => crate::computing::spin(call),
        "memory" => crate::computing::memory(call),
        "recurse" => crate::computing::recurse(call),
        "stay" => crate::waiting::stay(call),
        other => Err(Failure::invalid_argument(format!("no such end: `{other}`"))),
    }
}

/// Asks for a second and a third reply, before and after it read the first.
pub fn ask_again(_call: &Call<'_>) -> Result<Outcome, Failure> {
    let command = Command {
        words: vec!["show".to_owned(), "info".to_owned()],
        payload: Vec::new(),
    };
    let instance = runtime::current();
    let first = instance.execute(&command)?;
    let second = instance.execute(&command).map(|_reply| ());
    let read = read_all(&first)?.len();
    let third = instance.execute(&command).map(|_reply| ());
    drop(first);
    let fourth = instance.execute(&command).map(|_reply| ());
    let told = |result: &Result<(), CommandError>| result.as_ref().err().map(command_name);
    Ok(Outcome::new(
        json!({
            "while_open": told(&second),
            "while_read": told(&third),
            "after": told(&fourth),
            "read": read,
        })
        .to_string(),
    ))
}

/// Opens a reply, and returns without ever closing it.
pub fn leak(_call: &Call<'_>) -> Result<Outcome, Failure> {
    let command = Command {
        words: vec!["show".to_owned(), "info".to_owned()],
        payload: Vec::new(),
    };
    std::mem::forget(runtime::current().execute(&command)?);
    Ok(Outcome::new(r#"{"leaked":true}"#.to_owned()))
}

#[derive(Deserialize)]
struct Read {
    words: Vec<String>,
    max: u32,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

pub fn read(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Read { words, max, times } = call.arguments()?;
    let command = Command {
        words,
        payload: Vec::new(),
    };
    let (mut bytes, mut reads, mut largest) = (0, 0_u32, 0);
    for _ in 0..times {
        let reply = runtime::current().execute(&command)?;
        loop {
            let chunk = reply.read(max)?;
            if chunk.is_empty() {
                break;
            }
            bytes += chunk.len();
            reads += 1;
            largest = largest.max(chunk.len());
        }
    }
    Ok(Outcome::new(
        json!({ "bytes": bytes, "reads": reads, "largest": largest }).to_string(),
    ))
}

#[derive(Deserialize)]
struct Asked {
    words: Vec<String>,
    /// So many further words after `words`.
    #[serde(default)]
    more: usize,
}

pub fn supports(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Asked { mut words, more } = call.arguments()?;
    words.extend(std::iter::repeat_n("x".to_owned(), more));
    let supported = runtime::current().supports(&words)?;
    Ok(Outcome::new(json!({ "supported": supported }).to_string()))
}

pub fn read_all(reply: &runtime::Reply) -> Result<String, HostError> {
    let mut all = Vec::new();
    loop {
        let chunk = reply.read(64 * 1024)?;
        if chunk.is_empty() {
            return Ok(String::from_utf8_lossy(&all).into_owned());
        }
        all.extend_from_slice(&chunk);
    }
}

pub fn command_name(error: &CommandError) -> String {
    match error {
        CommandError::Host(error) => name(error),
        CommandError::Rejected(problem) => format!("rejected:{}", problem.code),
        CommandError::UnknownCommand(_) => "unknown-command".to_owned(),
        CommandError::Other(problem) => format!("other:{}", problem.code),
    }
}

pub fn name(error: &HostError) -> String {
    match error {
        HostError::Denied(_) => "denied".to_owned(),
        HostError::Unreachable(problem) => format!("unreachable:{}", problem.code),
        HostError::Timeout(problem) => format!("timeout:{}", problem.code),
        HostError::Interrupted(problem) => format!("interrupted:{}", problem.code),
        HostError::Exhausted(problem) => format!("exhausted:{}", problem.code),
        HostError::Malformed(problem) => format!("malformed:{}", problem.code),
        HostError::Cancelled => "cancelled".to_owned(),
        HostError::Other(problem) => format!("other:{}", problem.code),
    }
}
