use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, until};
use serde_json::json;

use super::{TABLES, remembered, started, with};
use crate::cases::{Site, program, serve};
use crate::visitors::Place;

/// A frontend whose visitors are counted in `t_binary` by what they say of themselves.
fn counted(socket: &Path) -> String {
    format!(
        "
frontend fe_counted
    mode http
    bind unix@{}
    http-request track-sc0 req.hdr(x-key) table t_binary
    http-request return status 200
",
        socket.display()
    )
}

fn visit(socket: &Path, key: &str) {
    let mut connection = UnixStream::connect(socket).unwrap();
    write!(
        connection,
        "GET / HTTP/1.1\r\nHost: x\r\nX-Key: {key}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

haproxy_mcp_testkit::on_each_version! {
    /// HAProxy takes no binary key in a command, and makes an entry out of one that it refuses.
    fn entries_with_binary_keys_are_read_and_not_touched(binary: &Binary) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("counted.sock");
        let site = with(binary, &counted(&socket));
        visit(&socket, "abcd");
        let before = remembered(&site.haproxy, "t_binary");
        assert!(before.starts_with("key=61626364 "), "{before}");
        let server = serve(&site, "admin");
        let entry = |key: &str| json!({ "table": "t_binary", "key": key });
        let get = |key: &str| server.call("get_table_entry", entry(key));
        assert_eq!(get("61626364").answer()["found"], json!(true));
        assert_eq!(get("00000000").answer()["found"], json!(false));
        assert_eq!(get("6162636").code(), "invalid-argument");
        for tool in ["set_table_entry", "clear_table_entry"] {
            for key in ["61626364", "00000001"] {
                let response = server.call(tool, entry(key));
                assert_eq!(response.code(), "unsupported", "{tool}: {}", response.message);
            }
        }
        assert_eq!(remembered(&site.haproxy, "t_binary"), before);
        server.call("clear_table", json!({ "table": "t_binary" })).answer();
        assert_eq!(remembered(&site.haproxy, "t_binary"), "");
    }

    fn an_entry_in_use_is_kept_and_it_is_said(binary: &Binary) {
        let place = Place::new();
        let site = with(binary, &place.sections("tcp-request content track-sc0 src table t_ip"));
        site.haproxy.raw("set table t_ip key 192.0.2.8 data.gpc0 3");
        let server = serve(&site, "admin");
        let visitor = place.visitor("192.0.2.7");
        let entry = json!({ "table": "t_ip", "key": "192.0.2.7" });
        let uses = || {
            let answer = server.call("get_table_entry", entry.clone()).answer().clone();
            answer["entry"]["use"].clone()
        };
        until("the visitor to be counted", || match uses().as_u64() {
            Some(1..) => Ok(()),
            other => Err(format!("{other:?}")),
        });
        let response = server.call("clear_table_entry", entry.clone());
        let error = response.error();
        assert_eq!(error["details"]["reason"], "in-use", "{error}");
        assert!(error["hint"].as_str().unwrap().contains("shutdown_session"), "{error}");
        let answer = server.call("clear_table", json!({ "table": "t_ip" })).answer().clone();
        assert_eq!(answer["before"], json!({ "used": 2, "matched": 2, "in_use": 1, "left": 1 }));
        assert_eq!(answer["after"], json!({ "used": 1, "matched": 1, "in_use": 1, "left": 0 }));
        assert!(remembered(&site.haproxy, "t_ip").starts_with("key=192.0.2.7 "));
        drop(visitor);
        until("the visitor to be gone", || match uses().as_u64() {
            Some(0) => Ok(()),
            other => Err(format!("{other:?}")),
        });
        server.call("clear_table_entry", entry.clone()).answer();
        assert_eq!(remembered(&site.haproxy, "t_ip"), "");
    }

    /// What traffic makes anew at once was not there before.
    fn a_table_is_emptied_while_it_is_used(binary: &Binary) {
        let site = Site::usual(binary);
        let haproxy = &site.haproxy;
        haproxy.traffic(40);
        for n in 0..50 {
            haproxy.raw(&format!("set table be_app key 192.0.2.{n} data.gpc0 3"));
        }
        let server = serve(&site, "admin");
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    haproxy.traffic(1);
                }
            });
            let answer = server.call("clear_table", json!({ "table": "be_app" }));
            stop.store(true, Ordering::Relaxed);
            let answer = answer.answer();
            assert!(answer["before"]["left"].as_u64().unwrap() >= 50, "{answer}");
            assert_eq!(answer["after"]["left"], json!(0), "{answer}");
        });
        assert!(!remembered(haproxy, "be_app").contains("192.0.2."));
    }

    fn a_socket_of_a_lower_level_is_explained(binary: &Binary) {
        for (level, allowed) in [("user", false), ("operator", true)] {
            let haproxy = Haproxy::builder(binary).config(TABLES).admin_level(level).start();
            let site = Site { haproxy, files: None, master: false };
            let server = serve(&site, "admin");
            assert_eq!(server.call("show_table", json!({})).answer()["matched"], json!(8), "{level}");
            let entry = json!({ "table": "t_ip", "key": "192.0.2.7" });
            for (tool, arguments) in [
                ("show_table", json!({ "table": "t_ip" })),
                ("set_table_entry", entry.clone()),
                ("get_table_entry", entry.clone()),
                ("clear_table_entry", entry),
                ("clear_table", json!({ "table": "t_ip" })),
            ] {
                let response = server.call(tool, arguments);
                if allowed {
                    response.answer();
                    continue;
                }
                let error = response.error();
                assert_eq!(error["code"], "rejected", "{tool}: {error}");
                assert_eq!(error["details"]["reason"], "permission-denied", "{tool}: {error}");
                assert!(error["hint"].as_str().unwrap().contains("level operator"), "{tool}: {error}");
            }
        }
    }

    /// Of two that set the same thing, each is told what came of it, and HAProxy has what the last one wanted.
    fn two_clients_that_set_the_same_entry(binary: &Binary) {
        let (site, _) = started(binary);
        let servers = [serve(&site, "operate"), serve(&site, "operate")];
        for round in 0..20_u64 {
            let values = [round * 2 + 1, round * 2 + 2];
            let calls: Vec<_> = servers.iter().zip(values).map(|(server, value)| {
                let data = json!([{ "type": "gpc0", "value": value }]);
                let arguments = json!({ "table": "t_ip", "key": "192.0.2.7", "data": data });
                server.begin("set_table_entry", arguments)
            }).collect();
            let mut held = 0;
            for ((server, call), value) in servers.iter().zip(calls).zip(values) {
                let response = server.finish(call);
                if response.result()["isError"] == json!(true) {
                    // It was read back after the other one had set it.
                    assert_eq!(response.code(), "not-applied", "{}", response.message);
                    assert_ne!(response.error()["details"]["after"]["gpc0"], json!(value));
                } else {
                    assert_eq!(response.answer()["after"]["gpc0"], json!(value));
                    held += 1;
                }
            }
            assert!(held > 0, "somebody was the last one");
            let seen = remembered(&site.haproxy, "t_ip");
            assert!(values.iter().any(|value| seen.contains(&format!("gpc0={value} "))), "{seen}");
        }
    }
}

/// HAProxy's answers up to a command, with which it goes away: nothing is claimed of it.
#[test]
fn a_worker_that_goes_away_is_no_success() {
    let head = "\n# table: t_ip, type: ip, size:1024, used:0\n\n";
    let says = |reply: &str| vec![Step::ReadLine, Step::send(reply)];
    let goes = vec![Step::ReadLine, Step::Close];
    let arguments =
        json!({ "table": "t_ip", "key": "192.0.2.7", "data": [{ "type": "gpc0", "value": 1 }] });
    for (what, replies) in [
        ("while it is asked", vec![says(head)]),
        ("before it is set", vec![says(head); 2]),
        (
            "while it is set",
            vec![says(head), says(head), says("\n\n")],
        ),
        (
            "before it is read back",
            vec![says(head), says(head), says("\n\n"), says("\n\n")],
        ),
    ] {
        let known = replies.len();
        let socket = ScriptedSocket::unix_each(replies, goes.clone());
        let server = program("operate").socket(&socket.path()).start();
        server.stateless();
        let response = server.call("set_table_entry", arguments.clone());
        assert_eq!(
            response.code(),
            "interrupted",
            "{what}: {}",
            response.message
        );
        let sent = socket.received();
        assert_eq!(sent.len(), known + 1, "{what}: {sent:?}");
        let written = sent.iter().filter(|line| line.contains("set table"));
        assert_eq!(written.count(), usize::from(known > 2), "{what}: {sent:?}");
    }
}

/// A table that is as it was is not called empty.
#[test]
fn what_was_not_removed_is_told() {
    let entries = |exp: u32, gpc0: u32| {
        format!(
            "\n# table: t_ip, type: ip, size:1024, used:2\n\
             0x7f00: key=192.0.2.7 use=0 exp={exp} shard=0 gpc0={gpc0} gpc0_rate(10000)=0\n\
             0x7f10: key=192.0.2.8 use=1 exp={exp} shard=0 gpc0={gpc0} gpc0_rate(10000)=9\n\n"
        )
    };
    let says = |reply: &str| vec![Step::ReadLine, Step::send(reply)];
    for (what, exp, gpc0, gone) in [
        ("it is as it was", 5_000, 7, false),
        ("its time goes on", 4_990, 7, false),
        ("it was made anew", 5_001, 7, true),
        ("it counts anew", 5_000, 1, true),
    ] {
        let replies = vec![says(&entries(5_000, 7)), says("\n\n")];
        let socket = ScriptedSocket::unix_each(replies, says(&entries(exp, gpc0)));
        let server = program("admin").socket(&socket.path()).start();
        server.stateless();
        let response = server.call("clear_table", json!({ "table": "t_ip" }));
        if gone {
            assert_eq!(response.answer()["after"]["left"], json!(0), "{what}");
        } else {
            assert_eq!(
                response.code(),
                "not-applied",
                "{what}: {}",
                response.message
            );
            assert_eq!(
                response.error()["details"]["after"]["left"],
                json!(1),
                "{what}"
            );
        }
    }
}
