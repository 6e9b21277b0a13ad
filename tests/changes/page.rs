//! Changes through the form of the statistics page, where there is no Runtime API: what the page says that it did is what
//! HAProxy's raw socket shows, and what it does not show is not claimed.

use haproxy_mcp_testkit::mcp::{McpServer, McpServerBuilder};
use haproxy_mcp_testkit::topology::ODD_BACKEND;
use haproxy_mcp_testkit::{Binary, Haproxy, HaproxyBuilder, newest, scripted, until};
use serde_json::{Value, json};

use crate::servers::held::Held;
use crate::servers::{change, column, field, state_of};
use crate::visitors::Place;

const ADMIN: &str = "    stats admin if TRUE";

/// The tools that change something through either.
const TOOLS: [&str; 11] = [
    "enable_server",
    "disable_server",
    "drain_server",
    "set_server_state",
    "enable_health",
    "disable_health",
    "set_server_health",
    "enable_agent",
    "disable_agent",
    "set_server_agent",
    "shutdown_sessions_server",
];

/// A server whose agent does not answer and is asked again in an hour; one that is down, and one that tracks.
const SECTIONS: &str = "
global
    max-spread-checks 100ms
backend be_agent
    server a1 127.0.0.1:1 agent-check agent-port 1 agent-inter 1h
backend be_track
    server first 127.0.0.1:1 check inter 1h
    server second 127.0.0.1:1 track first
    server third 127.0.0.1:1 track first
backend be_plain
    server p1 127.0.0.1:1 disabled
";

fn site(binary: &Binary, lines: &str) -> Haproxy {
    started(Haproxy::builder(binary).with(SECTIONS), lines)
}

fn started(builder: HaproxyBuilder, lines: &str) -> Haproxy {
    builder.page(lines).start()
}

/// The program with this page, and nothing else.
fn with_page(url: &str, access: &str) -> McpServerBuilder {
    McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .args(["--toolsets", "all", "--access", access])
        .env("HAPROXY_STATS_URL", url)
}

fn serve(haproxy: &Haproxy, access: &str) -> McpServer {
    let server = with_page(&haproxy.page_url("/stats"), access).start();
    server.stateless();
    server
}

fn of(backend: &str, server: &str) -> Value {
    json!({ "backend": backend, "server": server })
}

fn with(mut arguments: Value, key: &str, value: Value) -> Value {
    arguments[key] = value;
    arguments
}

/// A tool, its arguments, how the server is prepared over the raw socket, and what that shows before and afterwards.
type Done = (
    &'static str,
    Value,
    &'static str,
    fn(&Haproxy) -> String,
    [&'static str; 2],
);

fn admin_state(haproxy: &Haproxy) -> String {
    field(haproxy, "be_app", "app1", "srv_admin_state")
}

fn check_state(haproxy: &Haproxy) -> String {
    field(haproxy, "be_app", "app1", "srv_check_state")
}

fn agent_state(haproxy: &Haproxy) -> String {
    field(haproxy, "be_agent", "a1", "srv_agent_state")
}

fn changes() -> Vec<Done> {
    let app = || of("be_app", "app1");
    let odd = || of(ODD_BACKEND, "api:2");
    let agent = || of("be_agent", "a1");
    let odd_state: fn(&Haproxy) -> String =
        |haproxy| field(haproxy, ODD_BACKEND, "api:2", "srv_op_state");
    let agent_health: fn(&Haproxy) -> String =
        |haproxy| column(haproxy, "be_agent", "a1", "agent_health");
    vec![
        ("disable_server", app(), "", admin_state, ["0", "1"]),
        (
            "enable_server",
            app(),
            "set server be_app/app1 state maint",
            admin_state,
            ["1", "0"],
        ),
        (
            "enable_server",
            app(),
            "set server be_app/app1 state drain",
            admin_state,
            ["8", "0"],
        ),
        (
            "set_server_state",
            with(app(), "state", json!("drain")),
            "set server be_app/app1 state ready",
            admin_state,
            ["0", "8"],
        ),
        (
            "set_server_state",
            with(app(), "state", json!("maint")),
            "",
            admin_state,
            ["8", "1"],
        ),
        (
            "set_server_state",
            with(app(), "state", json!("ready")),
            "",
            admin_state,
            ["1", "0"],
        ),
        ("drain_server", app(), "", admin_state, ["0", "8"]),
        (
            "drain_server",
            with(app(), "maint", json!(true)),
            "set server be_app/app1 state ready",
            admin_state,
            ["0", "1"],
        ),
        (
            "disable_health",
            app(),
            "set server be_app/app1 state ready",
            check_state,
            ["6", "2"],
        ),
        ("enable_health", app(), "", check_state, ["2", "6"]),
        (
            "set_server_health",
            with(odd(), "health", json!("down")),
            "",
            odd_state,
            ["2", "0"],
        ),
        (
            "set_server_health",
            with(odd(), "health", json!("stopping")),
            "",
            odd_state,
            ["0", "3"],
        ),
        (
            "set_server_health",
            with(odd(), "health", json!("up")),
            "",
            odd_state,
            ["3", "2"],
        ),
        (
            "set_server_agent",
            with(agent(), "agent", json!("down")),
            "",
            agent_health,
            ["1", "0"],
        ),
        (
            "set_server_agent",
            with(agent(), "agent", json!("up")),
            "",
            agent_health,
            ["0", "1"],
        ),
        ("disable_agent", agent(), "", agent_state, ["22", "18"]),
        ("enable_agent", agent(), "", agent_state, ["18", "22"]),
    ]
}

/// Waits until HAProxy shows it: it applies what the raw socket asks for a moment later.
fn comes_to(haproxy: &Haproxy, seen: fn(&Haproxy) -> String, wanted: &str, what: &str) {
    until(what, || match seen(haproxy) {
        state if state == wanted => Ok(()),
        state => Err(format!("{state} instead of {wanted}")),
    });
}

/// The last line of the audit in this log.
fn audited(log: &str) -> Value {
    let line = log.lines().rfind(|line| line.starts_with(r#"{"audit":"#));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no line of audit:\n{log}"))).unwrap()
}

haproxy_mcp_testkit::on_each_version! {
    fn each_change_is_made_and_seen(binary: &Binary) {
        let haproxy = site(binary, ADMIN);
        for (tool, arguments, prepared, seen, [before, after]) in changes() {
            let what = format!("{tool} {arguments}");
            if !prepared.is_empty() {
                haproxy.raw(prepared);
            }
            comes_to(&haproxy, seen, before, &what);
            if tool == "set_server_state" || tool.ends_with("able_server") || tool == "drain_server" {
                // what a check may have found meanwhile is another test's business
                until(&what, || match column(&haproxy, "be_app", "app1", "status") {
                    status if status.starts_with("DOWN") => Err(status),
                    _ => Ok(()),
                });
            }
            let server = serve(&haproxy, "operate");
            let response = server.call(tool, arguments);
            let answer = response.answer();
            assert_eq!(answer["source"], "page", "{what}: {answer}");
            assert_eq!(answer["holds"], json!(true), "{what}: {answer}");
            assert_eq!(answer["changed"], json!(true), "{what}: {answer}");
            assert_eq!(seen(&haproxy), after, "{what}: {answer}");
            let event = audited(&server.wait_for_stderr(r#""verdict":"done""#));
            assert_eq!(event["audit"], "change", "{what}: {event}");
            assert_ne!(event["commands"], json!([]), "{what}: {event}");
            assert_eq!(event["after"], answer["after"], "{what}: {event}");
        }
    }

    /// What is so already is done again, and nothing changes.
    fn what_is_so_already_holds(binary: &Binary) {
        let haproxy = site(binary, ADMIN);
        let server = serve(&haproxy, "operate");
        for (tool, arguments) in [
            ("enable_server", of("be_app", "app1")),
            ("disable_server", of("be_app", "app_maint")),
            ("drain_server", of("be_app", "app_maint")),
            ("enable_health", of("be_app", "app1")),
            ("disable_health", of(ODD_BACKEND, "api.1")),
            ("disable_agent", of("be_app", "app1")),
            ("enable_agent", of("be_agent", "a1")),
        ] {
            let response = server.call(tool, arguments);
            let answer = response.answer();
            assert_eq!(answer["changed"], json!(false), "{tool}: {answer}");
            assert_eq!(answer["holds"], json!(true), "{tool}: {answer}");
        }
    }

    fn a_page_that_takes_no_changes_makes_none(binary: &Binary) {
        for lines in ["", "    stats admin if { src 192.0.2.1 }"] {
            let haproxy = site(binary, lines);
            let server = serve(&haproxy, "operate");
            for (tool, arguments, _, _, _) in changes() {
                let before = [state_of(&haproxy, "be_app", "app1"), state_of(&haproxy, ODD_BACKEND, "api:2"), state_of(&haproxy, "be_agent", "a1")];
                let response = server.call(tool, arguments);
                let error = response.error();
                assert_eq!(error["code"], "rejected", "{tool}: {error}");
                assert_eq!(error["details"]["reason"], "denied-by-page", "{tool}: {error}");
                assert!(error["hint"].as_str().unwrap().contains("stats admin"), "{tool}: {error}");
                let after = [state_of(&haproxy, "be_app", "app1"), state_of(&haproxy, ODD_BACKEND, "api:2"), state_of(&haproxy, "be_agent", "a1")];
                assert_eq!(after, before, "{tool}: {error}");
            }
            let response = server.call("shutdown_sessions_server", of("be_app", "app1"));
            assert_eq!(response.error()["details"]["reason"], "denied-by-page", "{}", response.message);
        }
    }

    fn without_access_nothing_is_asked_of_the_page(binary: &Binary) {
        let haproxy = site(binary, ADMIN);
        let server = serve(&haproxy, "read");
        let listed = server.request("tools/list", json!({}));
        let listed = listed.result()["tools"].to_string();
        for tool in TOOLS {
            assert!(!listed.contains(&format!("\"{tool}\"")), "{tool} is listed");
            let response = server.call(tool, of("be_app", "app1"));
            let error = response.error();
            assert!(["denied", "invalid-argument"].contains(&error["code"].as_str().unwrap()), "{tool}: {error}");
        }
        let requests = column_of_page(&haproxy);
        assert_eq!(requests, "0", "the page was asked");
    }

    /// Of one that is down the page does not show whether it is drained; of one that is in maintenance for another reason
    /// not what is asked of it.
    fn what_would_not_be_seen_is_not_done(binary: &Binary) {
        let haproxy = site(binary, ADMIN);
        let server = serve(&haproxy, "operate");
        haproxy.raw("set server be_track/first state maint");
        until("the tracking server to follow", || {
            match column(&haproxy, "be_track", "second", "status") {
                status if status.starts_with("MAINT (via") => Ok(()),
                status => Err(status),
            }
        });
        for (tool, arguments) in [
            ("drain_server", of("be_app", "app_dead")),
            ("enable_server", of("be_app", "app_dead")),
            ("set_server_state", with(of("be_app", "app_dead"), "state", json!("drain"))),
            ("disable_server", of("be_track", "second")),
            ("enable_server", of("be_track", "second")),
            ("drain_server", of("be_track", "second")),
            ("enable_health", of("be_track", "first")),
            ("disable_health", of("be_track", "first")),
        ] {
            let states = || [state_of(&haproxy, "be_app", "app_dead"), state_of(&haproxy, "be_track", "second"), state_of(&haproxy, "be_track", "first")];
            let before = states();
            let response = server.call(tool, arguments.clone());
            let error = response.error();
            assert_eq!(error["code"], "rejected", "{tool} {arguments}: {error}");
            assert_eq!(error["details"]["reason"], "not-shown", "{tool} {arguments}: {error}");
            assert!(error["message"].as_str().unwrap().contains("nothing was changed"), "{tool} {arguments}: {error}");
            assert!(error["hint"].is_string(), "{tool} {arguments}: {error}");
            assert_eq!(states(), before, "{tool} {arguments}: {error}");
        }
        // Into maintenance and out again is seen also of one that is down, and ends draining.
        haproxy.raw("set server be_app/app_dead state drain");
        for (tool, bits) in [("disable_server", "1"), ("enable_server", "0")] {
            let response = server.call(tool, of("be_app", "app_dead"));
            assert_eq!(response.answer()["holds"], json!(true), "{tool}: {}", response.message);
            assert_eq!(field(&haproxy, "be_app", "app_dead", "srv_admin_state"), bits, "{tool}");
        }
    }

    /// What comes back from maintenance is what its checks or the tracked server say: down, it does not show draining. What
    /// tracks another may be drained as that one.
    fn draining_is_done_where_it_is_seen_for_sure(binary: &Binary) {
        let haproxy = site(binary, ADMIN);
        let server = serve(&haproxy, "operate");
        let comes_to = |path: &str, wanted: &str| {
            let (backend, name) = path.split_once('/').unwrap();
            until(path, || match column(&haproxy, backend, name, "status") {
                status if status.starts_with(wanted) => Ok(()),
                status => Err(status),
            });
        };
        for (path, prepared, status) in [
            ("be_track/second", "be_track/second state ready", "UP"),
            ("be_track/third", "be_track/third state maint", "MAINT"),
            ("be_track/third", "be_track/first health down", "MAINT"),
            ("be_app/app1", "be_app/app1 state maint", "MAINT"),
            ("be_agent/a1", "be_agent/a1 state maint", "MAINT"),
        ] {
            haproxy.raw(&format!("set server {prepared}"));
            comes_to(path, status);
            let (backend, name) = path.split_once('/').unwrap();
            // What a check makes of it is its own affair.
            let state = || ["srv_admin_state", "srv_uweight"].map(|column| field(&haproxy, backend, name, column));
            let before = state();
            let response = server.call("set_server_state", with(of(backend, name), "state", json!("drain")));
            let error = response.error();
            assert_eq!(error["code"], "rejected", "{path}: {error}");
            assert_eq!(error["details"]["reason"], "not-shown", "{path}: {error}");
            assert!(error["message"].as_str().unwrap().contains("nothing was changed"), "{path}: {error}");
            assert!(error["hint"].as_str().unwrap().contains("enable_server"), "{path}: {error}");
            assert_eq!(state(), before, "{path}: {error}");
        }
        // What cannot be seen in spite of that was done: that is what is said.
        haproxy.raw("set server be_track/first health up");
        haproxy.raw("set server be_track/first state drain");
        comes_to("be_track/second", "DRAIN");
        let error = server.call("enable_server", of("be_track", "third")).error().clone();
        assert_eq!(error["code"], "not-applied", "{error}");
        assert_eq!(error["details"]["reason"], "not-shown", "{error}");
        assert!(error["message"].as_str().unwrap().starts_with("HAProxy took the change"), "{error}");
        assert!(error["hint"].as_str().unwrap().contains("do not repeat it"), "{error}");
        let bits = field(&haproxy, "be_track", "third", "srv_admin_state");
        assert_eq!(bits, "16", "{error}");

        let response = server.call("set_server_state", with(of("be_plain", "p1"), "state", json!("drain")));
        let answer = response.answer();
        assert_eq!(answer["holds"], json!(true), "{answer}");
        // `disabled` in the configuration stays, and is not on the page
        assert_eq!(field(&haproxy, "be_plain", "p1", "srv_admin_state"), "12", "{answer}");
        assert_eq!(answer["after"]["admin_state"], json!(["fdrain"]), "{answer}");
        assert!(answer["note"].as_str().unwrap().contains("cmaint"), "{answer}");
    }

    fn what_is_not_there_or_not_configured_is_told(binary: &Binary) {
        let haproxy = site(binary, ADMIN);
        let server = serve(&haproxy, "operate");
        let listed = server.request("tools/list", json!({})).result()["tools"].to_string();
        assert!(!listed.contains("\"set_weight\""), "the page cannot do it");
        for tool in TOOLS {
            assert!(listed.contains(&format!("\"{tool}\"")), "{tool} is not listed");
            let arguments = |backend: &str, name: &str| match tool {
                "set_server_state" => with(of(backend, name), "state", json!("maint")),
                "set_server_health" => with(of(backend, name), "health", json!("up")),
                "set_server_agent" => with(of(backend, name), "agent", json!("up")),
                _ => of(backend, name),
            };
            for (backend, name, argument, near) in [
                ("be_app", "app9", "/server", "app1"),
                ("be_ap", "app1", "/backend", "be_app"),
                ("#2", "app1", "/backend", "be_"),
                ("be_app", "#1", "/server", "app1"),
                ("fe_http", "app1", "/backend", "be_"),
            ] {
                let response = server.call(tool, arguments(backend, name));
                let error = response.error();
                assert_eq!(error["code"], "not-found", "{tool} {backend}/{name}: {error}");
                assert_eq!(error["details"]["argument"], argument, "{tool} {backend}/{name}: {error}");
                assert!(error["hint"].as_str().unwrap().contains(near), "{tool} {backend}/{name}: {error}");
            }
        }
        for (tool, arguments) in [
            ("enable_health", of(ODD_BACKEND, "api.1")),
            ("enable_agent", of("be_app", "app1")),
            ("set_server_agent", with(of("be_app", "app1"), "agent", json!("up"))),
            ("set_server_health", with(of("be_track", "second"), "health", json!("down"))),
        ] {
            let response = server.call(tool, arguments);
            let error = response.error();
            assert_eq!(error["code"], "rejected", "{tool}: {error}");
            assert_eq!(error["details"]["reason"], "nothing-done", "{tool}: {error}");
            assert!(error["hint"].is_string(), "{tool}: {error}");
        }
        let response = server.call("set_server_health", with(of("be_app", "app_maint"), "health", json!("up")));
        assert_eq!(response.error()["details"]["reason"], "in-maintenance", "{}", response.message);
    }

    fn draining_waits_for_the_last_session(binary: &Binary) {
        let mut held = Held::on(Haproxy::builder(binary).page(ADMIN));
        let server = serve(&held.site.haproxy, "operate");
        let arguments = json!({ "backend": "be_held", "server": "h1", "timeout_seconds": 1 });
        let response = server.call("drain_server", arguments);
        let answer = response.answer();
        assert_eq!(answer["drained"], json!(false), "{answer}");
        assert_eq!(answer["left"]["sessions"], json!(1), "{answer}");
        assert_eq!(answer["after"]["state"], "drain", "{answer}");
        let arguments = json!({ "backend": "be_held", "server": "h1", "timeout_seconds": 60, "maint": true });
        let call = server.begin("drain_server", arguments);
        until("a report of progress", || {
            let told = server.notifications("notifications/progress");
            told.iter()
                .any(|told| told["message"].as_str().unwrap_or_default().contains("1 session left"))
                .then_some(())
                .ok_or_else(|| format!("{told:?}"))
        });
        held.end();
        let response = server.finish(call);
        let answer = response.answer();
        assert_eq!(answer["source"], "page", "{answer}");
        assert_eq!(answer["drained"], json!(true), "{answer}");
        assert_eq!(answer["after"]["state"], "maint", "{answer}");
        assert_eq!(field(&held.site.haproxy, "be_held", "h1", "srv_admin_state"), "1");
    }

    fn sessions_are_ended(binary: &Binary) {
        let place = Place::new();
        let haproxy = Haproxy::builder(binary).config(&place.sections("")).page(ADMIN).start();
        let visitors: Vec<_> = (0..3).map(|_| place.visitor("192.0.2.7")).collect();
        until("the visitors to be there", || match column(&haproxy, "be_held", "held", "scur").as_str() {
            "3" => Ok(()),
            other => Err(other.to_owned()),
        });
        let server = serve(&haproxy, "operate");
        let response = server.call("shutdown_sessions_server", of("be_held", "held"));
        let answer = response.answer();
        assert_eq!(answer["source"], "page", "{answer}");
        assert_eq!(change(answer), (&json!({ "sessions": 3, "left": 3 }), &json!({ "sessions": 0, "left": 0 })), "{answer}");
        assert_eq!(answer["holds"], json!(true), "{answer}");
        for visitor in visitors {
            visitor.wait_for_the_end();
        }
    }

    /// A change takes the Runtime API where there is one, whatever the operator prefers to read from.
    fn the_runtime_api_comes_first_and_the_page_where_it_is_gone(binary: &Binary) {
        let haproxy = site(binary, ADMIN);
        let folder = tempfile::tempdir().unwrap();
        let nowhere = scripted::nowhere(folder.path());
        let page = || with_page(&haproxy.page_url("/stats"), "operate").env("HAPROXY_STATISTICS_FROM", "page");
        for (server, source) in [
            (page().haproxy(&haproxy).start(), "runtime"),
            (page().socket(&nowhere).start(), "page"),
        ] {
            server.stateless();
            for (tool, bits) in [("disable_server", "1"), ("enable_server", "0")] {
                let response = server.call(tool, of("be_app", "app1"));
                assert_eq!(response.answer()["source"], source, "{tool}: {}", response.message);
                assert_eq!(admin_state(&haproxy), bits, "{tool}");
            }
        }
    }
}

/// How many requests the page has had.
fn column_of_page(haproxy: &Haproxy) -> String {
    column_of(&haproxy.raw_text("show stat fe_page 1 -1"), "req_tot")
}

/// Who waited in the queue comes when another's session is ended, and looks like him on the page.
#[test]
fn sessions_that_may_be_new_are_not_taken_for_ended() {
    let place = Place::new();
    let sections = place.sections("").replace(
        "\n    server spare",
        " maxconn 1\n    timeout queue 10m\n    server spare",
    );
    let haproxy = Haproxy::builder(&newest())
        .config(&sections)
        .page(ADMIN)
        .start();
    let server = serve(&haproxy, "operate");
    let mut visitors = Vec::new();
    until("a session that may be new", || {
        visitors.extend((0..3).map(|_| place.visitor("192.0.2.7")));
        until("one visitor to be there and others to wait", || {
            let now = ["scur", "qcur"].map(|name| {
                let row = haproxy.raw_text("show stat be_held 2 -1");
                column_of(&row, name)
            });
            match (now[0].as_str(), now[1].as_str()) {
                (_, "0") => Err(format!("{now:?}")),
                _ => Ok(()),
            }
        });
        let response = server.call("shutdown_sessions_server", of("be_held", "held"));
        if response.result()["isError"] != json!(true) {
            assert_eq!(response.answer()["after"]["left"], json!(0));
            return Err("there was a moment without any session".to_owned());
        }
        let error = response.error();
        assert_eq!(error["code"], "not-applied", "{error}");
        assert_eq!(error["details"]["reason"], "not-shown", "{error}");
        assert!(
            error["hint"].as_str().unwrap().contains("drain_server"),
            "{error}"
        );
        Ok(())
    });
}

/// A column of the only row of a table.
fn column_of(table: &str, name: &str) -> String {
    let mut lines = table.lines();
    let header = lines.next().unwrap().strip_prefix("# ").unwrap();
    let place = header.split(',').position(|column| column == name);
    let row = lines.next().unwrap().split(',').nth(place.unwrap());
    row.unwrap().to_owned()
}
