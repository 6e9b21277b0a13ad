//! The master's socket, and what a reload changes and does not change.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use haproxy_mcp_testkit::{Binary, haproxy, until};

use crate::guide;
use crate::site::Site;

const SOCKET: &str = "/run/haproxy/admin.sock";
const MASTER: &str = "/run/haproxy-master.sock";

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What the master answers; it does not close the connection by itself.
fn master(site: &Site, command: &str) -> String {
    let reply = haproxy::raw(&site.place.path(MASTER), &format!("{command};quit")).unwrap();
    String::from_utf8_lossy(&reply).trim_end().to_owned()
}

fn worker(site: &Site) -> Result<String, String> {
    let reply =
        haproxy::raw(&site.place.path(SOCKET), "show info").map_err(|error| error.to_string())?;
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let pid = reply.lines().find_map(|line| line.strip_prefix("Pid: "));
    pid.map(str::to_owned).ok_or(reply)
}

pub(crate) fn master_socket(binary: &Binary) {
    let options = guide::other("ini", "serve", "master");
    let site = Site::with(binary, "master", "", |place| {
        [vec!["-W".to_owned()], place.arguments(&options)].concat()
    });
    // Before 3.1 the master replaces itself once more after it has started the worker, and breaks connections off.
    until("the master's answer", || {
        haproxy::raw(&site.place.path(MASTER), "show cli level;quit")
            .map_err(|error| error.to_string())
    });
    assert_eq!(mode(&site.place.path(MASTER)), 0o660);
    assert_eq!(master(&site, "show cli level"), "admin");
    let first = until("the worker", || worker(&site));
    assert!(master(&site, "show proc").contains(&first));
    assert_eq!(master(&site, "@1 show cli level"), "admin");

    let path = site.place.path(MASTER).display().to_string();
    let socket = site.place.path(SOCKET).display().to_string();
    let doors = [
        ("HAPROXY_MASTER_SOCKET", path.as_str()),
        ("HAPROXY_RUNTIME_SOCKET", socket.as_str()),
    ];
    assert_eq!(
        site.doctor(&doors),
        ["runtime ok answers", "master ok answers"]
    );

    // A reload by haproxy-mcp, with a configuration that asks for another mode and another level.
    let changed = std::fs::read_to_string(&site.config).unwrap();
    let changed = changed
        .replace(" mode 660 ", " mode 666 ")
        .replace(" level admin", " level operator");
    std::fs::write(&site.config, changed).unwrap();
    let settings = [
        ("HAPROXY_MASTER_SOCKET", path.as_str()),
        ("HAPROXY_MCP_ACCESS", "admin"),
    ];
    site.ask(&settings, &["reload_haproxy"]).result();
    let second = until("the new worker", || match worker(&site)? {
        pid if pid == first => Err(format!("worker {pid} still answers")),
        pid => Ok(pid),
    });
    assert_eq!(
        mode(&site.place.path(SOCKET)),
        0o660,
        "a reload leaves the mode"
    );
    assert_eq!(
        site.socket(SOCKET, "show cli level"),
        "operator",
        "and changes the level"
    );

    // A configuration that is wrong: the worker stays.
    std::fs::write(&site.config, "global\n    no-such-word\n").unwrap();
    assert_eq!(site.ask(&settings, &["reload_haproxy"]).error(), "rejected");
    assert_eq!(worker(&site).unwrap(), second);
    assert!(master(&site, "show proc").contains("[failed: 1]"));
}
