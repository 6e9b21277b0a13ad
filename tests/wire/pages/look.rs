//! What is found out about a page that may be of no use.

use haproxy_mcp::haproxy::pages::{PageDoor, PageFacts};
use haproxy_mcp::policy::Page;
use haproxy_mcp_testkit::certificates::Authority;
use haproxy_mcp_testkit::{Binary, Haproxy, ScriptedSocket, Step, on_each_version};
use tokio_util::sync::CancellationToken;

use super::answers::{answer, once, server, url};
use super::{door, look, metrics_at, stats, stats_at, with_credentials};
use crate::asking::bounds;

fn code(facts: &PageFacts) -> &'static str {
    facts.error.as_ref().map_or("none", |error| error.code)
}

fn with_page(binary: &Binary, lines: &str) -> Haproxy {
    Haproxy::builder(binary).page(lines).start()
}

on_each_version! {
    async fn a_page_in_order(binary: &Binary) {
        let haproxy = with_page(binary, "    stats admin if TRUE\n    stats auth admin:secret\n    stats refresh 15s");
        let pages = stats(with_credentials(door(&haproxy.page_url("/stats")), "admin", "secret"));
        let facts = look(&pages, Page::Stats).await;
        assert_eq!(facts.address, haproxy.page_url("/stats"));
        assert_eq!(facts.connected_to, Some(haproxy.page_address().to_string()));
        assert!(facts.connect_ms.unwrap() > 0.0 && facts.answer_ms.unwrap() >= facts.connect_ms.unwrap());
        assert_eq!(facts.http_version.as_deref(), Some("HTTP/1.1"));
        assert_eq!(facts.status, Some(200));
        assert!(facts.content_type.as_deref().unwrap().starts_with("text/plain"));
        assert!(facts.credentials && facts.recognised && !facts.client_certificate);
        assert_eq!(facts.wants_password, Some(true));
        assert_eq!(facts.admin_form, Some(true));
        assert_eq!(facts.refresh.as_deref(), Some("15"));
        assert!(facts.error.is_none() && facts.certificate.is_none());
    }

    async fn a_page_for_anybody(binary: &Binary) {
        let haproxy = with_page(binary, "");
        // Also where we would give a password, which nobody wants.
        for door in [
            door(&haproxy.page_url("/stats")),
            with_credentials(door(&haproxy.page_url("/stats")), "admin", "secret"),
        ] {
            let facts = look(&stats(door), Page::Stats).await;
            assert!(facts.recognised);
            assert_eq!(facts.wants_password, Some(false));
            assert_eq!(facts.admin_form, Some(false));
            assert_eq!(facts.refresh, None);
        }
    }

    async fn a_password_that_is_missing_or_wrong(binary: &Binary) {
        let haproxy = with_page(binary, "    stats auth admin:secret\n    stats realm The\\ lab");
        for (door, message) in [
            (door(&haproxy.page_url("/stats")), "none are configured"),
            (with_credentials(door(&haproxy.page_url("/stats")), "admin", "wrong"), "refuses"),
        ] {
            let facts = look(&stats(door), Page::Stats).await;
            assert!(!facts.recognised);
            assert_eq!(code(&facts), "unauthorized");
            assert!(facts.error.as_ref().unwrap().message.contains(message));
            assert_eq!(facts.status, Some(401));
            assert_eq!(facts.wants_password, Some(true));
            assert_eq!(facts.realm.as_deref(), Some("The lab"));
        }
    }

    async fn the_exporter(binary: &Binary) {
        let haproxy = with_page(binary, "");
        let facts = look(&metrics_at(&haproxy.page_url("/metrics")), Page::Metrics).await;
        assert!(facts.recognised, "{facts:?}");
        assert_eq!(facts.wants_password, Some(false));
        assert_eq!((facts.admin_form, facts.refresh), (None, None));
        let facts = look(&metrics_at(&haproxy.page_url("/metric")), Page::Metrics).await;
        assert_eq!((code(&facts), facts.status), ("unavailable", Some(503)));
    }

    async fn a_page_with_tls(binary: &Binary) {
        let authority = Authority::new("Page CA");
        let issued = authority.issue(1, &["localhost", "*.lb.example.test", "127.0.0.1", "::1"], 90);
        let haproxy = Haproxy::builder(binary)
            .file("page.pem", &issued.pem())
            .file("ca.pem", &authority.pem())
            .page_bound("ssl crt page.pem alpn h2,http/1.1", "")
            .start();
        let address = haproxy.page_url("/stats").replace("http:", "https:");
        let trusted = PageDoor { ca_file: Some(haproxy.folder().join("ca.pem")), ..door(&address) };
        let facts = look(&stats(trusted.clone()), Page::Stats).await;
        assert!(facts.recognised, "{facts:?}");
        assert_eq!(facts.http_version.as_deref(), Some("HTTP/2.0"));
        assert!(facts.ca_file.unwrap().ends_with("ca.pem"));
        let certificate = facts.certificate.unwrap();
        assert_eq!(certificate.names, ["localhost", "*.lb.example.test", "127.0.0.1", "::1"]);
        // Less an hour than 90 days.
        assert_eq!(certificate.days_left, 89);
        let raw = haproxy.raw_text("show ssl cert page.pem");
        let until = raw.lines().find_map(|line| line.strip_prefix("notAfter: ")).unwrap();
        // `Feb 23 00:38:28 2027 GMT`, and `2027-02-23 00:38 UTC`.
        let words: Vec<&str> = until.split_whitespace().collect();
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = months.iter().position(|month| month == &words[0]).unwrap() + 1;
        assert_eq!(
            certificate.expires,
            format!("{}-{month:02}-{:0>2} {} UTC", words[3], words[1], &words[2][..5])
        );
        let plain = door(&haproxy.page_url("/stats"));
        assert_eq!(code(&look(&stats(plain), Page::Stats).await), "tls-expected");
        let stranger = Authority::new("Stranger");
        std::fs::write(haproxy.folder().join("stranger.pem"), stranger.pem()).unwrap();
        let distrusted = PageDoor { ca_file: Some(haproxy.folder().join("stranger.pem")), ..trusted };
        let facts = look(&stats(distrusted), Page::Stats).await;
        assert_eq!(code(&facts), "certificate-unknown-authority");
        assert!(facts.certificate.is_none() && facts.status.is_none());
    }
}

#[tokio::test]
async fn what_is_not_there() {
    let pages = stats_at("http://nosuch.invalid/stats");
    let facts = look(&pages, Page::Stats).await;
    assert_eq!(code(&facts), "name-not-resolved");
    assert!(
        facts.connect_ms.is_none() && facts.answer_ms.is_none() && facts.connected_to.is_none()
    );
    let other = pages
        .look(Page::Metrics, bounds(), &CancellationToken::new())
        .await;
    assert!(other.is_none());
}

#[tokio::test]
async fn who_answers_and_where_he_sends_on_to() {
    let text = answer(
        "302 Found",
        &[
            "Server: nginx/1.27",
            "Location: https://other.example/a?token=s3cret",
        ],
        "",
    );
    let server = once(&text);
    let facts = look(&stats_at(&url(&server)), Page::Stats).await;
    assert_eq!(code(&facts), "redirected");
    assert_eq!(facts.server.as_deref(), Some("nginx/1.27"));
    assert_eq!(facts.location.as_deref(), Some("https://other.example/a"));
    assert_eq!(facts.status, Some(302));
}

/// A page whose form is far down is looked through in bounded memory, and one that has no end only so far.
#[tokio::test]
async fn the_form_is_looked_for_in_pieces() {
    let table = answer("200 OK", &[], "# pxname,svname,\n");
    for (filler, expected) in [(3, Some(true)), (900_000, Some(true)), (2_000_000, None)] {
        let page = answer(
            "200 OK",
            &["Content-Type: text/html"],
            &format!("<html>{}<form method=\"post\">", " ".repeat(filler)),
        );
        let server = ScriptedSocket::tcp_each(
            vec![vec![Step::ReadHead, Step::send(&table)]],
            vec![Step::ReadHead, Step::send(&page)],
        );
        let facts = look(&stats_at(&url(&server)), Page::Stats).await;
        assert!(facts.recognised, "{facts:?}");
        assert_eq!(facts.admin_form, expected, "{filler}");
    }
}

/// As JSON: what is not known is left out.
#[tokio::test]
async fn facts_as_they_are_written() {
    let server = server(&answer("403 Forbidden", &[], ""));
    let facts = look(&stats_at(&url(&server)), Page::Stats).await;
    let mut json = serde_json::to_value(&facts).unwrap();
    for (key, value) in [
        ("address", "http://lb:8404/stats"),
        ("connected_to", "10.0.0.1:8404"),
    ] {
        json[key] = value.into();
    }
    for key in ["connect_ms", "answer_ms"] {
        assert!(json[key].is_number());
        json[key] = 1.5.into();
    }
    json["error"]["message"] = "…".into();
    insta::assert_json_snapshot!(json, @r#"
    {
      "address": "http://lb:8404/stats",
      "timeout": 10.0,
      "credentials": false,
      "client_certificate": false,
      "connected_to": "10.0.0.1:8404",
      "connect_ms": 1.5,
      "answer_ms": 1.5,
      "http_version": "HTTP/1.1",
      "status": 403,
      "recognised": false,
      "error": {
        "code": "forbidden",
        "message": "…",
        "hint": "a rule of HAProxy's configuration (`http-request deny`, `stats http-request deny`) refuses this path, this user or the address of this machine"
      }
    }
    "#);
}
