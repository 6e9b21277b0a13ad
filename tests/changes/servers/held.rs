//! A server with a session that lasts as long as the test wants.

use std::os::unix::net::{UnixListener, UnixStream};

use haproxy_mcp_testkit::{Binary, Haproxy, HaproxyBuilder, until};

use super::column;
use crate::cases::Site;

/// A session through `fe_held` to `be_held/h1`: it ends when this is dropped.
pub(crate) struct Held {
    pub(crate) site: Site,
    /// Both ends of it: HAProxy stands between them.
    session: Option<[UnixStream; 2]>,
}

impl Held {
    pub(super) fn start(binary: &Binary) -> Self {
        Self::on(Haproxy::builder(binary))
    }

    /// On a worker of a master.
    pub(super) fn with_master(binary: &Binary) -> Self {
        Self::on(Haproxy::builder(binary).master_worker())
    }

    /// On a HAProxy that is set up further.
    pub(crate) fn on(builder: HaproxyBuilder) -> Self {
        // Sockets in HAProxy's own folder: they need no port.
        let sections = "
frontend fe_held
    mode tcp
    timeout client 5m
    bind unix@front.sock
    default_backend be_held
backend be_held
    mode tcp
    timeout server 5m
    balance roundrobin
    server h1 unix@back.sock
";
        let site = Site {
            haproxy: builder.with(sections).start(),
            files: None,
            master: false,
        };
        let folder = site.haproxy.folder();
        let listener = UnixListener::bind(folder.join("back.sock")).unwrap();
        let client = UnixStream::connect(folder.join("front.sock")).unwrap();
        let (at_server, _) = listener.accept().unwrap();
        until("the session to be the server's", || {
            match column(&site.haproxy, "be_held", "h1", "scur").as_str() {
                "1" => Ok(()),
                other => Err(format!("{other} sessions")),
            }
        });
        Self {
            site,
            session: Some([client, at_server]),
        }
    }

    /// It ends.
    pub(crate) fn end(&mut self) {
        self.session = None;
    }
}
