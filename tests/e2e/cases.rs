//! For every tool a call that succeeds and one that is refused. A tool that the server lists and that is not here fails
//! a test; what must hold for every tool walks this table.

use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Binary, Haproxy, newest};
use serde_json::{Value, json};

use crate::{busy, serve};

pub(crate) struct Case {
    pub(crate) tool: &'static str,
    /// Arguments under which every HAProxy of these tests answers.
    pub(crate) succeeds: Value,
    /// Such arguments whose answer moves but once a second while nobody visits.
    pub(crate) still: Value,
    /// Arguments that the schema allows and that name what is not there; null for a tool that has no arguments.
    pub(crate) refused: Value,
    /// The code of that refusal, and the argument that it is about.
    pub(crate) because: (&'static str, &'static str),
    /// The first version that has the command, where that is later than 2.6; earlier ones refuse it as `unsupported`.
    pub(crate) since: Option<(u32, u32)>,
}

impl Case {
    /// Whether this HAProxy has what the tool asks for.
    pub(crate) fn is_of(&self, binary: &Binary) -> bool {
        self.since
            .is_none_or(|(major, minor)| binary.at_least(major, minor))
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case {
            tool: "show_info",
            succeeds: json!({}),
            still: json!({ "fields": ["Name", "Version", "Nbthread", "Maxconn", "Pid", "Listeners", "description"] }),
            refused: json!({ "fields": ["CurrConns", "Maxcon"] }),
            because: ("invalid-argument", "/fields/1"),
            since: None,
        },
        Case {
            tool: "show_stat",
            succeeds: json!({}),
            still: json!({}),
            refused: json!({ "proxy": "be_ap" }),
            because: ("not-found", "/proxy"),
            since: None,
        },
        Case {
            tool: "list_backends",
            succeeds: json!({}),
            still: json!({}),
            refused: json!({ "cursor": "0000000000000000.1.-" }),
            because: ("invalid-argument", "/cursor"),
            since: None,
        },
        Case {
            tool: "list_servers",
            succeeds: json!({ "backend": "be_app" }),
            still: json!({ "backend": "be_app" }),
            refused: json!({ "backend": "be_ap" }),
            because: ("not-found", "/backend"),
            since: None,
        },
        Case {
            tool: "get_server",
            succeeds: json!({ "backend": "be_app", "server": "app1" }),
            still: json!({ "backend": "be_app", "server": "app1" }),
            refused: json!({ "backend": "be_app", "server": "app9" }),
            because: ("not-found", "/server"),
            since: None,
        },
    ];
    cases.extend(crate::topology::cases());
    cases.extend(crate::rates::cases());
    cases.extend(crate::process::cases());
    cases.extend(crate::servers::cases());
    cases.extend(crate::logs::cases());
    cases.extend(crate::maps::cases());
    cases.extend(crate::tables::cases());
    cases.extend(crate::sessions::cases());
    cases.extend(crate::certificates::cases());
    cases
}

/// Those of a tool that can refuse something: one without arguments cannot.
pub(crate) fn refusals() -> Vec<Case> {
    cases()
        .into_iter()
        .filter(|case| !case.refused.is_null())
        .collect()
}

/// The names of the tools that the server lists.
pub(crate) fn listed(server: &McpServer) -> Vec<String> {
    let listed = server.request("tools/list", json!({}));
    let tools = listed.result()["tools"]
        .as_array()
        .expect("a list of tools");
    tools
        .iter()
        .map(|tool| tool["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// Every tool answers again: what went before has left nothing behind.
pub(crate) fn all_succeed(server: &McpServer) {
    for case in cases() {
        let response = server.call(case.tool, case.succeeds);
        if case.since.is_some() && response.result()["isError"] == json!(true) {
            assert_eq!(response.code(), "unsupported", "{}", case.tool);
            has_shape(response.error());
            continue;
        }
        assert!(
            response.answer().is_object(),
            "{}: {}",
            case.tool,
            response.message
        );
    }
}

/// A tool error has one shape everywhere, and says what to do next.
pub(crate) fn has_shape(error: &Value) {
    let keys: Vec<&str> = error
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert!(
        keys.iter()
            .all(|key| ["code", "message", "hint", "details"].contains(key)),
        "{error}"
    );
    for key in ["code", "message", "hint"] {
        assert!(
            error[key].as_str().is_some_and(|text| !text.is_empty()),
            "no `{key}`: {error}"
        );
    }
    let code = error["code"].as_str().unwrap_or_default();
    assert!(
        code.chars()
            .all(|character| character.is_ascii_lowercase() || character == '-'),
        "{error}"
    );
    assert!(error.get("details").is_none_or(Value::is_object), "{error}");
}

/// Success and refusal are here; bad arguments ([`crate::arguments`]) and a HAProxy that is gone ([`crate::gone`]) are
/// asked of each tool of this table.
#[test]
fn every_tool_has_its_cases() {
    let haproxy = Haproxy::start(&newest());
    let known: Vec<String> = cases().iter().map(|case| case.tool.to_owned()).collect();
    let mut listed = listed(&serve(&haproxy));
    listed.sort_by_key(|name| known.iter().position(|known| known == name));
    assert_eq!(
        listed, known,
        "each tool that is listed needs a case in tests/e2e/cases.rs, and each case a tool"
    );
}

#[test]
fn every_tool_succeeds() {
    let haproxy = busy(&newest());
    all_succeed(&serve(&haproxy));
}

haproxy_mcp_testkit::on_each_version! {
    fn every_tool_refuses_what_is_not_there(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let server = serve(&haproxy);
        for case in refusals() {
            let response = server.call(case.tool, case.refused);
            let error = response.error();
            has_shape(error);
            let (code, argument) = case.because;
            assert_eq!(error["code"], json!(code), "{}: {error}", case.tool);
            assert_eq!(error["details"]["argument"], json!(argument), "{}: {error}", case.tool);
            // The name that was meant is near, and the model is told.
            if let Some(near) = error["details"].get("near") {
                let hint = error["hint"].as_str().unwrap_or_default();
                assert!(hint.starts_with("did you mean ") && *near != json!([]), "{}: {error}", case.tool);
            }
        }
        all_succeed(&server);
    }
}
