use std::net::TcpStream;

use haproxy_mcp_testkit::{Haproxy, newest};
use serde_json::{Value, json};

use crate::cases::{Case, Site, serve};

/// A case on `fe_http` of the usual site, that is refused because there is no such frontend.
fn of(tool: &'static str) -> Case {
    Case {
        tool,
        access: "operate",
        site: Site::usual,
        succeeds: |_| json!({ "frontend": "fe_http" }),
        seen: |site| seen(&site.haproxy, "fe_http"),
        // there is only a backend of this name
        refused: |_| json!({ "frontend": "be_app" }),
        because: "not-found",
        since: None,
    }
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            succeeds: |_| json!({ "frontend": "fe_http", "maxconn": 77 }),
            refused: |_| json!({ "frontend": "fe_htt", "maxconn": 77 }),
            ..of("set_maxconn_frontend")
        },
        Case {
            site: |binary| {
                let site = Site::usual(binary);
                site.haproxy.raw("disable frontend fe_http");
                site
            },
            ..of("enable_frontend")
        },
        of("disable_frontend"),
        Case {
            access: "admin",
            ..of("shutdown_frontend")
        },
    ]
}

/// Status and limit of a frontend, as the statistics have them.
fn seen(haproxy: &Haproxy, frontend: &str) -> String {
    let statistics = haproxy.raw_text("show stat -1 1 -1");
    let mut lines = statistics.lines();
    let header: Vec<&str> = lines
        .next()
        .unwrap()
        .trim_start_matches("# ")
        .split(',')
        .collect();
    let row: Vec<&str> = lines
        .map(|line| line.split(',').collect::<Vec<_>>())
        .find(|row| row[0] == frontend)
        .unwrap_or_else(|| panic!("no frontend {frontend}:\n{statistics}"));
    let column = |name| row[header.iter().position(|column| *column == name).unwrap()];
    format!("{} {}", column("status"), column("slim"))
}

fn hears(haproxy: &Haproxy) -> bool {
    TcpStream::connect(haproxy.http_address()).is_ok()
}

haproxy_mcp_testkit::on_each_version! {
    fn a_frontend_stops_hearing_and_hears_again(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let which = json!({ "frontend": "fe_http" });
        for (tool, was, is) in [
            ("disable_frontend", "OPEN", "PAUSED"),
            ("disable_frontend", "PAUSED", "PAUSED"),
            ("enable_frontend", "PAUSED", "OPEN"),
            ("enable_frontend", "OPEN", "OPEN"),
        ] {
            let response = server.call(tool, which.clone());
            let answer = response.answer();
            assert_eq!(answer["before"]["status"], was, "{answer}");
            assert_eq!(answer["after"]["status"], is, "{answer}");
            assert_eq!(answer["changed"], json!(was != is), "{answer}");
            assert_eq!(hears(&site.haproxy), is == "OPEN", "{answer}");
        }
        assert_eq!(site.haproxy.get("/x"), 200);
    }

    fn a_frontend_that_was_shut_down_stays_so(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        let which = json!({ "frontend": "fe_http" });
        for was in ["OPEN", "STOP"] {
            let response = server.call("shutdown_frontend", which.clone());
            let answer = response.answer();
            assert_eq!(answer["before"]["status"], was, "{answer}");
            assert_eq!(answer["after"]["status"], "STOP", "{answer}");
        }
        assert!(!hears(&site.haproxy));
        for tool in ["enable_frontend", "disable_frontend"] {
            let response = server.call(tool, which.clone());
            let error = response.error();
            assert_eq!(error["code"], "rejected", "{error}");
            assert_eq!(error["details"]["reason"], "shut-down", "{error}");
            assert!(error["hint"].as_str().unwrap().contains("reload"), "{error}");
        }
    }

    fn a_limit_goes_up_and_down(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        for maxconn in [1, 2_147_483_647, 50, 50] {
            let arguments = json!({ "frontend": "fe_http", "maxconn": maxconn });
            let response = server.call("set_maxconn_frontend", arguments);
            assert_eq!(response.answer()["after"]["maxconn"], json!(maxconn), "{}", response.message);
            assert_eq!(seen(&site.haproxy, "fe_http"), format!("OPEN {maxconn}"));
        }
    }

    /// Where versions allow it, a frontend and a backend share a name; the statistics of both come at once.
    fn a_name_may_be_that_of_a_backend_too(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "operate");
        let response = server.call("disable_frontend", json!({ "frontend": "shop" }));
        assert_eq!(response.answer()["after"]["status"], "PAUSED", "{}", response.message);
        assert!(seen(&site.haproxy, "shop").starts_with("PAUSED"));
    }

    fn names_that_are_none_are_told_with_those_that_are_near(binary: &Binary) {
        let site = Site::usual(binary);
        let server = serve(&site, "admin");
        let before = seen(&site.haproxy, "fe_http");
        for (name, near) in [("fe_htp", json!(["fe_http"])), ("#2", Value::Null), ("2", Value::Null), ("-1", Value::Null)] {
            let response = server.call("shutdown_frontend", json!({ "frontend": name }));
            let error = response.error();
            assert_eq!(error["code"], "not-found", "{name}: {error}");
            assert_eq!(error["details"]["argument"], "/frontend", "{name}: {error}");
            if near != Value::Null {
                assert!(error["details"]["names"].as_array().unwrap().contains(&near[0]), "{error}");
            }
        }
        assert_eq!(seen(&site.haproxy, "fe_http"), before);
    }

    fn sockets_of_lower_levels_change_no_frontend(binary: &Binary) {
        for level in ["operator", "user"] {
            let haproxy = Haproxy::builder(binary).admin_level(level).start();
            let site = Site { haproxy, files: None, master: false };
            let server = serve(&site, "admin");
            for tool in ["disable_frontend", "shutdown_frontend"] {
                let response = server.call(tool, json!({ "frontend": "fe_http" }));
                let error = response.error();
                assert_eq!(error["details"]["reason"], "permission-denied", "{tool}: {error}");
                assert!(error["hint"].as_str().unwrap().contains("level admin"), "{tool}: {error}");
            }
            assert!(hears(&site.haproxy));
        }
    }
}

/// What cannot be taken back says so.
#[test]
fn shutting_down_is_called_destructive() {
    let site = Site::usual(&newest());
    let server = serve(&site, "admin");
    let listed = server.request("tools/list", json!({}));
    for tool in listed.result()["tools"].as_array().unwrap() {
        let name = tool["name"].as_str().unwrap();
        if !name.ends_with("_frontend") || tool["annotations"]["readOnlyHint"] == json!(true) {
            continue;
        }
        let destructive = name == "shutdown_frontend";
        let annotations = &tool["annotations"];
        assert_eq!(
            annotations["destructiveHint"],
            json!(destructive),
            "{name}: {annotations}"
        );
        assert_eq!(
            annotations["idempotentHint"],
            json!(true),
            "{name}: {annotations}"
        );
    }
}
