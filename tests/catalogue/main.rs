//! The catalogue as clients see it: each tool as committed, in the order that is committed, and how much room it takes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says so on stderr"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests start the program, and the one that counts tokens"
)]

/// How many tokens the default list takes.
mod budget;
/// One file for each tool, and one for their order.
mod committed;
/// What every schema must have.
mod schemas;

use std::process::Command;

use haproxy_mcp_testkit::mcp::EVERY_DOOR;
use serde_json::Value;

/// The tools that `haproxy-mcp tools` lists with these arguments and every door: what clients see, and access, toolset
/// and doors.
fn tools(arguments: &[&str]) -> Vec<Value> {
    tools_as_set(&[&EVERY_DOOR, arguments].concat())
}

/// The same with no more doors than the arguments say.
fn tools_as_set(arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .env_clear()
        .args(["tools", "--format", "json"])
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn every_tool() -> Vec<Value> {
    tools(&["--toolsets", "all", "--access", "admin"])
}

fn name(tool: &Value) -> &str {
    tool["name"].as_str().unwrap()
}
