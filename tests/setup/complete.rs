//! A whole configuration: both doors of the Runtime API, the page, the log, the chroot.

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};

use haproxy_mcp_testkit::{Binary, DEADLINE, until};

use crate::http::Client;
use crate::page::locked;
use crate::place::{PASSWORD, Place};
use crate::runtime::prompt;
use crate::site::Site;

const SOCKET: &str = "/run/haproxy/admin.sock";

/// `/dev/log` where HAProxy looks for it: once it is in its chroot.
fn log_daemon(place: &Place) -> UnixDatagram {
    let mut path = place.path("/dev/log");
    if place.is_root {
        let inside = path.strip_prefix("/").unwrap();
        path = place.path("/var/lib/haproxy").join(inside);
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let daemon = UnixDatagram::bind(path).unwrap();
    daemon.set_read_timeout(Some(DEADLINE)).unwrap();
    daemon
}

/// Lines of the log until one begins and goes on like this.
fn logged(daemon: &UnixDatagram, begins: &str, contains: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = daemon
            .recv(&mut buffer)
            .unwrap_or_else(|error| panic!("no `{begins}` with `{contains}`: {error}: {lines:#?}"));
        let line = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let found = line.starts_with(begins) && line.contains(contains);
        lines.push(line);
        if found {
            return lines;
        }
    }
}

pub(crate) fn complete(binary: &Binary) {
    let daemon = RefCell::new(None);
    let site = Site::with(binary, "complete", "", |place| {
        daemon.replace(Some(log_daemon(place)));
        // In the foreground, in spite of `daemon`.
        vec!["-db".to_owned()]
    });
    let daemon = daemon.take().unwrap();
    // What is logged while it starts.
    daemon.set_nonblocking(true).unwrap();
    while daemon.recv(&mut [0; 4096]).is_ok() {}
    daemon.set_nonblocking(false).unwrap();

    let file = std::fs::metadata(site.place.path(SOCKET)).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o660);
    assert_eq!(site.socket(SOCKET, "show cli level"), "admin");
    assert_eq!(site.port(9999, "show cli level"), "operator");
    // 10 s where `stats timeout` is not set. Another connection is looked at: 2.6 does not say it of its own.
    let mut idle = UnixStream::connect(site.place.path(SOCKET)).unwrap();
    prompt(&mut idle).unwrap();
    let left = |line: &str| line.contains(" exp=30s ") || line.contains(" exp=29s ");
    until("the idle connection to be kept for 30 s", || {
        let sessions = site.socket(SOCKET, "show sess");
        let kept = sessions
            .lines()
            .any(|line| line.contains("fe=GLOBAL") && left(line));
        if kept { Ok(()) } else { Err(sessions) }
    });
    drop(idle);

    let info = site.socket(SOCKET, "show info");
    let pid = info.lines().find_map(|line| line.strip_prefix("Pid: "));
    let root = std::fs::read_link(format!("/proc/{}/root", pid.unwrap())).unwrap();
    if site.place.is_root {
        assert_eq!(
            root,
            site.place.path("/var/lib/haproxy").canonicalize().unwrap()
        );
    } else {
        eprintln!("!!! not root: `chroot` was not looked at");
    }

    // The facilities and levels of syslog: local0 is 16, local1 17, alert 1, notice 5, info 6. Before anything else: what a
    // socket has no room for, some ten lines, is lost.
    site.socket(SOCKET, "disable server app/a1");
    logged(&daemon, "<137>", "Server app/a1");
    let answer = Client::default().get(site.address(80), "/a-page-of-the-test");
    assert_eq!(answer.status, 503);
    let mut lines = logged(&daemon, "<134>", "/a-page-of-the-test");
    site.socket(SOCKET, "enable server app/a1");
    lines.extend(logged(&daemon, "<141>", "Server app/a1"));
    let both = |line: &&String| line.starts_with("<133>") && line.contains("Server app/a1");
    assert_eq!(lines.iter().filter(both).count(), 1, "{lines:#?}");
    assert!(
        !lines.iter().any(|line| line.starts_with("<142>")),
        "{lines:#?}"
    );

    let page = site.address(8404);
    locked(&Client::default(), page, "/stats;csv");
    let html = Client::default()
        .user("haproxy-mcp", PASSWORD)
        .get(page, "/stats");
    assert!(!html.body.contains(&binary.version), "{html:?}");

    let socket = site.place.path(SOCKET).display().to_string();
    let url = format!("http://{page}/stats");
    let found = site.doctor(&[
        ("HAPROXY_RUNTIME_SOCKET", socket.as_str()),
        ("HAPROXY_STATS_URL", &url),
        ("HAPROXY_STATS_USER", "haproxy-mcp"),
        ("HAPROXY_STATS_PASSWORD", PASSWORD),
    ]);
    assert_eq!(
        found[..2],
        ["runtime ok answers", "stats ok answers"],
        "{found:?}"
    );
}
