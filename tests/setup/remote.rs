//! The Runtime API from another machine: certificates on both sides.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use haproxy_mcp_testkit::{Binary, DEADLINE};

use crate::http::Client;
use crate::place::Place;
use crate::site::{Site, said};

/// Has a log daemon's socket where HAProxy looks for it: inside its chroot.
struct Log(UnixDatagram);

impl Log {
    fn at(place: &Place) -> Self {
        let own = place.folder().strip_prefix("/").unwrap();
        let jail = place.path("/var/lib/haproxy");
        let folder: PathBuf = if place.is_root {
            jail.join(own).join("dev")
        } else {
            place.path("/dev")
        };
        std::fs::create_dir_all(&folder).unwrap();
        let socket = UnixDatagram::bind(folder.join("log")).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self(socket)
    }

    /// The next line with this in it.
    fn line_with(&self, wanted: &str) -> String {
        let mut seen = String::new();
        let mut line = [0; 2048];
        loop {
            let length = self.0.recv(&mut line);
            let length = length.unwrap_or_else(|error| panic!("{wanted}: {error}; seen:\n{seen}"));
            let line = String::from_utf8_lossy(&line[..length]).into_owned();
            if line.contains(wanted) {
                return line;
            }
            seen.push_str(&line);
        }
    }
}

fn server(binary: &Binary) -> (Site, Log) {
    let log = std::cell::RefCell::new(None);
    let site = Site::with(binary, "mtls_server", "", |place| {
        log.replace(Some(Log::at(place)));
        vec!["-db".to_owned()]
    });
    (site, log.take().unwrap())
}

fn client(site: &Site, own: Option<&str>) -> Client {
    let own = own.map(|name| site.place.path(&format!("/etc/haproxy-mcp/{name}.pem")));
    Client::tls(
        "lb1.example.com",
        &site.place.path("/etc/haproxy-mcp/lb-ca.pem"),
        own.as_deref(),
    )
}

pub(crate) fn mtls_server(binary: &Binary) {
    let (site, log) = server(binary);
    let ask = |own| {
        said(
            client(&site, own).connect(site.address(9998)).unwrap(),
            "show cli level;show version",
        )
    };
    assert_eq!(ask(Some("ops")), format!("operator\n\n{}", binary.version));
    // The right authority and another name; another authority; none; no TLS at all.
    assert_eq!(ask(Some("other")), "");
    let line = log.line_with(" PR ");
    assert!(line.contains("runtime-api~"), "{line}");
    for (own, reason) in [
        (Some("stranger"), "SSL client certificate not trusted"),
        (None, "SSL handshake failure"),
    ] {
        assert_eq!(ask(own), "");
        let line = log.line_with(reason);
        let said = own.is_none() && binary.at_least(3, 0);
        assert!(
            !said || line.contains("peer did not return a certificate"),
            "{line}"
        );
    }
    assert_eq!(site.port(9998, "show version"), "");
    let port = site.address(9998).port().to_string();
    let plain = site.ask(
        &[("HAPROXY_HOST", "127.0.0.1"), ("HAPROXY_PORT", &port)],
        &["show_version"],
    );
    assert_eq!(plain.error(), "interrupted");
}

pub(crate) fn mtls_client(binary: &Binary) {
    let (site, _log) = server(binary);
    let here = site.beside(binary, "mtls_client");
    let socket = "/run/haproxy-mcp/lb1.sock";
    assert_eq!(here.socket(socket, "show cli level"), "operator");
    let answer = here.ask_socket(socket, &["show_version"]).result();
    assert_eq!(answer["version"], binary.version.as_str());
    let path = here.place.path(socket).display().to_string();
    assert_eq!(
        here.doctor(&[("HAPROXY_RUNTIME_SOCKET", path.as_str())]),
        ["runtime ok answers"]
    );
    // A client whose name the server does not know.
    let other = here.place.path("/etc/haproxy-mcp/other.pem");
    std::fs::copy(other, here.place.path("/etc/haproxy-mcp/ops.pem")).unwrap();
    drop(here);
    let here = site.beside(binary, "mtls_client");
    assert_eq!(here.socket(socket, "show cli level"), "");
    assert_eq!(
        here.ask_socket(socket, &["show_version"]).error(),
        "interrupted"
    );
}

/// Seen by who is root alone: nobody else may change its root folder.
pub(crate) fn wrong_chroot(binary: &Binary) {
    let site = Site::start(binary, "wrong_chroot");
    let reply = site.port(9998, "show cli level");
    if site.place.is_root {
        assert_eq!(reply, "");
    } else {
        eprintln!("!!! not root: what `chroot` does to a `server` was not looked at");
        assert_eq!(reply, "operator");
    }
    assert_eq!(
        site.socket("/run/haproxy/admin.sock", "show cli level"),
        "operator"
    );
}
