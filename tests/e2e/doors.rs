//! Every tool over every door: with all of them configured the server lists what the other tables of these tests have,
//! and the tools of this one, each of which has its success, its refusal, its bad arguments and its door that is gone.

use std::path::PathBuf;

use haproxy_mcp_testkit::matrix::{Cell, Matrix};
use haproxy_mcp_testkit::mcp::{McpServer, McpServerBuilder};
use haproxy_mcp_testkit::{Binary, Haproxy, newest};
use serde_json::{Value, json};

use crate::{cases, everything, master};

/// A tool that works with another door than the Runtime API.
struct Case {
    tool: &'static str,
    /// The only door that it works with; none for one that works without any.
    door: Option<&'static str>,
    succeeds: Value,
    /// Arguments that the schema allows and that name what is not there; null for a tool that has none.
    refused: Value,
    because: &'static str,
    /// Arguments that the schema refuses.
    bad: Value,
    /// The code where the door was there and is gone; none for a tool whose answer says it.
    gone: Option<&'static str>,
}

fn table() -> Vec<Case> {
    vec![
        Case {
            tool: "show_metrics",
            door: Some("metrics"),
            succeeds: json!({ "family": "haproxy_process_uptime_seconds" }),
            refused: json!({ "family": "no_such_family" }),
            because: "not-found",
            bad: json!({ "scope": "everything" }),
            gone: Some("unreachable"),
        },
        Case {
            tool: "show_config",
            door: Some("config"),
            succeeds: json!({ "section": "global" }),
            refused: json!({ "section": "backend nowhere" }),
            because: "not-found",
            bad: json!({ "file": "" }),
            gone: Some("unreachable"),
        },
        Case {
            tool: "explain_config_risks",
            door: Some("config"),
            succeeds: json!({}),
            refused: json!({ "cursor": "0000000000000000.1.-" }),
            because: "invalid-argument",
            bad: json!({ "severity": "worst" }),
            gone: Some("unreachable"),
        },
        Case {
            tool: "tail_log",
            door: Some("log"),
            succeeds: json!({}),
            refused: json!({ "file": "other.log" }),
            because: "not-found",
            bad: json!({ "status": "6xx" }),
            gone: Some("unreachable"),
        },
        Case {
            tool: "doctor",
            door: None,
            succeeds: json!({}),
            refused: Value::Null,
            because: "",
            bad: json!({ "door": "runtime" }),
            gone: None,
        },
    ]
}

/// A HAProxy with a page and a log, and the flags that lead to it.
struct Site {
    haproxy: Haproxy,
    log: PathBuf,
}

impl Site {
    fn of(binary: &Binary) -> Self {
        let haproxy = Haproxy::builder(binary).page("").start();
        let log = haproxy.folder().join("haproxy.log");
        std::fs::write(
            &log,
            "<134>Nov 25 00:00:00 haproxy[7]: Proxy be_app started.\n",
        )
        .unwrap();
        Self { haproxy, log }
    }

    fn config(&self) -> PathBuf {
        self.haproxy.folder().join("haproxy.cfg")
    }

    /// The flags of one door, or of each.
    fn flags(&self, doors: &[&str]) -> McpServerBuilder {
        doors
            .iter()
            .fold(everything(), |builder, door| match *door {
                "runtime" => builder.haproxy(&self.haproxy),
                "stats" => builder.args(["--stats-url", &self.haproxy.page_url("/stats")]),
                "metrics" => builder.args(["--metrics-url", &self.haproxy.page_url("/metrics")]),
                "config" => builder.arg("--haproxy-config").arg(self.config()),
                "log" => builder.arg("--haproxy-log").arg(&self.log),
                other => panic!("{other} is no door of this site"),
            })
    }

    fn serve(&self, doors: &[&str]) -> McpServer {
        let server = self.flags(doors).start();
        server.stateless();
        server
    }
}

const EVERY: [&str; 5] = ["runtime", "stats", "metrics", "config", "log"];

#[test]
fn every_tool_is_in_a_table() {
    let site = Site::of(&newest());
    let mut listed = cases::listed(&site.serve(&EVERY));
    let mut known: Vec<String> = cases::cases()
        .iter()
        .map(|case| case.tool)
        .chain(table().iter().map(|case| case.tool))
        .chain(master::TOOLS)
        .map(str::to_owned)
        .collect();
    listed.sort();
    known.sort();
    known.dedup();
    assert_eq!(listed, known);
}

/// Asks each of them for its success, its refusal and its bad arguments, and then without its door.
pub(crate) fn note(binary: &Binary, matrix: &mut Matrix) {
    let mut site = Site::of(binary);
    let server = site.serve(&EVERY);
    for case in table() {
        let Case {
            tool,
            succeeds,
            refused,
            because,
            bad,
            ..
        } = case;
        let answer = server.call(tool, succeeds);
        assert!(answer.answer().is_object(), "{tool}: {}", answer.message);
        matrix.seen(tool, Cell::Success);
        if refused.is_null() {
            matrix.cannot(tool, Cell::Refusal, "names nothing");
        } else {
            let refusal = server.call(tool, refused);
            assert_eq!(refusal.code(), because, "{tool}: {}", refusal.message);
            let hint = &refusal.error()["hint"];
            assert!(hint.is_string(), "{tool}: {}", refusal.message);
            matrix.seen(tool, Cell::Refusal);
        }
        for bad in [bad, json!({ "nonsense": true })] {
            let refusal = server.call(tool, bad);
            assert_eq!(
                refusal.code(),
                "invalid-argument",
                "{tool}: {}",
                refusal.message
            );
        }
        matrix.seen(tool, Cell::BadArguments);
    }

    site.haproxy.stop();
    std::fs::remove_file(site.config()).unwrap();
    std::fs::remove_file(&site.log).unwrap();
    for case in table() {
        let tool = case.tool;
        let response = server.call(tool, case.succeeds);
        if let Some(code) = case.gone {
            assert_eq!(response.code(), code, "{tool}: {}", response.message);
            let hint = &response.error()["hint"];
            assert!(hint.is_string(), "{tool}: {}", response.message);
        } else {
            // It is the answer.
            let findings = response.answer()["findings"].to_string();
            assert!(findings.contains("problem"), "{tool}: {}", response.message);
        }
        matrix.seen(tool, Cell::Gone);
    }
}

/// With these doors: the tools that work with one of them, and no others of this table; a call of another says which
/// setting would bring it.
#[test]
fn each_is_listed_where_its_door_is() {
    let site = Site::of(&newest());
    for doors in [
        &["runtime"][..],
        &["stats"],
        &["metrics"],
        &["runtime", "config"],
        &["runtime", "log"],
    ] {
        let server = site.serve(doors);
        let listed = cases::listed(&server);
        for case in table() {
            // The exporter is looked for beside the statistics page.
            let there = case.door.is_none_or(|needs| {
                doors.contains(&needs) || (needs == "metrics" && doors.contains(&"stats"))
            });
            assert_eq!(
                listed.iter().any(|name| name == case.tool),
                there,
                "`{}` with {doors:?}: {listed:?}",
                case.tool
            );
            if !there {
                let refusal = server.call(case.tool, case.succeeds);
                assert_eq!(refusal.code(), "not-configured", "{}", refusal.message);
                let hint = refusal.error()["hint"].as_str().unwrap().to_owned();
                assert!(hint.contains("HAPROXY_"), "{hint}");
            }
        }
        if !doors.contains(&"runtime") {
            let refusal = server.call("show_info", json!({}));
            assert_eq!(refusal.code(), "not-configured", "{}", refusal.message);
        }
    }
}
