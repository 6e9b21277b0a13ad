use std::net::Ipv4Addr;

use haproxy_mcp_testkit::{Haproxy, newest};
use serde_json::{Value, json};

use super::{remembered, site};
use crate::cases::{Site, serve};

/// Adds `count` entries to `t_ip`: of 10.0.0.0, 10.0.0.1, … the n-th has gpc0 n * 7 % 1000 and gpt0 n % 3.
fn fill(haproxy: &Haproxy, count: u32) {
    let entries: Vec<u32> = (0..count).collect();
    for chunk in entries.chunks(200) {
        let commands: Vec<String> = chunk
            .iter()
            .map(|n| {
                let key = Ipv4Addr::from(0x0a00_0000 + n);
                let (first, third) = (n * 7 % 1000, n % 3);
                format!("set table t_ip key {key} data.gpc0 {first} data.gpt0 {third}")
            })
            .collect();
        let answer = haproxy.raw_text(&commands.join(";"));
        assert_eq!(answer.trim(), "", "{answer}");
    }
}

fn numbers(answer: &Value, name: &str) -> Vec<u64> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter().map(|row| row[name].as_u64().unwrap()).collect()
}

haproxy_mcp_testkit::on_each_version! {
    fn entries_are_filtered_sorted_and_paged(binary: &Binary) {
        let site = site(binary);
        fill(&site.haproxy, 300);
        let server = serve(&site, "read");
        let filter = json!([{ "type": "gpt0", "op": "eq", "value": 1 }, { "type": "gpc0", "op": "ge", "value": 500 }]);
        let matching: Vec<u64> = (0..300_u64).filter(|n| n % 3 == 1 && n * 7 % 1000 >= 500).map(|n| n * 7 % 1000).collect();
        for (order, limit) in [("desc", 7), ("asc", 7), ("desc", 500)] {
            let mut expected = matching.clone();
            expected.sort_unstable();
            if order == "desc" {
                expected.reverse();
            }
            let mut seen = Vec::new();
            let mut arguments = json!({ "table": "t_ip", "filter": filter, "sort": "gpc0", "order": order, "limit": limit });
            loop {
                let answer = server.call("show_table", arguments.clone()).answer().clone();
                assert_eq!(answer["matched"], json!(matching.len()), "{answer}");
                assert_eq!(answer["totals"]["sum"], json!(matching.iter().sum::<u64>()), "{answer}");
                assert_eq!(answer["table"]["used"], json!(300), "{answer}");
                assert_eq!(answer["periods_ms"], json!({ "gpc0_rate": 10_000 }), "{answer}");
                seen.extend(numbers(&answer, "gpc0"));
                match answer.get("next_cursor") {
                    Some(cursor) => arguments["cursor"] = cursor.clone(),
                    None => break,
                }
            }
            assert_eq!(seen, expected, "{order} {limit}");
        }
        // Without a filter, HAProxy's order, and the answer stays short.
        let response = server.call("show_table", json!({ "table": "t_ip" }));
        assert_eq!(response.answer()["matched"], json!(300));
        assert!(response.answer().to_string().len() < 8_000);
    }

    fn what_cannot_be_filtered_or_sorted_by_is_told(binary: &Binary) {
        let site = site(binary);
        fill(&site.haproxy, 3);
        let server = serve(&site, "read");
        let one = |kind: &str| json!([{ "type": "gpc0", "op": "gt", "value": 1 }, { "type": kind, "op": "gt", "value": 1 }]);
        for (arguments, place) in [
            (json!({ "table": "t_ip", "filter": one("gpc1") }), "/filter/1/type"),
            (json!({ "table": "t_ip", "filter": one("nothing") }), "/filter/1/type"),
            (json!({ "table": "t_names", "filter": [{ "type": "server_key", "op": "eq", "value": 1 }] }), "/filter/0/type"),
            (json!({ "table": "t_ip", "sort": "gpc1" }), "/sort"),
            (json!({ "filter": one("gpc0") }), "/table"),
            (json!({ "sort": "gpc0" }), "/table"),
            (json!({ "table": "t_ip", "cursor": "0000000000000000.1.-" }), "/cursor"),
        ] {
            let response = server.call("show_table", arguments.clone());
            let error = response.error();
            assert_eq!(error["code"], "invalid-argument", "{arguments}: {error}");
            assert_eq!(error["details"]["argument"], place, "{arguments}: {error}");
            if place.starts_with("/filter/1") {
                assert!(error["hint"].as_str().unwrap().contains("gpc0"), "{error}");
            }
        }
    }

    fn a_table_is_emptied_by_a_filter(binary: &Binary) {
        let site = site(binary);
        fill(&site.haproxy, 30);
        let server = serve(&site, "admin");
        let filter = json!([{ "type": "gpt0", "op": "ne", "value": 1 }]);
        let answer = server.call("clear_table", json!({ "table": "t_ip", "filter": filter })).answer().clone();
        assert_eq!(answer["before"], json!({ "used": 30, "matched": 20, "in_use": 0, "left": 20 }));
        assert_eq!(answer["after"], json!({ "used": 10, "matched": 0, "in_use": 0, "left": 0 }));
        let left = remembered(&site.haproxy, "t_ip");
        assert_eq!(left.lines().count(), 10);
        assert!(left.lines().all(|line| line.contains("gpt0=1")), "{left}");
        let unknown = json!([{ "type": "gpc1", "op": "gt", "value": 1 }]);
        let response = server.call("clear_table", json!({ "table": "t_ip", "filter": unknown }));
        assert_eq!(response.error()["details"]["argument"], "/filter/0/type", "{}", response.message);
        assert_eq!(remembered(&site.haproxy, "t_ip"), left);
    }
}

/// A table of 100,000 entries is read in little memory. `make bench` measures the time.
#[test]
fn a_table_of_100_000_entries() {
    let haproxy = Haproxy::builder(&newest())
        .config("backend t_ip\n    stick-table type ip size 200k expire 1h store gpc0,gpt0,gpc0_rate(10s)\n")
        .start();
    let site = Site {
        haproxy,
        files: None,
        master: false,
    };
    fill(&site.haproxy, 100_000);
    let server = serve(&site, "read");
    let (before, _) = server.memory();
    for (op, value) in [("ge", 0), ("gt", 998)] {
        let reply = site
            .haproxy
            .raw_text(&format!("show table t_ip data.gpc0 {op} {value}"));
        let matched = reply.lines().filter(|line| line.starts_with("0x")).count();
        let filter = json!([{ "type": "gpc0", "op": op, "value": value }]);
        let arguments = json!({ "table": "t_ip", "filter": filter, "sort": "gpc0", "limit": 50 });
        let response = server.call("show_table", arguments);
        assert_eq!(response.answer()["matched"], json!(matched), "{op}");
        assert_eq!(numbers(response.answer(), "gpc0"), [999; 50], "{op}");
    }
    let (_, most) = server.memory();
    let megabytes = most.saturating_sub(before) >> 20;
    assert!(megabytes < 40, "{megabytes} MB more");
}
