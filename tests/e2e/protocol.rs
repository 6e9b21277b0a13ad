use haproxy_mcp_testkit::mcp::{HANDSHAKE_VERSION, McpServer, STATELESS_VERSION};
use haproxy_mcp_testkit::{Haproxy, newest, scripted, until};
use serde_json::{Value, json};

use crate::cases::{cases, listed, refusals};
use crate::{busy, program, serve};

/// A server without a HAProxy: for what needs none.
fn alone() -> (tempfile::TempDir, McpServer) {
    let folder = tempfile::tempdir().unwrap();
    let server = program().socket(&scripted::nowhere(folder.path())).start();
    (folder, server)
}

#[test]
fn the_handshake_says_who_it_is() {
    let (_folder, server) = alone();
    let hello = server.initialize();
    assert_eq!(hello["protocolVersion"], json!(HANDSHAKE_VERSION));
    assert_eq!(hello["serverInfo"]["name"], json!("haproxy-mcp"));
    assert_eq!(
        hello["serverInfo"]["version"],
        json!(env!("CARGO_PKG_VERSION"))
    );
    assert!(hello["capabilities"]["tools"].is_object(), "{hello}");
    let instructions = hello["instructions"].as_str().expect("instructions");
    assert!(instructions.contains("read only"), "{instructions}");
    // Clients cut it off above 2 KB.
    assert!(instructions.len() < 2_000, "{instructions}");
    assert_eq!(server.request("ping", json!({})).result(), &json!({}));
}

#[test]
fn an_older_client_is_understood() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let (_folder, server) = alone();
        let hello = server.request(
            "initialize",
            json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "old", "version": "0" } }),
        );
        assert_eq!(hello.result()["protocolVersion"], json!(version));
        server.notify("notifications/initialized", json!({}));
        assert_eq!(listed(&server).len(), cases().len(), "{version}");
    }
}

#[test]
fn without_a_handshake_the_server_is_discovered() {
    let (_folder, server) = alone();
    server.stateless();
    let discovered = server.request("server/discover", json!({}));
    let discovered = discovered.result();
    let versions = discovered["supportedVersions"]
        .as_array()
        .expect("versions");
    assert!(versions.contains(&json!(STATELESS_VERSION)), "{discovered}");
    assert!(
        discovered["capabilities"]["tools"].is_object(),
        "{discovered}"
    );
}

/// Both eras give the same tools and the same answers, apart from what each era's envelope must hold.
#[test]
fn both_eras_say_the_same() {
    let haproxy = busy(&newest());
    let old = program().haproxy(&haproxy).start();
    old.initialize();
    let new = serve(&haproxy);
    let tools =
        |server: &McpServer| server.request("tools/list", json!({})).result()["tools"].clone();
    assert_eq!(tools(&old), tools(&new));
    for case in cases() {
        // What moves by itself is asked for until both have seen the same.
        let call = |server: &McpServer| server.call(case.tool, case.still.clone());
        until("both eras to give one answer", || {
            let (old, new) = (call(&old), call(&new));
            assert_eq!(
                new.result()["resultType"],
                json!("complete"),
                "{}",
                new.message
            );
            assert_eq!(old.result().get("resultType"), None, "{}", old.message);
            let said = |response: &haproxy_mcp_testkit::mcp::Response| response.answer().clone();
            if said(&old) == said(&new) {
                Ok(())
            } else {
                Err(format!("{} and {}", old.message, new.message))
            }
        });
        if !case.refused.is_null() {
            let refused =
                |server: &McpServer| server.call(case.tool, case.refused.clone()).error().clone();
            assert_eq!(refused(&old), refused(&new), "{}", case.tool);
        }
    }
}

/// A client that knows no structured content reads the same in the text.
#[test]
fn answers_and_errors_are_also_text() {
    let haproxy = busy(&newest());
    let server = serve(&haproxy);
    for case in cases() {
        let answer = server.call(case.tool, case.succeeds);
        let texts = answer.texts();
        let (line, json) = (texts[0], texts[1]);
        assert!(
            !line.is_empty() && line.len() < 500,
            "{}: {line}",
            case.tool
        );
        assert_eq!(
            serde_json::from_str::<Value>(json).unwrap(),
            *answer.answer(),
            "{}",
            case.tool
        );
        if case.refused.is_null() {
            continue;
        }
        let error = server.call(case.tool, case.refused);
        let texts = error.texts();
        assert_eq!(
            serde_json::from_str::<Value>(texts[0]).unwrap(),
            *error.error(),
            "{}",
            case.tool
        );
    }
}

#[test]
fn the_list_of_tools_is_complete_and_true() {
    let (_folder, server) = alone();
    server.stateless();
    let listed = server.request("tools/list", json!({}));
    let tools = listed.result()["tools"]
        .as_array()
        .expect("a list of tools");
    for tool in tools {
        let name = tool["name"].as_str().unwrap_or_default();
        for key in ["title", "description"] {
            assert!(
                tool[key].as_str().is_some_and(|text| text.len() > 5),
                "{name} has no {key}"
            );
        }
        assert_eq!(tool["inputSchema"]["type"], json!("object"), "{name}");
        assert_eq!(tool["outputSchema"]["type"], json!("object"), "{name}");
        assert!(
            tool["outputSchema"]["properties"]
                .as_object()
                .is_some_and(|keys| !keys.is_empty()),
            "{name}"
        );
        // Each of these tools sends `show …` alone; tests/sandbox/writes.rs shows that nothing else gets through.
        let annotations = &tool["annotations"];
        assert_eq!(annotations["readOnlyHint"], json!(true), "{name}");
        assert_eq!(annotations["destructiveHint"], json!(false), "{name}");
        assert_eq!(annotations["idempotentHint"], json!(true), "{name}");
        assert_eq!(annotations["openWorldHint"], json!(false), "{name}");
    }
    assert_eq!(
        server.request("tools/list", json!({})).result()["tools"],
        listed.result()["tools"]
    );
}

#[test]
fn what_is_no_call_of_a_tool_is_a_protocol_error() {
    let (_folder, server) = alone();
    server.initialize();
    for (method, params, expected) in [
        (
            "tools/call",
            json!({ "name": "show_everything", "arguments": {} }),
            -32602,
        ),
        ("tools/call", json!({ "name": "", "arguments": {} }), -32602),
        (
            "tools/call",
            json!({ "name": "show_info\u{0}", "arguments": {} }),
            -32602,
        ),
        ("tools/list", json!({ "cursor": "somewhere" }), -32602),
        ("tools/dance", json!({}), -32601),
    ] {
        let response = server.request(method, params);
        let (code, message) = response.protocol_error();
        assert_eq!(code, expected, "{method}: {message}");
        assert!(
            !message.is_empty() && message.len() < 500,
            "{method}: {message}"
        );
    }
    assert_eq!(listed(&server).len(), cases().len());
}

/// What is not even JSON-RPC ends neither the server nor the conversation.
#[test]
fn lines_that_are_no_messages_are_survived() {
    let (_folder, server) = alone();
    server.initialize();
    for line in [
        "",
        "{",
        "null",
        "5",
        "\"text\"",
        "{}",
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"1.0","id":"x","method":"ping"}"#,
        "\u{feff}{}",
    ] {
        server.send_line(line);
    }
    assert_eq!(listed(&server).len(), cases().len());
}

/// Whatever happens, standard output holds messages only ([`McpServer`] fails a test that sees another line), and the
/// log goes to standard error. The server ends when its client is gone, without a complaint.
#[test]
fn the_streams_are_kept_apart_and_the_end_is_quiet() {
    let haproxy = Haproxy::start(&newest());
    for level in ["error", "trace"] {
        let server = program()
            .haproxy(&haproxy)
            .args(["--log-level", level])
            .start();
        server.stateless();
        for case in cases() {
            server.call(case.tool, case.succeeds).answer();
        }
        for case in refusals() {
            server.call(case.tool, case.refused).error();
        }
        let mut answers = 0;
        for line in server.stdout_lines() {
            let message: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(message["jsonrpc"], json!("2.0"));
            // A tool that takes its time also reports how far it is.
            if message.get("id").is_some() {
                answers += 1;
            } else {
                assert_eq!(message["method"], json!("notifications/progress"), "{line}");
            }
        }
        assert_eq!(answers, cases().len() + refusals().len());
        let ended = server.shutdown();
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(
            ended.stderr.is_empty(),
            level == "error",
            "{}",
            ended.stderr
        );
    }
}

/// A client may close its end while calls are under way; the server ends all the same.
#[test]
fn a_client_that_leaves_in_the_middle_ends_the_server() {
    let socket =
        scripted::ScriptedSocket::unix(vec![scripted::Step::ReadLine, scripted::Step::Hang]);
    let server = program()
        .socket(&socket.path())
        .args(["--runtime-timeout", "600"])
        .start();
    server.initialize();
    let _waiting = server.begin("show_info", json!({}));
    until("the call to reach HAProxy", || match socket.open_now() {
        0 => Err(server.stderr()),
        _ => Ok(()),
    });
    let ended = server.shutdown();
    assert!(ended.status.success(), "{ended:?}");
    until("the connection to end", || match socket.open_now() {
        0 => Ok(()),
        open => Err(format!("{open} open")),
    });
}

/// The whole environment of the existing server works unchanged.
#[test]
fn settings_reach_haproxy_by_every_door() {
    let haproxy = Haproxy::builder(&newest()).master_worker().start();
    let (socket, address) = (haproxy.admin_socket(), haproxy.admin_address());
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let url = format!("tcp://{address}");
    let unix = format!("unix://{}", socket.display());
    let master = haproxy.master_socket();
    for environment in [
        vec![
            ("HAPROXY_RUNTIME_MODE", "unix"),
            ("HAPROXY_RUNTIME_SOCKET", socket.to_str().unwrap()),
        ],
        vec![
            ("HAPROXY_RUNTIME_MODE", "tcp4"),
            ("HAPROXY_HOST", &ip),
            ("HAPROXY_PORT", &port),
        ],
        vec![
            ("HAPROXY_HOST", "localhost"),
            ("HAPROXY_PORT", &port),
            ("HAPROXY_RUNTIME_TIMEOUT", "5"),
        ],
        vec![("HAPROXY_RUNTIME_URL", &url)],
        vec![
            ("HAPROXY_RUNTIME_URL", &unix),
            ("MCP_TRANSPORT", "stdio"),
            ("LOG_LEVEL", "warn"),
        ],
        vec![("HAPROXY_MASTER_SOCKET", master.to_str().unwrap())],
    ] {
        let server = environment
            .iter()
            .fold(program(), |program, (name, value)| program.env(name, value))
            .start();
        let response = server
            .stateless()
            .call("show_info", json!({ "fields": ["Pid"] }));
        assert_eq!(
            response.answer()["fields"]["Pid"].to_string(),
            haproxy.info("Pid"),
            "{environment:?}"
        );
    }
}

#[test]
fn a_module_that_cannot_be_loaded_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = folder.path().join("garbage.wasm");
    std::fs::write(&garbage, "no module").unwrap();
    for path in [folder.path().join("nowhere.wasm"), garbage] {
        let ended = program().module(&path).run();
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        assert_eq!(ended.stdout, "");
        assert!(
            ended.stderr.contains("error: ") && ended.stderr.contains("hint: "),
            "{}",
            ended.stderr
        );
    }
}
