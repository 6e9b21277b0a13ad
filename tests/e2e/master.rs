//! The tools that read from the master: its processes, and what it said at its start. The HAProxy of the other tests
//! has no master, so that they leave these tools out; here each is asked on one that has.

use haproxy_mcp_testkit::matrix::{Cell, Matrix};
use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::schemas::refused_by;
use haproxy_mcp_testkit::{Binary, Haproxy, ScriptedSocket, Step, newest, scripted};
use serde_json::{Value, json};

use crate::arguments::schemas;
use crate::cases::{Case, has_shape, listed};
use crate::everything;
use crate::expected::{rows, text};
use crate::process::paged;

/// These tools.
pub(crate) const TOOLS: [&str; 2] = ["show_proc", "show_master_startup_logs"];

fn cases() -> Vec<Case> {
    vec![
        paged("show_proc", json!({})),
        Case {
            since: Some((2, 7)),
            ..paged("show_master_startup_logs", json!({}))
        },
    ]
}

fn start(binary: &Binary) -> Haproxy {
    Haproxy::builder(binary).master_worker().start()
}

fn serve(haproxy: &Haproxy) -> McpServer {
    let server = everything()
        .haproxy(haproxy)
        .arg("--master-socket")
        .arg(haproxy.master_socket())
        .start();
    server.stateless();
    server
}

/// What was seen of these tools, for the documentation.
pub(crate) fn note(binary: &Binary, matrix: &mut Matrix) {
    let haproxy = start(binary);
    let server = serve(&haproxy);
    let folder = tempfile::tempdir().unwrap();
    let nowhere = scripted::nowhere(folder.path());
    let away = everything()
        .socket(&nowhere)
        .arg("--master-socket")
        .arg(&nowhere)
        .start();
    away.stateless();
    let schemas = schemas(&server);
    for case in cases() {
        let tool = case.tool;
        let response = server.call(tool, case.succeeds.clone());
        if case.is_of(binary) {
            assert!(
                rows(response.answer()).count() >= 2,
                "{tool}: {}",
                response.message
            );
            matrix.seen(tool, Cell::Success);
        } else {
            assert_eq!(response.code(), "unsupported", "{tool}");
            let (major, minor) = case.since.unwrap();
            matrix.cannot(tool, Cell::Success, &format!("since {major}.{minor}"));
        }
        let response = server.call(tool, case.refused);
        assert_eq!(
            response.code(),
            case.because.0,
            "{tool}: {}",
            response.message
        );
        assert_eq!(
            response.error()["details"]["argument"],
            json!(case.because.1)
        );
        has_shape(response.error());
        matrix.seen(tool, Cell::Refusal);
        for (wrong, pointer) in refused_by(&schemas[tool], &case.succeeds) {
            let response = server.call(tool, wrong);
            assert_eq!(
                response.code(),
                "invalid-argument",
                "{tool}: {}",
                response.message
            );
            let place = &response.error()["details"]["violations"][0]["pointer"];
            assert_eq!(*place, json!(pointer), "{tool}: {}", response.message);
        }
        matrix.seen(tool, Cell::BadArguments);
        let response = away.call(tool, case.succeeds);
        assert_eq!(
            response.code(),
            "unreachable",
            "{tool}: {}",
            response.message
        );
        has_shape(response.error());
        matrix.seen(tool, Cell::Gone);
    }
}

#[test]
fn what_is_left_out_elsewhere_is_tested_here() {
    let haproxy = start(&newest());
    let all = listed(&serve(&haproxy));
    let elsewhere = listed(&crate::serve(&haproxy));
    let left_out: Vec<&String> = all
        .iter()
        // It has a table of its own: [`crate::doors`].
        .filter(|tool| !elsewhere.contains(tool) && *tool != "doctor")
        .collect();
    assert_eq!(left_out, TOOLS);
    let known: Vec<&str> = cases().iter().map(|case| case.tool).collect();
    assert_eq!(known, TOOLS);
}

/// The lines of `show proc` as the tool says them: number, type, group, reloads, failed ones, version.
fn processes(haproxy: &Haproxy) -> Vec<Value> {
    let reply = String::from_utf8(haproxy.raw_master("show proc")).unwrap();
    let mut group = Value::Null;
    let mut processes = Vec::new();
    for line in reply
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("#<"))
    {
        if let Some(name) = line.strip_prefix("# ") {
            group = json!(name);
            continue;
        }
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let number = |word: &str| word.parse::<u64>().unwrap();
        let failed = line
            .split_once("[failed: ")
            .map(|(_, rest)| number(rest.split_once(']').unwrap().0));
        processes.push(json!([
            number(words[0]),
            words[1],
            group,
            number(words[2]),
            failed,
            words.last().unwrap()
        ]));
    }
    processes
}

haproxy_mcp_testkit::on_each_version! {
    fn the_processes_are_those_of_the_raw_socket(binary: &Binary) {
        let haproxy = start(binary);
        let server = serve(&haproxy);
        for reloaded in [false, true] {
            if reloaded {
                // A session keeps the old worker.
                haproxy.reload();
            }
            haproxy_mcp_testkit::until("the processes to be told as they are", || {
                let before = processes(&haproxy);
                let response = server.call("show_proc", json!({}));
                let said: Vec<Value> = rows(response.answer())
                    .map(|row| {
                        json!([
                            row["pid"], row["type"],
                            row.get("group").unwrap_or(&Value::Null),
                            row["reloads"],
                            row.get("failed_reloads").unwrap_or(&Value::Null),
                            row["version"],
                        ])
                    })
                    .collect();
                if before == processes(&haproxy) && said == before {
                    return Ok(());
                }
                Err(format!("{said:?} instead of {before:?}"))
            });
            let response = server.call("show_proc", json!({}));
            let answer = response.answer();
            let workers: Vec<String> = rows(answer)
                .filter(|row| text(row, "group") == "workers")
                .map(|row| row["pid"].to_string())
                .collect();
            assert_eq!(workers, [haproxy.info("Pid")]);
            assert_eq!(answer["totals"]["workers"], json!(1), "{answer}");
            assert_eq!(answer["matched"], json!(rows(answer).count()), "{answer}");
        }
        let filtered = server.call("show_proc", json!({ "filter": "MASTER" }));
        assert_eq!(filtered.answer()["matched"], json!(1), "{}", filtered.message);
    }

    fn what_the_master_said_is_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = start(binary);
        let server = serve(&haproxy);
        let response = server.call("show_master_startup_logs", json!({ "limit": 500 }));
        if !binary.at_least(3, 0) {
            let error = response.error();
            assert_eq!(error["code"], "unsupported", "{error}");
            assert!(error["message"].as_str().unwrap().contains("2.7"), "{error}");
            assert!(error["hint"].as_str().unwrap().contains("show_startup_logs"), "{error}");
            return;
        }
        let raw = String::from_utf8(haproxy.raw_master("show startup-logs")).unwrap();
        let lines: Vec<&str> = raw.lines().filter(|line| !line.is_empty()).collect();
        let said: Vec<String> = rows(response.answer())
            .map(|row| text(row, "message"))
            .collect();
        assert_eq!(said.len(), lines.len(), "{raw}");
        for (said, line) in said.iter().zip(&lines) {
            assert!(line.contains(said.trim_end_matches('…')), "{said} of {line}");
        }
        assert!(said.iter().any(|message| message == "Loading success."), "{said:?}");
    }

    fn a_master_that_goes_away_and_comes_back(binary: &Binary) {
        let mut haproxy = start(binary);
        let server = serve(&haproxy);
        assert_eq!(server.call("show_proc", json!({})).answer()["totals"]["workers"], json!(1));
        haproxy.stop();
        assert_eq!(server.call("show_proc", json!({})).code(), "unreachable");
        haproxy.start_again();
        assert_eq!(server.call("show_proc", json!({})).answer()["totals"]["workers"], json!(1));
    }
}

/// What is no whole answer is an error, in time.
#[test]
fn what_is_no_whole_answer_is_none() {
    let head = "#<PID>          <type>          <reloads>       <uptime>        <version>      \n";
    for (steps, codes) in [
        (vec![Step::Hang], ["timeout"].as_slice()),
        (vec![Step::ReadLine, Step::Close], &["interrupted"]),
        (vec![Step::Reset], &["interrupted"]),
        (
            vec![
                Step::ReadLine,
                Step::send(head),
                Step::send("10 mas"),
                Step::Close,
            ],
            &["interrupted"],
        ),
        (
            vec![Step::ReadLine, Step::send(head), Step::Hang],
            &["timeout"],
        ),
        (
            vec![Step::ReadLine, Step::send("what is this\n\n"), Step::Close],
            &["unparsable"],
        ),
    ] {
        let master = ScriptedSocket::unix(steps.clone());
        let server = everything()
            .socket(&master.path())
            .arg("--master-socket")
            .arg(master.path())
            .args(["--runtime-timeout", "1"])
            .start();
        server.stateless();
        let response = server.call("show_proc", json!({}));
        assert!(
            codes.contains(&response.code()),
            "{steps:?}: {}",
            response.message
        );
        has_shape(response.error());
    }
}
