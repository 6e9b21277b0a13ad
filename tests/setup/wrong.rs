//! Blocks that load and do something else than who passes them around thinks, on the Runtime API.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use haproxy_mcp_testkit::{Binary, DEADLINE};

use crate::site::Site;

pub(crate) fn wrong_open(binary: &Binary) {
    let site = Site::start(binary, "wrong_open");
    assert_eq!(site.port(9999, "show cli level"), "admin");
}

pub(crate) fn wrong_expose(binary: &Binary) {
    let site = Site::start(binary, "wrong_expose");
    let answer = site.port(9999, "GET /metrics HTTP/1.0");
    assert!(answer.starts_with("Unknown command"), "{answer}");
    // The port is open twice.
    let sockets = site.port(9999, "show cli sockets");
    let address = site.address(9999).to_string();
    assert_eq!(sockets.matches(&address).count(), 2, "{sockets}");
}

pub(crate) fn wrong_ssl(binary: &Binary) {
    let site = Site::start(binary, "wrong_ssl");
    assert_eq!(site.port(9999, "show cli level"), "admin");
    // As TLS wants it to begin, it is a command that does not exist.
    let client = crate::http::Client::tls(
        "lb1.example.com",
        &site.place.path("/etc/haproxy-mcp/lb-ca.pem"),
        Some(&site.place.path("/etc/haproxy-mcp/ops.pem")),
    );
    let reply = crate::site::said(
        client.connect(site.address(9999)).unwrap(),
        "show cli level",
    );
    assert_eq!(reply, "");
}

/// 30 ms, and not the 10 s that hold where nothing is set.
pub(crate) fn wrong_timeout(binary: &Binary) {
    let site = Site::start(binary, "wrong_timeout");
    let mut stream = UnixStream::connect(site.place.path("/run/haproxy/admin.sock")).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let start = Instant::now();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
