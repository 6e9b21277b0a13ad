//! The process: counters that begin anew, limits.

use haproxy_mcp_testkit::{Binary, Haproxy, until};
use serde_json::{Value, json};

use crate::cases::{Case, Site, serve};
use crate::visitors::Place;

pub(crate) fn cases() -> Vec<Case> {
    let clear = Case {
        tool: "clear_counters",
        access: "operate",
        site: visited,
        succeeds: |_| json!({}),
        seen: |site| columns(&site.haproxy, &["smax", "rate_max", "stot", "hrsp_2xx"]),
        // Without arguments only the level of the socket is a reason to refuse.
        refused: |_| Value::Null,
        because: "rejected",
        since: None,
    };
    let clear_all = Case {
        tool: "clear_counters_all",
        access: "admin",
        ..clear.clone()
    };
    let maxconn = Case {
        tool: "set_maxconn_global",
        site: Site::usual,
        succeeds: |_| json!({ "maxconn": 1234 }),
        seen: |site| site.haproxy.info("Maxconn"),
        refused: |_| json!({ "maxconn": 4001 }),
        ..clear_all.clone()
    };
    let rate = Case {
        tool: "set_rate_limit",
        succeeds: |_| json!({ "kind": "sessions", "rate": 500 }),
        seen: |site| site.haproxy.info("SessRateLimit"),
        refused: |_| json!({ "kind": "http-compression", "rate": 4_194_304 }),
        because: "invalid-argument",
        ..maxconn.clone()
    };
    vec![clear, clear_all, maxconn, rate]
}

fn visited(binary: &Binary) -> Site {
    let site = Site::usual(binary);
    site.haproxy.traffic(12);
    site
}

/// These columns of the statistics of `fe_http`, `be_app` and its servers: `fe_http/FRONTEND smax=1 …`.
fn columns(haproxy: &Haproxy, names: &[&str]) -> String {
    let reply = haproxy.raw_text("show stat");
    let mut lines = reply.lines();
    let header: Vec<&str> = lines
        .next()
        .unwrap()
        .trim_start_matches("# ")
        .split(',')
        .collect();
    let place = |name: &str| header.iter().position(|other| *other == name).unwrap();
    let of_line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let values: Vec<String> = names
            .iter()
            .map(|name| format!("{name}={}", fields[place(name)]))
            .collect();
        format!("{}/{} {}", fields[0], fields[1], values.join(" "))
    };
    let kept = lines.filter(|line| line.starts_with("fe_http,") || line.starts_with("be_app,"));
    kept.map(of_line).collect::<Vec<_>>().join("\n")
}

haproxy_mcp_testkit::on_each_version! {
    fn maxima_begin_anew_and_totals_stay(binary: &Binary) {
        let site = visited(binary);
        // HAProxy may count a visit a moment after the visitor has his answer.
        until("all visits to be counted", || {
            let counted = columns(&site.haproxy, &["stot", "hrsp_2xx"]);
            match counted.lines().find_map(|line| line.strip_prefix("fe_http/FRONTEND stot=")) {
                Some(line) if line.split_once(" hrsp_2xx=").is_some_and(|(all, answered)| all == answered) => Ok(()),
                _ => Err(counted),
            }
        });
        let totals = columns(&site.haproxy, &["stot", "hrsp_2xx", "bin", "bout"]);
        let server = serve(&site, "operate");
        let answer = server.call("clear_counters", json!({})).answer().clone();
        assert!(answer["before"]["stat"]["smax"].as_u64().unwrap() >= 2, "{answer}");
        assert!(answer["before"]["info"]["MaxConnRate"].as_u64().unwrap() >= 1, "{answer}");
        assert_eq!(answer["after"]["stat"]["smax"], json!(0), "{answer}");
        assert_eq!(columns(&site.haproxy, &["stot", "hrsp_2xx", "bin", "bout"]), totals);
        let again = server.call("clear_counters", json!({})).answer().clone();
        assert_eq!(again["changed"], json!(false), "{again}");
    }

    /// A maximum that is what is there now did begin anew.
    fn maxima_of_those_who_stay(binary: &Binary) {
        let place = Place::new();
        let haproxy = Haproxy::builder(binary).config(&place.sections("")).start();
        let site = Site { haproxy, files: None, master: false };
        let mut visitors: Vec<_> = (0..4).map(|_| place.visitor("192.0.2.7")).collect();
        let server = serve(&site, "admin");
        for _ in 0..3 {
            visitors.push(place.visitor("192.0.2.8"));
            let answer = server.call("clear_counters", json!({})).answer().clone();
            assert_eq!(answer["holds"], json!(true), "{answer}");
        }
        let answer = server.call("clear_counters_all", json!({})).answer().clone();
        assert_eq!(answer["holds"], json!(true), "{answer}");
        assert!(visitors.iter_mut().all(crate::visitors::Visitor::stays));
    }

    fn all_counters_begin_anew(binary: &Binary) {
        let site = visited(binary);
        let server = serve(&site, "admin");
        let answer = server.call("clear_counters_all", json!({})).answer().clone();
        assert!(answer["before"]["stot"].as_u64().unwrap() >= 24, "{answer}");
        assert_eq!(answer["after"]["stot"], json!(0), "{answer}");
        let seen = columns(&site.haproxy, &["stot", "hrsp_2xx"]);
        assert!(seen.contains("fe_http/FRONTEND stot=0 hrsp_2xx=0"), "{seen}");
    }

    fn limits_of_the_process(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        let set = |maxconn: u32| server.call("set_maxconn_global", json!({ "maxconn": maxconn }));
        assert_eq!(set(100).answer()["before"], json!({ "maxconn": 4000, "hard_maxconn": 4000 }));
        assert_eq!(site.haproxy.info("Maxconn"), "100");
        let response = set(4001);
        let error = response.error();
        assert_eq!(error["details"]["reason"], "out-of-range", "{error}");
        assert!(error["hint"].as_str().unwrap().contains("4000"), "{error}");
        assert_eq!(site.haproxy.info("Maxconn"), "100");
        set(4000).answer();
        for (kind, rate, field, shown) in [
            ("connections", 10_000, "ConnRateLimit", "10000"),
            ("sessions", 20_000, "SessRateLimit", "20000"),
            ("ssl-sessions", 30_000, "SslRateLimit", "30000"),
            ("http-compression", 4_194_303, "CompressBpsRateLim", "4294966272"),
        ] {
            let limit = |rate: u32| {
                let arguments = json!({ "kind": kind, "rate": rate });
                server.call("set_rate_limit", arguments).answer().clone()
            };
            let answer = limit(rate);
            assert_eq!((&answer["before"]["rate"], &answer["after"]["rate"]), (&json!(0), &json!(rate)), "{answer}");
            assert_eq!(site.haproxy.info(field), shown, "{kind}");
            assert_eq!(limit(0)["before"]["rate"], json!(rate), "{kind}");
            assert_eq!(site.haproxy.info(field), "0", "{kind}");
        }
    }

    fn a_socket_of_a_lower_level_changes_nothing(binary: &Binary) {
        for (level, clears) in [("user", false), ("operator", true)] {
            let haproxy = Haproxy::builder(binary).admin_level(level).start();
            let site = Site { haproxy, files: None, master: false };
            site.haproxy.traffic(4);
            let server = serve(&site, "admin");
            for (tool, arguments) in [
                ("clear_counters", json!({})),
                ("clear_counters_all", json!({})),
                ("set_maxconn_global", json!({ "maxconn": 100 })),
                ("set_rate_limit", json!({ "kind": "sessions", "rate": 5 })),
            ] {
                let response = server.call(tool, arguments);
                if clears && tool == "clear_counters" {
                    response.answer();
                    continue;
                }
                let error = response.error();
                assert_eq!(error["details"]["reason"], "permission-denied", "{level} {tool}: {error}");
                let wanted = if tool == "clear_counters" { "level operator" } else { "level admin" };
                assert!(error["hint"].as_str().unwrap().contains(wanted), "{level} {tool}: {error}");
            }
            assert_eq!(site.haproxy.info("Maxconn"), "4000", "{level}");
            assert_eq!(site.haproxy.info("SessRateLimit"), "0", "{level}");
        }
    }
}
