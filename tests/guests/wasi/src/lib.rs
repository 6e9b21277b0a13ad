//! A module as a stock toolchain makes it: it imports WASI, and tries what is behind it.
#![expect(
    clippy::disallowed_methods,
    reason = "tries everything that must not work"
)]

mod printing;
mod probing;

use std::time::Duration;

use haproxy_mcp_sdk::bindings;
use haproxy_mcp_sdk::bindings::exports::haproxy::module::tools::{
    Guest, ModuleDescription, Tool as DescribedTool, ToolError,
};
use haproxy_mcp_sdk::bindings::haproxy::module::invocation::{self, Request};
use haproxy_mcp_sdk::{Access, Call, Failure, Outcome, Tool};
use serde::Deserialize;
use serde_json::json;

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
        access: Access::Read,
        toolset: "hostile",
        destructive: false,
        idempotent: false,
        run,
        ..Tool::USUAL
    }
}

const TOOLS: &[Tool] = &[
    tool("fine", "Answers.", |_call| {
        Ok(Outcome::new("{}".to_owned()))
    }),
    tool(
        "print",
        "Prints `text` `times` times to both standard streams.",
        printing::print,
    ),
    tool(
        "read_input",
        "Reads standard input to its end.",
        printing::read_input,
    ),
    tool(
        "probe",
        "Tries what WASI offers, and tells what came of it.",
        probing::probe,
    ),
    tool(
        "random",
        "Asks for `bytes` random bytes at once.",
        probing::random,
    ),
    tool("exit", "Ends the process.", |_call| std::process::exit(0)),
    tool(
        "sleep",
        "Waits for `milliseconds` with WASI's clock.",
        sleep,
    ),
];

#[derive(Deserialize)]
struct Sleep {
    milliseconds: u64,
}

fn sleep(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Sleep { milliseconds } = call.arguments()?;
    std::thread::sleep(Duration::from_millis(milliseconds));
    Ok(Outcome::new(json!({ "waited": milliseconds }).to_string()))
}

/// Which way this copy misbehaves when it describes itself; the tests write another word over it.
static PLACE: [u8; 64] = *b"this copy behaves: plain                                        ";

fn behaviour() -> &'static str {
    let place = std::hint::black_box(&PLACE);
    std::str::from_utf8(place)
        .unwrap_or_default()
        .trim_start_matches("this copy behaves: ")
        .trim_end()
}

struct Wasi;

impl Guest for Wasi {
    fn describe() -> ModuleDescription {
        let mut tools: Vec<DescribedTool> =
            haproxy_mcp_sdk::glue::describe("wasi", "0.1.0", TOOLS).tools;
        match behaviour() {
            "sleep-describe" => std::thread::sleep(Duration::from_secs(600)),
            "print-describe" => printing::forge(),
            "random-describe" => {
                let random = wasip2::random::random::get_random_u64();
                tools[0].description = format!("Random: {random}");
            }
            "exit-describe" => std::process::exit(0),
            _ => {}
        }
        ModuleDescription {
            name: "wasi".to_owned(),
            version: "0.1.0".to_owned(),
            tools,
            meta: "{}".to_owned(),
        }
    }

    fn call(request: &Request) -> Result<invocation::Outcome, ToolError> {
        haproxy_mcp_sdk::glue::run(request, TOOLS)
    }
}

bindings::export!(Wasi with_types_in bindings);
