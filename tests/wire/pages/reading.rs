//! Real HAProxy's pages, compared with what its raw socket says.

use haproxy_mcp_testkit::haproxy::PAGE;
use haproxy_mcp_testkit::topology::ODD_BACKEND;
use haproxy_mcp_testkit::{Haproxy, on_each_version};

use super::{csv, door, metrics_at, open, permit, read, stats, stats_at, with_credentials};

/// The names in a table of which the numbers change: proxy, service.
fn names(table: &str) -> Vec<String> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(","))
        .collect()
}

fn header(table: &str) -> &str {
    table.lines().find(|line| line.starts_with('#')).unwrap()
}

on_each_version! {
    async fn statistics_are_those_of_the_socket(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let pages = stats_at(&haproxy.page_url("/stats"));
        for (parameters, command) in [
            (&["csv"][..], "show stat"),
            (&["csv", "up"], "show stat up"),
            (&["csv", "no-maint"], "show stat no-maint"),
            (&["no-maint", "csv"], "show stat no-maint"),
        ] {
            let table = read(&pages, permit("stats", parameters)).await.unwrap();
            let raw = haproxy.raw_text(command);
            assert_eq!(header(&table), header(&raw));
            assert_eq!(names(&table), names(&raw), "{parameters:?}");
            assert!(names(&table).contains(&"be_app,app1".to_owned()));
        }
        let maintained = "be_app,app_maint".to_owned();
        let all = read(&pages, csv()).await.unwrap();
        assert!(names(&all).contains(&maintained));
        let some = read(&pages, permit("stats", &["csv", "no-maint"])).await.unwrap();
        assert!(!names(&some).contains(&maintained));
    }

    async fn a_scope_is_a_part_of_a_name(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let pages = stats_at(&haproxy.page_url("/stats"));
        let all = names(&read(&pages, csv()).await.unwrap());
        for scope in ["be_app", ODD_BACKEND, "be_", "api-v1.2"] {
            let table = read(&pages, permit("stats", &["csv", &format!("scope={scope}")])).await.unwrap();
            let expected: Vec<String> = all
                .iter()
                .filter(|name| name.split(',').next().unwrap().contains(scope))
                .cloned()
                .collect();
            assert_eq!(names(&table), expected, "{scope}");
            assert!(!expected.is_empty() && expected.len() < all.len());
        }
        // Nothing in a value has a meaning of its own. HAProxy ignores a scope with a character that no name has, and
        // what is behind the 20th.
        for (scope, expected) in [
            ("be_app;up", all.clone()),
            ("be_app HTTP/1.1", all.clone()),
            ("../metrics", all.clone()),
            ("%00", all.clone()),
            ("ü", all.clone()),
            ("be_that_is_not_there", Vec::new()),
        ] {
            let table = read(&pages, permit("stats", &["csv", &format!("scope={scope}")])).await.unwrap();
            assert_eq!(names(&table), expected, "{scope}");
        }
    }

    async fn a_long_scope_is_cut(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .config("backend be_01234567890123456\nbackend be_012345678901234567\nbackend be_012345678901234568\n")
            .page("")
            .start();
        let pages = stats_at(&haproxy.page_url("/stats"));
        let table = read(&pages, permit("stats", &["csv", "scope=be_012345678901234567"])).await.unwrap();
        assert_eq!(
            names(&table),
            ["be_01234567890123456", "be_012345678901234567", "be_012345678901234568"].map(|name| format!("{name},BACKEND"))
        );
    }

    async fn the_page_of_a_browser_is_given_as_it_is(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("    stats refresh 10s").start();
        let pages = stats_at(&haproxy.page_url("/stats"));
        let page = read(&pages, permit("stats", &[])).await.unwrap();
        assert!(page.starts_with("<!DOCTYPE") || page.starts_with("<html>"), "{page:.40}");
        assert!(page.trim_end().ends_with("</html>"));
        // A program is not told to come back.
        assert!(read(&pages, csv()).await.unwrap().starts_with("# pxname"));
    }

    async fn metrics_of_each_scope(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let pages = metrics_at(&haproxy.page_url("/metrics"));
        let all = read(&pages, permit("metrics", &[])).await.unwrap();
        for (scope, prefix) in [
            ("global", "haproxy_process_"),
            ("frontend", "haproxy_frontend_"),
            ("backend", "haproxy_backend_"),
            ("server", "haproxy_server_"),
            ("sticktable", "haproxy_sticktable_"),
        ] {
            assert!(all.contains(prefix), "{scope}");
            let some = read(&pages, permit("metrics", &[&format!("scope={scope}")])).await.unwrap();
            let samples: Vec<&str> = some.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(!samples.is_empty(), "{scope}");
            for sample in samples {
                assert!(sample.starts_with(prefix), "{scope}: {sample}");
            }
        }
        let some = read(&pages, permit("metrics", &["scope=server", "no-maint"])).await.unwrap();
        assert!(all.contains("server=\"app_maint\"") && !some.contains("server=\"app_maint\""));
        // No listener counts apart (`option socket-stats`), so that there is nothing to say.
        let none = read(&pages, permit("metrics", &["scope=listener"])).await.unwrap();
        assert!(!none.lines().any(|line| line.starts_with("haproxy_server_")), "{none:.200}");
    }

    async fn a_password_right_wrong_and_none(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .page("    stats auth admin:se:cr@t%20")
            .start();
        let door = || door(&haproxy.page_url("/stats"));
        let right = stats(with_credentials(door(), "admin", "se:cr@t%20"));
        assert!(read(&right, csv()).await.unwrap().contains("\nbe_app,app1,"));
        let inside = haproxy.page_url("/stats").replace("http://", "http://admin:se%3Acr%40t%2520@");
        assert!(read(&stats_at(&inside), csv()).await.is_ok());
        for (pages, seen) in [
            (stats(with_credentials(door(), "admin", "se:cr@t")), "refuses the configured name and password"),
            (stats(with_credentials(door(), "nobody", "se:cr@t%20")), "refuses the configured name and password"),
            (stats(door()), "wants a name and a password, and none are configured"),
        ] {
            let error = read(&pages, csv()).await.unwrap_err();
            assert_eq!(error.code(), "unauthorized");
            assert!(error.to_string().contains(seen), "{error}");
            assert!(error.to_string().contains("realm `HAProxy Statistics`"), "{error}");
        }
    }

    async fn a_password_of_a_userlist(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with(&format!(
                "
userlist people
    user ops insecure-password s3cret
frontend fe_page
    bind {PAGE}
    acl known http_auth(people)
    http-request deny if {{ path /metrics }} !known
    http-request use-service prometheus-exporter if {{ path /metrics }}
    stats enable
    stats uri /stats
    stats http-request auth realm Ops if !known
"
            ))
            .start();
        let door = door(&haproxy.page_url("/stats"));
        let known = stats(with_credentials(door.clone(), "ops", "s3cret"));
        assert!(read(&known, csv()).await.unwrap().contains("\nbe_app,app1,"));
        let error = read(&stats(door), csv()).await.unwrap_err();
        assert_eq!(error.code(), "unauthorized");
        assert!(error.to_string().contains("realm `Ops`"), "{error}");
        let error = read(&metrics_at(&haproxy.page_url("/metrics")), permit("metrics", &[])).await.unwrap_err();
        assert_eq!(error.code(), "forbidden");
    }

    async fn a_path_that_is_not_the_pages(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        // Without a backend to send it to.
        let error = read(&stats_at(&haproxy.page_url("/status")), csv()).await.unwrap_err();
        assert_eq!(error.code(), "unavailable");
        assert!(error.to_string().contains("503") && error.hint().unwrap().contains("stats uri"), "{error}");
        let error = read(&metrics_at(&haproxy.page_url("/metric")), permit("metrics", &[])).await.unwrap_err();
        assert_eq!(error.code(), "unavailable");
        assert!(error.hint().unwrap().contains("prometheus-exporter"));
        // With one: the web server behind it answers.
        let site = format!("http://{}/stats", haproxy.http_address());
        let error = read(&stats_at(&site), csv()).await.unwrap_err();
        assert_eq!(error.code(), "not-statistics");
        // Each as the other.
        let error = read(&metrics_at(&haproxy.page_url("/stats")), permit("metrics", &[])).await.unwrap_err();
        assert_eq!(error.code(), "not-metrics");
        assert!(error.to_string().contains("a page of HTML"), "{error}");
    }

    async fn the_address_that_a_page_has_unless_told_otherwise(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with(&format!("frontend fe_default\n    bind {PAGE}\n    stats enable\n"))
            .start();
        let pages = stats_at(&haproxy.page_url("/haproxy?stats"));
        let table = read(&pages, permit("stats", &["csv", "scope=be_app"])).await.unwrap();
        assert!(table.starts_with("# pxname") && table.contains("\nbe_app,app1,"));
    }

    /// HAProxy ignores the page then, with a warning, and the port takes connections.
    async fn a_page_without_mode_http(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with(&format!("frontend fe_page\n    mode tcp\n    bind {PAGE}\n    stats enable\n    stats uri /stats\n"))
            .start();
        let error = read(&stats_at(&haproxy.page_url("/stats")), csv()).await.unwrap_err();
        assert!(error.is_interruption(), "{error}");
        assert!(error.hint().unwrap().contains("mode http"), "{error}");
    }

    async fn an_address_that_is_another_door(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let socket = format!("http://{}/stats", haproxy.admin_address());
        let error = read(&stats_at(&socket), csv()).await.unwrap_err();
        assert_eq!(error.code(), "not-http");
    }

    async fn gone_and_back(binary: &Binary) {
        let mut haproxy = Haproxy::builder(binary).page("").start();
        let pages = stats_at(&haproxy.page_url("/stats"));
        assert!(read(&pages, csv()).await.is_ok());
        haproxy.stop();
        assert_eq!(read(&pages, csv()).await.unwrap_err().code(), "connection-refused");
        haproxy.start_again();
        assert!(read(&pages, csv()).await.is_ok());
    }

    /// A body that is dropped half read leaves nothing behind.
    async fn many_at_once_and_dropped_bodies(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).servers(2000).page("").start();
        let pages = stats_at(&haproxy.page_url("/stats"));
        for _ in 0..5 {
            let mut body = open(&pages, csv()).await.unwrap();
            assert_eq!(body.read(8).await.unwrap(), b"# pxname");
        }
        let all: Vec<_> = futures_util::future::join_all((0..6).map(|_| read(&pages, csv()))).await;
        for table in all {
            assert!(table.unwrap().contains("\nbe_many,s2000,"));
        }
    }
}
