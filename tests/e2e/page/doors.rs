//! Which way is taken where there are two, and what is there with one.

use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, newest, scripted};
use serde_json::json;
use socket2::{Domain, SockAddr, Socket, Type};

use super::{TOOLS, busy, serve, with_page};
use crate::cases::listed;
use crate::gone::Door;

/// Tools that both can answer, and how each is asked.
fn asked(tool: &str) -> serde_json::Value {
    match tool {
        "top" => json!({ "by": "errors" }),
        "sample_stat" => json!({ "seconds": 1 }),
        "list_servers" | "get_backend" => json!({ "backend": "be_app" }),
        "get_server" => json!({ "backend": "be_app", "server": "app1" }),
        "show_frontend" => json!({ "frontend": "fe_http" }),
        _ => json!({}),
    }
}

haproxy_mcp_testkit::on_each_version! {
    fn what_needs_the_runtime_api_is_not_listed_without_it(binary: &Binary) {
        let haproxy = busy(binary, "");
        let server = serve(&haproxy);
        let listed = listed(&server);
        for tool in TOOLS {
            assert!(listed.iter().any(|name| name == tool), "{tool} is not among {listed:?}");
            let response = server.call(tool, asked(tool));
            assert_eq!(response.answer()["source"], "page", "{tool}: {}", response.message);
            // a person is told as well
            assert!(response.texts().concat().contains("statistics page"), "{tool}: {:?}", response.texts());
        }
        for tool in ["show_info", "show_sess", "get_weight", "show_servers_state", "dump_stats_file", "show_table"] {
            assert!(!listed.iter().any(|name| name == tool), "{tool} is listed");
            let response = server.call(tool, json!({}));
            let said = response.message.to_string();
            assert!(said.contains("HAPROXY_RUNTIME_URL"), "{tool}: {said}");
        }
    }

    fn the_preferred_one_is_asked(binary: &Binary) {
        let haproxy = busy(binary, "");
        let both = || with_page(&haproxy.page_url("/stats")).haproxy(&haproxy);
        for (server, source) in [
            (both().start(), "runtime"),
            (both().env("HAPROXY_STATISTICS_FROM", "runtime").start(), "runtime"),
            (both().env("HAPROXY_STATISTICS_FROM", "page").start(), "page"),
        ] {
            server.stateless();
            for tool in TOOLS {
                let response = server.call(tool, asked(tool));
                assert_eq!(response.answer()["source"], source, "{tool}: {}", response.message);
            }
            assert!(server.call("show_info", json!({})).answer().is_object());
        }
    }

    fn the_other_one_is_asked_where_one_is_gone(binary: &Binary) {
        let haproxy = busy(binary, "");
        let folder = tempfile::tempdir().unwrap();
        let nowhere = scripted::nowhere(folder.path());
        let no_socket = with_page(&haproxy.page_url("/stats")).socket(&nowhere).start();
        let no_page = with_page("http://127.0.0.1:1/stats")
            .haproxy(&haproxy)
            .env("HAPROXY_STATISTICS_FROM", "page")
            .start();
        for (server, source) in [(no_socket, "page"), (no_page, "runtime")] {
            server.stateless();
            for tool in TOOLS {
                let response = server.call(tool, asked(tool));
                assert_eq!(response.answer()["source"], source, "{tool}: {}", response.message);
            }
        }
    }
}

/// Where neither can be reached, the one that was to be asked first is named.
#[test]
fn the_preferred_one_is_told_where_both_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = scripted::nowhere(folder.path());
    let both = || with_page("http://127.0.0.1:1/stats").socket(&nowhere);
    for (server, place) in [
        (both().start(), nowhere.display().to_string()),
        (
            both().env("HAPROXY_STATISTICS_FROM", "page").start(),
            "http://127.0.0.1:1/stats".to_owned(),
        ),
    ] {
        server.stateless();
        for tool in TOOLS {
            let response = server.call(tool, asked(tool));
            let error = response.error();
            crate::cases::has_shape(error);
            assert_eq!(error["code"], "unreachable", "{tool}: {error}");
            assert!(
                error["message"].as_str().unwrap().contains(&place),
                "{tool}: {error}"
            );
        }
    }
}

/// One that answered is not left for the other: it may be another HAProxy, or the same one that is in trouble.
#[test]
fn an_answer_that_breaks_off_is_not_made_up_for() {
    let haproxy = Haproxy::builder(&newest()).page("").start();
    let table = haproxy.raw("show stat");
    let half = &table[..table.len() / 2];
    let door = Door::to(&haproxy.admin_socket());
    let server = with_page(&haproxy.page_url("/stats"))
        .socket(&door.path())
        .start();
    server.stateless();
    let response = server.call("list_backends", json!({}));
    assert_eq!(
        response.answer()["source"],
        "runtime",
        "{}",
        response.message
    );
    let socket = ScriptedSocket::unix(vec![
        Step::ReadLine,
        Step::send("\n"),
        Step::send(half),
        Step::Close,
    ]);
    door.lead_to(&socket.path());
    for tool in TOOLS {
        let response = server.call(tool, asked(tool));
        let error = response.error();
        crate::cases::has_shape(error);
        assert!(
            ["interrupted", "unparsable"].contains(&response.code()),
            "{tool}: {error}"
        );
    }
}

/// Somebody listens and takes nothing, so that there never is a connection: nothing was asked of him.
#[test]
fn one_that_cannot_be_connected_to_in_time_is_left_for_the_other() {
    let haproxy = Haproxy::builder(&newest()).page("").start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.sock");
    let address = SockAddr::unix(&path).unwrap();
    let socket = || Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    let listener = socket();
    listener.bind(&address).unwrap();
    listener.listen(0).unwrap();
    // A queue that is full refuses at once who does not want to wait.
    let mut waiting = Vec::new();
    loop {
        let next = socket();
        next.set_nonblocking(true).unwrap();
        if next.connect(&address).is_err() {
            break;
        }
        waiting.push(next);
    }
    let server = with_page(&haproxy.page_url("/stats"))
        .socket(&path)
        .args(["--runtime-timeout", "1"])
        .start();
    server.stateless();
    let response = server.call("list_backends", json!({}));
    assert_eq!(response.answer()["source"], "page", "{}", response.message);
}
