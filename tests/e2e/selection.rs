use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Haproxy, newest};
use serde_json::{Value, json};

use crate::expected::{rows, text};
use crate::oracle;
use crate::{busy, serve};

/// All rows of a list, page after page; `matched` must be the same on each.
fn pages(server: &McpServer, tool: &str, arguments: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    let mut asked = arguments.clone();
    loop {
        let response = server.call(tool, asked.clone());
        let answer = response.answer();
        let page = answer["rows"].as_array().expect("rows");
        assert!(!page.is_empty() || all.is_empty(), "an empty page: {asked}");
        all.extend(page.iter().cloned());
        let Some(cursor) = answer.get("next_cursor") else {
            assert_eq!(answer["matched"], json!(all.len()), "{asked}");
            return all;
        };
        asked["cursor"] = cursor.clone();
        assert!(all.len() < 5_000, "pages without end: {asked}");
    }
}

fn many() -> Haproxy {
    Haproxy::builder(&newest()).servers(700).start()
}

#[test]
fn pages_hold_every_row_once_and_in_order() {
    let haproxy = many();
    let server = serve(&haproxy);
    let expected: Vec<(String, String)> = oracle::statistics(&haproxy)
        .iter()
        .map(oracle::Object::name)
        .collect();
    for limit in [7, 100, 500] {
        let said: Vec<(String, String)> = pages(&server, "show_stat", &json!({ "limit": limit }))
            .iter()
            .map(|row| row.as_object().expect("a row"))
            .map(|row| (text(row, "pxname"), text(row, "svname")))
            .collect();
        assert_eq!(said, expected, "limit {limit}");
    }
    let servers = pages(
        &server,
        "list_servers",
        &json!({ "backend": "be_many", "limit": 300 }),
    );
    let servers: Vec<String> = servers
        .iter()
        .map(|row| text(row.as_object().unwrap(), "svname"))
        .collect();
    assert_eq!(
        servers,
        (1..=700)
            .map(|index| format!("s{index}"))
            .collect::<Vec<_>>()
    );
    let backends = pages(&server, "list_backends", &json!({ "limit": 2 }));
    let backends: Vec<String> = backends
        .iter()
        .map(|row| text(row.as_object().unwrap(), "pxname"))
        .collect();
    let kind = |object: &&oracle::Object| object.kind() == "backend";
    let expected: Vec<String> = oracle::statistics(&haproxy)
        .iter()
        .filter(kind)
        .map(|object| object.text("pxname"))
        .collect();
    assert_eq!(backends, expected);
}

#[test]
fn a_default_answer_over_many_servers_is_small() {
    let haproxy = many();
    let server = serve(&haproxy);
    for (tool, arguments) in [
        ("show_stat", json!({})),
        ("list_servers", json!({ "backend": "be_many" })),
    ] {
        let response = server.call(tool, arguments);
        let answer = response.answer();
        assert_eq!(rows(answer).count(), 20, "{tool}");
        assert!(answer["matched"].as_u64() >= Some(700), "{tool}");
        // About four characters are one token.
        let size = answer.to_string().len();
        assert!(size <= 8_000, "{tool}: {size} bytes");
    }
}

haproxy_mcp_testkit::on_each_version! {
    fn rows_are_sorted_as_asked(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        for (order, ascending) in [(json!("desc"), false), (json!("asc"), true)] {
            for column in ["stot", "weight", "hrsp_2xx"] {
                let sorted = pages(&server, "show_stat", &json!({ "type": "server", "sort": column, "order": order, "fields": [column] }));
                let values: Vec<Option<u64>> = sorted.iter().map(|row| row[column].as_u64()).collect();
                let mut expected: Vec<u64> = oracle::statistics(&haproxy)
                    .iter()
                    .filter(|object| object.kind() == "server")
                    .filter_map(|object| object.fields.get(column)?.text().parse().ok())
                    .collect();
                expected.sort_unstable();
                if !ascending {
                    expected.reverse();
                }
                let without = sorted.len() - expected.len();
                let expected: Vec<Option<u64>> = expected.into_iter().map(Some).chain(vec![None; without]).collect();
                assert_eq!(values, expected, "{column} {order}");
            }
        }
    }

    fn a_filter_is_a_part_of_a_name(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let names = |arguments: Value| -> Vec<String> {
            pages(&server, "show_stat", &arguments)
                .iter()
                .map(|row| row.as_object().expect("a row"))
                .map(|row| format!("{}/{}", text(row, "pxname"), text(row, "svname")))
                .collect()
        };
        assert_eq!(names(json!({ "filter": "APP1" })), ["be_app/app1"]);
        assert_eq!(names(json!({ "filter": "api-v1", "type": "server" })).len(), 3);
        assert_eq!(names(json!({ "filter": "nothing is called this" })), Vec::<String>::new());
        let backends = server.call("list_backends", json!({ "filter": "EMPTY" }));
        assert_eq!(rows(backends.answer()).count(), 1);
        let servers = server.call("list_servers", json!({ "backend": "be_app", "filter": "app_" }));
        assert_eq!(servers.answer()["matched"], json!(2));
    }
}
