//! The audit: where its lines go, who cannot read them, and what happens when they cannot be written.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use haproxy_mcp_testkit::{Haproxy, McpServer, newest, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::cases::program;

fn recording(haproxy: &Haproxy, file: &Path) -> McpServer {
    let server = program("operate")
        .haproxy(haproxy)
        .arg("--audit-file")
        .arg(file)
        .start();
    server.stateless();
    server
}

fn weigh(server: &McpServer, weight: u32) -> haproxy_mcp_testkit::mcp::Response {
    server.call(
        "set_weight",
        json!({ "backend": "be_app", "server": "app1", "weight": weight }),
    )
}

fn lines(file: &Path) -> Vec<Value> {
    std::fs::read_to_string(file)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_file_keeps_every_change_and_every_refusal() {
    let haproxy = Haproxy::start(&newest());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let server = recording(&haproxy, &file);
    weigh(&server, 5).answer();
    assert_eq!(weigh(&server, 300).code(), "invalid-argument");
    server
        .call(
            "get_weight",
            json!({ "backend": "be_app", "server": "app1" }),
        )
        .answer();
    drop(server);
    // Another server goes on behind the last line.
    let server = recording(&haproxy, &file);
    weigh(&server, 6).answer();
    let unknown = json!({ "backend": "be_app", "server": "nobody", "weight": 6 });
    assert_eq!(server.call("set_weight", unknown).code(), "not-found");
    let read_only = program("read")
        .haproxy(&haproxy)
        .arg("--audit-file")
        .arg(&file)
        .start();
    read_only.stateless();
    assert_eq!(weigh(&read_only, 7).code(), "denied");

    let told: Vec<(Value, Value, Value)> = lines(&file)
        .iter()
        .map(|line| {
            (
                line["audit"].clone(),
                line["verdict"].clone(),
                line["commands"].clone(),
            )
        })
        .collect();
    let weight = |weight: u32| json!([format!("set server be_app/app1 weight {weight}")]);
    assert_eq!(
        told,
        [
            (json!("change"), json!("done"), weight(5)),
            (json!("change"), json!("done"), weight(6)),
            (json!("refusal"), json!("denied"), json!([])),
        ]
    );
    for line in lines(&file) {
        assert_eq!(line["principal"], "stdio", "{line}");
        assert_eq!(line["tool"], "set_weight", "{line}");
        assert_eq!(line["module"], "servers", "{line}");
        assert_eq!(line["instance"], "haproxy", "{line}");
        let digest = line["digest"].as_str().unwrap();
        assert!(
            digest.starts_with("sha256:") && digest.len() == 71,
            "{line}"
        );
    }
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    assert!(
        !server.stderr().contains(r#""audit":"#),
        "not on standard error as well"
    );
}

/// As whoever rotates logs does it.
#[test]
fn a_file_that_was_moved_away_is_begun_anew() {
    let haproxy = Haproxy::start(&newest());
    let folder = tempfile::tempdir().unwrap();
    let (file, moved) = (
        folder.path().join("audit.jsonl"),
        folder.path().join("audit.jsonl.1"),
    );
    let server = recording(&haproxy, &file);
    weigh(&server, 5).answer();
    std::fs::rename(&file, &moved).unwrap();
    weigh(&server, 6).answer();
    std::fs::remove_file(&moved).unwrap();
    weigh(&server, 7).answer();
    let commands: Vec<Value> = lines(&file)
        .iter()
        .map(|line| line["commands"][0].clone())
        .collect();
    assert_eq!(
        commands,
        [
            "set server be_app/app1 weight 6",
            "set server be_app/app1 weight 7"
        ]
    );
}

/// The change was done and cannot be taken back by an error: so the error says both.
#[test]
fn a_change_that_cannot_be_recorded_is_told_as_one() {
    let haproxy = Haproxy::start(&newest());
    let server = recording(&haproxy, Path::new("/dev/full"));
    let response = weigh(&server, 9);
    let error = response.error();
    assert_eq!(error["code"], "not-recorded", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("it was done") && message.contains("/dev/full"),
        "{error}"
    );
    assert!(haproxy.raw_text("get weight be_app/app1").starts_with("9 "));
    // The line is not lost altogether.
    server.wait_for_stderr(r#""verdict":"done""#);
}

/// Whether its client leaves or somebody ends it: a server records what its calls did up to then.
#[test]
fn a_call_that_is_under_way_at_the_end_is_recorded() {
    let haproxy = Haproxy::start(&newest());
    let folder = tempfile::tempdir().unwrap();
    for signal in [None, Some(Signal::TERM), Some(Signal::INT)] {
        let file = folder.path().join(format!("{signal:?}.jsonl"));
        assert_eq!(
            haproxy.raw_text("set server be_app/app1 weight 1").trim(),
            ""
        );
        let server = recording(&haproxy, &file);
        let _ramp = server.begin(
            "ramp_weight",
            json!({ "backend": "be_app", "server": "app1", "weight": 9, "steps": 8, "interval_seconds": 300 }),
        );
        until("the first step", || {
            let weight = haproxy.raw_text("get weight be_app/app1");
            if weight.starts_with("1 ") {
                Err(weight)
            } else {
                Ok(())
            }
        });
        if let Some(signal) = signal {
            let pid = Pid::from_raw(server.pid().try_into().unwrap()).unwrap();
            kill_process(pid, signal).unwrap();
            server.wait_for_stderr("asked to end");
        }
        let ended = server.shutdown();
        assert!(ended.status.success(), "{signal:?}: {}", ended.stderr);
        let lines = lines(&file);
        assert_eq!(lines.len(), 1, "{signal:?}: {lines:?}\n{}", ended.stderr);
        assert_eq!(lines[0]["verdict"], "cancelled", "{lines:?}");
        assert_eq!(
            lines[0]["commands"],
            json!(["set server be_app/app1 weight 2"]),
            "{lines:?}"
        );
    }
}

#[test]
fn without_its_file_the_server_does_not_start() {
    let haproxy = Haproxy::start(&newest());
    let folder = tempfile::tempdir().unwrap();
    let ended = program("operate")
        .haproxy(&haproxy)
        .arg("--audit-file")
        .arg(folder.path().join("missing/audit.jsonl"))
        .run();
    assert!(!ended.status.success());
    assert!(
        ended.stderr.contains("cannot be opened for appending"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("--audit-file"), "{}", ended.stderr);
}
