//! What cannot be beaten: the raw socket, and the fastest well-kept parser.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long something takes.
pub(crate) fn timed<T>(what: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    std::hint::black_box(what());
    begun.elapsed()
}

/// One command on one connection, read to its end with a large buffer.
#[expect(
    clippy::disallowed_methods,
    reason = "the raw socket is what everything is measured against"
)]
pub(crate) fn ask(socket: &Path, command: &str) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(format!("{command}\n").as_bytes()).unwrap();
    read(&mut stream)
}

/// All that comes, with a large buffer.
fn read(stream: &mut impl Read) -> Vec<u8> {
    let mut reply = Vec::with_capacity(1 << 20);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => return reply,
            read => reply.extend_from_slice(&buffer[..read]),
        }
    }
}

/// A page over plain HTTP, as it comes: with its head and the sizes of its chunks.
#[expect(
    clippy::disallowed_methods,
    reason = "the floor of everything that reads a page"
)]
pub(crate) fn get(address: SocketAddr, path: &str) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_nodelay(true).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    read(&mut socket)
}

/// What `curl` takes for a page.
#[expect(clippy::disallowed_methods, reason = "runs what it is compared with")]
pub(crate) fn curl(url: &str) {
    let status = Command::new("curl")
        .args(["-s", "-f", "-o", "/dev/null", url])
        .status()
        .expect("`curl` runs");
    assert!(status.success(), "curl {url}: {status}");
}

/// Reads all fields of a dump with csv-core, and counts them.
pub(crate) fn csv_core(mut dump: &[u8]) -> usize {
    let mut reader = csv_core::Reader::new();
    let mut field = vec![0; 64 * 1024];
    let mut fields = 0;
    loop {
        let (result, read, _) = reader.read_field(dump, &mut field);
        dump = &dump[read..];
        match result {
            csv_core::ReadFieldResult::Field { .. } => fields += 1,
            csv_core::ReadFieldResult::End => return fields,
            csv_core::ReadFieldResult::InputEmpty => {}
            csv_core::ReadFieldResult::OutputFull => panic!("a field of over 64 KiB"),
        }
    }
}

/// Whether a variable of the environment is set.
pub(crate) fn set(name: &str) -> bool {
    variable(name).is_some()
}

/// A variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is told by the environment what to do"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Writes to standard output: what a short run is for.
pub(crate) fn print(text: &str) {
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}
