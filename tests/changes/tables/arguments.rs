use serde_json::{Value, json};

use super::{remembered, started};

/// Table, key, and how HAProxy writes it.
const KEYS: [(&str, &str, &str); 11] = [
    ("t_ip", "192.0.2.7", "192.0.2.7"),
    ("t_ipv6", "2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
    ("t_ipv6", "::1", "::1"),
    ("t_ipv6", "10.0.0.1", "::ffff:10.0.0.1"),
    ("t_integer", "0", "0"),
    ("t_integer", "4294967295", "4294967295"),
    ("t_string", "plain", "plain"),
    ("t_string", "a b;c\\d", "a\\ b;c\\\\d"),
    ("t_string", "a=b", "a\\=b"),
    ("t_string", "<<", "<<"),
    ("t_string", "é", "\\xC3\\xA9"),
];

/// Table and text that is no key of it, though HAProxy takes some of them for others.
const NO_KEYS: [(&str, &str); 16] = [
    ("t_ip", "nothing"),
    ("t_ip", "10.0.0"),
    ("t_ip", "10.0.0.1/24"),
    ("t_ip", "::ffff:10.0.0.1"),
    ("t_ip", "2001:db8::1"),
    ("t_ipv6", "[::1]"),
    ("t_ipv6", "fe80::1%lo"),
    ("t_ipv6", "nothing"),
    ("t_integer", "nothing"),
    ("t_integer", "-1"),
    ("t_integer", "4294967296"),
    ("t_integer", "010"),
    ("t_integer", "12abc"),
    // the first 16 bytes would be another's key
    ("t_string", "0123456789abcdefg"),
    ("t_string", "0123456789abcdefghi"),
    ("t_binary", "xyz"),
];

fn data(kind: &str, value: impl Into<Value>) -> Value {
    json!([{ "type": kind, "value": value.into() }])
}

haproxy_mcp_testkit::on_each_version! {
    fn a_key_of_every_type_is_set_read_and_removed(binary: &Binary) {
        let (site, server) = started(binary);
        for (table, key, written) in KEYS {
            let entry = json!({ "table": table, "key": key });
            let get = || server.call("get_table_entry", entry.clone()).answer().clone();
            assert_eq!(get()["found"], json!(false), "{table} {key}");
            let mut set = entry.clone();
            set["data"] = data("gpc0", 7);
            let answer = server.call("set_table_entry", set.clone()).answer().clone();
            assert_eq!(answer["before"], Value::Null, "{answer}");
            assert_eq!(answer["after"]["gpc0"], json!(7), "{answer}");
            assert_eq!(answer["changed"], json!(true), "{answer}");
            let seen = remembered(&site.haproxy, table);
            assert!(seen.contains(&format!("key={written} ")) && seen.contains("gpc0=7"), "{written}: {seen}");
            // Once more is no change.
            let again = server.call("set_table_entry", set).answer().clone();
            assert_eq!(again["changed"], json!(false), "{again}");
            let found = get();
            assert_eq!(found["entry"]["gpc0"], json!(7), "{found}");
            assert_eq!(found["entry"]["key"], found["key"], "{found}");
            let gone = server.call("clear_table_entry", entry.clone()).answer().clone();
            assert_eq!(gone["before"]["gpc0"], json!(7), "{gone}");
            assert_eq!(gone["after"], Value::Null, "{gone}");
            assert_eq!(remembered(&site.haproxy, table), "", "{table} {key}");
        }
    }

    fn what_haproxy_would_take_for_another_key_is_refused(binary: &Binary) {
        let (site, server) = started(binary);
        for (table, key) in NO_KEYS {
            let arguments = json!({ "table": table, "key": key, "data": data("gpc0", 7) });
            let response = server.call("set_table_entry", arguments);
            let error = response.error();
            assert_eq!(error["code"], "invalid-argument", "{table} {key}: {error}");
            assert_eq!(error["details"]["argument"], "/key", "{table} {key}: {error}");
            assert_eq!(remembered(&site.haproxy, table), "", "{table} {key}");
        }
    }

    /// A key that is too long stands for all that begin like it: it is read as such, and neither set nor removed.
    fn a_key_that_is_too_long_changes_no_other(binary: &Binary) {
        let (site, server) = started(binary);
        site.haproxy.raw("set table t_string key 0123456789abcdef data.gpc0 3");
        let before = remembered(&site.haproxy, "t_string");
        let long = json!({ "table": "t_string", "key": "0123456789abcdefghi" });
        let found = server.call("get_table_entry", long.clone());
        assert_eq!(found.answer()["entry"]["key"], "0123456789abcdef");
        for tool in ["set_table_entry", "clear_table_entry"] {
            let response = server.call(tool, long.clone());
            let error = response.error();
            assert_eq!(error["code"], "invalid-argument", "{tool}: {error}");
            assert!(error["message"].as_str().unwrap().ends_with("`0123456789abcdef`"), "{tool}: {error}");
        }
        assert_eq!(remembered(&site.haproxy, "t_string"), before);
    }

    /// HAProxy makes an entry before it looks at the data, and keeps it when it refuses them.
    fn what_a_table_does_not_store_makes_no_entry(binary: &Binary) {
        let (site, server) = started(binary);
        let refused = |table: &str, data: Value, place: &str| {
            let key = "192.0.2.7";
            let response = server.call("set_table_entry", json!({ "table": table, "key": key, "data": data }));
            let error = response.error().clone();
            assert_eq!(error["code"], "invalid-argument", "{table} {data}: {error}");
            assert_eq!(error["details"]["argument"], place, "{table} {data}: {error}");
            assert!(error["hint"].is_string(), "{error}");
            assert_eq!(remembered(&site.haproxy, table), "", "{table} {data}");
            error
        };
        for (table, kind) in [("t_ip", "gpc1"), ("t_ip", "nothing"), ("t_ip", "exp"), ("t_array", "gpc0")] {
            refused(table, data(kind, 1), "/data/0/type");
        }
        let two = json!([{ "type": "gpc0", "value": 1 }, { "type": "conn_cnt", "value": 1 }]);
        refused("t_ip", two, "/data/1/type");
        let twice = json!([{ "type": "gpc", "value": 1 }, { "type": "gpc[0]", "value": 1 }]);
        refused("t_array", twice, "/data/1/type");
        refused("t_names", data("server_key", 1), "/data/0/type");
        for (kind, value) in [("gpc0", 1_i64 << 32), ("server_id", 1 << 31)] {
            refused("t_ip", data(kind, value), "/data/0/value");
        }
        // Where there is an entry, it says what the table stores.
        site.haproxy.raw("set table t_ip key 192.0.2.8 data.gpc0 1");
        let arguments = json!({ "table": "t_ip", "key": "192.0.2.7", "data": data("gpc1", 1) });
        let error = server.call("set_table_entry", arguments).error().clone();
        assert!(error["details"]["names"].as_array().unwrap().contains(&json!("gpc0")), "{error}");
    }

    fn all_that_a_table_stores_can_be_set(binary: &Binary) {
        let (site, server) = started(binary);
        let set = |table: &str, data: Value| {
            server.call("set_table_entry", json!({ "table": table, "key": "192.0.2.7", "data": data }))
        };
        let answer = set("t_ip", json!([
            { "type": "gpc0", "value": 4_294_967_295_u32 },
            { "type": "gpt0", "value": 2 },
            { "type": "gpc0_rate", "value": 9 },
            { "type": "bytes_in_cnt", "value": 9_007_199_254_740_991_i64 },
            { "type": "server_id", "value": 3 },
        ])).answer().clone();
        assert_eq!(answer["after"]["gpc0_rate"], json!(9), "{answer}");
        let seen = remembered(&site.haproxy, "t_ip");
        for word in ["gpc0=4294967295", "gpt0=2", "bytes_in_cnt=9007199254740991", "server_id=3"] {
            assert!(seen.contains(word), "{word}: {seen}");
        }
        let answer = set("t_array", data("gpc", 5)).answer().clone();
        assert_eq!(answer["after"]["gpc0"], json!(5), "{answer}");
        let response = set("t_array", data("gpt[1]", 6));
        if binary.at_least(3, 2) {
            assert_eq!(response.answer()["after"]["gpt1"], json!(6));
            assert!(remembered(&site.haproxy, "t_array").contains("gpt1=6"));
            // Beyond its end: refused, and nothing is left of the entry that HAProxy made for it.
            let beyond = json!({ "table": "t_array", "key": "192.0.2.9", "data": data("gpc[9]", 1) });
            let response = server.call("set_table_entry", beyond);
            assert_eq!(response.error()["details"]["reason"], "out-of-range", "{}", response.message);
            assert!(!remembered(&site.haproxy, "t_array").contains("192.0.2.9"));
            // Of an entry that exists a part was set: that is said.
            let half = json!([{ "type": "gpc", "value": 8 }, { "type": "gpc[9]", "value": 1 }]);
            let response = set("t_array", half);
            let error = response.error();
            assert_eq!(error["code"], "not-applied", "{error}");
            assert_eq!(error["details"]["before"]["gpc0"], json!(5), "{error}");
            assert_eq!(error["details"]["after"]["gpc0"], json!(8), "{error}");
        } else {
            assert_eq!(response.error()["details"]["argument"], "/data/0/type", "{}", response.message);
        }
        // An entry with nothing set, as `in_table` asks for.
        let arguments = json!({ "table": "t_ip", "key": "192.0.2.99" });
        let answer = server.call("set_table_entry", arguments).answer().clone();
        assert_eq!(answer["after"]["gpc0"], json!(0), "{answer}");
        assert!(remembered(&site.haproxy, "t_ip").contains("192.0.2.99"));
    }

    fn a_table_that_is_full_is_told(binary: &Binary) {
        let (_site, server) = started(binary);
        let set = |key: &str| server.call("set_table_entry", json!({ "table": "t_full", "key": key }));
        set("192.0.2.1").answer();
        set("192.0.2.2").answer();
        let response = set("192.0.2.3");
        let error = response.error();
        assert_eq!(error["code"], "rejected", "{error}");
        assert_eq!(error["details"]["reason"], "full", "{error}");
        assert!(error["hint"].as_str().unwrap().contains("clear_table"), "{error}");
        set("192.0.2.1").answer();
    }
}
