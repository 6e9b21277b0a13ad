//! The master's socket: commands reach the worker through `@1`.

use haproxy_mcp::haproxy::{ExecuteError, WireError};
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, on_each_version, until};
use rustix::process::{Pid, Signal, kill_process};

use crate::asking::{ask, class, failure, info, master, name, permit, text_of, unix, version};

on_each_version! {
    async fn says_what_the_worker_says(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let (through, direct) = (master(&haproxy), unix(haproxy.admin_socket()));
        for command in ["show schema json", "show backend", "show map", "get weight be_app/app2"] {
            assert_eq!(ask(&through, command).await.unwrap(), ask(&direct, command).await.unwrap(), "`{command}`");
        }
        let version = text_of(&through, version()).await.unwrap();
        assert_eq!(String::from_utf8(version).unwrap(), format!("{}\n", binary.version));
        // An empty reply, on 2.6 as on all others.
        assert_eq!(ask(&through, "set server be_app/app1 weight 9").await.unwrap(), "");
        assert!(haproxy.raw_text("get weight be_app/app1").starts_with("9 "));
    }

    async fn the_masters_own_commands_reach_it(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let processes = ask(&master(&haproxy), "show proc").await.unwrap();
        assert!(processes.lines().any(|line| line.starts_with(&haproxy.info("Pid"))), "{processes}");
    }

    /// On 2.6 without severities: by their words alone.
    async fn refusals_are_told_apart(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let api = master(&haproxy);
        let echo = if binary.at_least(3, 1) { "ok" } else { "unknown" };
        for (command, wanted) in [
            ("show stat nosuch 4 -1", "no-such-proxy"),
            ("show servers state nosuch", "no-such-backend"),
            ("get weight be_app/nosuch", "no-such-server"),
            ("set server be_app/nosuch state drain", "no-such-server"),
            ("show sess 0xdead", "no-such-session"),
            ("show map /nosuch", "no-such-map"),
            ("echo hello", echo),
            ("add server be_empty/new 127.0.0.1:9", "ok"),
            ("add server be_empty/new 127.0.0.1:9", "already-exists"),
            ("set server be_empty/new addr 127.0.0.1 port 10", "ok"),
            ("del server be_empty/new", "ok"),
            ("del server be_app/app1", "not-in-maintenance"),
        ] {
            let result = text_of(&api, permit(command).unwrap()).await;
            assert_eq!(class(&result), wanted, "`{command}`: {result:?}");
        }
        if binary.at_least(3, 0) {
            // The master cuts the worker short: better no than a success that was not.
            assert_eq!(class(&ask(&api, "wait 1s").await), "interrupted");
        }
    }

    async fn a_reload_between_two_calls_is_survived(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let (through, direct) = (master(&haproxy), unix(haproxy.admin_socket()));
        let before = haproxy.info("Pid");
        assert_eq!(class(&text_of(&through, info()).await), "ok");
        haproxy.reload();
        for api in [&through, &direct] {
            let info = ask(api, "show info").await.unwrap();
            assert!(!info.contains(&format!("\nPid: {before}\n")) && info.contains("\nPid: "), "{info}");
        }
    }

    /// Every answer after a worker has died is an error, and after a new start the next call works.
    async fn a_dead_worker_is_no_success(binary: &Binary) {
        let mut haproxy = Haproxy::builder(binary).master_worker().start();
        let api = master(&haproxy);
        assert_eq!(class(&text_of(&api, info()).await), "ok");
        let worker = Pid::from_raw(haproxy.info("Pid").parse().unwrap()).unwrap();
        kill_process(worker, Signal::KILL).unwrap();
        // Without a worker the master ends too, soon.
        until("the master to be gone", || {
            match std::os::unix::net::UnixStream::connect(haproxy.master_socket()) {
                Err(_) => Ok(()),
                Ok(_) => Err("it still listens".to_owned()),
            }
        });
        assert_eq!(failure(&api).await.code(), "connection-refused");
        haproxy.restart();
        assert_eq!(class(&text_of(&api, info()).await), "ok");
    }
}

/// A worker answers such a command with `Unknown command`, which says nothing of what is missing.
#[tokio::test]
async fn a_command_for_the_master_is_not_sent_to_a_worker() {
    let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send("\n\n")]);
    for command in ["show proc", "reload"] {
        let refused = ask(&unix(socket.path()), command).await;
        let Err(ExecuteError::Wire(error @ WireError::NeedsMaster { .. })) = refused else {
            panic!("`{command}`: {refused:?}");
        };
        assert_eq!(error.code(), "needs-master");
        assert!(error.hint().unwrap().contains("HAPROXY_MASTER_SOCKET"));
    }
    assert_eq!(socket.connections(), 0);
}

/// A master that has no worker says so, and since 3.0 waits for more instead of closing.
#[tokio::test]
async fn a_missing_worker_is_known_by_its_words() {
    let line = "Can't find the target PID matching the prefix '@1'\n";
    for then in [Step::Close, Step::Hang] {
        let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send(line), then]);
        let door = haproxy_mcp::haproxy::Door {
            endpoint: haproxy_mcp::haproxy::Endpoint::Unix(socket.path()),
            master: true,
        };
        let api = haproxy_mcp::haproxy::RuntimeApi::new(name(), door, crate::asking::TIMEOUTS);
        assert_eq!(class(&text_of(&api, info()).await), "no-such-worker");
    }
}
