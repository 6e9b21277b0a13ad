//! What is answered from the page is what is answered from the Runtime API.

use std::collections::BTreeSet;

use haproxy_mcp_testkit::mcp::McpServer;
use haproxy_mcp_testkit::topology::ODD_BACKEND;
use haproxy_mcp_testkit::{Haproxy, newest, until};
use serde_json::{Value, json};

use super::{LEGENDS, busy, serve};

/// What is there for one source and not for the other, or another value in both: every difference that is allowed.
struct Allowed {
    /// Columns that the page has only with `stats show-legends`.
    columns: &'static [&'static str],
}

/// A page that says as much as it can.
const ALL_SAID: Allowed = Allowed { columns: &[] };

/// One without `stats show-legends`.
const LITTLE_SAID: Allowed = Allowed {
    columns: &["addr", "algo", "cookie"],
};

impl Allowed {
    /// Whether this key may be there from the Runtime API, and not from the page.
    fn missing(&self, key: &str, from_page: &Value) -> bool {
        let columns = self.columns.contains(&key);
        // `show servers state` is a command, of which the page has nothing
        let state = key == "state" && from_page.get("stat").is_some();
        // where the status does not say it, and in a list where there is none
        let admin = key == "admin_state"
            && ["DOWN", "NOLB", "DRAIN"].iter().any(|word| {
                from_page["status"]
                    .as_str()
                    .unwrap_or_default()
                    .starts_with(word)
            });
        columns || state || admin
    }

    /// Whether this key may differ.
    fn differs(key: &str) -> bool {
        // how many columns are hidden follows from which are there; the cursor is the same, and compared
        ["source", "note"].contains(&key)
    }
}

/// What is wrong in an answer from the page, by answers from the Runtime API right before and after it. A number may have
/// moved from one to the other meanwhile.
fn differences(
    allowed: &Allowed,
    place: &str,
    page: &Value,
    before: &Value,
    after: &Value,
) -> Vec<String> {
    match (page, before, after) {
        (Value::Object(page_fields), Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = page_fields.keys().chain(one.keys()).collect();
            names
                .into_iter()
                .filter(|name| !Allowed::differs(name))
                .flat_map(|name| {
                    let place = format!("{place}/{name}");
                    match (page_fields.get(name), one.get(name)) {
                        (Some(said), Some(before)) => {
                            let after = other.get(name).unwrap_or(&Value::Null);
                            if name == "admin_state" {
                                reasons(&place, said, before)
                            } else {
                                differences(allowed, &place, said, before, after)
                            }
                        }
                        (None, Some(_)) if allowed.missing(name, page) => Vec::new(),
                        (said, before) => {
                            vec![format!("{place}: page {said:?}, runtime {before:?}")]
                        }
                    }
                })
                .collect()
        }
        (Value::Array(page), Value::Array(one), Value::Array(other)) => {
            if (page.len(), page.len()) != (one.len(), other.len()) {
                let lengths = [page.len(), one.len(), other.len()];
                return vec![format!("{place}: so many: {lengths:?}")];
            }
            page.iter()
                .zip(one.iter().zip(other))
                .enumerate()
                .flat_map(|(index, (page, (one, other)))| {
                    differences(allowed, &format!("{place}/{index}"), page, one, other)
                })
                .collect()
        }
        _ => {
            let number = |value: &Value| value.as_f64();
            let between = match (number(page), number(before), number(after)) {
                (Some(page), Some(one), Some(other)) => {
                    (one.min(other)..=one.max(other)).contains(&page)
                }
                _ => page == before || page == after,
            };
            if between {
                Vec::new()
            } else {
                vec![format!("{place}: page {page}, runtime {before} to {after}")]
            }
        }
    }
}

/// The page knows some of the reasons of maintenance and drain, and none that is not there.
fn reasons(place: &str, page: &Value, runtime: &Value) -> Vec<String> {
    let names = |value: &Value| -> BTreeSet<String> {
        serde_json::from_value(value.clone()).expect("a list of names")
    };
    let (page_names, runtime_names) = (names(page), names(runtime));
    let hidden: Vec<&str> = runtime_names
        .difference(&page_names)
        .map(String::as_str)
        .collect();
    if page_names.is_subset(&runtime_names) && hidden.iter().all(|name| ["cmaint"].contains(name)) {
        Vec::new()
    } else {
        vec![format!("{place}: page {page}, runtime {runtime}")]
    }
}

/// Makes these calls of both, until what is answered is the same. Nothing is asked of the page's own frontend, which each
/// request to the page changes.
fn compare(allowed: &Allowed, haproxy: &Haproxy, page: &McpServer, calls: &[(&str, Value)]) {
    let runtime = crate::serve(haproxy);
    for (tool, arguments) in calls {
        until(
            &format!("{tool} {arguments} to say the same from both"),
            || {
                let ask =
                    |server: &McpServer| server.call(tool, arguments.clone()).answer().clone();
                let before = ask(&runtime);
                let said = ask(page);
                let after = ask(&runtime);
                assert_eq!(before["source"], "runtime", "{tool}: {before}");
                assert_eq!(said["source"], "page", "{tool}: {said}");
                assert_eq!(before.get("note"), None, "{tool}: {before}");
                match differences(allowed, "", &said, &before, &after) {
                    wrong if wrong.is_empty() => Ok(()),
                    wrong => Err(wrong.join("\n")),
                }
            },
        );
    }
}

fn calls(shop: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("show_stat", json!({ "type": "server", "limit": 500 })),
        (
            "show_stat",
            json!({ "type": "server", "limit": 3, "sort": "weight" }),
        ),
        (
            "show_stat",
            json!({ "type": "backend", "fields": ["all"], "limit": 500 }),
        ),
        (
            "show_stat",
            json!({ "type": "server", "fields": ["all"], "limit": 500 }),
        ),
        (
            "show_stat",
            json!({ "type": "listener", "fields": ["all"] }),
        ),
        ("show_stat", json!({ "filter": "be_", "limit": 500 })),
        (
            "show_stat",
            json!({ "proxy": "fe_http", "fields": ["all"] }),
        ),
        ("show_stat", json!({ "proxy": "be_app", "fields": ["all"] })),
        (
            "show_stat",
            json!({ "proxy": "be_app", "server": "app1", "fields": ["all"] }),
        ),
        (
            "show_stat",
            json!({ "proxy": ODD_BACKEND, "fields": ["health", "errors"] }),
        ),
        ("show_stat", json!({ "proxy": "shop" })),
        ("show_stat", json!({ "proxy": "be_empty" })),
        ("show_stat", json!({ "server": "app_maint" })),
        ("top", json!({ "by": "errors" })),
        ("top", json!({ "by": "errors", "type": "backend" })),
        ("top", json!({ "by": "queue", "proxy": "be_app" })),
        ("top", json!({ "by": "response_time" })),
        ("list_backends", json!({})),
        ("list_backends", json!({ "filter": "app" })),
        ("list_backends", json!({ "limit": 2 })),
        ("list_servers", json!({ "backend": "be_app" })),
        (
            "list_servers",
            json!({ "backend": ODD_BACKEND, "filter": "API" }),
        ),
        ("list_servers", json!({ "backend": "be_empty" })),
        ("list_servers", json!({ "backend": shop })),
        (
            "get_server",
            json!({ "backend": "be_app", "server": "app1" }),
        ),
        (
            "get_server",
            json!({ "backend": "be_app", "server": "app_maint" }),
        ),
        (
            "get_server",
            json!({ "backend": "be_app", "server": "app_dead" }),
        ),
        (
            "get_server",
            json!({ "backend": ODD_BACKEND, "server": "api:2" }),
        ),
        ("get_server", json!({ "backend": shop, "server": "cart" })),
        ("list_frontends", json!({ "filter": "http" })),
        ("show_frontend", json!({ "frontend": "fe_http" })),
        ("show_frontend", json!({ "frontend": "fe_listeners" })),
        ("show_frontend", json!({ "frontend": "shop" })),
        ("show_backend", json!({})),
        ("get_backend", json!({ "backend": "be_app" })),
        ("get_backend", json!({ "backend": shop })),
        ("get_backend", json!({ "backend": "be_empty" })),
    ]
}

haproxy_mcp_testkit::on_each_version! {
    fn the_page_answers_as_the_runtime_api_does(binary: &Binary) {
        let haproxy = busy(binary, LEGENDS);
        let shop = if binary.at_least(3, 3) { "shop_be" } else { "shop" };
        compare(&ALL_SAID, &haproxy, &serve(&haproxy), &calls(shop));
    }

    fn a_page_that_says_less_says_what_is_missing(binary: &Binary) {
        let haproxy = busy(binary, "");
        let server = serve(&haproxy);
        let shop = if binary.at_least(3, 3) { "shop_be" } else { "shop" };
        compare(&LITTLE_SAID, &haproxy, &server, &calls(shop));
        for (tool, arguments, missing) in [
            ("list_backends", json!({}), "balancing algorithm"),
            ("get_backend", json!({ "backend": "be_app" }), "balancing algorithm"),
            ("list_servers", json!({ "backend": "be_app" }), "an address"),
            ("list_servers", json!({ "backend": "be_app" }), "cmaint"),
            ("list_servers", json!({ "backend": "be_app" }), "down, stopping"),
            ("get_server", json!({ "backend": "be_app", "server": "app_dead" }), "down, stopping"),
            ("get_server", json!({ "backend": "be_app", "server": "app1" }), "show-legends"),
        ] {
            let response = server.call(tool, arguments.clone());
            let note = response.answer()["note"].as_str().unwrap_or_default();
            assert!(note.contains(missing), "{tool} {arguments}: {}", response.message);
        }
    }

    /// What the status says of maintenance and drain is what HAProxy means by it.
    fn reasons_of_maintenance_and_drain_are_right(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with("
global
    max-spread-checks 100ms
resolvers names
    nameserver first 127.0.0.1:1
backend be_tracking
    server one unix@nobody.sock
    server checked 127.0.0.1:1 check inter 1h
    server tracking 127.0.0.1:1 track checked
    server resolved nowhere.invalid:80 resolvers names init-addr none
")
            .page(LEGENDS)
            .start();
        let server = serve(&haproxy);
        let runtime = crate::serve(&haproxy);
        for state in ["ready", "drain", "maint"] {
            for checked in ["up", "down"] {
                haproxy.raw(&format!("set server be_tracking/checked state {state}"));
                haproxy.raw(&format!("set server be_tracking/checked health {checked}"));
                for name in ["one", "tracking", "resolved"] {
                    haproxy.raw(&format!("set server be_tracking/{name} state {state}"));
                }
                for name in ["one", "checked", "tracking", "resolved"] {
                    let arguments = json!({ "backend": "be_tracking", "server": name });
                    // A check may move it in between: only what both moments agree on is compared.
                    let (page, truth) = until("its state to be the same before and after", || {
                        let ask = |server: &McpServer| server.call("get_server", arguments.clone()).answer().clone();
                        let (before, page, after) = (ask(&runtime), ask(&server), ask(&runtime));
                        let same = ["status", "admin_state"].iter().all(|key| before[key] == after[key]);
                        same.then_some((page, after)).ok_or_else(|| before.to_string())
                    });
                    assert_eq!(page["status"], truth["status"], "{page}");
                    assert!(page["note"].as_str().unwrap().contains("(cmaint)"), "{page}");
                    let Some(said) = page.get("admin_state") else {
                        let first = page["status"].as_str().unwrap().split(' ').next().unwrap();
                        assert!(
                            ["DOWN", "NOLB"].contains(&first) || first == "DRAIN" && name == "tracking",
                            "{page}"
                        );
                        assert!(page["note"].as_str().unwrap().contains("drained"), "{page}");
                        continue;
                    };
                    let reasons: Vec<&str> = said.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
                    let truth: Vec<&str> = truth["admin_state"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
                    assert!(reasons.iter().all(|reason| truth.contains(reason)), "{reasons:?} of {truth:?}: {page}");
                    // an empty list means that there is none
                    assert_eq!(reasons.is_empty(), truth.is_empty(), "{reasons:?} of {truth:?}: {page}");
                }
            }
        }
    }

    fn unknown_names_have_near_ones(binary: &Binary) {
        let haproxy = busy(binary, "");
        let server = serve(&haproxy);
        for (tool, arguments, argument, near) in [
            ("show_stat", json!({ "proxy": "be_ap" }), "/proxy", "be_app"),
            ("show_stat", json!({ "proxy": "BE_APP" }), "/proxy", "be_app"),
            ("show_stat", json!({ "proxy": "be app;x" }), "/proxy", "be_app"),
            ("show_stat", json!({ "proxy": "be_app", "server": "app11" }), "/server", "app1"),
            ("top", json!({ "by": "errors", "proxy": "be_ap" }), "/proxy", "be_app"),
            ("sample_stat", json!({ "seconds": 1, "proxy": "be_ap" }), "/proxy", "be_app"),
            ("list_servers", json!({ "backend": "be_ap" }), "/backend", "be_app"),
            ("list_servers", json!({ "backend": "fe_http" }), "/backend", "be_"),
            ("list_servers", json!({ "backend": "#5" }), "/backend", "be_"),
            ("get_server", json!({ "backend": "be_ap", "server": "app1" }), "/backend", "be_app"),
            ("get_server", json!({ "backend": "be_app", "server": "app11" }), "/server", "app1"),
            ("get_server", json!({ "backend": "be_app", "server": "BACKEND" }), "/server", "app1"),
            ("show_frontend", json!({ "frontend": "fe_htpp" }), "/frontend", "fe_http"),
            ("show_frontend", json!({ "frontend": "be_app" }), "/frontend", "fe_"),
            ("get_backend", json!({ "backend": "be_apps" }), "/backend", "be_app"),
            ("get_backend", json!({ "backend": "fe_http" }), "/backend", "be_"),
        ] {
            let response = server.call(tool, arguments.clone());
            let error = response.error();
            crate::cases::has_shape(error);
            assert_eq!(error["code"], "not-found", "{tool} {arguments}: {error}");
            assert_eq!(error["details"]["argument"], argument, "{tool} {arguments}: {error}");
            assert!(error["hint"].as_str().unwrap().contains(near), "{tool} {arguments}: {error}");
        }
    }
}

/// A name of which HAProxy looks at the beginning alone, and others that begin alike or hold it.
#[test]
fn a_proxy_is_found_among_those_that_are_named_alike() {
    let long = "a_rather_long_name_of_a_backend";
    let haproxy = Haproxy::builder(&newest())
        .with(&format!(
            "backend {long}_1\n    server a 127.0.0.1:1\nbackend {long}_2\n    server b 127.0.0.1:1\n\
             backend X_{long}_1\n    server c 127.0.0.1:1\nbackend {}_1\n    server d 127.0.0.1:1\n",
            long.to_uppercase()
        ))
        .page("")
        .start();
    let server = serve(&haproxy);
    for (backend, name) in [
        (format!("{long}_1"), "a"),
        (format!("{long}_2"), "b"),
        (format!("X_{long}_1"), "c"),
        (format!("{}_1", long.to_uppercase()), "d"),
    ] {
        let response = server.call("list_servers", json!({ "backend": backend }));
        let rows = response.answer()["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{}", response.message);
        assert_eq!(rows[0]["svname"], name, "{}", response.message);
    }
    let response = server.call("list_servers", json!({ "backend": long }));
    assert_eq!(response.code(), "not-found", "{}", response.message);
}
