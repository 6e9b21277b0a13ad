//! Lines that are no messages, or not the ones that MCP knows: whoever waits for an answer gets one.

use std::collections::HashMap;

use haproxy_mcp::mcp::LINE_BYTES;
use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{scripted, until};
use serde_json::{Value, json};

use crate::program;

/// A server of either era, without a HAProxy, with its conversation begun.
fn begun(is_stateless: bool) -> (tempfile::TempDir, McpServer) {
    let folder = tempfile::tempdir().unwrap();
    let server = program().socket(&scripted::nowhere(folder.path())).start();
    if is_stateless {
        server.stateless();
        server.request("tools/list", json!({})).result();
    } else {
        server.initialize();
    }
    (folder, server)
}

/// The answers to lines that were sent raw, as soon as there are so many.
fn answers(server: &McpServer, count: usize) -> Vec<Value> {
    until("the answers to lines that were sent raw", || {
        let answers = server.unasked();
        if answers.len() >= count {
            Ok(answers)
        } else {
            Err(format!("{answers:#?}\n{}", server.stderr()))
        }
    })
}

/// Everything is still answered, and nothing was answered twice.
fn goes_on(server: &McpServer, answered: usize) {
    server.request("tools/list", json!({})).result();
    assert_eq!(server.unasked().len(), answered, "{:#?}", server.unasked());
}

#[test]
fn a_request_that_cannot_be_read_is_answered() {
    // Each with what its answer says of the cause.
    let cases = [
        (
            -32602,
            r#""method":"ping","params":[]"#,
            "`params` must be an object",
        ),
        (
            -32602,
            r#""method":"tools/list","params":"x""#,
            "`params` must be an object",
        ),
        (
            -32602,
            r#""method":"ping","params":{"_meta":[]}"#,
            "`_meta`",
        ),
        (
            -32602,
            r#""method":"tools/list","params":{"_meta":5}"#,
            "`_meta`",
        ),
        (
            -32602,
            r#""method":"tools/call","params":{"name":"\ud800"}"#,
            "Unicode",
        ),
        (
            -32602,
            r#""method":"tools/call","params":{"name":5}"#,
            "`name`",
        ),
        (-32602, r#""method":"tools/call","params":{}"#, "`name`"),
        (
            -32602,
            r#""method":"tools/call","params":{"name":"show_info","arguments":"x"}"#,
            "`arguments`",
        ),
        (
            -32602,
            r#""method":"tools/call","params":{"name":"show_info","requestState":5}"#,
            "`tools/call`",
        ),
        (
            -32602,
            r#""method":"tools/list","params":{"cursor":5}"#,
            "`tools/list`",
        ),
        (
            -32602,
            r#""method":"tools/list","params":{"cursor":"a","cursor":"b"}"#,
            "`/cursor`",
        ),
        (
            -32602,
            r#""method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}"#,
            "clientInfo",
        ),
        (
            -32602,
            r#""method":"dance","params":{"x":1e999}"#,
            "`params`",
        ),
        (-32600, r#""method":5"#, "`method`"),
        (-32600, r#""params":{}"#, "`method`"),
        (-32600, r#""method":"ping","result":{}"#, "`result`"),
        (
            -32600,
            r#""method":"ping","method":"tools/list""#,
            "`method`",
        ),
        (-32600, r#""jsonrpc":"2.0","method":"ping""#, "`jsonrpc`"),
    ];
    for is_stateless in [false, true] {
        let (_folder, server) = begun(is_stateless);
        for (number, (_, members, _)) in cases.iter().enumerate() {
            server.send_line(&format!(
                r#"{{"jsonrpc":"2.0","id":"case {number}",{members}}}"#
            ));
        }
        let answers: HashMap<String, Value> = answers(&server, cases.len())
            .into_iter()
            .map(|answer| (answer["id"].to_string(), answer["error"].clone()))
            .collect();
        for (number, (code, members, cause)) in cases.iter().enumerate() {
            let error = &answers[&format!("\"case {number}\"")];
            let message = error["message"].as_str().unwrap();
            assert_eq!(error["code"], json!(code), "{members}: {message}");
            assert!(message.contains(cause), "{members}: {message}");
            assert!(message.len() < 300, "{members}: {message}");
        }
        goes_on(&server, cases.len());
    }
}

#[test]
fn a_line_without_an_id_that_can_be_read_is_answered_too() {
    let cases = [
        (-32700, "hello"),
        (-32700, "{"),
        (-32700, r#"{"jsonrpc":"2.0","id":"half","method":"ping""#),
        (
            -32700,
            r#"{"jsonrpc":"2.0","id":"more","method":"ping"} {}"#,
        ),
        (-32600, "null"),
        (
            -32600,
            r#"[{"jsonrpc":"2.0","id":"batch","method":"ping"}]"#,
        ),
        (-32600, "{}"),
        (-32600, r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#),
        (-32600, r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#),
        (-32600, r#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#),
        (
            -32600,
            r#"{"jsonrpc":"2.0","id":"a","id":"b","method":"ping"}"#,
        ),
    ];
    for is_stateless in [false, true] {
        let (_folder, server) = begun(is_stateless);
        for (number, (code, line)) in cases.iter().enumerate() {
            server.send_line(line);
            let answer = answers(&server, number + 1).remove(number);
            assert_eq!(answer["error"]["code"], json!(code), "{line}: {answer}");
            assert_eq!(answer.get("id"), Some(&Value::Null), "{line}: {answer}");
            assert_ne!(answer["error"]["message"], json!(""), "{line}");
        }
        goes_on(&server, cases.len());
    }
}

/// An id that JSON-RPC allows and MCP does not is still the one that its sender waits for.
#[test]
fn an_id_is_told_as_it_was_written() {
    let (_folder, server) = begun(true);
    for id in ["-1.5", "123456789012345678901234567890"] {
        server.send_line(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#));
        let line = until("the answer", || {
            let lines = server.stdout_lines();
            let told = format!(r#""id":{id},"#);
            lines
                .iter()
                .find(|line| line.contains(&told))
                .cloned()
                .ok_or(lines.join("\n"))
        });
        assert!(line.contains("-32600"), "{line}");
    }
}

#[test]
fn a_line_that_is_too_long_is_answered_and_not_kept() {
    let (_folder, server) = begun(false);
    let (_, before) = server.memory();
    let call = |id: &str, bytes: usize| {
        let (start, end) = (
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"show_info","arguments":{"x":""#,
            format!(r#""}}}},"id":"{id}"}}"#),
        );
        format!(
            "{start}{}{end}",
            "x".repeat(bytes - start.len() - end.len())
        )
    };
    for (number, (id, bytes)) in [
        ("over", LINE_BYTES + 1),
        ("far over", 17 << 20),
        ("very far", 100 << 20),
    ]
    .into_iter()
    .enumerate()
    {
        server.send_line(&call(id, bytes));
        let answer = answers(&server, number + 1).remove(number);
        assert_eq!(answer["id"], json!(id));
        assert_eq!(answer["error"]["code"], json!(-32600), "{answer}");
        assert!(
            answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains(&format!("{LINE_BYTES} bytes")),
            "{answer}"
        );
    }
    let (_, after) = server.memory();
    assert!(
        after < before + (32 << 20),
        "{before} bytes before, {after} after"
    );
    // The longest is read: the tool has no such argument.
    server.send_line(&call("longest", LINE_BYTES));
    let answer = answers(&server, 4).remove(3);
    assert_eq!(
        answer["result"]["structuredContent"]["code"],
        json!("invalid-argument"),
        "{answer}"
    );
    goes_on(&server, 4);
}

/// Whatever else is in the parameters, a repeated key is seen, and so is one in a long line.
#[test]
fn a_repeated_key_is_refused_whatever_stands_around_it() {
    let (_folder, server) = begun(false);
    let much = "x".repeat(LINE_BYTES - 500);
    for (number, params) in [
        r#""_meta":null,"arguments":{"backend":"a","backend":"b"}"#.to_owned(),
        r#""arguments":{"backend":"a","backend":"b"},"_meta":null"#.to_owned(),
        r#""_meta":{"haproxy-mcp/repeated-key":5},"arguments":{"backend":"a","backend":"b"}"#
            .to_owned(),
        format!(r#""x":"{much}","arguments":{{"backend":"a","backend":"b"}}"#),
    ]
    .into_iter()
    .enumerate()
    {
        server.send_line(&format!(
            r#"{{"jsonrpc":"2.0","id":"{number}","method":"tools/call","params":{{"name":"list_servers",{params}}}}}"#
        ));
        let answer = answers(&server, number + 1).remove(number);
        let error = &answer["result"]["structuredContent"];
        assert_eq!(error["code"], json!("invalid-argument"), "{answer}");
        assert_eq!(
            error["details"]["violations"][0]["pointer"],
            json!("/backend"),
            "{answer}"
        );
    }
}

/// Nobody waits for an answer to these, or to an answer.
#[test]
fn what_asks_for_nothing_is_not_answered() {
    let (_folder, server) = begun(false);
    for line in [
        "",
        "   ",
        "\r",
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":[]}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"_meta":5}}"#,
        r#"{"jsonrpc":"1.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/\ud800"}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":5}}"#,
        r#"{"jsonrpc":"2.0","id":"x","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":{},"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not JSON"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":"\ud800"}"#,
    ] {
        server.send_line(line);
    }
    goes_on(&server, 0);
}

/// Neither garbage nor a notification before the beginning ends anything.
#[test]
fn before_the_beginning_it_is_no_different() {
    let folder = tempfile::tempdir().unwrap();
    let server = program().socket(&scripted::nowhere(folder.path())).start();
    server.notify("notifications/initialized", json!({}));
    server.send_line("garbage");
    server.send_line(r#"{"jsonrpc":"2.0","id":"x","method":"ping","params":[]}"#);
    server.send_line(r#"{"jsonrpc":"2.0","id":"x","result":{}}"#);
    let codes: Vec<Value> = answers(&server, 2)
        .iter()
        .map(|answer| answer["error"]["code"].clone())
        .collect();
    assert_eq!(codes, [json!(-32700), json!(-32602)]);
    server.initialize();
    goes_on(&server, 2);
}

/// The last words are answered although nobody can say more.
#[test]
fn a_client_that_has_left_is_still_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = program().socket(&scripted::nowhere(folder.path())).start();
    server.send_line("garbage");
    let ended = server.shutdown();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.contains("-32700"), "{ended:?}");
}
