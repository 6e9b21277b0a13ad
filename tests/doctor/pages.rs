use haproxy_mcp_testkit::haproxy::reserve;
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, newest, on_each_version};

use crate::{Seen, doctor, with};

/// What it finds where the statistics page should be at this address.
fn at(url: &str, more: &[&str]) -> Seen {
    doctor(&[&["--stats-url", url], more].concat())
}

fn config(haproxy: &Haproxy) -> String {
    let path = haproxy.folder().join("haproxy.cfg");
    path.to_str().unwrap().to_owned()
}

/// A page in another mode than HTTP, which is the mode of a frontend that says none.
const IGNORED: &str = "
frontend stats
    mode tcp
    bind {page}
    stats enable
    stats uri /stats
";

on_each_version! {
    fn the_mode_is_missing(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).with(IGNORED).start();
        let url = haproxy.page_url("/stats");
        at(&url, &["--stats-timeout", "2"]).problem("stats", "no-http-mode").mend("`mode http`");
        // HAProxy itself knows why.
        let socket = haproxy.admin_socket();
        let seen = at(&url, &["--stats-timeout", "2", "--runtime-socket", socket.to_str().unwrap()]);
        seen.problem("stats", "no-http-mode").saw("'stats' statement ignored for frontend 'stats'");
        let seen = at(&url, &["--stats-timeout", "2", "--haproxy-config", &config(&haproxy)]);
        seen.problem("stats", "no-http-mode").mend("in `frontend stats` (`haproxy.cfg:");
        seen.finding("config", "page-ignored").mend("in `frontend stats` (`haproxy.cfg:");
    }

    fn a_password_is_wanted(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("    stats auth ops:s3cret-word").start();
        let url = haproxy.page_url("/stats");
        at(&url, &[]).problem("stats", "password-missing").mend("HAPROXY_STATS_USER=").mend("HAPROXY_STATS_PASSWORD_FILE=");
        at(&url, &["--haproxy-config", &config(&haproxy)])
            .problem("stats", "password-missing")
            .mend("`stats auth` of `frontend fe_page` (`haproxy.cfg:");
        let given = |password: &str| {
            let word = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            with(&[
                word("HAPROXY_STATS_URL", &url),
                word("HAPROXY_STATS_USER", "ops"),
                word("HAPROXY_STATS_PASSWORD", password),
            ])
        };
        given("another-word").problem("stats", "password-wrong").mend("HAPROXY_STATS_PASSWORD_FILE");
        let seen = given("s3cret-word");
        seen.all_is_well();
        seen.finding("stats", "answers").saw("takes the configured name and password");
    }

    /// What is advised works.
    fn the_path_is_another(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let url = haproxy.page_url("/haproxy-stats");
        at(&url, &[]).problem("stats", "wrong-path").saw("503").mend("stats uri /haproxy-stats");
        let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
        let setting = seen.only_problem("stats", "wrong-path").setting("HAPROXY_STATS_URL");
        assert_eq!(setting.1, haproxy.page_url("/stats"));
        with(&[setting]).all_is_well();
    }

    /// A website of another port, and HAProxy's configuration, which has the page elsewhere.
    fn the_page_is_on_another_port(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let url = format!("http://{}/stats", haproxy.http_address());
        let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
        let setting = seen.problem("stats", "not-statistics").setting("HAPROXY_STATS_URL");
        assert_eq!(setting.1, haproxy.page_url("/stats"));
        with(&[setting]).all_is_well();

        let port = reserve("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = port.local_addr().unwrap().as_socket().unwrap();
        let url = format!("http://{address}/stats");
        at(&url, &[]).only_problem("stats", "nobody-listens").mend("    mode http").mend(&format!("    bind {address}"));
        let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
        with(&[seen.only_problem("stats", "wrong-address").setting("HAPROXY_STATS_URL")]).all_is_well();
    }

    /// The Runtime API where the page should be: it is asked for `GET`, which it does not know.
    fn the_runtime_api_is_no_page(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let url = format!("http://{}/stats", haproxy.admin_address());
        let seen = at(&url, &[]);
        let finding = seen.problem("stats", "is-runtime-api").mend("    mode http");
        with(&[finding.setting("HAPROXY_RUNTIME_URL")]).all_is_well();
    }

    fn it_sends_on_to_another_place(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with("frontend fe_page\n    bind {page}\n    http-request redirect location http://lb.example.test/stats")
            .start();
        let seen = at(&haproxy.page_url("/stats"), &[]);
        let setting = seen.problem("stats", "redirected").setting("HAPROXY_STATS_URL");
        assert_eq!(setting.1, "http://lb.example.test/stats");
    }

    fn a_rule_refuses_us(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("    http-request deny if { path_beg /stats }").start();
        at(&haproxy.page_url("/stats"), &[]).only_problem("stats", "forbidden").mend("http-request allow");
    }

    /// Asked for by name it is a problem; looked for beside the page, a warning.
    fn there_is_no_exporter(binary: &Binary) {
        let haproxy = Haproxy::builder(binary)
            .with("frontend fe_page\n    bind {page}\n    stats enable\n    stats uri /stats")
            .start();
        let line = "`http-request use-service prometheus-exporter if { path /metrics }`";
        at(&haproxy.page_url("/stats"), &[]).warning("metrics", "exporter-missing").mend(line);
        let url = haproxy.page_url("/prometheus");
        let seen = doctor(&["--metrics-url", &url, "--haproxy-config", &config(&haproxy)]);
        seen.problem("metrics", "exporter-missing")
            .mend("in `frontend fe_page` (`haproxy.cfg:")
            .mend("prometheus-exporter if { path /prometheus }`");
    }

    fn the_exporter_is_elsewhere(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let seen = doctor(&["--metrics-url", &haproxy.page_url("/prometheus"), "--haproxy-config", &config(&haproxy)]);
        let setting = seen.problem("metrics", "exporter-missing").setting("HAPROXY_METRICS_URL");
        assert_eq!(setting.1, haproxy.page_url("/metrics"));
        with(&[setting]).all_is_well();
    }

    fn nothing_may_be_changed_by_it(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let url = haproxy.page_url("/stats");
        at(&url, &[]).all_is_well();
        at(&url, &["--access", "operate"]).only_problem("stats", "admin-missing").mend("`stats admin if LOCALHOST`");
        // Where there is a Runtime API, changes go there.
        let socket = haproxy.admin_socket();
        at(&url, &["--access", "operate", "--runtime-socket", socket.to_str().unwrap()]).all_is_well();
        // What is advised works.
        let haproxy = Haproxy::builder(binary).page("    stats admin if LOCALHOST").start();
        at(&haproxy.page_url("/stats"), &["--access", "operate"]).all_is_well();
    }
}

/// A website answers every path with a page of HTML.
#[test]
fn a_website_is_no_statistics_page() {
    let website = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
        ),
        Step::Close,
    ]);
    let seen = at(&format!("http://{}/stats", website.address()), &[]);
    seen.problem("stats", "not-statistics")
        .saw("a page of HTML");
}

#[test]
fn a_service_that_greets_is_no_page() {
    let service = ScriptedSocket::tcp(vec![
        Step::send("220 mail.example.test ESMTP\r\n"),
        Step::Hang,
    ]);
    let seen = at(
        &format!("http://{}/stats", service.address()),
        &["--stats-timeout", "2"],
    );
    seen.problem("stats", "not-http")
        .saw("220 mail.example.test");
}

/// Everything of the wrong page is told, and the way to the right one.
#[test]
fn a_page_with_the_usual_path() {
    let haproxy = Haproxy::builder(&newest())
        .with("frontend fe_page\n    bind {page}\n    stats enable")
        .start();
    let url = haproxy.page_url("/stats");
    let seen = at(&url, &["--haproxy-config", &config(&haproxy)]);
    let setting = seen
        .problem("stats", "wrong-path")
        .setting("HAPROXY_STATS_URL");
    assert_eq!(setting.1, haproxy.page_url("/haproxy?stats"));
    let seen = with(&[setting]);
    assert_eq!(seen.finding("stats", "answers").0["verdict"], "ok");
}
