//! Modules that cannot be loaded, and what is said of it: nothing is served, and the operator learns why.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use haproxy_mcp_testkit::guests;
use serde_json::json;

use crate::site::{LATE, alone, refusal};

/// What is said of each, one after another.
fn refusals(name: &str, words: &[&str]) -> String {
    let said: Vec<String> = words
        .iter()
        .map(|word| format!("{word}\n{}\n", refusal(&guests::behaving(name, word))))
        .collect();
    said.join("\n")
}

#[test]
fn what_is_imported_is_granted_or_refused() {
    let said: Vec<String> = [
        "import-files",
        "import-http",
        "import-keyvalue",
        "import-function",
        "import-later",
        "import-unversioned",
        "import-lookalike",
    ]
    .iter()
    .map(|name| format!("{name}\n{}\n", refusal(&guests::component(name))))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn another_shape_than_the_contracts() {
    let said: Vec<String> = [
        "import-no-method",
        "import-other-type",
        "import-unknown-wasi",
        "export-nothing",
        "export-other-type",
        "export-arguments",
    ]
    .iter()
    .map(|name| format!("{name}\n{}\n", refusal(&guests::component(name))))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn what_is_no_component() {
    let core = wat("(module (func (export \"call\")))");
    let half = &std::fs::read(guests::path("described")).unwrap()[..1000];
    let files: [(&str, &[u8]); 5] = [
        ("core-module", &core),
        ("text", b"(component)"),
        ("empty", b""),
        ("half", half),
        ("elf", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
    ];
    let said: Vec<String> = files
        .iter()
        .map(|(name, bytes)| format!("{name}\n{}\n", refusal(&guests::bytes(name, bytes))))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

fn wat(text: &str) -> Vec<u8> {
    std::fs::read(guests::written("core", text)).unwrap()
}

#[test]
fn what_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.wasm");
    let directory = folder.path().join("folder.wasm");
    std::fs::create_dir(&directory).unwrap();
    let odd_name = folder.path().join("2 odd;name.wasm");
    std::fs::copy(guests::path("described"), &odd_name).unwrap();
    let long_name = folder.path().join(format!("{}.wasm", "a".repeat(21)));
    std::fs::copy(guests::path("described"), &long_name).unwrap();
    let said: Vec<String> = [&missing, &directory, &odd_name, &long_name]
        .iter()
        .map(|path| refusal(path))
        .collect();
    insta::assert_snapshot!(said.join("\n\n"));
}

/// What has no end, and what nobody writes to: neither is waited for.
#[test]
fn what_is_no_regular_file() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.wasm");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let device = folder.path().join("device.wasm");
    std::os::unix::fs::symlink("/dev/zero", &device).unwrap();
    let started = Instant::now();
    let said: Vec<String> = [&pipe, &device, Path::new("/dev/zero")]
        .iter()
        .map(|path| refusal(path))
        .collect();
    assert!(started.elapsed() < LATE, "{:?}", started.elapsed());
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn what_a_description_says_of_tools() {
    insta::assert_snapshot!(refusals(
        "described",
        &[
            "no-tools",
            "many-tools",
            "same-tool-twice",
            "bad-name",
            "name-with-key",
            "long-name",
            "no-title",
            "long-description",
            "hidden-description",
            "tagged-description",
            "escaped-title",
            "bad-toolset",
            "operate",
            "admin",
            "meta-array",
            "meta-type",
            "meta-no-time",
            "meta-open",
        ]
    ));
}

#[test]
fn what_a_description_says_of_the_module() {
    insta::assert_snapshot!(refusals(
        "described",
        &["module-name", "module-version", "module-meta"]
    ));
}

#[test]
fn what_a_description_says_of_schemas() {
    insta::assert_snapshot!(refusals(
        "described",
        &[
            "schema-text",
            "schema-array",
            "schema-of-string",
            "schema-invalid",
            "schema-large",
            "schema-many-keys",
            "schema-deep",
            "schema-deeper",
            "schema-remote",
            "schema-file",
            "schema-relative",
            "schema-id",
            "schema-dialect",
            "schema-large-pattern",
            "schema-many-patterns",
            "schema-many-pattern-keys",
        ]
    ));
}

/// Two files of one name would have the same key.
#[test]
fn the_same_module_twice() {
    let (one, other) = (
        guests::path("described"),
        guests::behaving("described", "plain"),
    );
    let ended = crate::site::builder()
        .socket(Path::new(crate::site::NOWHERE))
        .module(&one)
        .module(&other)
        .run();
    assert!(!ended.status.success());
    assert!(
        ended.stderr.contains("exists already: `described__fine`"),
        "{}",
        ended.stderr
    );
}

/// Schemas against which even a small value takes for ever.
#[test]
fn a_schema_that_grows_without_end() {
    insta::assert_snapshot!(refusals(
        "described",
        &[
            "schema-loop",
            "schema-long-loop",
            "schema-explosion",
            "schema-anchor",
            "schema-nowhere"
        ]
    ));
}

/// A pattern on which a careless engine tries all ways to take a text apart.
#[test]
fn a_pattern_takes_no_longer_than_its_text() {
    let server = alone(&[guests::behaving("described", "schema-pattern")]);
    let called = server.call("described__fine", json!({ "a": "a".repeat(50_000) }));
    assert_eq!(called.code(), "invalid-argument");
    assert!(
        called.took < std::time::Duration::from_secs(5),
        "{:?}",
        called.took
    );
}

/// A description is listed as it was checked, under the operator's key.
#[test]
fn a_module_that_is_fine_is_listed() {
    let server = alone(&[guests::behaving("described", "plain")]);
    let listed = server.request("tools/list", json!({}));
    let tools = listed.result()["tools"].as_array().unwrap();
    let tool = tools
        .iter()
        .find(|tool| tool["name"] == "described__fine")
        .unwrap();
    assert_eq!(tool["description"], "Answers.");
    assert_eq!(tool["annotations"]["readOnlyHint"], true);
}
