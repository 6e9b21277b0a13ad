//! Real HAProxy, compared with what its raw socket says.

use std::time::Duration;

use haproxy_mcp::haproxy::{AddressFamily, RuntimeApi, Timeouts};
use haproxy_mcp_testkit::{Haproxy, on_each_version};

use crate::asking::{ask, class, execute, failure, host, info, permit, tcp, text_of, unix};

/// The text in a worker's raw reply: without the empty line at its end.
fn text_in(raw: &[u8]) -> String {
    let text = raw
        .strip_suffix(b"\n")
        .expect("a raw reply ends with an empty line");
    String::from_utf8(text.to_vec()).unwrap()
}

/// Replies that do not change from one moment to the next.
const STABLE: &[&str] = &[
    "show schema json",
    "show backend",
    "show map",
    "show cli level",
    "get weight be_app/app2",
];

async fn says_what_the_raw_socket_says(api: &RuntimeApi, haproxy: &Haproxy) {
    for command in STABLE {
        assert_eq!(
            ask(api, command).await.unwrap(),
            text_in(&haproxy.raw(command)),
            "`{command}`"
        );
    }
    // The names in a table of which the numbers change.
    let names = |table: &str| -> Vec<String> {
        table
            .lines()
            .map(|line| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(","))
            .collect()
    };
    let stat = ask(api, "show stat").await.unwrap();
    assert_eq!(names(&stat), names(&text_in(&haproxy.raw("show stat"))));
    assert!(stat.contains("\nbe_app,app1,") && stat.contains("\nbe:api-v1.2_x,API_3-b,"));
}

on_each_version! {
    async fn over_a_unix_socket(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        says_what_the_raw_socket_says(&unix(haproxy.admin_socket()), &haproxy).await;
    }

    async fn over_tcp(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let (v4, port) = (haproxy.admin_address(), haproxy.admin_address().port());
        says_what_the_raw_socket_says(&tcp(v4), &haproxy).await;
        // A name with addresses of both families, of which one may refuse.
        for family in [AddressFamily::Any, AddressFamily::V4] {
            assert_eq!(ask(&host("localhost", port, family), "show backend").await.unwrap(), text_in(&haproxy.raw("show backend")));
        }
    }

    async fn over_tcp_v6(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        // A machine without an IPv6 loopback has nothing to test here.
        let Some(v6) = haproxy.admin_address_v6() else { return };
        says_what_the_raw_socket_says(&tcp(v6), &haproxy).await;
        let api = host("::1", v6.port(), AddressFamily::V6);
        assert_eq!(ask(&api, "show backend").await.unwrap(), text_in(&haproxy.raw("show backend")));
    }

    async fn refusals_are_told_apart(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let api = unix(haproxy.admin_socket());
        let echo = if binary.at_least(3, 1) { "ok" } else { "unknown" };
        for (command, wanted) in [
            ("show stat nosuch 4 -1", "no-such-proxy"),
            ("show servers state nosuch", "no-such-backend"),
            ("show table nosuch", "no-such-table"),
            ("show map /nosuch", "no-such-map"),
            ("show sess 0xdead", "no-such-session"),
            ("get weight be_app/nosuch", "no-such-server"),
            ("set server be_app/nosuch state drain", "no-such-server"),
            ("set server nosuch/app1 state drain", "no-such-backend"),
            ("set weight be_app/app1 257", "out-of-range"),
            ("enable health be_tcp/t1", "not-configured"),
            ("echo hello", echo),
        ] {
            let result = text_of(&api, permit(command).unwrap()).await;
            assert_eq!(class(&result), wanted, "`{command}`: {result:?}");
        }
        assert_eq!(class(&text_of(&api, info()).await), "ok", "the next call works");
    }

    async fn changes_are_seen(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        let api = unix(haproxy.admin_socket());
        assert_eq!(ask(&api, "set server be_app/app1 weight 7").await.unwrap(), "");
        assert!(haproxy.raw_text("get weight be_app/app1").starts_with("7 "));
        // A notice with a severity, and on 2.6 without the empty last line.
        let added = execute(&api, permit("add server be_empty/new 127.0.0.1:9").unwrap()).await.unwrap();
        assert!(added.severity().is_some_and(|severity| severity >= 4));
        assert_eq!(added.text().await.unwrap(), b"New server registered.\n");
        assert!(ask(&api, "set server be_empty/new addr 127.0.0.1 port 10").await.unwrap().contains("port changed"));
        assert_eq!(ask(&api, "del server be_empty/new").await.unwrap(), "Server deleted.\n");
        assert_eq!(class(&ask(&api, "del server be_app/app1").await), "not-in-maintenance");
        if binary.at_least(3, 0) {
            assert_eq!(ask(&api, "wait 1ms").await.unwrap(), "Done.\n");
        }
    }

    async fn a_socket_below_the_needed_level_refuses(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).admin_level("user").start();
        let api = unix(haproxy.admin_socket());
        assert_eq!(class(&ask(&api, "disable server be_app/app1").await), "permission-denied");
        assert_eq!(ask(&api, "show backend").await.unwrap(), text_in(&haproxy.raw("show backend")));
    }

    async fn a_restart_between_two_calls_is_survived(binary: &Binary) {
        let mut haproxy = Haproxy::start(binary);
        let (unix, tcp) = (unix(haproxy.admin_socket()), tcp(haproxy.admin_address()));
        let before = ask(&unix, "show info").await.unwrap();
        assert_eq!(class(&ask(&tcp, "show info").await), "ok");
        haproxy.stop();
        for api in [&unix, &tcp] {
            assert_eq!(failure(api).await.code(), "connection-refused");
        }
        haproxy.start_again();
        let pid = |info: &str| info.lines().find(|line| line.starts_with("Pid: ")).unwrap().to_owned();
        for api in [&unix, &tcp] {
            let after = ask(api, "show info").await.unwrap();
            assert_ne!(pid(&before), pid(&after));
            assert_eq!(pid(&after), format!("Pid: {}", haproxy.info("Pid")));
        }
    }

    async fn a_large_table_comes_whole(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).servers(3000).start();
        let api = unix(haproxy.admin_socket());
        let mut reply = execute(&api, permit("show stat").unwrap()).await.unwrap();
        let mut table = Vec::new();
        loop {
            let piece = reply.read(32 * 1024).await.unwrap();
            assert!(piece.len() <= 32 * 1024);
            if piece.is_empty() {
                break;
            }
            table.extend(piece);
        }
        let many = |table: &[u8]| String::from_utf8_lossy(table).lines().filter(|line| line.starts_with("be_many,s")).count();
        assert_eq!(many(&table), 3000);
        let last = String::from_utf8(table).unwrap();
        assert!(last.ends_with('\n') && last.lines().last().unwrap().starts_with("be_many,BACKEND,"));
    }

    /// HAProxy takes the connection and says nothing when `stats maxconn` is used up.
    async fn a_haproxy_without_a_free_session_times_out(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).with("global\n    stats maxconn 1").start();
        // Holds the one session: a prompt waits for more.
        let mut idle = std::os::unix::net::UnixStream::connect(haproxy.admin_socket()).unwrap();
        std::io::Write::write_all(&mut idle, b"prompt\n").unwrap();
        std::io::Read::read_exact(&mut idle, &mut [0; 2]).unwrap();
        let door = haproxy_mcp::haproxy::Door {
            endpoint: haproxy_mcp::haproxy::Endpoint::Unix(haproxy.admin_socket()),
            master: false,
        };
        let timeouts = Timeouts { first_byte: Duration::from_millis(300), ..crate::asking::TIMEOUTS };
        let api = RuntimeApi::new(crate::asking::name(), door, timeouts);
        assert_eq!(failure(&api).await.code(), "first-byte-timeout");
        drop(idle);
        // Its place is free as soon as HAProxy has noticed.
        let api = unix(haproxy.admin_socket());
        assert_eq!(class(&text_of(&api, info()).await), "ok");
    }

    /// What a website says is not taken for a reply.
    async fn the_port_of_a_website_is_recognised(binary: &Binary) {
        let haproxy = Haproxy::start(binary);
        assert_eq!(failure(&tcp(haproxy.http_address())).await.code(), "not-haproxy");
    }
}
