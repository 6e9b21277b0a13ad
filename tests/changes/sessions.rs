//! Sessions, and how they are ended.

use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::{Binary, Haproxy, ScriptedSocket, Step, until};
use serde_json::{Value, json};

use crate::cases::{Case, Site, program, serve};
use crate::visitors::{Place, Visitor};

pub(crate) fn cases() -> Vec<Case> {
    let one = Case {
        tool: "shutdown_session",
        access: "operate",
        site: |binary| {
            let (mut site, place, visitors) = held(binary, 1, "");
            site.files = Some(place.into_folder());
            // He stays as long as the test runs.
            std::mem::forget(visitors);
            site
        },
        succeeds: |site| {
            let ids = ids(&site.haproxy, "fe_held");
            json!({ "session": ids.first().map_or("0x1", String::as_str) })
        },
        seen: |site| ids(&site.haproxy, "fe_held").join(" "),
        refused: |_| json!({ "session": "0xdead" }),
        because: "not-found",
        since: None,
    };
    let of_server = Case {
        tool: "shutdown_sessions_server",
        succeeds: |_| json!({ "backend": "be_held", "server": "held" }),
        refused: |_| json!({ "backend": "be_held", "server": "hold" }),
        ..one.clone()
    };
    vec![one, of_server]
}

/// A HAProxy with so many visitors who stay.
fn held(binary: &Binary, count: usize, sections: &str) -> (Site, Place, Vec<Visitor>) {
    let place = Place::new();
    let sections = format!("{}{sections}", place.sections(""));
    let haproxy = Haproxy::builder(binary).config(&sections).start();
    let visitors = (0..count).map(|_| place.visitor("192.0.2.7")).collect();
    let site = Site {
        haproxy,
        files: None,
        master: false,
    };
    arrive(&site.haproxy, count);
    (site, place, visitors)
}

/// Waits until so many visitors have a server.
fn arrive(haproxy: &Haproxy, count: usize) {
    until("the visitors to be there", || {
        let reply = haproxy.raw_text("show sess");
        match reply.matches(" srv=held ").count() {
            there if there == count => Ok(()),
            _ => Err(reply),
        }
    });
}

/// The sessions of a frontend by HAProxy's own word.
fn ids(haproxy: &Haproxy, frontend: &str) -> Vec<String> {
    let wanted = format!(" fe={frontend} ");
    let reply = haproxy.raw_text("show sess");
    let lines = reply.lines().filter(|line| line.contains(&wanted));
    let mut ids: Vec<String> = lines
        .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
        .collect();
    ids.sort_unstable();
    ids
}

fn matched(server: &McpServer, arguments: Value) -> u64 {
    let response = server.call("show_sess", arguments);
    response.answer()["matched"].as_u64().unwrap()
}

haproxy_mcp_testkit::on_each_version! {
    fn sessions_are_filtered_sorted_and_paged(binary: &Binary) {
        let (site, place, _visitors) = held(binary, 5, "");
        let server = serve(&site, "read");
        for (arguments, count) in [
            (json!({}), 5),
            (json!({ "frontend": "fe_held" }), 5),
            (json!({ "backend": "be_held" }), 5),
            (json!({ "server": "held" }), 5),
            (json!({ "backend": "be_held", "server": "held", "frontend": "fe_held" }), 5),
            (json!({ "backend": "be_held", "server": "spare" }), 0),
            (json!({ "filter": "unix:" }), 5),
            (json!({ "filter": "2001:db8::" }), 0),
            (json!({ "older_than_seconds": 3600 }), 0),
        ] {
            assert_eq!(matched(&server, arguments.clone()), count, "{arguments}");
        }
        // Older than none that comes now, as soon as they are.
        until("the visitors to be older than a moment", || {
            match matched(&server, json!({ "older_than_seconds": 1 })) {
                5 => Ok(()),
                other => Err(format!("{other} of 5")),
            }
        });
        let _late = place.visitor("192.0.2.8");
        arrive(&site.haproxy, 6);
        assert_eq!(matched(&server, json!({ "older_than_seconds": 1 })), 5);
        let mut seen = Vec::new();
        let mut arguments = json!({ "limit": 4, "sort": "newest" });
        loop {
            let answer = server.call("show_sess", arguments.clone()).answer().clone();
            assert_eq!(answer["matched"], json!(6));
            let rows = answer["rows"].as_array().unwrap();
            seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            match answer.get("next_cursor") {
                Some(cursor) => arguments["cursor"] = cursor.clone(),
                None => break,
            }
        }
        let newest = seen[0].clone();
        seen.sort_unstable();
        assert_eq!(seen, ids(&site.haproxy, "fe_held"));
        let oldest = server.call("show_sess", json!({ "limit": 6 })).answer().clone();
        assert_eq!(oldest["rows"][5]["id"], json!(newest), "{oldest}");
    }

    fn names_that_are_not_there_are_told(binary: &Binary) {
        let (site, _place, _visitors) = held(binary, 1, "");
        let server = serve(&site, "operate");
        for (tool, arguments, code, place) in [
            ("show_sess", json!({ "frontend": "fe_hold" }), "not-found", "/frontend"),
            ("show_sess", json!({ "backend": "be_hold" }), "not-found", "/backend"),
            ("show_sess", json!({ "backend": "#2" }), "not-found", "/backend"),
            ("show_sess", json!({ "backend": "be_held", "server": "hold" }), "not-found", "/server"),
            ("show_sess", json!({ "server": "hold" }), "not-found", "/server"),
            ("show_sess", json!({ "session": "0xdead" }), "not-found", "/session"),
            ("show_sess", json!({ "session": "0xdead", "limit": 3 }), "invalid-argument", "/session"),
            ("show_sess", json!({ "cursor": "0000000000000000.1.-" }), "invalid-argument", "/cursor"),
            ("shutdown_session", json!({ "session": "0xdead" }), "not-found", "/session"),
            ("shutdown_sessions_server", json!({ "backend": "be_hold", "server": "held" }), "not-found", "/backend"),
            ("shutdown_sessions_server", json!({ "backend": "be_held", "server": "hold" }), "not-found", "/server"),
            ("shutdown_sessions_server", json!({ "backend": "#3", "server": "#1" }), "not-found", "/backend"),
        ] {
            let response = server.call(tool, arguments.clone());
            let error = response.error();
            assert_eq!(error["code"], code, "{tool} {arguments}: {error}");
            assert_eq!(error["details"]["argument"], place, "{tool} {arguments}: {error}");
            assert!(error["hint"].is_string(), "{tool} {arguments}: {error}");
        }
        assert_eq!(ids(&site.haproxy, "fe_held").len(), 1);
    }

    fn one_session_is_described(binary: &Binary) {
        let (site, _place, _visitors) = held(binary, 1, "");
        let server = serve(&site, "read");
        let id = ids(&site.haproxy, "fe_held").remove(0);
        let answer = server.call("show_sess", json!({ "session": id })).answer().clone();
        let session = &answer["session"];
        for (name, value) in [("id", id.as_str()), ("frontend", "fe_held"), ("backend", "be_held"), ("server", "held")] {
            assert_eq!(session[name], value, "{answer}");
        }
        assert!(session["number"].is_u64() && session["age_seconds"].is_u64(), "{answer}");
        let raw = site.haproxy.raw_text(&format!("show sess {id}"));
        let lines = session["lines"].as_array().unwrap();
        assert!(lines.len() > 10, "{answer}");
        let began = session["began"].as_str().unwrap();
        assert!(raw.contains(&format!("{id}: [{began}]")), "{began}: {raw}");
    }

    fn a_session_is_ended_and_no_other(binary: &Binary) {
        let (site, _place, mut visitors) = held(binary, 3, "");
        let server = serve(&site, "operate");
        let all = ids(&site.haproxy, "fe_held");
        let answer = server.call("shutdown_session", json!({ "session": all[1] })).answer().clone();
        assert_eq!(answer["before"]["frontend"], "fe_held", "{answer}");
        assert_eq!(answer["after"], Value::Null, "{answer}");
        let left = ids(&site.haproxy, "fe_held");
        assert_eq!(left, [all[0].clone(), all[2].clone()]);
        let sent_away = visitors.iter_mut().position(|visitor| !visitor.stays());
        visitors.remove(sent_away.expect("one was sent away")).wait_for_the_end();
        assert!(visitors.iter_mut().all(Visitor::stays));
        // The id may be a connection of the Runtime API by now: that one is not meant.
        let again = server.call("shutdown_session", json!({ "session": all[1] }));
        assert_eq!(again.code(), "not-found", "{}", again.message);
    }

    /// HAProxy gives the id of a session that has ended to the next one: that is no reason to say that it goes on.
    fn an_id_that_is_given_again_is_another_session(binary: &Binary) {
        let (site, place, mut visitors) = held(binary, 1, "");
        let server = serve(&site, "operate");
        for _ in 0..20 {
            let id = ids(&site.haproxy, "fe_held").remove(0);
            let call = server.begin("shutdown_session", json!({ "session": id }));
            let next = place.visitor("192.0.2.9");
            assert_eq!(server.finish(call).answer()["holds"], json!(true));
            visitors.remove(0).wait_for_the_end();
            visitors.push(next);
            arrive(&site.haproxy, 1);
        }
        assert!(visitors.iter_mut().all(Visitor::stays));
    }

    fn all_sessions_of_a_server_are_ended(binary: &Binary) {
        let other = "
frontend fe_other
    mode tcp
    bind unix@OTHER
    default_backend be_held
";
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("other.sock");
        let other = other.replace("OTHER", socket.to_str().unwrap());
        let (site, _place, visitors) = held(binary, 5, &other);
        let server = serve(&site, "operate");
        let idle = std::os::unix::net::UnixStream::connect(&socket).unwrap();
        arrive(&site.haproxy, 6);
        drop(idle);
        arrive(&site.haproxy, 5);
        let none = server.call("shutdown_sessions_server", json!({ "backend": "be_held", "server": "spare" }));
        assert_eq!(none.answer()["before"], json!({ "sessions": 0, "left": 0 }));
        arrive(&site.haproxy, 5);
        let answer = server
            .call("shutdown_sessions_server", json!({ "backend": "be_held", "server": "held" }))
            .answer()
            .clone();
        assert_eq!(answer["before"], json!({ "sessions": 5, "left": 5 }), "{answer}");
        assert_eq!(answer["after"], json!({ "sessions": 0, "left": 0 }), "{answer}");
        for visitor in visitors {
            visitor.wait_for_the_end();
        }
        assert_eq!(ids(&site.haproxy, "fe_held"), Vec::<String>::new());
    }

    fn a_socket_below_the_level_says_which_it_takes(binary: &Binary) {
        let place = Place::new();
        for (level, read) in [("user", false), ("operator", true)] {
            let haproxy = Haproxy::builder(binary).config(&place.sections("")).admin_level(level).start();
            let site = Site { haproxy, files: None, master: false };
            let server = serve(&site, "operate");
            let _visitor = place.visitor("192.0.2.7");
            let session = if read {
                arrive(&site.haproxy, 1);
                assert_eq!(matched(&server, json!({})), 1);
                ids(&site.haproxy, "fe_held").remove(0)
            } else {
                "0x1".to_owned()
            };
            for (tool, arguments) in [
                ("shutdown_session", json!({ "session": session })),
                ("shutdown_sessions_server", json!({ "backend": "be_held", "server": "held" })),
            ] {
                let response = server.call(tool, arguments);
                let error = response.error();
                assert_eq!(error["details"]["reason"], "permission-denied", "{level} {tool}: {error}");
                let wanted = if read { "level admin" } else { "level operator" };
                assert!(error["hint"].as_str().unwrap().contains(wanted), "{level} {tool}: {error}");
            }
            if read {
                assert_eq!(ids(&site.haproxy, "fe_held"), [session]);
            }
        }
    }
}

/// A line as HAProxy 3.4 writes it.
fn line(number: u32) -> String {
    let (id, port) = (
        0x7f00_0000_0000_u64 + u64::from(number) * 0x400,
        1024 + number % 60_000,
    );
    let age = number % 100;
    format!(
        "0x{id:x}: proto=tcpv6 src=2001:db8::{:x}:{port} fe=fe_tcp be=be_tcp srv=t1 ts=00 epoch=0 age={age}s calls=2 rate=0 \
         cpu=0 lat=0 rq[f=848000h,i=0,an=00h,ax=] rp[f=80008000h,i=0,an=00h,ax=] scf=[8,0h,fd=11,rex=9m58s,wex=] \
         scb=[8,1h,fd=14,rex=9m58s,wex=] exp=0s rc=0 c_exp=\n",
        number % 50
    )
}

/// A server before a HAProxy with so many sessions.
fn with_sessions(count: u32) -> (ScriptedSocket, McpServer) {
    let mut reply = String::from("\n");
    for number in 0..count {
        reply.push_str(&line(number));
    }
    reply.push('\n');
    let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send(&reply), Step::Close]);
    let server = program("read").socket(&socket.path()).start();
    server.stateless();
    (socket, server)
}

/// The memory is that of a page, however many sessions there are.
#[test]
fn ten_thousand_sessions_take_little_memory() {
    let (_socket, server) = with_sessions(10_000);
    let response = server.call(
        "show_sess",
        json!({ "filter": "2001:db8::2a:", "limit": 30 }),
    );
    let answer = response.answer();
    assert_eq!(answer["matched"], json!(200));
    assert_eq!(answer["rows"].as_array().unwrap().len(), 30);
    let ages: Vec<u64> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["age_seconds"].as_u64().unwrap())
        .collect();
    assert!(ages.is_sorted_by(|one, next| one >= next), "{ages:?}");
    assert_eq!(answer["totals"]["oldest_seconds"], json!(92), "{answer}");
    let all = server.call("show_sess", json!({}));
    assert_eq!(all.answer()["matched"], json!(10_000));
    assert!(all.answer().to_string().len() < 8_000);
    let (_, most) = server.memory();

    // The same calls, so that the same code is in memory.
    let (_socket, server) = with_sessions(100);
    server.call(
        "show_sess",
        json!({ "filter": "2001:db8::2a:", "limit": 30 }),
    );
    server.call("show_sess", json!({}));
    let (_, few) = server.memory();
    let megabytes = most.saturating_sub(few) >> 20;
    assert!(megabytes < 8, "{megabytes} MB more than for a hundred");
}

/// A HAProxy that goes away between the act and the look: nothing is claimed.
#[test]
fn a_worker_that_goes_away_is_no_success() {
    let block = "\n0x7f8b3da7f000: [24/Nov/2026:22:37:15.595017] id=1 proto=tcpv4 source=192.0.2.7:4000\n  \
                 frontend=fe_tcp (id=2 mode=tcp), listener=? (id=1) addr=127.0.0.1:80\n\n";
    let says = |reply: &str| vec![Step::ReadLine, Step::send(reply)];
    for (what, replies) in [
        ("before it is ended", vec![says(block)]),
        ("before it is looked for", vec![says(block), says("\n\n")]),
    ] {
        let known = replies.len();
        let socket = ScriptedSocket::unix_each(replies, vec![Step::ReadLine, Step::Close]);
        let server = program("operate").socket(&socket.path()).start();
        server.stateless();
        let response = server.call("shutdown_session", json!({ "session": "0x7f8b3da7f000" }));
        assert_eq!(
            response.code(),
            "interrupted",
            "{what}: {}",
            response.message
        );
        assert_eq!(
            socket.connections(),
            known + 1,
            "{what}: {:?}",
            socket.received()
        );
    }
}

/// What does not go is not called ended; what only has the id of one that went is not counted.
#[test]
fn what_is_left_is_told_by_its_number() {
    let id = "0x7f8b3da7f000";
    let block = |number: u32| {
        format!(
            "\n{id}: [24/Nov/2026:22:37:{number:02}.595017] id={number} proto=tcpv4 source=192.0.2.7:4000\n  \
             frontend=fe_tcp (id=2 mode=tcp), listener=? (id=1) addr=127.0.0.1:80\n\n"
        )
    };
    let list =
        format!("\n{id}: proto=tcpv4 src=192.0.2.7:4000 fe=fe_tcp be=be_tcp srv=t1 age=5s\n\n");
    let says = |reply: &str| vec![Step::ReadLine, Step::send(reply)];
    let serve = |replies: Vec<Vec<Step>>, rest: Vec<Step>| {
        let socket = ScriptedSocket::unix_each(replies, rest);
        let server = program("operate").socket(&socket.path()).start();
        server.stateless();
        (socket, server)
    };
    for (later, ended) in [(1, false), (9, true)] {
        let (_socket, server) = serve(vec![says(&block(1)), says("\n\n")], says(&block(later)));
        let response = server.call("shutdown_session", json!({ "session": id }));
        if ended {
            assert_eq!(response.answer()["holds"], json!(true));
        } else {
            assert_eq!(response.code(), "not-applied", "{}", response.message);
            assert_eq!(response.error()["details"]["after"]["frontend"], "fe_tcp");
        }
    }
    // The version, which takes two, the sessions, the number of the next one, the act, and two looks.
    let info = "\nName: HAProxy\nVersion: 2.6.12\nUptime_sec: 5\nPid: 7\nCumReq: 8\n\n";
    let help = "\nThe following commands are valid at this level:\n  show sess : report the list of current streams\n\n";
    let (socket, server) = serve(
        [info, help, &list, info, "\n\n", &list, &block(9)]
            .map(says)
            .into(),
        vec![Step::Close],
    );
    let of_server = json!({ "backend": "be_tcp", "server": "t1" });
    let response = server.call("shutdown_sessions_server", of_server);
    let asked = socket.received();
    let counts = [&response.answer()["before"], &response.answer()["after"]];
    assert_eq!(counts[0], &json!({ "sessions": 1, "left": 1 }), "{asked:?}");
    assert_eq!(counts[1], &json!({ "sessions": 1, "left": 0 }), "{asked:?}");
}
