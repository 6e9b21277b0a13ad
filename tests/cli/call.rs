use std::io::Read;
use std::process::Stdio;

use haproxy_mcp_testkit::{Haproxy, newest, on_each_version};
use serde_json::Value;

use crate::{Ran, program, run};

/// `call` on this HAProxy.
fn call(haproxy: &Haproxy, arguments: &[&str]) -> Ran {
    let output = program()
        .arg("call")
        .args(arguments)
        .arg("--runtime-socket")
        .arg(haproxy.admin_socket())
        .output();
    Ran::new(&output.unwrap())
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

on_each_version! {
    fn an_answer_is_what_haproxy_says(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let ran = call(&haproxy, &["show_info", "fields=Pid,Name"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert_eq!(json(&ran)["fields"]["Pid"].to_string(), haproxy.info("Pid"));
        assert_eq!(json(&ran)["fields"]["Name"], haproxy.info("Name"));

        let ran = call(&haproxy, &["list_servers", "backend=be_app", "--format", "table"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        for (server, status) in [("app1", "UP"), ("app_maint", "MAINT"), ("app_dead", "DOWN")] {
            let mut rows = ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let row = rows.find(|row| row.first() == Some(&server));
            assert_eq!(row.unwrap_or_else(|| panic!("{server}: {ran:?}"))[1], status, "{ran:?}");
        }
    }
}

#[test]
fn both_ways_of_writing_arguments_ask_the_same() {
    let haproxy = Haproxy::start(&newest());
    let words = call(
        &haproxy,
        &[
            "show_stat",
            "type=server",
            "fields=status,weight",
            "limit=3",
        ],
    );
    let json = call(
        &haproxy,
        &[
            "show_stat",
            "--args",
            r#"{"type": "server", "fields": ["status", "weight"], "limit": 3}"#,
        ],
    );
    assert_eq!(words.code, Some(0), "{words:?}");
    assert!(words.stdout.contains("\"weight\""), "{words:?}");
    assert_eq!(words.stdout, json.stdout);
}

#[test]
fn what_haproxy_does_not_have_is_a_refusal() {
    let haproxy = Haproxy::start(&newest());
    let ran = call(&haproxy, &["list_servers", "backend=be_ap"]);
    ran.refused(1, "this HAProxy has no backend: `be_ap`");
    assert_eq!(json(&ran)["error"]["code"], "not-found");
    let ran = call(
        &haproxy,
        &["list_servers", "backend=be_ap", "--format", "table"],
    );
    ran.refused(1, "this HAProxy has no backend: `be_ap`");
    assert_eq!(ran.stdout, "");
}

#[test]
fn haproxy_that_is_away_is_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("none.sock");
    let ran = run(&[
        "call",
        "show_info",
        "--runtime-socket",
        socket.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(json(&ran)["error"]["code"], "unreachable");
}

#[test]
fn wrong_usage_is_told_before_haproxy_is_asked() {
    // Nobody is there to be asked.
    let call = |arguments: &[&str]| {
        let socket = ["--runtime-socket", "/nowhere/none.sock"];
        run(&[&["call"], arguments, &socket].concat())
    };
    call(&["shw_info"]).refused(2, "unknown tool: `shw_info`");
    assert!(call(&["shw_info"]).stderr.contains("`show_info`"));
    call(&["list_servers"]).refused(2, "argument `/backend` is not valid");
    call(&["list_servers", "be_app"]).refused(2, "not `key=value`: `be_app`");
    call(&["list_servers", "=be_app"]).refused(2, "not `key=value`: `=be_app`");
    call(&["list_servers", "bakend=be_app"])
        .refused(2, "`list_servers` takes no argument of this name: `bakend`");
    call(&["list_servers", "backend=a", "backend=b"])
        .refused(2, "argument `backend` is given more than once");
    call(&["show_stat", "limit=many"]).refused(2, "argument `/limit` is not valid");
    call(&["show_stat", "--args", "[]"]).refused(2, "the value of `--args` is not a JSON object");
    call(&["show_stat", "--args", r#"{"limit": 1, "limit": 2}"#])
        .refused(2, "the value of `--args` has a key twice: `/limit`");
    call(&["show_stat", "--args", r#"{"limit": 1,}"#])
        .refused(2, "the value of `--args` is not JSON at line 1, column 13: trailing comma\n  {\"limit\": 1,}\n              ^\n");
    let both = call(&["show_stat", "limit=1", "--args", "{}"]);
    assert_eq!(both.code, Some(2), "{both:?}");
    assert!(both.stderr.contains("cannot be used with"), "{both:?}");
}

#[test]
fn an_excluded_tool_cannot_be_called_and_an_unlisted_one_can() {
    let haproxy = Haproxy::start(&newest());
    call(&haproxy, &["show_info", "--exclude-tools", "show_info"])
        .refused(2, "this tool is excluded by the settings: `show_info`");
    let ran = call(&haproxy, &["show_version", "--tools", "show_info"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains(&haproxy.info("Version")), "{ran:?}");
}

/// As in `haproxy-mcp call … | head -1`: the reader goes before everything is written.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let haproxy = Haproxy::builder(&newest()).servers(400).start();
    let mut child = program()
        .args([
            "call",
            "show_stat",
            "type=server",
            "limit=200",
            "fields=all",
        ])
        .arg("--runtime-socket")
        .arg(haproxy.admin_socket())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let ran = Ran::new(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}
