//! What WASI offers: arguments, environment, files, sockets, names, random bytes.
#![expect(
    clippy::disallowed_methods,
    reason = "tries everything that must not work"
)]

use std::fmt::Display;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Probe {
    /// An address where somebody listens.
    address: String,
    /// A file that is there.
    file: String,
}

pub fn probe(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Probe { address, file } = call.arguments()?;
    let arguments: Vec<String> = std::env::args().collect();
    let environment: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let preopened = wasip2::filesystem::preopens::get_directories().len();
    Ok(Outcome::new(
        json!({
            "arguments": arguments,
            "environment": environment,
            "preopened": preopened,
            "got": {
                "read": got(std::fs::read(&file)),
                "list": got(std::fs::read_dir("/")),
                "list_here": got(std::fs::read_dir(".")),
                "write": got(std::fs::write("/tmp/written-by-a-guest", "x")),
                "connect": got(TcpStream::connect(&address)),
                "listen": got(TcpListener::bind("127.0.0.1:0")),
                "listen_everywhere": got(TcpListener::bind("0.0.0.0:0")),
                "datagram": got(UdpSocket::bind("127.0.0.1:0")
                    .and_then(|socket| socket.send_to(b"x", &address))),
                "resolve": got("localhost:80".to_socket_addrs()),
                "thread": got(std::thread::Builder::new().spawn(|| ())),
            },
        })
        .to_string(),
    ))
}

/// Null where it was refused, as it should be.
fn got<T, E: Display>(result: Result<T, E>) -> Value {
    match result {
        Ok(_) => json!("got it"),
        Err(_) => Value::Null,
    }
}

#[derive(Deserialize)]
struct Random {
    bytes: u64,
}

pub fn random(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Random { bytes } = call.arguments()?;
    let got = wasip2::random::random::get_random_bytes(bytes).len();
    Ok(Outcome::new(json!({ "got": got }).to_string()))
}
