//! Pages that are not what one would wish: behind a password or TLS, limited, large, or something else altogether.

use haproxy_mcp_testkit::certificates::Authority;
use haproxy_mcp_testkit::mcp::{McpServer, Response};
use haproxy_mcp_testkit::{Haproxy, newest};
use serde_json::{Value, json};

use super::{serve, with_page};

const PASSWORD: &str = "s3cret/of the page";

/// Asks for something small.
fn ask(server: &McpServer) -> Response {
    server.call("list_backends", json!({}))
}

fn started(builder: haproxy_mcp_testkit::mcp::McpServerBuilder) -> McpServer {
    let server = builder.start();
    server.stateless();
    server
}

/// Why the page could not be read.
fn reason(response: &Response) -> &Value {
    let error = response.error();
    crate::cases::has_shape(error);
    assert_eq!(error["code"], "unreachable", "{error}");
    &error["details"]["reason"]
}

haproxy_mcp_testkit::on_each_version! {
    fn a_password_is_given_and_never_shown(binary: &Binary) {
        let lines = format!("    stats auth ops:{}", PASSWORD.replace(' ', "\\ "));
        let haproxy = Haproxy::builder(binary).page(&lines).start();
        let url = haproxy.page_url("/stats");
        let none = started(with_page(&url));
        let response = ask(&none);
        assert_eq!(reason(&response), "unauthorized");
        let hint = response.error()["hint"].as_str().unwrap();
        assert!(hint.contains("HAPROXY_STATS_USER"), "{hint}");
        let wrong = started(
            with_page(&url)
                .env("HAPROXY_STATS_USER", "ops")
                .env("HAPROXY_STATS_PASSWORD", "another/of the page"),
        );
        let response = ask(&wrong);
        assert_eq!(reason(&response), "unauthorized");
        let said = format!("{}{}", response.message, wrong.stderr());
        assert!(!said.contains("another/of"), "{said}");
        let right = started(
            with_page(&url)
                .args(["--access", "operate", "--log-level", "trace"])
                .env("HAPROXY_STATS_USER", "ops")
                .env("HAPROXY_STATS_PASSWORD", PASSWORD),
        );
        let response = ask(&right);
        assert_eq!(response.answer()["source"], "page");
        let refused = right.call("disable_server", json!({ "backend": "be_app", "server": "app1" }));
        let said = format!("{}{}{}", response.message, refused.message, right.stderr());
        let encoded = PASSWORD.replace('/', "%2F").replace(' ', "%20");
        for secret in [PASSWORD, encoded.as_str(), "b3BzOnMzY3JldC9vZiB0aGUgcGFnZQ"] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
    }

    fn what_the_page_hides_is_said_to_be_hidden(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("    stats scope .\n    stats scope be_app").start();
        let server = serve(&haproxy);
        let response = server.call("list_backends", json!({}));
        let rows = response.answer()["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{}", response.message);
        assert_eq!(rows[0]["pxname"], "be_app", "{}", response.message);
        let own = server.call("show_stat", json!({ "type": "frontend" }));
        assert_eq!(own.answer()["rows"][0]["pxname"], "fe_page", "{}", own.message);
        for (tool, arguments) in [
            ("list_servers", json!({ "backend": "be_tcp" })),
            ("get_server", json!({ "backend": "be_tcp", "server": "t1" })),
            ("get_backend", json!({ "backend": "be_tcp" })),
            ("show_frontend", json!({ "frontend": "fe_http" })),
            ("show_stat", json!({ "proxy": "be_tcp" })),
        ] {
            let response = server.call(tool, arguments);
            let error = response.error();
            assert_eq!(error["code"], "not-found", "{tool}: {error}");
            assert!(error["message"].as_str().unwrap().contains("the statistics page shows no"), "{tool}: {error}");
            assert!(error["hint"].as_str().unwrap().contains("stats scope"), "{tool}: {error}");
        }
    }

    fn a_page_behind_tls_is_read_where_its_authority_is_trusted(binary: &Binary) {
        let authority = Authority::new("Page CA");
        let issued = authority.issue(7, &["127.0.0.1"], 30);
        let haproxy = Haproxy::builder(binary)
            .file("page.pem", &issued.pem())
            .page_bound("ssl crt page.pem alpn h2,http/1.1", "    stats show-legends")
            .start();
        let ca = haproxy.folder().join("page-ca.pem");
        std::fs::write(&ca, authority.pem()).unwrap();
        let url = haproxy.page_url("/stats").replace("http://", "https://");
        let server = started(with_page(&url).env("HAPROXY_STATS_CA_FILE", &ca));
        let response = ask(&server);
        assert_eq!(response.answer()["source"], "page", "{}", response.message);
        let untrusted = started(with_page(&url));
        let response = ask(&untrusted);
        let reason = reason(&response).as_str().unwrap();
        assert!(reason.starts_with("certificate-"), "{}", response.message);
    }
}

#[test]
fn what_is_no_statistics_page_is_told() {
    let haproxy = Haproxy::builder(&newest())
        .page(
            "    http-request return status 200 content-type text/html string \"<html>hello</html>\" if { path_beg /site }\n    \
             http-request return status 200 content-type text/plain string \"hello\" if { path_beg /text }\n    \
             http-request deny deny_status 403 if { path_beg /forbidden }\n    \
             http-request redirect location /elsewhere if { path_beg /moved }",
        )
        .start();
    for (path, code) in [
        ("/site", "unreachable"),
        ("/text", "unparsable-reply"),
        ("/forbidden", "unreachable"),
        ("/wrong", "unreachable"),
    ] {
        let server = started(with_page(&haproxy.page_url(path)));
        for (tool, arguments) in [
            ("list_backends", json!({})),
            ("show_stat", json!({})),
            (
                "get_server",
                json!({ "backend": "be_app", "server": "app1" }),
            ),
        ] {
            let response = server.call(tool, arguments);
            let error = response.error();
            crate::cases::has_shape(error);
            assert!(
                error["code"] == code || error["code"] == "unreachable",
                "{path} {tool}: {error}"
            );
        }
    }
}

#[test]
fn ten_thousand_servers_are_read() {
    let haproxy = Haproxy::builder(&newest()).servers(10_000).page("").start();
    let server = serve(&haproxy);
    let response = server.call(
        "show_stat",
        json!({ "type": "server", "sort": "sid", "limit": 2 }),
    );
    let answer = response.answer();
    assert_eq!(answer["source"], "page", "{answer}");
    assert!(answer["matched"].as_u64() > Some(10_000), "{answer}");
    assert_eq!(
        answer["totals"]["server"]["states"]["no check"],
        json!(10_000 + unchecked(&haproxy)),
        "{answer}"
    );
    let listed = server.call(
        "list_servers",
        json!({ "backend": "be_many", "filter": "s9999" }),
    );
    assert_eq!(listed.answer()["matched"], json!(1), "{}", listed.message);
    let one = server.call(
        "get_server",
        json!({ "backend": "be_many", "server": "s10000" }),
    );
    assert_eq!(
        one.answer()["stat"]["sid"],
        json!(10_000),
        "{}",
        one.message
    );
    let near = server.call(
        "get_server",
        json!({ "backend": "be_many", "server": "s10001" }),
    );
    assert_eq!(near.code(), "not-found", "{}", near.message);
    let (_, most) = server.memory();
    assert!(most < 150_000_000, "the server has used {most} bytes");
}

/// Servers without a check besides the many.
fn unchecked(haproxy: &Haproxy) -> usize {
    let table = haproxy.raw_text("show stat -1 4 -1");
    table
        .lines()
        .filter(|line| line.contains(",no check,") && !line.starts_with("be_many,"))
        .count()
}
