use std::collections::BTreeMap;

use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::schemas::refused_by;
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step};
use serde_json::{Map, Value, json};

use crate::cases::{all_succeed, cases, has_shape};
use crate::expected::{rows, text};
use crate::{program, serve};

/// The tools as they are listed: name and input schema.
pub(crate) fn schemas(server: &McpServer) -> BTreeMap<String, Value> {
    let listed = server.request("tools/list", json!({}));
    let tools = listed.result()["tools"]
        .as_array()
        .expect("a list of tools");
    tools
        .iter()
        .map(|tool| {
            (
                tool["name"].as_str().expect("a name").to_owned(),
                tool["inputSchema"].clone(),
            )
        })
        .collect()
}

/// A HAProxy that would fail the test if it were asked.
fn nobody_asked() -> ScriptedSocket {
    ScriptedSocket::unix(vec![Step::Close])
}

#[test]
fn what_the_schema_refuses_never_reaches_haproxy() {
    let socket = nobody_asked();
    let server = program().socket(&socket.path()).start();
    server.stateless();
    let schemas = schemas(&server);
    for case in cases() {
        let schema = &schemas[case.tool];
        assert_eq!(
            schema["additionalProperties"],
            json!(false),
            "{}",
            case.tool
        );
        for (arguments, pointer) in refused_by(schema, &case.succeeds) {
            let shown: String = arguments.to_string().chars().take(200).collect();
            let place = format!("{} {shown}", case.tool);
            let response = server.call(case.tool, arguments);
            let error = response.error();
            has_shape(error);
            assert_eq!(error["code"], json!("invalid-argument"), "{place}: {error}");
            assert_eq!(
                error["details"]["violations"][0]["pointer"],
                json!(pointer),
                "{place}: {error}"
            );
            // What was sent is not sent back: it can be long, and others may have written it.
            assert!(error.to_string().len() < 3_000, "{place}: {error}");
        }
    }
    assert_eq!(
        socket.connections(),
        0,
        "HAProxy was asked: {:?}",
        socket.received()
    );
}

/// Arguments that are no object are a mistake in the protocol, not in the use of a tool.
#[test]
fn arguments_that_are_no_object_are_a_protocol_error() {
    let socket = nobody_asked();
    let server = program().socket(&socket.path()).start();
    server.stateless();
    for arguments in [json!([]), json!("be_app"), json!(5)] {
        let response = server.request(
            "tools/call",
            json!({ "name": "list_servers", "arguments": arguments }),
        );
        let (code, message) = response.protocol_error();
        assert!([-32602, -32600, -32601].contains(&code), "{code} {message}");
    }
    assert_eq!(socket.connections(), 0);
}

/// A name is data, wherever it stands: what it spells must neither be done nor be understood as something else.
const NAMES: [&str; 24] = [
    "be_app;disable server be_app/app1",
    "be_app; disable server be_app/app1",
    ";disable server be_app/app1",
    "be_app\ndisable server be_app/app1",
    "be_app\r\ndisable server be_app/app1\r\n",
    "be_app\u{0}",
    "be_app disable",
    " be_app",
    "be_app ",
    "be_app app1",
    "\tbe_app",
    "be_app\\",
    "be_app\\;disable server be_app/app1",
    "\"be_app\"",
    "'be_app'",
    "<<",
    "be_app <<",
    "be_app <<\ndisable server be_app/app1\n",
    "@1 disable server be_app/app1",
    "#4",
    "-1",
    "be_app/app1",
    "be_app\u{202e}",
    "*",
];

haproxy_mcp_testkit::on_each_version! {
    fn a_name_is_never_more_than_a_name(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let server = serve(&haproxy);
        let schemas = schemas(&server);
        let before = standing(&haproxy);
        for case in cases().into_iter().filter(|case| case.is_of(binary)) {
            let properties = schemas[case.tool]["properties"].as_object().expect("properties");
            for (argument, property) in properties {
                for name in NAMES {
                    let value = match (property["type"].as_str(), property.get("enum")) {
                        (Some("string"), None) => json!(name),
                        (Some("array"), _) => json!([name]),
                        _ => continue,
                    };
                    let mut arguments = case.succeeds.clone();
                    arguments[argument] = value;
                    let place = format!("{} {arguments}", case.tool);
                    let response = server.call(case.tool, arguments);
                    if response.result()["isError"] == json!(true) {
                        let error = response.error();
                        has_shape(error);
                        let code = error["code"].as_str().unwrap_or_default();
                        assert!(["invalid-argument", "not-found", "malformed"].contains(&code), "{place}: {error}");
                    } else {
                        // Data of no meaning to anybody: it comes back as it was.
                        if case.tool == "echo" {
                            let answer = response.answer();
                            let same = if answer["by"] == "echo" { json!(true) } else { Value::Null };
                            assert_eq!(answer["same"], same, "{place}: {}", response.message);
                            continue;
                        }
                        // Whether a field exists is not known where there is no row.
                        if argument == "fields" {
                            assert_eq!(response.answer()["matched"], json!(0), "{place}: {}", response.message);
                            continue;
                        }
                        // What is looked up is data, too, and no map has it.
                        if ["get_map", "get_acl"].contains(&case.tool) && argument == "key" {
                            assert_eq!(response.answer()["found"], json!(false), "{place}: {}", response.message);
                            continue;
                        }
                        // A whole content is one entry, which is not there; a number names a map or an ACL.
                        if case.tool == "diff_map" && argument == "content" {
                            assert_eq!(response.answer()["totals"]["unchanged"], json!(0), "{place}: {}", response.message);
                            continue;
                        }
                        if ["map", "acl"].contains(&argument.as_str()) && name == "#4" {
                            continue;
                        }
                        // A part of a name: the rows are those that have it, and mostly there are none.
                        assert_eq!(argument, "filter", "{place}: {}", response.message);
                        let whole = |row: &Map<String, Value>| match case.tool {
                            "show_stat" | "sample_stat" => format!("{}/{}", text(row, "pxname"), text(row, "svname")),
                            "show_servers_state" => format!("{}/{}", text(row, "be_name"), text(row, "srv_name")),
                            "show_servers_conn" => format!("{}/{}", text(row, "bkname"), text(row, "svname")),
                            _ => row.values().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
                        };
                        for row in rows(response.answer()) {
                            assert!(whole(row).contains(name), "{place}: {row:?}");
                        }
                    }
                }
            }
        }
        assert_eq!(standing(&haproxy), before, "something was changed");
        all_succeed(&server);
    }
}

/// What of HAProxy's state a command could have changed: of every server its place, weight and state.
fn standing(haproxy: &Haproxy) -> Vec<String> {
    let keep = |line: &str| line.split(' ').take(9).collect::<Vec<_>>().join(" ");
    let mut standing: Vec<String> = haproxy
        .raw_text("show servers state")
        .lines()
        .map(keep)
        .collect();
    standing.push(haproxy.info("Pid"));
    standing.push(haproxy.info("Maxconn"));
    standing
}

/// JSON leaves open which of two equal keys counts, so that nobody is asked to guess.
#[test]
fn a_repeated_key_is_refused() {
    let socket = nobody_asked();
    let server = program().socket(&socket.path()).start();
    server.initialize();
    for (id, arguments) in [
        ("twice", r#"{"backend":"be_app","backend":"be_empty"}"#),
        (
            "escaped",
            r#"{"backend":"be_app","\u0062ackend":"be_empty"}"#,
        ),
    ] {
        server.send_line(&format!(
            r#"{{"jsonrpc":"2.0","id":"{id}","method":"tools/call","params":{{"name":"list_servers","arguments":{arguments}}}}}"#
        ));
        let said = haproxy_mcp_testkit::until("an answer to a line that was sent raw", || {
            server
                .unasked()
                .into_iter()
                .find(|message| message["id"] == json!(id))
                .ok_or_else(|| server.stderr())
        });
        let error = &said["result"]["structuredContent"];
        has_shape(error);
        assert_eq!(error["code"], json!("invalid-argument"), "{said}");
        assert_eq!(
            error["details"]["violations"][0]["pointer"],
            json!("/backend"),
            "{said}"
        );
    }
    assert_eq!(socket.connections(), 0);
}
