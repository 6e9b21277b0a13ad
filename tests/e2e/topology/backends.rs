//! Backends: `show_backend`, `get_backend`.

use haproxy_mcp_testkit::Haproxy;
use haproxy_mcp_testkit::topology::ODD_BACKEND;
use serde_json::{Value, json};

use crate::cases::Case;
use crate::expected::{Check, rows, text};
use crate::topology::proxy::{members, stat};
use crate::topology::{case, compare};
use crate::{busy, serve};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "show_backend",
            json!({}),
            json!({ "cursor": "nonsense" }),
            ("invalid-argument", "/cursor"),
        ),
        case(
            "get_backend",
            json!({ "backend": "be_app" }),
            json!({ "name": "be_ap" }),
            ("not-found", "/backend"),
        ),
    ]
}

pub(super) fn show_backend(check: &mut Check<'_>, answer: &Value) {
    let said: Vec<String> = rows(answer).map(|row| text(row, "name")).collect();
    let expected: Vec<String> = check.before.replies["show backend"]
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    check.same("the names", said, expected.clone());
    check.same(
        "matched",
        answer["matched"].as_u64(),
        Some(expected.len() as u64),
    );
}

pub(super) fn get_backend(check: &mut Check<'_>, answer: &Value) {
    let name = answer["backend"].as_str().unwrap_or_default().to_owned();
    stat(check, answer, &name, "BACKEND");
    check.counts(&name, &answer["servers"], |object| {
        object.text("pxname") == name
    });
    let said = members(check, &name, &answer["not_up"]);
    let expected = check
        .before
        .objects("server")
        .filter(|object| object.text("pxname") == name)
        .filter(|object| {
            !object.text("status").starts_with("UP") && object.text("status") != "no check"
        })
        .map(|object| object.text("svname"))
        .collect();
    check.same("servers that are not up", said, expected);
}

haproxy_mcp_testkit::on_each_version! {
    fn they_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        let shared = if binary.at_least(3, 3) { "shop_be" } else { "shop" };
        compare(&haproxy, &serve(&haproxy), &[
            ("show_backend", json!({ "limit": 500 })),
            ("get_backend", json!({ "backend": "be_app" })),
            ("get_backend", json!({ "name": ODD_BACKEND })),
            ("get_backend", json!({ "backend": "be_empty" })),
            ("get_backend", json!({ "backend": shared })),
        ]);
    }

    fn the_name_is_given_once(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let server = serve(&haproxy);
        for arguments in [json!({}), json!({ "backend": "be_app", "name": "be_app" })] {
            let response = server.call("get_backend", arguments);
            assert_eq!(response.code(), "invalid-argument");
            assert_eq!(response.error()["details"]["argument"], json!("/backend"));
        }
    }
}
