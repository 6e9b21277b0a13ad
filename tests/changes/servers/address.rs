//! Where a server is: address, name, and whether it speaks TLS.

use haproxy_mcp_testkit::Binary;
use serde_json::json;

use super::{change, field, operate, state_of, with};
use crate::cases::{Case, Site, serve};

/// A server whose name nobody resolves, one with TLS, and one that is a Unix socket.
fn placed(binary: &Binary) -> Site {
    with(
        binary,
        "
resolvers names
    nameserver nobody 127.0.0.1:1
    timeout resolve 200ms
    timeout retry 200ms
backend be_placed
    balance roundrobin
    server d1 localhost:80 resolvers names init-addr 127.0.0.1
    server t1 127.0.0.1:1 ssl verify none
    server u1 unix@nobody.sock
",
    )
}

fn admin(tool: &'static str) -> Case {
    Case {
        access: "admin",
        ..operate(tool)
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            succeeds: |_| json!({ "backend": "be_app", "server": "app_maint", "addr": "127.0.0.9", "port": 81 }),
            seen: |site| state_of(&site.haproxy, "be_app", "app_maint"),
            refused: |_| json!({ "backend": "be_app", "server": "app9", "addr": "127.0.0.9" }),
            ..admin("set_server_addr")
        },
        Case {
            site: placed,
            succeeds: |_| json!({ "backend": "be_placed", "server": "d1", "fqdn": "other.test" }),
            seen: |site| field(&site.haproxy, "be_placed", "d1", "srv_fqdn"),
            // no `resolvers`
            refused: |_| json!({ "backend": "be_app", "server": "app1", "fqdn": "other.test" }),
            because: "rejected",
            ..admin("set_server_fqdn")
        },
        Case {
            site: placed,
            succeeds: |_| json!({ "backend": "be_placed", "server": "t1", "ssl": false }),
            seen: |site| field(&site.haproxy, "be_placed", "t1", "srv_use_ssl"),
            // no settings for TLS
            refused: |_| json!({ "backend": "be_app", "server": "app1", "ssl": true }),
            because: "rejected",
            ..admin("set_server_ssl")
        },
    ]
}

haproxy_mcp_testkit::on_each_version! {
    fn an_address_is_of_either_family(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        for (addr, port, seen) in [
            ("2001:db8::7", None, ("2001:db8::7", None)),
            ("[2001:db8:0:0::8]:8080", None, ("2001:db8::8", Some("8080"))),
            ("127.0.0.5", None, ("127.0.0.5", Some("8080"))),
            ("127.0.0.5", Some(65_535), ("127.0.0.5", Some("65535"))),
            ("127.0.0.5:65535", None, ("127.0.0.5", Some("65535"))),
        ] {
            let mut arguments = json!({ "backend": "be_app", "server": "app_maint", "addr": addr });
            if let Some(port) = port {
                arguments["port"] = json!(port);
            }
            let response = server.call("set_server_addr", arguments);
            let (_, after) = change(response.answer());
            assert_eq!(after["addr"], seen.0, "{after}");
            assert_eq!(field(&site.haproxy, "be_app", "app_maint", "srv_addr"), seen.0);
            if let Some(port) = seen.1 {
                assert_eq!(after["port"].to_string(), port, "{after}");
                assert_eq!(field(&site.haproxy, "be_app", "app_maint", "srv_port"), port);
            }
        }
    }

    fn what_is_no_address_does_not_reach_haproxy(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        let before = state_of(&site.haproxy, "be_app", "app1");
        for addr in ["help", "localhost", "localhost:80", "0.0.0.0", "::", "127.0.0.1:0", "127.0.0.1:+5", "unix@/tmp/x", "127.1"] {
            let arguments = json!({ "backend": "be_app", "server": "app1", "addr": addr });
            let response = server.call("set_server_addr", arguments);
            let error = response.error();
            assert_eq!(error["code"], "invalid-argument", "{addr}: {error}");
            assert!(error["hint"].is_string(), "{error}");
        }
        for fqdn in ["127.0.0.1", "a b", "a..b", "-x.test", "x_;y"] {
            let arguments = json!({ "backend": "be_app", "server": "app1", "fqdn": fqdn });
            let response = server.call("set_server_fqdn", arguments);
            assert_eq!(response.error()["details"]["argument"], "/fqdn", "{fqdn}: {}", response.message);
        }
        assert_eq!(state_of(&site.haproxy, "be_app", "app1"), before);
    }

    fn what_the_configuration_does_not_allow_is_told(binary: &Binary) {
        let site = placed(binary);
        site.haproxy.raw("add server be_placed/new 127.0.0.1:1 ssl verify none");
        let server = serve(&site, "admin");
        for (tool, name, more, reason) in [
            ("set_server_addr", "u1", json!({ "addr": "127.0.0.1", "port": 80 }), "not-supported"),
            ("set_server_fqdn", "t1", json!({ "fqdn": "x.test" }), "not-configured"),
            ("set_server_ssl", "u1", json!({ "ssl": true }), "not-configured"),
            ("set_server_ssl", "new", json!({ "ssl": false }), "not-supported"),
        ] {
            let mut arguments = json!({ "backend": "be_placed", "server": name });
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let before = state_of(&site.haproxy, "be_placed", name);
            let response = server.call(tool, arguments);
            let error = response.error();
            assert_eq!(error["code"], "rejected", "{tool}: {error}");
            assert_eq!(error["details"]["reason"], reason, "{tool}: {error}");
            assert!(error["hint"].is_string(), "{tool}: {error}");
            assert_eq!(state_of(&site.haproxy, "be_placed", name), before, "{tool}");
        }
    }

    fn tls_is_switched_off_and_on(binary: &Binary) {
        let site = placed(binary);
        let server = serve(&site, "admin");
        for (ssl, was, bit) in [(true, true, "1"), (false, true, "0"), (true, false, "1")] {
            let arguments = json!({ "backend": "be_placed", "server": "t1", "ssl": ssl });
            let response = server.call("set_server_ssl", arguments);
            let answer = response.answer();
            assert_eq!(answer["before"], json!({ "ssl": was }), "{answer}");
            assert_eq!(answer["after"], json!({ "ssl": ssl }), "{answer}");
            assert_eq!(field(&site.haproxy, "be_placed", "t1", "srv_use_ssl"), bit);
        }
    }
}
