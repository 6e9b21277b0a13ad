//! Actions through the page's form, with the raw socket as the oracle.

use std::net::TcpListener;

use haproxy_mcp::haproxy::pages::ActError;
use haproxy_mcp::policy::{InstanceId, action_command};
use haproxy_mcp_testkit::topology::ODD_BACKEND;
use haproxy_mcp_testkit::{Binary, Haproxy, on_each_version};

use super::{act, action, action_for, door, stats, stats_at, with_credentials};

/// A backend of two servers that are alike, checked so rarely that nothing but actions changes them, and one of a server
/// without checks. Instead of the usual site, whose first checks would be spread over a day, too.
struct Twins {
    haproxy: Haproxy,
    /// Where they are: takes connections, and says nothing.
    _server: TcpListener,
}

impl std::ops::Deref for Twins {
    type Target = Haproxy;

    fn deref(&self) -> &Haproxy {
        &self.haproxy
    }
}

fn twins(binary: &Binary, lines: &str) -> Twins {
    twins_with(binary, "", lines)
}

fn twins_with(binary: &Binary, global: &str, lines: &str) -> Twins {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let port = address.port();
    let sections = format!(
        "
global
    {global}
backend be_twins
    default-server check inter 24h agent-check agent-port {port} agent-inter 24h
    server one {address}
    server other {address}
backend be_bare
    server bare {address}
"
    );
    let haproxy = Haproxy::builder(binary)
        .config(&sections)
        .page(lines)
        .start();
    Twins {
        haproxy,
        _server: server,
    }
}

/// What `show servers state` says of a server: operational and administrative state, that of checks and of the agent.
fn state(haproxy: &Haproxy, backend: &str, server: &str) -> [String; 4] {
    let text = haproxy.raw_text(&format!("show servers state {backend}"));
    let line = text
        .lines()
        .find(|line| line.split(' ').nth(3) == Some(server))
        .unwrap_or_else(|| panic!("no {server} in:\n{text}"));
    let words: Vec<&str> = line.split(' ').collect();
    [5, 6, 13, 14].map(|column| words[column].to_owned())
}

fn code(outcome: Result<(), ActError>) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

on_each_version! {
    /// One server by the page, the other by the command that policy takes it for: both must end alike.
    async fn each_does_what_its_command_does(binary: &Binary) {
        let haproxy = twins(binary, "    stats admin if TRUE");
        let pages = stats_at(&haproxy.page_url("/stats"));
        for (name, changes) in [
            ("drain", true),
            ("ready", true),
            ("maint", true),
            ("ready", true),
            ("hdown", true),
            ("hnolb", true),
            ("hrunn", true),
            ("dhlth", true),
            ("ehlth", true),
            ("adown", true),
            ("arunn", true),
            ("dagent", true),
            ("eagent", true),
            // Of a server that has no sessions.
            ("shutdown", false),
        ] {
            let before = state(&haproxy, "be_twins", "one");
            assert_eq!(before, state(&haproxy, "be_twins", "other"), "before {name}");
            act(&pages, action(name, "be_twins", &["one"])).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let command = action_command(name, "be_twins", "other").unwrap();
            assert_eq!(haproxy.raw_text(&command.words.join(" ")).trim(), "", "{name}");
            let after = state(&haproxy, "be_twins", "one");
            assert_eq!(after, state(&haproxy, "be_twins", "other"), "after {name}");
            assert_eq!(before != after, changes, "{name}: {before:?}, {after:?}");
        }
    }

    async fn several_servers_at_once(binary: &Binary) {
        let haproxy = twins(binary, "    stats admin if TRUE\n    stats auth admin:secret");
        let pages = stats(with_credentials(door(&haproxy.page_url("/stats")), "admin", "secret"));
        act(&pages, action("maint", "be_twins", &["one", "other"])).await.unwrap();
        for server in ["one", "other"] {
            assert_eq!(state(&haproxy, "be_twins", server)[1], "1");
        }
    }

    async fn names_with_every_odd_character(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("    stats admin if TRUE").start();
        let pages = stats_at(&haproxy.page_url("/stats"));
        let servers = ["api.1", "api:2", "API_3-b"];
        act(&pages, action("maint", ODD_BACKEND, &servers)).await.unwrap();
        for server in servers {
            // 4 beside it: so by the configuration.
            let administrative = &state(&haproxy, ODD_BACKEND, server)[1];
            assert!(["1", "5"].contains(&administrative.as_str()), "{server}: {administrative}");
        }
    }

    /// A connection through the server ends, as the raw socket sees it.
    async fn sessions_are_shut_down(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("    stats admin if TRUE").start();
        let sessions = || haproxy.raw_text("show stat be_tcp 4 -1").lines().find(|line| line.starts_with("be_tcp,t1,")).unwrap().split(',').nth(4).unwrap().to_owned();
        let _visitor = std::net::TcpStream::connect(haproxy.tcp_address()).unwrap();
        haproxy_mcp_testkit::until("a session", || if sessions() == "1" { Ok(()) } else { Err(sessions()) });
        let pages = stats_at(&haproxy.page_url("/stats"));
        act(&pages, action("shutdown", "be_tcp", &["t1"])).await.unwrap();
        haproxy_mcp_testkit::until("no session", || if sessions() == "0" { Ok(()) } else { Err(sessions()) });
    }

    async fn verdicts_are_told_apart(binary: &Binary) {
        let haproxy = twins(binary, "    stats admin if TRUE");
        let pages = stats_at(&haproxy.page_url("/stats"));
        for (name, backend, servers, expected) in [
            ("drain", "be_twins", &["one", "nosuch"][..], "partly-done"),
            ("drain", "be_twins", &["nosuch"], "no-such-object"),
            ("drain", "nosuch", &["one"], "no-such-object"),
            ("dagent", "be_bare", &["bare"], "nothing-done"),
        ] {
            let outcome = act(&pages, action(name, backend, servers)).await;
            assert_eq!(code(outcome), expected, "{name} {backend} {servers:?}");
        }
        // What could be done in part was done.
        assert_eq!(state(&haproxy, "be_twins", "one")[1], "8");
    }

    async fn a_form_that_is_larger_than_a_buffer(binary: &Binary) {
        let haproxy = twins_with(binary, "tune.bufsize 4096\n    tune.maxrewrite 1024", "    stats admin if TRUE");
        let pages = stats_at(&haproxy.page_url("/stats"));
        let long: Vec<String> = (0..300).map(|index| format!("a_rather_long_name_{index}")).collect();
        let mut servers: Vec<&str> = long.iter().map(String::as_str).collect();
        servers.push("one");
        assert_eq!(code(act(&pages, action("drain", "be_twins", &servers)).await), "too-large");
        assert_eq!(state(&haproxy, "be_twins", "one")[1], "0");
    }

    async fn a_page_that_takes_no_actions(binary: &Binary) {
        let haproxy = twins(binary, "");
        let pages = stats_at(&haproxy.page_url("/stats"));
        let error = act(&pages, action("drain", "be_twins", &["one"])).await.unwrap_err();
        assert_eq!(error.code(), "denied-by-page");
        assert!(error.hint().unwrap().contains("stats admin if"));
        assert_eq!(state(&haproxy, "be_twins", "one")[1], "0");
    }

    async fn without_the_right_password_nothing_is_done(binary: &Binary) {
        let haproxy = twins(binary, "    stats admin if TRUE\n    stats auth admin:secret");
        for pages in [
            stats_at(&haproxy.page_url("/stats")),
            stats(with_credentials(door(&haproxy.page_url("/stats")), "admin", "wrong")),
        ] {
            let error = act(&pages, action("drain", "be_twins", &["one"])).await.unwrap_err();
            assert_eq!(error.code(), "unauthorized");
        }
        assert_eq!(state(&haproxy, "be_twins", "one")[1], "0");
    }

    async fn an_address_that_is_not_the_pages(binary: &Binary) {
        let haproxy = twins(binary, "    stats admin if TRUE");
        let pages = stats_at(&haproxy.page_url("/nosuch"));
        assert_eq!(code(act(&pages, action("drain", "be_twins", &["one"])).await), "unavailable");
        // The web server of a site.
        let haproxy = Haproxy::start(binary);
        let pages = stats_at(&format!("http://{}/x", haproxy.http_address()));
        assert_eq!(code(act(&pages, action("drain", "be_twins", &["one"])).await), "unexpected-verdict");
    }

    async fn a_permit_for_another_instance_is_not_used(binary: &Binary) {
        let haproxy = twins(binary, "    stats admin if TRUE");
        let pages = stats_at(&haproxy.page_url("/stats"));
        let permit = action_for(&InstanceId::new("other"), "drain", "be_twins", &["one"]);
        let error = act(&pages, permit).await.unwrap_err();
        assert_eq!(error.code(), "wrong-instance");
        assert_eq!(error.to_string(), "the permit is for another instance: `other` instead of `lb`");
        assert_eq!(state(&haproxy, "be_twins", "one")[1], "0");
    }
}

#[tokio::test]
async fn without_a_page_there_is_no_action() {
    let pages = super::metrics_at("http://127.0.0.1:1/metrics");
    assert_eq!(
        code(act(&pages, action("drain", "be_app", &["app1"])).await),
        "not-configured"
    );
}
