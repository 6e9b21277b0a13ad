//! A module that reaches for pages, files and doors: what it is told is its answer.

use haproxy_mcp_sdk::bindings::haproxy::module::diagnostics;
use haproxy_mcp_sdk::bindings::haproxy::module::files;
use haproxy_mcp_sdk::bindings::haproxy::module::pages::{self, ActionError, Parameter};
use haproxy_mcp_sdk::bindings::haproxy::module::runtime::{self, Command, CommandError};
use haproxy_mcp_sdk::bindings::haproxy::module::types::HostError;
use haproxy_mcp_sdk::{Access, Call, Failure, Outcome, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

/// Any object: what a tool takes is written where the tool is.
const ANYTHING: &str = r#"{"type":"object"}"#;

const fn tool(
    name: &'static str,
    description: &'static str,
    run: fn(&Call<'_>) -> Result<Outcome, Failure>,
) -> Tool {
    Tool {
        name,
        title: name,
        description,
        input_schema: ANYTHING,
        output_schema: ANYTHING,
        access: Access::Operate,
        toolset: "reaching",
        doors: &[],
        run,
        ..Tool::USUAL
    }
}

const TOOLS: &[Tool] = &[
    tool(
        "page",
        "Opens `page` with `parameters`, `times` times, and reads all of it.",
        page,
    ),
    tool(
        "hold_page",
        "Opens `page` again while it is open.",
        hold_page,
    ),
    tool(
        "page_beside_reply",
        "Opens a page beside a reply, and the other way round.",
        page_beside_reply,
    ),
    tool(
        "act",
        "Does `action` with `servers` of `backend`, `times` times.",
        act,
    ),
    tool(
        "names",
        "Asks for the names of the files of `artefact`.",
        names,
    ),
    tool(
        "file",
        "Reads `name` of `artefact`, `times` times, from its last `tail` bytes if that is said.",
        file,
    ),
    tool(
        "hold_files",
        "Opens `name` of `artefact` `count` times, and keeps all of them.",
        hold_files,
    ),
    tool("look", "Looks at `door`, `times` times.", look),
];

haproxy_mcp_sdk::module! { name: "reaching", tools: TOOLS }

fn once() -> u32 {
    1
}

/// The case of an error and its code.
fn name(error: &HostError) -> String {
    match error {
        HostError::Denied(denial) => format!("denied: {}", denial.asked),
        HostError::Unreachable(problem) => format!("unreachable: {}", problem.code),
        HostError::Timeout(problem) => format!("timeout: {}", problem.code),
        HostError::Interrupted(problem) => format!("interrupted: {}", problem.code),
        HostError::Exhausted(problem) => format!("exhausted: {}", problem.code),
        HostError::Malformed(problem) => format!("malformed: {}", problem.code),
        HostError::Cancelled => "cancelled".to_owned(),
        HostError::Other(problem) => format!("other: {}", problem.code),
    }
}

fn answer(value: &Value) -> Result<Outcome, Failure> {
    Ok(Outcome::new(value.to_string()))
}

#[derive(Deserialize)]
struct AskedPage {
    page: String,
    #[serde(default)]
    parameters: Vec<(String, Option<String>)>,
    #[serde(default = "once")]
    times: u32,
}

impl AskedPage {
    fn open(&self) -> Result<pages::Body, HostError> {
        let parameters: Vec<Parameter> = self
            .parameters
            .iter()
            .map(|(name, value)| Parameter {
                name: name.clone(),
                value: value.clone(),
            })
            .collect();
        pages::open(&self.page, &parameters)
    }
}

fn page(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: AskedPage = call.arguments()?;
    let mut bytes = 0_u64;
    let mut begins = String::new();
    for _ in 0..asked.times {
        let body = match asked.open() {
            Ok(body) => body,
            Err(error) => return answer(&json!({ "error": name(&error), "bytes": bytes })),
        };
        loop {
            match body.read(u32::MAX) {
                Ok(chunk) if chunk.is_empty() => break,
                Ok(chunk) => {
                    if bytes == 0 {
                        begins =
                            String::from_utf8_lossy(&chunk[..chunk.len().min(80)]).into_owned();
                    }
                    bytes += chunk.len() as u64;
                }
                Err(error) => return answer(&json!({ "error": name(&error), "bytes": bytes })),
            }
        }
    }
    answer(&json!({ "bytes": bytes, "begins": begins }))
}

fn hold_page(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: AskedPage = call.arguments()?;
    let first = asked.open()?;
    let again = asked.open();
    drop(first);
    let after = asked.open();
    answer(&json!({
        "again": again.map_or_else(|error| name(&error), |_| "open".to_owned()),
        "after": after.map_or_else(|error| name(&error), |_| "open".to_owned()),
    }))
}

fn page_beside_reply(_call: &Call<'_>) -> Result<Outcome, Failure> {
    let instance = runtime::current();
    let ask = || {
        instance.execute(&Command {
            words: vec!["show".to_owned(), "info".to_owned()],
            payload: Vec::new(),
        })
    };
    let reply = ask()?;
    let page = pages::open("metrics", &[]);
    drop(reply);
    let body = pages::open("metrics", &[])?;
    let reply = ask();
    drop(body);
    answer(&json!({
        "page": page.map_or_else(|error| name(&error), |_| "open".to_owned()),
        "reply": reply.map_or_else(
            |error| match error {
                CommandError::Host(error) => name(&error),
                CommandError::Rejected(problem) | CommandError::UnknownCommand(problem) | CommandError::Other(problem) => problem.code,
            },
            |_| "open".to_owned(),
        ),
    }))
}

#[derive(Deserialize)]
struct AskedAction {
    action: String,
    backend: String,
    servers: Vec<String>,
    #[serde(default = "once")]
    times: u32,
}

/// Goes on after what the page itself refuses: what the host says ends it.
fn act(call: &Call<'_>) -> Result<Outcome, Failure> {
    let AskedAction {
        action,
        backend,
        servers,
        times,
    } = call.arguments()?;
    let mut told = String::new();
    for done in 0..times {
        told = match pages::act(&action, &backend, &servers) {
            Ok(()) => "done".to_owned(),
            Err(ActionError::Host(error)) => {
                return answer(&json!({ "told": name(&error), "done": done }));
            }
            Err(ActionError::Rejected(problem)) => format!("rejected: {}", problem.code),
            Err(ActionError::Other(problem)) => format!("other: {}", problem.code),
        };
    }
    answer(&json!({ "told": told }))
}

#[derive(Deserialize)]
struct AskedFile {
    artefact: String,
    #[serde(default)]
    name: String,
    #[serde(default = "once")]
    times: u32,
    tail: Option<u64>,
    #[serde(default)]
    count: u32,
}

fn names(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: AskedFile = call.arguments()?;
    match files::names(&asked.artefact) {
        Ok(names) => answer(&json!({ "names": names })),
        Err(error) => answer(&json!({ "error": name(&error) })),
    }
}

fn file(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: AskedFile = call.arguments()?;
    let mut bytes = 0_u64;
    let mut text = Vec::new();
    for _ in 0..asked.times {
        let opened = match asked.tail {
            Some(tail) => files::open_tail(&asked.artefact, &asked.name, tail),
            None => files::open(&asked.artefact, &asked.name),
        };
        let file = match opened {
            Ok(file) => file,
            Err(error) => return answer(&json!({ "error": name(&error), "bytes": bytes })),
        };
        loop {
            match file.read(u32::MAX) {
                Ok(chunk) if chunk.is_empty() => break,
                Ok(chunk) => {
                    bytes += chunk.len() as u64;
                    if text.len() < 4_096 {
                        text.extend_from_slice(&chunk[..chunk.len().min(4_096)]);
                    }
                }
                Err(error) => return answer(&json!({ "error": name(&error), "bytes": bytes })),
            }
        }
    }
    answer(&json!({ "bytes": bytes, "text": String::from_utf8_lossy(&text) }))
}

fn hold_files(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: AskedFile = call.arguments()?;
    let mut held = Vec::new();
    for _ in 0..asked.count {
        match files::open(&asked.artefact, &asked.name) {
            Ok(file) => held.push(file),
            Err(error) => return answer(&json!({ "held": held.len(), "error": name(&error) })),
        }
    }
    answer(&json!({ "held": held.len() }))
}

#[derive(Deserialize)]
struct AskedLook {
    door: String,
    #[serde(default = "once")]
    times: u32,
}

fn look(call: &Call<'_>) -> Result<Outcome, Failure> {
    let asked: AskedLook = call.arguments()?;
    let mut facts = Value::Null;
    for _ in 0..asked.times {
        match diagnostics::look(&asked.door) {
            Ok(text) => facts = serde_json::from_str(&text)?,
            Err(error) => {
                return answer(&json!({ "error": name(&error), "doors": diagnostics::doors() }));
            }
        }
    }
    answer(&json!({ "facts": facts, "doors": diagnostics::doors() }))
}
