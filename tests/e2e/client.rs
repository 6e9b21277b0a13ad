use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use haproxy_mcp_testkit::mcp::{HANDSHAKE_VERSION, STATELESS_VERSION};
use haproxy_mcp_testkit::{Binary, Haproxy};
use serde_json::{Value, json};

use crate::busy;
use crate::cases::{Case, cases};
use crate::expected::agree;

/// `tests/support/get-python` makes it. Without it nothing is tested here, which is an error under `CI` and loud elsewhere.
fn python() -> Option<PathBuf> {
    let cache = std::env::var_os("HAPROXY_MCP_CACHE")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/haproxy-mcp")));
    let python = cache?.join("python/bin/python");
    if python.exists() {
        return Some(python);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is not here: run `tests/support/get-python`",
        python.display()
    );
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    {
        eprintln!(
            "\n!!! SKIPPED: {} is not here; run `tests/support/get-python`\n",
            python.display()
        );
    }
    None
}

/// Has the client connect in this mode and make these calls.
fn client(haproxy: &Haproxy, mode: &str, calls: &Value) -> Option<Value> {
    let mut child = Command::new(python()?)
        .arg("-I")
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/e2e/client.py"
        ))
        .args([
            "call",
            env!("CARGO_BIN_EXE_haproxy-mcp"),
            "--runtime-socket",
        ])
        .arg(haproxy.admin_socket())
        .args(["--log-level", "error", "--toolsets", "all"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start the client");
    let asked = json!({ "mode": mode, "calls": calls }).to_string();
    child
        .stdin
        .take()
        .expect("a piped stdin")
        .write_all(asked.as_bytes())
        .expect("tell the client what to do");
    let output = child.wait_with_output().expect("wait for the client");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the client failed: {errors}");
    assert_eq!(errors, "", "the client complained");
    Some(serde_json::from_slice(&output.stdout).expect("JSON of the client"))
}

fn lists_and_calls_every_tool(binary: &Binary, mode: &str, version: &str) {
    let haproxy = busy(binary);
    // The client takes seconds to start on a busy machine: meanwhile nothing is to move but the clock.
    for server in ["app1", "app2", "app_dead"] {
        haproxy.raw(&format!("disable health be_app/{server}"));
    }
    let of_version: Vec<Case> = cases()
        .into_iter()
        .filter(|case| case.is_of(binary))
        .collect();
    let calls: Vec<Value> = of_version
        .iter()
        .map(|case| json!({ "tool": case.tool, "arguments": case.still }))
        .collect();
    let refusing = || of_version.iter().filter(|case| !case.refused.is_null());
    let refused: Vec<Value> = refusing()
        .map(|case| json!({ "tool": case.tool, "arguments": case.refused }))
        .collect();
    let all = json!([calls, refused].concat());
    if python().is_none() {
        return;
    }
    agree(
        &haproxy,
        &format!("what a client of {version} makes of every tool"),
        || {
            let said = client(&haproxy, mode, &all).expect("python is here");
            assert_eq!(said["protocol"], json!(version));
            let tools: Vec<&str> = said["tools"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|tool| tool["name"].as_str())
                .collect();
            for case in cases() {
                assert!(tools.contains(&case.tool), "{tools:?}");
            }
            let results = said["results"].as_array().expect("results");
            let (answers, errors) = results.split_at(of_version.len());
            for (case, error) in refusing().zip(errors) {
                assert_eq!(error["isError"], json!(true), "{}: {error}", case.tool);
                assert_eq!(
                    error["structuredContent"]["code"],
                    json!(case.because.0),
                    "{}: {error}",
                    case.tool
                );
            }
            of_version
                .iter()
                .zip(answers)
                .map(|(case, answer)| {
                    assert_eq!(answer["isError"], json!(false), "{}: {answer}", case.tool);
                    (
                        case.tool.to_owned(),
                        case.still.clone(),
                        answer["structuredContent"].clone(),
                    )
                })
                .collect()
        },
    );
}

haproxy_mcp_testkit::on_each_version! {
    fn an_independent_client_gets_what_haproxy_says(binary: &Binary) {
        lists_and_calls_every_tool(binary, "auto", STATELESS_VERSION);
    }

    fn an_independent_client_of_the_older_era_gets_it_too(binary: &Binary) {
        lists_and_calls_every_tool(binary, "legacy", HANDSHAKE_VERSION);
    }
}
