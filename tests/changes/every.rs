use std::collections::BTreeMap;

use haproxy_mcp_testkit::matrix::{Cell, Matrix};
use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::schemas::refused_by;
use haproxy_mcp_testkit::{Binary, Haproxy, ScriptedSocket, Step, newest, scripted};
use serde_json::{Value, json};

use crate::cases::{Case, Site, cases, program, serve};

/// The tools that are listed, by name.
fn listed(server: &McpServer) -> BTreeMap<String, Value> {
    let listed = server.request("tools/list", json!({}));
    let tools = listed.result()["tools"].as_array().unwrap();
    tools
        .iter()
        .map(|tool| (tool["name"].as_str().unwrap().to_owned(), tool.clone()))
        .collect()
}

/// The access below this one: what a tool of this one is denied at.
fn below(access: &str) -> &'static str {
    match access {
        "admin" => "operate",
        "operate" => "read",
        other => panic!("no tool that changes something has access `{other}`"),
    }
}

#[test]
fn every_tool_that_changes_something_has_its_case() {
    let haproxy = Haproxy::start(&newest());
    let tools = |access| listed(program(access).haproxy(&haproxy).start().stateless());
    let (read, operate, admin) = (tools("read"), tools("operate"), tools("admin"));
    let mut wanted: Vec<(&str, &str)> = cases()
        .iter()
        .map(|case| (case.tool, case.access))
        .collect();
    wanted.sort_unstable();
    let mut found: Vec<(&str, &str)> = admin
        .keys()
        .filter(|name| !read.contains_key(*name))
        .map(|name| {
            let access = if operate.contains_key(name) {
                "operate"
            } else {
                "admin"
            };
            (&**name, access)
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, wanted, "each needs a case, and each case its tool");
    for (name, tool) in &admin {
        let read_only = &tool["annotations"]["readOnlyHint"];
        assert_eq!(*read_only, json!(read.contains_key(name)), "{name}");
    }
}

/// The last line of the audit in this log.
fn audited(log: &str) -> Value {
    let line = log
        .lines()
        .rfind(|line| line.starts_with(r#"{"audit":"#))
        .unwrap_or_else(|| panic!("no line of audit:\n{log}"));
    serde_json::from_str(line).unwrap()
}

fn succeeds(case: &Case, binary: &Binary) {
    let tool = case.tool;
    let site = (case.site)(binary);
    let server = serve(&site, case.access);
    let before = (case.seen)(&site);
    let arguments = (case.succeeds)(&site);
    let response = server.call(tool, arguments);
    let answer = response.answer();
    for key in ["before", "after"] {
        assert!(answer.get(key).is_some(), "{tool}: no `{key}`: {answer}");
    }
    assert_eq!(answer["holds"], json!(true), "{tool}: {answer}");
    assert_ne!(
        (case.seen)(&site),
        before,
        "{tool}: HAProxy shows nothing of it: {answer}"
    );
    let event = audited(&server.wait_for_stderr(r#""verdict":"done""#));
    assert_eq!(event["audit"], "change", "{tool}: {event}");
    assert_eq!(event["tool"], tool, "{event}");
    assert_ne!(event["commands"], json!([]), "{event}");
    assert_eq!(event["before"], answer["before"], "{tool}: {event}");
    assert_eq!(event["after"], answer["after"], "{tool}: {event}");
}

fn is_unsupported(case: &Case, binary: &Binary) {
    let site = Site::usual(binary);
    let server = serve(&site, case.access);
    let response = server.call(case.tool, (case.succeeds)(&site));
    let error = response.error();
    assert_eq!(error["code"], "unsupported", "{}: {error}", case.tool);
    let (major, minor) = case.since.unwrap();
    let since = format!("{major}.{minor}");
    assert!(
        error["message"].as_str().unwrap().contains(&since),
        "{}: since {since} is not said: {error}",
        case.tool
    );
    assert!(error["hint"].is_string(), "{}: {error}", case.tool);
}

fn is_refused(case: &Case, binary: &Binary) {
    let tool = case.tool;
    let mut site = (case.site)(binary);
    let mut arguments = (case.refused)(&site);
    if arguments.is_null() {
        site = Site::of_level(binary, "user");
        arguments = (case.succeeds)(&site);
    }
    let server = serve(&site, case.access);
    let before = (case.seen)(&site);
    let response = server.call(tool, arguments);
    let error = response.error();
    assert_eq!(error["code"], case.because, "{tool}: {error}");
    assert!(error["hint"].is_string(), "{tool}: no hint: {error}");
    assert_eq!(
        (case.seen)(&site),
        before,
        "{tool}: it changed something: {error}"
    );
}

/// With less access the tool is not listed, a call of it is refused and recorded, and HAProxy is not asked.
fn is_denied(case: &Case, socket: &ScriptedSocket, arguments: &Value) {
    let tool = case.tool;
    let server = program(below(case.access)).socket(&socket.path()).start();
    server.stateless();
    assert!(!listed(&server).contains_key(tool), "{tool}");
    let response = server.call(tool, arguments.clone());
    let error = response.error();
    assert_eq!(error["code"], "denied", "{tool}: {error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.contains(&format!("--access {}", case.access)),
        "{tool}: {error}"
    );
    let event = audited(&server.wait_for_stderr(r#""verdict":"denied""#));
    assert_eq!(event["audit"], "refusal", "{tool}: {event}");
    assert_eq!(event["tool"], tool, "{event}");
}

haproxy_mcp_testkit::on_each_version! {
    fn every_change_does_what_it_says(binary: &Binary) {
        let mut matrix = Matrix::default();
        let folder = tempfile::tempdir().unwrap();
        let nowhere = scripted::nowhere(folder.path());
        let nobody_asked = ScriptedSocket::unix(vec![Step::Close]);
        let apart = program("admin").socket(&nobody_asked.path()).start();
        let schemas = listed(apart.stateless());
        let away = program("admin")
            .socket(&nowhere)
            .arg("--master-socket")
            .arg(&nowhere)
            .start();
        away.stateless();
        let any = Site::usual(binary);
        for case in cases() {
            let tool = case.tool;
            if case.is_of(binary) {
                succeeds(&case, binary);
                matrix.seen(tool, Cell::Success);
                is_refused(&case, binary);
                matrix.seen(tool, Cell::Refusal);
            } else {
                is_unsupported(&case, binary);
                let (major, minor) = case.since.unwrap();
                matrix.cannot(tool, Cell::Success, &format!("since {major}.{minor}"));
                matrix.seen(tool, Cell::Refusal);
            }
            let arguments = (case.succeeds)(&any);
            let schema = &schemas[tool]["inputSchema"];
            assert_eq!(schema["additionalProperties"], json!(false), "{tool}");
            for (wrong, pointer) in refused_by(schema, &arguments) {
                let shown: String = wrong.to_string().chars().take(200).collect();
                let response = apart.call(tool, wrong);
                let error = response.error();
                assert_eq!(error["code"], "invalid-argument", "{tool} {shown}: {error}");
                let place = &error["details"]["violations"][0]["pointer"];
                assert_eq!(*place, json!(pointer), "{tool} {shown}: {error}");
            }
            is_denied(&case, &nobody_asked, &arguments);
            matrix.seen(tool, Cell::BadArguments);
            let response = away.call(tool, arguments);
            assert_eq!(response.code(), "unreachable", "{tool}: {}", response.message);
            matrix.seen(tool, Cell::Gone);
        }
        assert_eq!(nobody_asked.connections(), 0, "HAProxy was asked: {:?}", nobody_asked.received());
        matrix.assert_current("changes", binary.label);
    }
}
