//! Whole contents: all there, or nothing changed.

use haproxy_mcp_testkit::mcp::{McpServer, Response};
use haproxy_mcp_testkit::{Haproxy, until};
use serde_json::json;

use crate::cases::{Site, program, serve};
use crate::maps::{error, listed, number, typed};

/// A content of so many lines.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let lines: Vec<String> = (0..count).map(line).collect();
    lines.join("\n") + "\n"
}

haproxy_mcp_testkit::on_each_version! {
    fn a_whole_content_replaces_another(binary: &Binary) {
        let site = typed(binary);
        let server = serve(&site, "admin");
        let content = "# two names for one map\r\n\r\nplain\ttwo\r\nplain three\n  value with; \\ and <<  \n\nlast one";
        let name = number(&site.haproxy, "map", "two.map");
        let replaced = server.call("replace_map", json!({ "map": name, "content": content }));
        let answer = replaced.answer();
        assert_eq!(answer["before"], json!({ "curr_ver": 0, "entries": 1 }), "{answer}");
        assert_eq!(answer["after"], json!({ "curr_ver": 1, "entries": 4 }), "{answer}");
        assert_eq!((&answer["comments"], &answer["blank"], &answer["duplicates"]), (&json!(1), &json!(2), &json!(1)));
        let expected = ["plain two", "plain three", "value with; \\ and <<", "last one"];
        assert_eq!(listed(&site.haproxy, "map two.map"), expected);
        let many = lines(2_000, |n| format!("key-{n} the value {n}"));
        let replaced = server.call("replace_map", json!({ "map": "two.map", "content": many }));
        assert_eq!(replaced.answer()["after"], json!({ "curr_ver": 2, "entries": 2_000 }));
        assert_eq!(listed(&site.haproxy, "map two.map").join("\n") + "\n", many);
        let keys = lines(2_000, |n| format!("/path/{n};with \\ all"));
        let replaced = server.call("replace_acl", json!({ "acl": "blocked.acl", "content": keys }));
        assert_eq!(replaced.answer()["after"], json!({ "curr_ver": 1, "entries": 2_000 }));
        assert_eq!(listed(&site.haproxy, "acl blocked.acl").join("\n") + "\n", keys);
        assert!(server.stderr().contains(r#""verdict":"done""#), "{}", server.stderr());
        assert!(!server.stderr().contains("take back what a call left open"), "{}", server.stderr());
    }

    fn through_a_master_contents_are_replaced_too(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let server = program("admin").arg("--master-socket").arg(haproxy.master_socket()).start();
        server.stateless();
        let map = lines(1_500, |n| format!("key-{n} value {n}"));
        server.call("replace_map", json!({ "map": "hosts.map", "content": map })).answer();
        assert_eq!(listed(&haproxy, "map hosts.map").join("\n") + "\n", map);
        let acl = lines(1_500, |n| format!("/path/{n}"));
        server.call("replace_acl", json!({ "acl": "blocked.acl", "content": acl })).answer();
        assert_eq!(listed(&haproxy, "acl blocked.acl").join("\n") + "\n", acl);
        let refused = server.call("replace_map", json!({ "map": "#999", "content": "k v" }));
        assert_eq!(error(&refused)["code"], json!("not-found"));
    }

    /// Calls of one server wait for each other; two servers meet in HAProxy. Whatever happens, the map is one whole
    /// content, and who was told that his is live was right at that moment.
    fn two_who_replace_the_same_never_mix(binary: &Binary) {
        let site = Site::usual(binary);
        let one = serve(&site, "admin");
        let other = serve(&site, "admin");
        let content = |who: &str| -> String {
            lines(1_200, |n| format!("{who}-{n}.test the value of {who}"))
        };
        let call = |who: &str| json!({ "map": "hosts.map", "content": content(who) });
        let pending: Vec<(&McpServer, _)> = [(&one, "a"), (&other, "b"), (&one, "c")]
            .map(|(server, who)| (server, server.begin("replace_map", call(who))))
            .into();
        let outcomes: Vec<Response> = pending.into_iter().map(|(server, pending)| server.finish(pending)).collect();
        for outcome in &outcomes {
            if outcome.result()["isError"] == json!(true) {
                let code = outcome.code();
                assert!(["rejected", "not-applied", "not-found"].contains(&code), "{}", outcome.message);
            }
        }
        assert!(outcomes.iter().any(|outcome| outcome.result()["isError"] != json!(true)), "{outcomes:?}");
        let live = listed(&site.haproxy, "map hosts.map").join("\n") + "\n";
        assert!(["a", "b", "c"].iter().any(|who| content(who) == live), "{live}");
    }

    /// All there, with progress; or, where the last one is refused, nothing changed.
    fn a_hundred_thousand_entries_are_all_there_or_none(binary: &Binary) {
        let site = typed(binary);
        let server = serve(&site, "admin");
        let map = lines(100_000, |n| format!("/path/number/{n:06} value-{n:06}"));
        let begun = server.begin("replace_map", json!({ "map": "two.map", "content": map }));
        let replaced = server.finish(begun);
        assert_eq!(replaced.answer()["after"]["entries"], json!(100_000), "{}", replaced.message);
        assert!(site.haproxy.raw_text("show map two.map").lines().count() >= 100_000);
        assert_eq!(listed(&site.haproxy, "map two.map").join("\n") + "\n", map);
        let told = server.notifications("notifications/progress");
        assert!(!told.is_empty());
        for told in told {
            assert_eq!((&told["progressToken"], &told["total"]), (&json!(begun.id()), &json!(100_000.0)), "{told}");
        }
        let same = server.call("diff_map", json!({ "map": "two.map", "content": map }));
        assert_eq!(same.answer()["same"], json!(true), "{}", same.message);

        let before = listed(&site.haproxy, "map nets.map");
        let mut nets = lines(100_000, |n| format!("10.{}.{}.{} v{n}", n >> 16, n >> 8 & 255, n & 255));
        nets.push_str("nowhere v\n");
        let refused = server.call("replace_map", json!({ "map": "nets.map", "content": nets }));
        assert_eq!(error(&refused)["details"]["line"], json!(100_001), "{}", refused.message);
        assert_eq!(listed(&site.haproxy, "map nets.map"), before);
    }

    /// As many as HAProxy takes one by one.
    fn a_large_acl_is_all_there_or_not_at_all(binary: &Binary) {
        let site = typed(binary);
        let server = serve(&site, "admin");
        let mut nets = lines(30_000, |n| format!("2001:db8:{:x}:{:x}::/64", n >> 8, n & 255));
        let replaced = server.call("replace_acl", json!({ "acl": "nets.acl", "content": nets }));
        assert_eq!(replaced.answer()["after"]["entries"], json!(30_000), "{}", replaced.message);
        let before = listed(&site.haproxy, "acl nets.acl");
        assert_eq!(before.join("\n") + "\n", nets);
        nets.push_str("# a comment\nnowhere\n192.0.2.0/24\n");
        let refused = server.call("replace_acl", json!({ "acl": "nets.acl", "content": nets }));
        assert_eq!(error(&refused)["details"]["line"], json!(30_002), "{}", refused.message);
        assert_eq!(listed(&site.haproxy, "acl nets.acl"), before);
    }

    /// As much as an argument holds, on lines that are few and long.
    fn an_acl_of_long_lines_is_replaced_too(binary: &Binary) {
        let site = typed(binary);
        let server = serve(&site, "admin");
        let acl = lines(1_990, |n| format!("/{n:06}/{}", "x".repeat(2_080)));
        let replaced = server.call("replace_acl", json!({ "acl": "empty.acl", "content": acl }));
        assert_eq!(replaced.answer()["after"]["entries"], json!(1_990));
        assert_eq!(listed(&site.haproxy, "acl empty.acl").join("\n") + "\n", acl);
    }

    /// Whoever gives up finds what was live before, and nothing prepared.
    fn giving_up_changes_nothing(binary: &Binary) {
        let site = typed(binary);
        let server = serve(&site, "admin");
        let paths = lines(40_000, |n| format!("/path/{n}"));
        let pending = server.begin("replace_acl", json!({ "acl": "empty.acl", "content": paths }));
        until("the first entries", || match server.notifications("notifications/progress").len() {
            0 => Err(server.stderr()),
            _ => Ok(()),
        });
        server.cancel(pending);
        let log = server.wait_for_stderr("take back what a call left open: `clear acl @1 empty.acl`");
        assert!(!log.contains("commit acl"), "{log}");
        assert_eq!(listed(&site.haproxy, "acl empty.acl"), [""; 0]);
        assert_eq!(listed(&site.haproxy, "acl @1 empty.acl"), [""; 0]);
        // The next one goes through.
        let replaced = server.call("replace_acl", json!({ "acl": "empty.acl", "content": "/one" }));
        assert_eq!(replaced.answer()["version"], json!(2), "{}", replaced.message);
    }
}
