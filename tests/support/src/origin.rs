//! Web servers for HAProxy to stand in front of, in the test's own process.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A web server on a port of `127.0.0.1` that the kernel picked. It answers each request with `200 OK`; with
/// `500 Internal Server Error` where the path begins with `/fail`. Its connections carry one request each.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    served: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Origin {
    /// Starts a server whose answers carry `name`.
    pub fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind an origin");
        let address = listener.local_addr().expect("the origin's address");
        let stop = Arc::new(AtomicBool::new(false));
        let served = Arc::new(AtomicU64::new(0));
        let thread = std::thread::Builder::new()
            .name(format!("origin {name}"))
            .spawn({
                let (name, stop, served) =
                    (name.to_owned(), Arc::clone(&stop), Arc::clone(&served));
                move || {
                    for connection in listener.incoming() {
                        if stop.load(Ordering::Acquire) {
                            return;
                        }
                        // A client that went away again is its own affair: health checks do so.
                        if let Ok(connection) = connection
                            && answer(connection, &name).is_ok()
                        {
                            served.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            })
            .expect("start an origin's thread");
        Self {
            address,
            served,
            stop,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests answered so far, health checks included.
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Wakes the accept; without it the thread would wait for a connection that never comes.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("an origin's thread panicked");
        }
    }
}

fn answer(mut connection: TcpStream, name: &str) -> std::io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    if request.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let status = if path.starts_with("/fail") {
        "500 Internal Server Error"
    } else {
        "200 OK"
    };
    let body = format!("{name} {path}\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // In one piece: the kernel holds back the second of two small ones until the first is acknowledged, for 40 ms.
    connection.write_all(answer.as_bytes())
}

/// Asks for `path` at `address` on a connection of its own: the status that came, or why none did.
pub fn get(address: SocketAddr, path: &str) -> std::io::Result<u16> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(crate::DEADLINE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(connection);
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let code = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    // To its end: HAProxy counts a client that leaves early as an error.
    std::io::copy(&mut reader, &mut std::io::sink())?;
    code.ok_or_else(|| std::io::Error::other(format!("not an HTTP status line: {status:?}")))
}
