//! The exporter's metrics, by what the exporter and the raw socket themselves say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use haproxy_mcp_testkit::mcp::{McpServer, McpServerBuilder};
use haproxy_mcp_testkit::schemas::refused_by;
use haproxy_mcp_testkit::{Binary, Haproxy, ScriptedSocket, Step, newest, until};
use serde_json::{Value, json};

use crate::arguments::schemas;
use crate::cases::{has_shape, listed};
use crate::expected::{rows, text};
use crate::oracle;

/// The program with this exporter, and nothing else.
fn with_exporter(url: &str) -> McpServerBuilder {
    McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .args(["--toolsets", "all"])
        .env("HAPROXY_METRICS_URL", url)
}

fn serve(url: &str) -> McpServer {
    let server = with_exporter(url).start();
    server.stateless();
    server
}

/// A HAProxy with an exporter, which has served visitors.
fn busy(binary: &Binary) -> Haproxy {
    let haproxy = Haproxy::builder(binary).page("").start();
    haproxy.traffic(12);
    for _ in 0..3 {
        assert_eq!(haproxy.get("/fail"), 500);
    }
    // What a visit has moved is counted when its stream ends, which is after the visitor has his answer.
    until("the visits to end", || {
        let sessions = haproxy.raw_text("show sess");
        if sessions.contains("fe=fe_http") {
            Err(sessions)
        } else {
            Ok(())
        }
    });
    haproxy
}

/// The exporter's page, as it is.
fn page(address: SocketAddr, path: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection
        .set_read_timeout(Some(haproxy_mcp_testkit::DEADLINE))
        .unwrap();
    write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, mut chunks) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    // HAProxy has it in chunks, whatever the client's version (RFC 9112, section 7.1).
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let mut body = String::new();
    loop {
        let (size, rest) = chunks.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return body;
        }
        body.push_str(&rest[..size]);
        chunks = rest[size..].strip_prefix("\r\n").unwrap();
    }
}

/// The lines of the page that are series, and have a value.
fn series(page: &str) -> Vec<&str> {
    page.lines()
        .filter(|line| !line.starts_with('#') && !line.ends_with(" NaN"))
        .collect()
}

/// All rows, page by page, and the answer with the last ones.
fn all(server: &McpServer, arguments: &Value) -> (Vec<Value>, Value) {
    let mut arguments = arguments.clone();
    let mut all = Vec::new();
    loop {
        let response = server.call("show_metrics", arguments.clone());
        let answer = response.answer().clone();
        all.extend(answer["rows"].as_array().unwrap().iter().cloned());
        if arguments.get("limit").is_none() {
            assert!(answer.to_string().len() < 8_000, "{answer}");
        }
        match answer.get("next_cursor") {
            Some(cursor) => arguments["cursor"] = cursor.clone(),
            None => return (all, answer),
        }
    }
}

fn labels(row: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(row["labels"].clone()).unwrap_or_default()
}

/// A series as the exporter writes it.
fn written(row: &Value, family: &str) -> String {
    let labels: Vec<String> = row["labels"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}=\"{}\"", value.as_str().unwrap()))
        .collect();
    let mut line = row["family"].as_str().unwrap_or(family).to_owned();
    if !labels.is_empty() {
        let _ = write!(line, "{{{}}}", labels.join(","));
    }
    line
}

/// What stands before the value, with the labels in the order of their names.
fn head(line: &str) -> String {
    let (head, _) = line.rsplit_once(' ').unwrap();
    let Some((name, labels)) = head.split_once('{') else {
        return head.to_owned();
    };
    let mut labels: Vec<&str> = labels.trim_end_matches('}').split(',').collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

haproxy_mcp_testkit::on_each_version! {
    fn sums_are_those_of_the_raw_socket(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy.page_url("/metrics"));
        let statistics = oracle::statistics(&haproxy);
        let sum = |kind: &str, proxy: &str, column: &str| -> i128 {
            statistics
                .iter()
                .filter(|object| object.kind() == kind && object.text("pxname") == proxy)
                .filter_map(|object| object.fields.get(column)?.number())
                .sum()
        };
        let mut seen = 0_i128;
        for (family, kind, column) in [
            ("haproxy_server_sessions_total", "server", "stot"),
            ("haproxy_server_bytes_out_total", "server", "bout"),
            ("haproxy_backend_bytes_in_total", "backend", "bin"),
        ] {
            let (rows, answer) = all(&server, &json!({ "family": family, "by": ["proxy"] }));
            assert_eq!(answer["families"][0]["type"], "counter");
            assert!(rows.len() > 2, "{answer}");
            for row in rows {
                let proxy = labels(&row)["proxy"].clone();
                let expected = sum(kind, &proxy, column);
                assert_eq!(i128::from(row["value"].as_u64().unwrap()), expected, "{family} {row}");
                seen += expected;
            }
        }
        assert!(seen > 1_000, "nobody has visited");

        // a part of a name, apart by two labels, without what is 0, and the largest first
        let arguments = json!({ "family": "server_HTTP_responses", "by": ["proxy", "code"], "non_zero": true });
        let (rows, answer) = all(&server, &arguments);
        let values: Vec<u64> = rows.iter().map(|row| row["value"].as_u64().unwrap()).collect();
        assert!(values.is_sorted_by(|one, other| one >= other) && !values.contains(&0), "{values:?}");
        assert_eq!(answer["matched"], rows.len());
        for code in ["1xx", "2xx", "3xx", "4xx", "5xx"] {
            for proxy in ["be_app", "be:api-v1.2_x"] {
                let found = rows.iter().find(|row| {
                    let labels = labels(row);
                    labels["code"] == code && labels["proxy"] == proxy
                });
                let value = found.map_or(0, |row| row["value"].as_u64().unwrap());
                assert_eq!(i128::from(value), sum("server", proxy, &format!("hrsp_{code}")), "{proxy} {code}");
            }
        }
        assert_eq!(sum("server", "be_app", "hrsp_5xx"), 3);

        // one sum, and one number of a gauge
        let (rows, _) = all(&server, &json!({ "family": "haproxy_server_sessions_total", "sum": true }));
        let expected: i128 = statistics
            .iter()
            .filter(|object| object.kind() == "server")
            .filter_map(|object| object.fields["stot"].number())
            .sum();
        assert_eq!((rows.len(), i128::from(rows[0]["value"].as_u64().unwrap())), (1, expected));
    }

    /// What means nothing when it is added up is left out, with the reason.
    fn what_does_not_add_up_is_not_added(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy.page_url("/metrics"));
        let statistics = oracle::statistics(&haproxy);
        let servers = || statistics.iter().filter(|object| object.kind() == "server");
        let largest = |kind: &str, column: &str| {
            let of_kind = statistics.iter().filter(|object| object.kind() == kind);
            of_kind.filter_map(|object| object.fields.get(column)?.number()).max().unwrap()
        };
        let of = |family: &str| json!({ "family": format!("haproxy_{family}"), "sum": true });
        for (family, reason, max) in [
            ("server_weight", "weights", Some(largest("server", "weight"))),
            ("server_max_sessions", "maxima", Some(largest("server", "smax"))),
            ("frontend_limit_sessions", "limits", Some(largest("frontend", "slim"))),
            ("server_response_time_average_seconds", "averages", None),
            ("server_status", "a series for each state", None),
            ("server_check_status", "a series for each state", None),
        ] {
            let (rows, answer) = all(&server, &of(family));
            assert_eq!(rows.len(), 1, "{answer}");
            assert!(rows[0]["series"].as_u64() > Some(1), "{answer}");
            assert_eq!(rows[0].get("value"), None, "{answer}");
            let note = answer["note"].as_str().unwrap();
            assert!(note.contains(reason) && note.contains(family), "{answer}");
            if let Some(max) = max {
                assert_eq!(rows[0]["max"].as_u64().map(i128::from), Some(max), "{answer}");
            }
            assert_eq!(rows[0].get("max").is_none(), family.ends_with("status"), "{answer}");
        }

        // of one state, or apart by it, it is the number of servers
        let up = servers().filter(|object| ["UP", "no check"].contains(&object.text("status").as_str())).count();
        for extra in [json!({ "labels": { "state": "UP" }, "sum": true }), json!({ "by": ["state"] })] {
            let mut arguments = json!({ "family": "haproxy_server_status" });
            arguments.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let (rows, answer) = all(&server, &arguments);
            assert_eq!(answer.get("note"), None, "{answer}");
            let row = rows.iter().find(|row| labels(row).get("state").is_none_or(|state| state == "UP")).unwrap();
            assert_eq!(row["value"], up, "{answer}");
        }
        // one series alone is no sum
        let arguments = json!({ "family": "haproxy_server_weight", "by": ["proxy", "server"] });
        let (rows, answer) = all(&server, &arguments);
        assert_eq!(answer.get("note"), None, "{answer}");
        let weights: i128 = rows.iter().map(|row| i128::from(row["value"].as_u64().unwrap())).sum();
        let expected: i128 = servers().filter_map(|object| object.fields["weight"].number()).sum();
        assert_eq!(weights, expected, "{answer}");
        // counters and what is there now add up as ever
        for (family, column) in [("server_current_sessions", "scur"), ("server_sessions_total", "stot")] {
            let (rows, answer) = all(&server, &of(family));
            let expected: i128 = servers().filter_map(|object| object.fields[column].number()).sum();
            assert_eq!(rows[0]["value"].as_u64().map(i128::from), Some(expected), "{answer}");
            assert_eq!(answer.get("note"), None, "{answer}");
        }
    }

    fn every_family_and_every_series_is_there(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy.page_url("/metrics"));
        let raw = page(haproxy.page_address(), "/metrics");
        let names: Vec<&str> = raw
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
            .collect();
        let (families, answer) = all(&server, &json!({}));
        let said: Vec<&str> = families.iter().map(|row| row["family"].as_str().unwrap()).collect();
        assert_eq!(said, names);
        assert_eq!(answer["totals"]["families"], names.len());
        for row in &families {
            let name = row["family"].as_str().unwrap();
            let of_it = |line: &&&str| line.split(['{', ' ']).next() == Some(name);
            assert_eq!(row["series"], series(&raw).iter().filter(of_it).count(), "{row}");
        }
        assert_eq!(answer["totals"]["series"], series(&raw).len());
        let hidden = raw.lines().filter(|line| line.ends_with(" NaN")).count();
        assert!(hidden > 0);
        assert_eq!(answer["totals"]["without_value"], hidden);
        let kinds: u64 = answer["totals"]["kinds"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        assert_eq!(kinds, names.len() as u64);
        for row in &families {
            let line = format!("# TYPE {} {}", text(row.as_object().unwrap(), "family"), row["type"].as_str().unwrap());
            assert!(raw.contains(&line), "{row}");
        }

        // with labels: all of what one server has
        let (rows, answer) = all(&server, &json!({ "labels": { "proxy": "be_app", "server": "app1" }, "limit": 50 }));
        let of_it = |line: &&str| line.contains("proxy=\"be_app\"") && line.contains("server=\"app1\"");
        let mut expected: Vec<String> = series(&raw).into_iter().filter(of_it).map(head).collect();
        let mut said: Vec<String> = rows.iter().map(|row| written(row, "")).collect();
        expected.sort();
        said.sort();
        assert!(said.len() > 40, "{said:?}");
        assert_eq!(said, expected);
        let hidden = raw.lines().filter(|line| line.ends_with(" NaN")).filter(of_it).count();
        assert_eq!(answer["totals"]["without_value"], hidden);

        // by a scope
        for scope in ["global", "frontend", "backend", "server", "listener", "sticktable"] {
            let raw = page(haproxy.page_address(), &format!("/metrics?scope={scope}"));
            let (_, answer) = all(&server, &json!({ "scope": scope }));
            assert_eq!(answer["totals"]["series"], series(&raw).len(), "{scope}");
        }

        // a family by its name, and by a part of it
        let name = "haproxy_backend_status";
        let raw: Vec<String> = series(&raw).into_iter().map(head).filter(|line| line.starts_with(name)).collect();
        for family in [name, "backend_STATUS"] {
            let (rows, answer) = all(&server, &json!({ "family": family, "limit": 500 }));
            let said: Vec<String> = rows.iter().map(|row| written(row, name)).collect();
            assert_eq!(said, raw, "{answer}");
            assert_eq!(answer["families"][0]["family"], name);
        }
    }

    fn what_has_no_value_is_counted_and_not_shown(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy.page_url("/metrics"));
        let response = server.call("show_metrics", json!({ "family": "haproxy_server_limit_sessions", "labels": { "proxy": "be_empty" } }));
        assert_eq!(response.code(), "not-found", "{}", response.message);
        let response = server.call("show_metrics", json!({ "family": "haproxy_server_limit_sessions" }));
        let raw = page(haproxy.page_address(), "/metrics?scope=server");
        let (with, without): (Vec<&str>, Vec<&str>) = raw
            .lines()
            .filter(|line| line.starts_with("haproxy_server_limit_sessions{"))
            .partition(|line| !line.ends_with(" NaN"));
        assert!(!with.is_empty() && !without.is_empty(), "{raw}");
        assert_eq!(response.answer()["matched"], with.len());
        assert_eq!(response.answer()["totals"]["without_value"], without.len());
        assert!(response.texts().concat().contains("without value"), "{:?}", response.texts());
    }

    fn names_that_are_not_there_are_answered_with_those_that_are(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy.page_url("/metrics"));
        for (arguments, argument, near) in [
            (json!({ "family": "haproxy_server_statuses" }), "/family", "haproxy_server_status"),
            (json!({ "family": "haproxy_bakend_status" }), "/family", "haproxy_backend_status"),
            (json!({ "labels": { "proxy": "be_ap" } }), "/labels/proxy", "be_app"),
            (json!({ "labels": { "proxi": "be_app" } }), "/labels/proxi", "proxy"),
            (json!({ "family": "server_status", "by": ["state", "proxi"] }), "/by/1", "proxy"),
            (json!({ "family": "haproxy_server_status", "labels": { "code": "5xx" } }), "/labels/code", "state"),
        ] {
            let response = server.call("show_metrics", arguments.clone());
            let error = response.error();
            has_shape(error);
            assert_eq!(error["code"], "not-found", "{arguments}: {error}");
            assert_eq!(error["details"]["argument"], argument, "{arguments}: {error}");
            let names = error["details"]["names"].as_array().unwrap();
            assert!(names.contains(&json!(near)), "{arguments}: {error}");
        }
        // each label is there, but not both on one series: that is an answer
        let arguments = json!({ "family": "haproxy_server_status", "labels": { "proxy": "be_tcp", "server": "app1" } });
        let response = server.call("show_metrics", arguments);
        assert_eq!(response.answer()["matched"], 0, "{}", response.message);
        let response = server.call("show_metrics", json!({ "cursor": "0000000000000000.1.-" }));
        assert_eq!(response.error()["details"]["argument"], "/cursor");
    }

    fn an_exporter_that_is_not_there_is_told_with_the_line_that_makes_one(binary: &Binary) {
        let haproxy = busy(binary);
        for path in ["/none", "/stats"] {
            let server = serve(&haproxy.page_url(path));
            for arguments in [json!({}), json!({ "family": "haproxy_server_status" })] {
                let response = server.call("show_metrics", arguments);
                let error = response.error();
                has_shape(error);
                let hint = error["hint"].as_str().unwrap();
                assert!(hint.contains("http-request use-service prometheus-exporter"), "{path}: {error}");
            }
        }
    }

    fn an_exporter_behind_a_password_takes_it(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with(
                "
userlist watchers
    user ops insecure-password s3cr3t-word
frontend fe_metrics
    mode http
    bind {page}
    http-request auth unless { http_auth(watchers) }
    http-request use-service prometheus-exporter if { path /metrics }
",
            )
            .start();
        let address = haproxy.page_address();
        let response = serve(&format!("http://{address}/metrics")).call("show_metrics", json!({}));
        let error = response.error();
        has_shape(error);
        assert_eq!(error["details"]["reason"], "unauthorized", "{error}");
        let wrong = serve(&format!("http://ops:other@{address}/metrics")).call("show_metrics", json!({}));
        assert_eq!(wrong.error()["details"]["reason"], "unauthorized", "{}", wrong.message);
        let server = serve(&format!("http://ops:s3cr3t-word@{address}/metrics"));
        let response = server.call("show_metrics", json!({ "scope": "global" }));
        assert!(response.answer()["totals"]["series"].as_u64() > Some(20), "{}", response.message);
        let logged = server.stderr();
        assert!(!logged.contains("s3cr3t") && !response.message.to_string().contains("s3cr3t"), "{logged}");
    }
}

/// An answer with this body, as long as it is.
fn answered(body: &str) -> ScriptedSocket {
    sends(&format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn sends(answer: &str) -> ScriptedSocket {
    ScriptedSocket::tcp(vec![Step::ReadHead, Step::send(answer), Step::Close])
}

#[test]
fn what_is_no_metrics_is_told() {
    let page = "# TYPE haproxy_a gauge\nhaproxy_a 1\n";
    for (socket, code, told) in [
        (
            answered("<html><body>hello</body></html>\n"),
            "unreachable",
            "hello",
        ),
        (answered("\u{0}\u{1}garbage\n"), "unreachable", "garbage"),
        (answered(""), "unreachable", "nothing at all"),
        (
            answered(&format!("{page}haproxy_a{{b=\"c\n")),
            "unparsable",
            "line 3",
        ),
        (
            answered("# TYPE haproxy_a gauge\nhaproxy_a 1\na 2"),
            "unparsable",
            "end within a line",
        ),
        (
            sends(&format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: 900\r\n\r\n{page}"
            )),
            "interrupted",
            "",
        ),
        (
            sends("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
            "unreachable",
            "404",
        ),
        (
            sends("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"),
            "unreachable",
            "503",
        ),
    ] {
        let server = serve(&format!("http://{}/metrics", socket.address()));
        let response = server.call("show_metrics", json!({}));
        let error = response.error();
        has_shape(error);
        assert_eq!(error["code"], code, "{error}");
        assert!(
            error["message"].as_str().unwrap().contains(told),
            "{told}: {error}"
        );
        if code != "interrupted" {
            assert!(
                error["hint"]
                    .as_str()
                    .unwrap()
                    .contains("prometheus-exporter"),
                "{error}"
            );
        }
    }
}

/// 200 MB of sound metrics: the limit of a call ends it, in little memory, and the server goes on.
#[test]
fn metrics_without_end_are_given_up() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\n\r\n# TYPE haproxy_a gauge\n";
    let line = "haproxy_a{proxy=\"be_app\",server=\"app1\"} 1\n";
    let socket = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send(head),
        Step::Flood {
            piece: line.repeat(1_000).into_bytes(),
            total: 200_000_000,
        },
    ]);
    let server = serve(&format!("http://{}/metrics", socket.address()));
    for arguments in [
        json!({}),
        json!({ "family": "haproxy_a", "by": ["server"] }),
    ] {
        let response = server.call("show_metrics", arguments);
        let error = response.error();
        has_shape(error);
        assert_eq!(error["code"], "exhausted", "{error}");
    }
    let (_, most) = server.memory();
    assert!(most < 200 << 20, "{most}");
}

#[test]
fn values_that_json_has_no_number_for_are_texts() {
    let page = "# HELP haproxy_a Something\\nof two lines\n# TYPE haproxy_a gauge\nhaproxy_a{b=\"x\"} +Inf\nhaproxy_a{b=\"y\\\"\\\\\\n\"} -2.50\nhaproxy_a{b=\"z\"} NaN\n\
        # TYPE haproxy_b counter\nhaproxy_b 1e3\n";
    let socket = answered(page);
    let server = serve(&format!("http://{}/metrics", socket.address()));
    let response = server.call(
        "show_metrics",
        json!({ "sum": false, "family": "haproxy_a" }),
    );
    let answer = response.answer();
    assert_eq!(
        answer["rows"],
        json!([
            { "labels": { "b": "x" }, "value": "+Inf" },
            { "labels": { "b": "y\"\\\\u{a}" }, "value": -2.5 },
        ]),
        "{answer}"
    );
    assert_eq!(
        answer["totals"],
        json!({ "families": 1, "series": 2, "without_value": 1 })
    );
    let rows = server.call("show_metrics", json!({ "sum": true }));
    assert_eq!(
        rows.answer()["rows"],
        json!([
            { "family": "haproxy_a", "type": "gauge", "value": "+Inf", "series": 2, "max": "+Inf" },
            { "family": "haproxy_b", "type": "counter", "value": 1_000, "series": 1 },
        ])
    );
}

#[test]
fn it_is_listed_where_there_is_an_exporter() {
    let socket = ScriptedSocket::tcp(vec![Step::Close]);
    let url = format!("http://{}/metrics", socket.address());
    let server = serve(&url);
    assert!(listed(&server).contains(&"show_metrics".to_owned()));
    let schema = &schemas(&server)["show_metrics"];
    let valid = json!({ "family": "a", "labels": { "b": "c" }, "by": ["d"] });
    for (arguments, pointer) in refused_by(schema, &valid) {
        let response = server.call("show_metrics", arguments);
        let error = response.error();
        has_shape(error);
        assert_eq!(
            error["details"]["violations"][0]["pointer"],
            json!(pointer),
            "{error}"
        );
    }
    assert_eq!(socket.connections(), 0, "{:?}", socket.received());

    let haproxy = Haproxy::start(&newest());
    let without = crate::serve(&haproxy);
    assert!(!listed(&without).contains(&"show_metrics".to_owned()));
    let said = without.call("show_metrics", json!({})).message.to_string();
    assert!(said.contains("HAPROXY_METRICS_URL"), "{said}");
}

/// A large site: all of it is read, and the answer is as short as ever.
#[test]
fn thousands_of_servers_are_added_up() {
    let haproxy = Haproxy::builder(&newest()).servers(2_000).page("").start();
    let server = serve(&haproxy.page_url("/metrics"));
    let arguments = json!({ "family": "haproxy_server_status", "labels": { "proxy": "be_many" }, "by": ["state"], "non_zero": true });
    let response = server.call("show_metrics", arguments);
    assert_eq!(
        response.answer()["rows"],
        // not checked, and so taken to be up
        json!([{ "labels": { "state": "UP" }, "value": 2_000, "series": 2_000, "max": 1 }]),
        "{}",
        response.message
    );
    let response = server.call("show_metrics", json!({}));
    let answer = response.answer();
    assert!(
        answer["totals"]["series"].as_u64() > Some(80_000),
        "{answer}"
    );
    assert!(answer.to_string().len() < 8_000);
    let rows: Vec<_> = rows(answer).collect();
    assert!(!rows.is_empty());
}
