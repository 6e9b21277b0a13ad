//! Versions: prepared, filled, committed, abandoned, and gone.

use haproxy_mcp_testkit::{ScriptedSocket, Step};
use serde_json::json;

use crate::cases::{Site, program, serve};
use crate::maps::{error, listed, prepared};

haproxy_mcp_testkit::on_each_version! {
    /// From the first to the last step, one call each.
    fn a_version_is_filled_looked_at_and_committed(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        let live = listed(&site.haproxy, "map hosts.map");
        let made = server.call("prepare_map", json!({ "map": "hosts.map" }));
        assert_eq!(made.answer()["version"], json!(1));
        assert_eq!(made.answer()["after"], json!({ "curr_ver": 0, "next_ver": 1 }));
        assert!(made.answer()["next"].as_str().unwrap().contains("commit_map with version 1"));
        // It would empty the map.
        let empty = server.call("commit_map", json!({ "map": "hosts.map", "version": 1 }));
        assert_eq!(error(&empty)["code"], json!("invalid-argument"));
        for (key, value) in [("one.test", "be_app"), ("one.test", "be_tcp"), ("two.test", "be_app")] {
            let arguments = json!({ "map": "hosts.map", "key": key, "value": value, "version": 1 });
            server.call("add_map", arguments).answer();
        }
        // What only a prepared version has is not set and not deleted there (2.6 and 3.0 would).
        for (tool, arguments) in [
            ("set_map", json!({ "map": "hosts.map", "key": "one.test", "value": "v" })),
            ("del_map", json!({ "map": "hosts.map", "key": "one.test" })),
        ] {
            assert_eq!(error(&server.call(tool, arguments))["code"], json!("not-found"));
        }
        let shown = server.call("show_map", json!({ "map": "hosts.map", "version": 1 }));
        assert_eq!(shown.answer()["matched"], json!(3));
        let same = json!({ "map": "hosts.map", "version": 1, "content": "two.test be_app\none.test be_app\none.test be_tcp" });
        assert_eq!(server.call("diff_map", same).answer()["same"], json!(true));
        assert_eq!(listed(&site.haproxy, "map hosts.map"), live, "nothing is live yet");
        let done = server.call("commit_map", json!({ "map": "hosts.map", "version": 1 }));
        assert_eq!(done.answer()["before"], json!({ "curr_ver": 0, "entries": 2 }));
        assert_eq!(done.answer()["after"], json!({ "curr_ver": 1, "entries": 3 }));
        assert_eq!(listed(&site.haproxy, "map hosts.map"), ["one.test be_app", "one.test be_tcp", "two.test be_app"]);
        // HAProxy would take entries for a version that is gone, and lose them.
        server.call("prepare_map", json!({ "map": "hosts.map" })).answer();
        for version in [1, 3, 4_294_967_295_u32] {
            for (tool, further) in [
                ("commit_map", json!({})),
                ("clear_map", json!({})),
                ("show_map", json!({})),
                ("diff_map", json!({ "content": "k v" })),
                ("add_map", json!({ "key": "k", "value": "v" })),
            ] {
                let mut arguments = further.clone();
                arguments["map"] = json!("hosts.map");
                arguments["version"] = json!(version);
                let response = server.call(tool, arguments.clone());
                let error = error(&response);
                assert_eq!(error["code"], json!("not-found"), "{tool} {arguments}: {error}");
                assert_eq!(error["details"]["argument"], json!("/version"), "{tool} {arguments}: {error}");
            }
        }
        let emptied = server.call("commit_map", json!({ "map": "hosts.map", "version": 2, "allow_empty": true }));
        assert_eq!(emptied.answer()["after"]["entries"], json!(0));
        // With an empty live map 3.4, too, drops a version that is cleared.
        server.call("prepare_map", json!({ "map": "hosts.map" })).answer();
        server.call("add_map", json!({ "map": "hosts.map", "key": "k", "value": "v", "version": 3 })).answer();
        let cleared = server.call("clear_map", json!({ "map": "hosts.map", "version": 3 }));
        assert_eq!(cleared.answer()["before"], json!({ "entries": 1 }), "{}", cleared.message);
        assert_eq!(cleared.answer()["after"], json!({ "entries": 0 }));
    }

    fn a_version_of_an_acl_is_committed_and_an_older_one_is_not(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        for version in [1, 2] {
            let made = server.call("prepare_acl", json!({ "acl": "blocked.acl" }));
            assert_eq!(made.answer()["version"], json!(version));
            let key = format!("/version/{version}");
            server.call("add_acl", json!({ "acl": "blocked.acl", "key": key, "version": version })).answer();
        }
        let done = server.call("commit_acl", json!({ "acl": "blocked.acl", "version": 2 }));
        assert_eq!(done.answer()["after"], json!({ "curr_ver": 2, "entries": 1 }));
        let old = server.call("commit_acl", json!({ "acl": "blocked.acl", "version": 1 }));
        assert_eq!(error(&old)["code"], json!("not-found"));
        assert_eq!(listed(&site.haproxy, "acl blocked.acl"), ["/version/2"]);
    }

    /// Abandoning leaves the live map alone, whether or not HAProxy drops the version at once.
    fn abandoning_touches_nothing_that_is_live(binary: &Binary) {
        let site = prepared(binary);
        let server = serve(&site, "admin");
        for (tool, arguments, what) in [
            ("clear_map", json!({ "map": "hosts.map", "version": 1 }), "map hosts.map"),
            ("clear_acl", json!({ "acl": "blocked.acl", "version": 1 }), "acl blocked.acl"),
        ] {
            let live = listed(&site.haproxy, what);
            let response = server.call(tool, arguments);
            assert_eq!(listed(&site.haproxy, what), live);
            let (word, name) = what.split_once(' ').unwrap();
            let left = listed(&site.haproxy, &format!("{word} @1 {name}"));
            if left.is_empty() {
                assert_eq!(response.answer()["after"], json!({ "entries": 0 }));
            } else {
                // 3.4.7 takes the command and keeps the version.
                let error = error(&response);
                assert_eq!(error["code"], json!("not-applied"), "{error}");
                assert!(error["hint"].as_str().unwrap().contains("next commit drops it"), "{error}");
            }
        }
    }

    /// A worker that is replaced takes its prepared versions along.
    fn after_a_restart_nothing_is_prepared(binary: &Binary) {
        let mut site = Site::usual(binary);
        let server = serve(&site, "admin");
        server.call("prepare_map", json!({ "map": "hosts.map" })).answer();
        site.haproxy.restart();
        let response = server.call("commit_map", json!({ "map": "hosts.map", "version": 1, "allow_empty": true }));
        assert_eq!(error(&response)["code"], json!("not-found"), "{}", response.message);
        let map = listed(&site.haproxy, "map hosts.map");
        assert_eq!(map, ["www.example.test be_app", "shop.example.test shop"]);
    }
}

/// What HAProxy cannot be made to do on demand: somebody else commits the version after it was looked at.
#[test]
fn a_version_that_went_live_meanwhile_is_not_called_abandoned() {
    let set = |current: u32, next: u32| {
        format!(
            "# id (file) description\n0 (a.map) pattern loaded from file 'a.map' used by map at file 'x' line 1. curr_ver={current} next_ver={next} entry_cnt=1\n\n"
        )
    };
    let says = |text: &str| vec![Step::ReadLine, Step::send(format!("\n{text}")), Step::Close];
    let socket = ScriptedSocket::unix_each(
        vec![
            says(&set(2, 3)),
            says("0x7f0000000010 key value\n\n"),
            says("\n"),
            says("\n"),
        ],
        says(&set(3, 3)),
    );
    let server = program("admin").socket(&socket.path()).start();
    server.stateless();
    let response = server.call("clear_map", json!({ "map": "a.map", "version": 3 }));
    let error = error(&response);
    assert_eq!(error["code"], json!("not-applied"), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("committed version 3") && message.contains("0 entries"),
        "{error}"
    );
    assert!(
        socket
            .received()
            .iter()
            .any(|line| line.contains("clear map @3 a.map"))
    );
}
