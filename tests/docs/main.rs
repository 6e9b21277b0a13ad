//! What is generated for readers: the reference of tools, the table in the README, the reference of the contract.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests start the program")]

/// What was seen of every tool.
mod matrix;
/// The contract as Markdown.
mod wit;

use std::process::Command;

use haproxy_mcp_testkit::generated::Generated;
use haproxy_mcp_testkit::mcp::EVERY_DOOR;

#[test]
fn the_reference_of_tools_is_that_of_this_build() {
    let text = run(&[
        "tools",
        "--toolsets",
        "all",
        "--access",
        "admin",
        "--format",
        "md",
    ]);
    let tools: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    let mut generated = Generated::default();
    generated.file(
        "docs/tools.md",
        &format!("{text}{}", matrix::section(&tools)),
    );
    // The table of the reference is the table of the README.
    let table: String = text
        .lines()
        .skip_while(|line| !line.starts_with("| tool |"))
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| [line, "\n"])
        .collect();
    assert!(table.lines().count() > 2, "{text}");
    generated.part("README.md", "tools", &table);
    generated.assert_current();
}

#[test]
fn the_reference_of_the_contract_is_that_of_its_files() {
    let mut generated = Generated::default();
    generated.file("docs/wit.md", &wit::reference());
    generated.assert_current();
}

/// A reader who follows the contract's documentation finds a sentence for each item.
#[test]
fn everything_in_the_contract_is_documented() {
    assert_eq!(wit::undocumented(), Vec::<String>::new());
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .env_clear()
        .args(arguments)
        .args(EVERY_DOOR)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}
