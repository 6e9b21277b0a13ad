//! Visitors who stay: connections through HAProxy that last until either side ends them.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use haproxy_mcp_testkit::DEADLINE;
use tempfile::TempDir;

/// A place where visitors stay: a frontend `fe_held` with a backend `be_held`, whose only server `held` says nothing,
/// and closes a connection when the other side does.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    port: u16,
}

impl Place {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // It lasts as long as the test's process.
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let Ok(mut connection) = connection else {
                    return;
                };
                std::thread::spawn(move || std::io::copy(&mut connection, &mut std::io::sink()));
            }
        });
        Self {
            folder: tempfile::tempdir().unwrap(),
            port,
        }
    }

    /// The folder of its socket, for who lasts longer.
    pub(crate) fn into_folder(self) -> TempDir {
        self.folder
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("held.sock")
    }

    /// The sections, and `more` lines in the frontend.
    pub(crate) fn sections(&self, more: &str) -> String {
        format!(
            "
frontend fe_held
    mode tcp
    timeout client 10m
    bind unix@{} accept-proxy
    {more}
    default_backend be_held
backend be_held
    mode tcp
    timeout server 10m
    server held 127.0.0.1:{port}
    server spare 127.0.0.1:{port} disabled
",
            self.socket().display(),
            port = self.port
        )
    }

    /// A visitor from this address, whom HAProxy believes to come from there.
    pub(crate) fn visitor(&self, source: &str) -> Visitor {
        let address: IpAddr = source.parse().unwrap();
        let (family, here) = match address {
            IpAddr::V4(_) => ("TCP4", "127.0.0.1"),
            IpAddr::V6(_) => ("TCP6", "::1"),
        };
        let mut connection = UnixStream::connect(self.socket()).unwrap();
        let said = format!("PROXY {family} {address} {here} 4000 80\r\nhello\n");
        // In one piece: HAProxy gives up on a part of it.
        connection.write_all(said.as_bytes()).unwrap();
        Visitor(connection)
    }
}

/// One of them; he goes when dropped.
#[derive(Debug)]
pub(crate) struct Visitor(UnixStream);

impl Visitor {
    /// Waits until HAProxy ends his connection.
    pub(crate) fn wait_for_the_end(mut self) {
        self.0.set_read_timeout(Some(DEADLINE)).unwrap();
        match self.0.read(&mut [0; 1]) {
            Ok(0) => {}
            // a reset is an end as well
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            other => panic!("HAProxy did not end the connection: {other:?}"),
        }
    }

    /// Whether the connection is still there.
    pub(crate) fn stays(&mut self) -> bool {
        self.0.set_nonblocking(true).unwrap();
        let read = self.0.read(&mut [0; 1]);
        matches!(read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }
}
