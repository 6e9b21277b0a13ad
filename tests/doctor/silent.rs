use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, on_each_version};
use rustix::process::{Pid, Signal, kill_process};

use crate::{Seen, doctor};

/// A connection that HAProxy has taken and keeps, as an interactive session does.
fn held(haproxy: &Haproxy) -> UnixStream {
    let mut session = UnixStream::connect(haproxy.admin_socket()).unwrap();
    session.write_all(b"prompt\n").unwrap();
    let mut prompt = [0];
    session.read_exact(&mut prompt).unwrap();
    session
}

fn impatiently(haproxy: &Haproxy, more: &[&str]) -> Seen {
    let socket = haproxy.admin_socket();
    let flags = [
        "--runtime-socket",
        socket.to_str().unwrap(),
        "--runtime-timeout",
        "1",
    ];
    doctor(&[&flags, more].concat())
}

/// A HAProxy that does nothing at all, until this is dropped.
struct Stopped(Pid);

impl Stopped {
    fn new(haproxy: &Haproxy) -> Self {
        let pid = Pid::from_raw(haproxy.info("Pid").parse().unwrap()).unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        kill_process(self.0, Signal::CONT).unwrap();
    }
}

on_each_version! {
    fn others_have_all_connections(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).with("global\n    stats maxconn 1").start();
        impatiently(&haproxy, &[]).all_is_well();
        let session = held(&haproxy);
        impatiently(&haproxy, &[])
            .only_problem("runtime", "connections-taken")
            .saw("1 connection open")
            .mend("`stats maxconn 50`");
        let config = haproxy.folder().join("haproxy.cfg");
        let seen = impatiently(&haproxy, &["--haproxy-config", config.to_str().unwrap()]);
        seen.only_problem("runtime", "connections-taken")
            .mend("instead of `stats maxconn 1`: `stats maxconn 50`");
        drop(session);
        impatiently(&haproxy, &[]).all_is_well();
    }

    fn haproxy_is_stopped(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let url = haproxy.page_url("/stats");
        let stopped = Stopped::new(&haproxy);
        let seen = impatiently(&haproxy, &["--stats-url", &url, "--stats-timeout", "1"]);
        let mend = format!("sudo kill -CONT {}", stopped.0);
        seen.problem("runtime", "process-stopped").saw("(state T)").mend(&mend);
        seen.problem("stats", "process-hangs");
        seen.finding("metrics", "same-as-stats");
        drop(stopped);
        impatiently(&haproxy, &["--stats-url", &url]).all_is_well();
    }

    /// The one who listens is the master, and the one who does not answer is its worker.
    fn the_worker_is_stopped(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let stopped = Stopped::new(&haproxy);
        let mend = format!("sudo kill -CONT {}", stopped.0);
        impatiently(&haproxy, &[]).only_problem("runtime", "process-stopped").mend(&mend);
    }
}

/// A web server that waits for the rest of a request.
#[test]
fn another_service_waits_for_more() {
    let service = ScriptedSocket::tcp(vec![Step::Hang]);
    let url = format!("tcp://{}", service.address());
    let seen = doctor(&["--runtime-url", &url, "--runtime-timeout", "1"]);
    seen.only_problem("runtime", "no-answer")
        .mend("`stats socket`");
}
