//! Every wording of a write, said by a module that was granted reading. HAProxy's own state is the judge.

use haproxy_mcp::sandbox::limits::ARGUMENT_BYTES;
use haproxy_mcp_testkit::{Binary, Haproxy, McpServer, ScriptedSocket, guests, on_each_version};
use serde_json::{Value, json};

use crate::site::{NOWHERE, before, builder, hostile, started};

/// What a write would change, as HAProxy itself says: states, weights, addresses, limits, counters, maps, sessions.
fn state(haproxy: &Haproxy, map: &str) -> String {
    let states = haproxy.raw_text("show servers state");
    // Columns 1 to 8, and 18 and 19: names, addresses, states, weights, port; the rest tells of time and checks.
    let servers: Vec<String> = states
        .lines()
        .skip(2)
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let kept = words.iter().take(8).chain(words.iter().skip(17).take(2));
            kept.copied().collect::<Vec<_>>().join(" ")
        })
        .collect();
    let stat = haproxy.raw_text("show stat");
    let counters: Vec<String> = stat
        .lines()
        .filter(|line| line.starts_with("fe_http,FRONTEND"))
        .map(|line| line.split(',').take(8).collect::<Vec<_>>().join(","))
        .collect();
    let limits: Vec<String> = ["Maxconn", "ConnRateLimit", "SessRateLimit", "Pid"]
        .iter()
        .map(|name| format!("{name}={}", haproxy.info(name)))
        .collect();
    // An entry of a table tells when it expires.
    let table = haproxy.raw_text("show table kept");
    let table: Vec<&str> = table
        .split_whitespace()
        .filter(|word| !word.starts_with("exp="))
        .collect();
    let map = haproxy.raw_text(&format!("show map {map}"));
    assert!(map.contains("key value"), "{map}");
    format!(
        "{}\n{}\n{}\n{}\n{}",
        servers.join("\n"),
        counters.join("\n"),
        limits.join(" "),
        map,
        table.join(" "),
    )
}

fn haproxy(binary: &Binary, map: &str) -> Haproxy {
    let haproxy = Haproxy::builder(binary)
        .with(&format!(
            "backend be_mapped\n    http-request set-header x-mapped %[path,map({map})]\n\
             backend kept\n    stick-table type string size 10 expire 1h store gpc0"
        ))
        .start();
    let filled = haproxy.raw_text("set table kept key visitor data.gpc0 7");
    assert_eq!(filled.trim(), "", "the table was not filled");
    haproxy.traffic(4);
    haproxy
}

/// Each of these has to be refused by the host: it is a write, or no command that a module may send.
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn writes(map: &str) -> Vec<Value> {
    let words = |words: &[&str]| json!({ "words": words });
    let mut all = vec![
        // In plain words.
        words(&["set", "server", "be_app/app1", "state", "maint"]),
        words(&["set", "server", "be_app/app1", "weight", "1"]),
        words(&[
            "set",
            "server",
            "be_app/app1",
            "addr",
            "127.0.0.1",
            "port",
            "1",
        ]),
        words(&["set", "weight", "be_app/app1", "1"]),
        words(&["set", "maxconn", "server", "be_app/app1", "1"]),
        words(&["set", "maxconn", "frontend", "fe_http", "1"]),
        words(&["set", "maxconn", "global", "1"]),
        words(&["set", "rate-limit", "connections", "global", "1"]),
        words(&["disable", "server", "be_app/app1"]),
        words(&["enable", "server", "be_app/app_maint"]),
        words(&["disable", "health", "be_app/app1"]),
        words(&["disable", "frontend", "fe_http"]),
        words(&["shutdown", "frontend", "fe_http"]),
        words(&["shutdown", "sessions", "server", "be_app/app1"]),
        words(&["clear", "counters"]),
        words(&["clear", "counters", "all"]),
        words(&["add", "server", "be_app/evil", "127.0.0.1:1"]),
        words(&["del", "server", "be_app/app_maint"]),
        words(&["add", "map", map, "evil", "evil"]),
        words(&["add", "map", "#0", "evil", "evil"]),
        words(&["set", "map", map, "key", "evil"]),
        words(&["del", "map", map, "key"]),
        words(&["clear", "map", map]),
        words(&["prepare", "map", map]),
        words(&["set", "table", "kept", "key", "visitor", "data.gpc0", "9"]),
        words(&["clear", "table", "kept"]),
        // Other names of the same things, other cases, parts of words.
        words(&["set", "server", "#3/#1", "state", "maint"]),
        words(&["SET", "SERVER", "be_app/app1", "STATE", "MAINT"]),
        words(&["Disable", "Server", "be_app/app1"]),
        words(&["dis", "ser", "be_app/app1"]),
        words(&["clear", "count", "all"]),
        words(&["\u{441}lear", "counters", "all"]),
        // One word for several, and one command after another.
        words(&["disable server be_app/app1"]),
        words(&["clear counters all"]),
        words(&["show info;clear counters all"]),
        words(&["show", "info;clear", "counters", "all"]),
        words(&["show", "info", ";", "clear", "counters", "all"]),
        words(&["show", "info", ";clear counters all"]),
        words(&["show", "info", "\\;clear counters all"]),
        words(&["show", "info", "\\\\;clear counters all"]),
        words(&["show", "info", "\";clear counters all;\""]),
        words(&["show", "info", "';clear counters all;'"]),
        words(&["show", "stat", "-1", "4", "-1;clear counters all"]),
        words(&["show", "stat", "-1;clear counters all"]),
        words(&["show", "stat\\", ";", "clear", "counters", "all"]),
        // New lines, ends of text, and what comes before a payload.
        words(&["show", "info\nclear counters all"]),
        words(&["show", "info\n", "clear counters all"]),
        words(&["show", "info", "\nclear counters all\n"]),
        words(&["show", "info\r\nclear counters all\r\n"]),
        words(&["show", "info\0", "clear", "counters", "all"]),
        words(&["show", "info\u{1}", "clear"]),
        words(&["show", "info", "<<"]),
        words(&["show", "info", "<<\nclear counters all\n\n"]),
        words(&["show", "stat", "<<", "clear counters all"]),
        words(&["clear", "counters", "all", "<<"]),
        json!({ "words": ["show", "info"], "payload": ["clear counters all"] }),
        json!({ "words": ["show", "info"], "payload": ["", "clear counters all"] }),
        json!({ "words": ["show", "info"], "payload": ["x\n\nclear counters all"] }),
        json!({ "words": ["add", "map", map], "payload": ["evil evil"] }),
        json!({ "words": ["show", "map", map], "payload": ["evil evil", "", "clear counters all"] }),
        // Nothing, and next to nothing.
        words(&[]),
        words(&[""]),
        words(&["", "clear", "counters", "all"]),
        words(&["clear", "", "counters", "all"]),
        words(&[" ", "clear", "counters", "all"]),
        words(&[" clear", "counters", "all"]),
        words(&["\tclear", "counters", "all"]),
        words(&[";", "clear", "counters", "all"]),
        words(&["#", "clear", "counters", "all"]),
        // To the master, or to another process.
        words(&["@1", "clear", "counters", "all"]),
        words(&["@1 clear counters all"]),
        words(&["@!1", "clear", "counters", "all"]),
        words(&["@@1"]),
        words(&["@1", "show", "info"]),
        words(&["reload"]),
        words(&["mcli-debug-mode", "on"]),
        // What changes the session, reveals keys, never ends, or hands over the process.
        words(&["operator"]),
        words(&["user"]),
        words(&["prompt"]),
        words(&["quit"]),
        words(&["expert-mode", "on"]),
        words(&["experimental-mode", "on"]),
        words(&["set", "severity-output", "none"]),
        words(&["set", "timeout", "cli", "1d"]),
        words(&["show", "env"]),
        words(&["show", "events", "buf0", "-w"]),
        words(&["show", "tls-keys", "#0"]),
        words(&["dump", "ssl", "cert", "x"]),
        words(&["debug", "dev", "exit", "1"]),
        words(&["debug", "counters", "reset"]),
        words(&["trace", "h1", "start", "now"]),
        words(&["_getsocks"]),
        words(&["_send_status"]),
    ];
    let long = "x".repeat(10_000);
    all.push(words(&[&long]));
    all.push(words(&["show", &long]));
    all.push(words(&["clear", "counters", "all", &long]));
    all.push(json!({ "words": vec!["clear"; 5_000] }));
    all.push(json!({ "words": ["set", "ssl", "cert", "x"], "payload": vec![long; 5] }));
    all
}

/// These are reads: whatever is in their last word is data, and stays it.
fn reads() -> Vec<Value> {
    let glued = [
        "be_app;clear counters all",
        "be_app\\;clear counters all",
        "be_app\\",
        "be_app <<",
        "be_app' ;clear counters all",
        "be_app\";clear counters all",
        "<<",
        "$(reboot)",
        "be_app#;clear counters all",
        "b\u{e9}_\u{2028}app;clear counters all",
    ];
    glued
        .iter()
        .map(|name| json!({ "words": ["show", "servers", "state", name] }))
        .chain(
            glued
                .iter()
                .map(|name| json!({ "words": ["show", "stat", name, "4", "-1"] })),
        )
        .collect()
}

on_each_version! {
    fn no_wording_gets_through(binary: &Binary) {
        let folder = tempfile::tempdir().unwrap();
        let map = folder.path().join("kept.map");
        std::fs::write(&map, "key value\n").unwrap();
        let map = map.display().to_string();
        let haproxy = haproxy(binary, &map);
        // Even a server that may do everything grants a module under development no more than reading.
        for access in ["read", "admin"] {
            let server = started(
                builder().haproxy(&haproxy).args(["--access", access]),
                &[guests::path("hostile")],
            );
            let before = state(&haproxy, &map);
            let writes = writes(&map);
            let outcomes = say_all(&server, &writes);
            assert_eq!(outcomes.len(), writes.len());
            for (command, outcome) in writes.iter().zip(&outcomes) {
                let error = outcome["error"].as_str().unwrap_or_default();
                assert!(
                    error == "denied" || error.starts_with("malformed:"),
                    "{}: {outcome}",
                    command.to_string().chars().take(200).collect::<String>()
                );
            }
            for (command, outcome) in reads().iter().zip(say_all(&server, &reads())) {
                // Where it is denied or malformed, HAProxy has not seen it; else there is no such backend.
                let reply = outcome["reply"].as_str().unwrap_or_default();
                assert!(!reply.contains("app1"), "{command}: {outcome}");
            }
            assert_eq!(state(&haproxy, &map), before, "with `--access {access}`");
        }
    }
}

/// What became of each of these commands, said in as many calls as their size needs.
fn say_all(server: &McpServer, commands: &[Value]) -> Vec<Value> {
    let mut calls: Vec<Vec<&Value>> = vec![Vec::new()];
    let mut bytes = 0;
    for command in commands {
        let size = command.to_string().len();
        if bytes + size > ARGUMENT_BYTES / 2 {
            calls.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        calls.last_mut().unwrap().push(command);
    }
    calls
        .iter()
        .flat_map(|commands| {
            let said = server.call("hostile__say_all", json!({ "commands": commands }));
            said.answer()["outcomes"].as_array().unwrap().clone()
        })
        .collect()
}

/// What is refused is not even sent.
#[test]
fn a_refused_command_opens_no_connection() {
    let socket = ScriptedSocket::unix(Vec::new());
    let server = started(builder().socket(&socket.path()), &[guests::path("hostile")]);
    let writes = writes("/etc/haproxy/kept.map");
    for outcome in say_all(&server, &writes) {
        let error = outcome["error"].as_str().unwrap_or_default();
        assert!(
            error == "denied" || error.starts_with("malformed:"),
            "{outcome}"
        );
    }
    assert_eq!(socket.connections(), 0, "{:?}", socket.received());
}

/// A refusal that the tool passes on says what was asked, what it needs and how it could be allowed.
#[test]
fn a_refusal_says_what_to_do() {
    let server = started(
        builder().socket(NOWHERE.as_ref()),
        &[guests::path("hostile")],
    );
    let say = |words: &[&str]| {
        let error = server
            .call("hostile__say", json!({ "words": words }))
            .error()
            .clone();
        serde_json::to_string_pretty(&error).unwrap()
    };
    insta::assert_snapshot!(
        "denied",
        say(&["set", "server", "be_app/app1", "state", "maint"])
    );
    insta::assert_snapshot!("never", say(&["show", "env"]));
    insta::assert_snapshot!("unknown", say(&["frobnicate", "everything"]));
    insta::assert_snapshot!("malformed", say(&["@1", "show", "info"]));
    insta::assert_snapshot!("hidden", say(&["\u{202e}clear\u{2066}", "counters"]));
}

/// One line for the whole call, also where the module keeps the refusal to itself.
#[test]
fn a_refusal_is_recorded() {
    let (_haproxy, server) = hostile();
    let flood = json!({ "what": "denied", "times": 500 });
    server.call("hostile__flood", flood).answer();
    let log = server.wait_for_stderr(r#""audit":"refusal""#);
    let line = log.lines().find(|line| line.starts_with(r#"{"audit""#));
    let event: Value = serde_json::from_str(line.unwrap()).unwrap();
    assert_eq!(event["tool"], "hostile__flood");
    assert_eq!(event["module"], "hostile");
    assert_eq!(event["commands"], json!([]));
    let refused = event["refused"].as_array().unwrap();
    assert_eq!(event["refused_left_out"], 500 - refused.len());
    for refused in refused {
        assert!(refused["asked"].is_string(), "{event}");
        assert_eq!(refused["reason"], "above-tool-access", "{event}");
    }
}

/// Denied commands are host calls like others: asking for ever ends, too.
#[test]
fn asking_again_changes_nothing() {
    let (haproxy, server) = hostile();
    let before = haproxy.raw_text("show servers state");
    let flood = json!({ "what": "denied", "times": 500 });
    let answer = server.call("hostile__flood", flood);
    assert_eq!(answer.answer()["refused"], 500);
    assert_eq!(answer.answer()["told"], "denied");
    assert_eq!(
        haproxy.raw_text("show servers state").lines().count(),
        before.lines().count()
    );
}

/// `supports` tells what HAProxy's help lists, for whoever asks; it is no way to say a command.
#[test]
fn asking_what_is_supported_is_not_asking() {
    let (haproxy, server) = hostile();
    let state = || {
        let states = haproxy.raw_text("show servers state be_app");
        let app1 = states.lines().find(|line| line.contains(" app1 ")).unwrap();
        app1.split(' ').nth(6).unwrap().to_owned()
    };
    assert_eq!(state(), "0", "srv_admin_state");
    let supports = |words: &[&str]| {
        let answer = server.call("hostile__supports", json!({ "words": words }));
        answer.answer()["supported"].as_bool().unwrap()
    };
    assert!(supports(&["show", "info"]));
    for words in [
        &["disable server be_app/app1"][..],
        &["show info;disable server be_app/app1"],
        &["show", "info\ndisable server be_app/app1"],
        &["@1", "show", "info"],
        &["frobnicate"],
    ] {
        assert!(!supports(words), "{words:?}");
    }
    assert_eq!(state(), "0", "srv_admin_state");
}

/// The built-in tools take names that are commands, too.
#[test]
fn a_name_is_data_in_a_builtin_tool() {
    let haproxy = Haproxy::start(&haproxy_mcp_testkit::newest());
    haproxy.traffic(4);
    let server = before(&haproxy, &[]);
    let clean = |haproxy: &Haproxy| {
        let states = haproxy.raw_text("show servers state be_app");
        let admin: Vec<String> = states
            .lines()
            .map(|line| {
                line.split(' ')
                    .skip(3)
                    .take(5)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let stot = haproxy.raw_text("show stat");
        let stot = stot
            .lines()
            .find(|line| line.starts_with("fe_http,"))
            .unwrap()
            .to_owned();
        (admin, stot.split(',').nth(7).unwrap().to_owned())
    };
    let was = clean(&haproxy);
    for name in [
        "be_app;disable server be_app/app1",
        "be_app\ndisable server be_app/app1",
        "be_app <<\nclear counters all\n",
        "be_app\\",
        "@1",
        "",
        "be_app\0",
        &"x".repeat(10_000),
    ] {
        let calls = [
            ("list_servers", json!({ "backend": name })),
            ("get_server", json!({ "backend": name, "server": "app1" })),
            ("get_server", json!({ "backend": "be_app", "server": name })),
            ("show_stat", json!({ "proxy": name })),
            ("show_stat", json!({ "filter": name })),
        ];
        for (tool, arguments) in calls {
            // An answer without rows or an error: never the end of the server.
            let response = server.call(tool, arguments);
            assert!(
                response.message.get("result").is_some(),
                "{tool} {name:?}: {}",
                response.message
            );
        }
        assert_eq!(clean(&haproxy), was, "{name:?}");
    }
}
