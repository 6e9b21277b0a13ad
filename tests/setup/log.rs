//! The log in a ring, which the Runtime API reads.

use haproxy_mcp_testkit::{Binary, until};

use crate::http::Client;
use crate::site::Site;

pub(crate) fn ring(binary: &Binary) {
    let site = Site::start(binary, "ring");
    let page = Client::default().get(site.address(8080), "/a-page-of-the-test");
    assert_eq!((page.status, page.body.as_str()), (200, "ok"));
    let socket = "/run/haproxy/admin.sock";
    let line = "\"GET /a-page-of-the-test HTTP/1.0\"";
    until("the request in the ring", || {
        let reply = site.socket(socket, "show events requests");
        if reply.contains(line) {
            Ok(())
        } else {
            Err(reply)
        }
    });
    let answer = site
        .ask_socket(socket, &["show_events", "ring=requests"])
        .result();
    assert!(
        answer
            .to_string()
            .contains("GET /a-page-of-the-test HTTP/1.0"),
        "{answer}"
    );
}
