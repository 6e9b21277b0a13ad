//! Lines about servers and proxies.

use super::{Kind, Line, word};

/// What a line about a server begins with.
const SERVER: [&[u8]; 6] = [
    b"Server ",
    b"Backup Server ",
    b"Health check for server ",
    b"Health check for backup server ",
    b"Agent check for server ",
    b"Agent check for backup server ",
];

/// What a line about a proxy begins with; the proxy's name follows.
const PROXY: [&[u8]; 11] = [
    b"Proxy ",
    b"backend ",
    b"Stopping proxy ",
    b"Stopping frontend ",
    b"Stopping backend ",
    b"Paused proxy ",
    b"Paused frontend ",
    b"Paused backend ",
    b"Resumed proxy ",
    b"Resumed frontend ",
    b"Resumed backend ",
];

/// Whether the message is about a server or a proxy; takes it in then.
pub(super) fn read(line: &mut Line<'_>) -> bool {
    server(line).or_else(|| proxy(line)).is_some()
}

/// `Server be_app/app1 is DOWN, reason: …`, `Health check for server be_app/app1 failed, reason: …`
fn server(line: &mut Line<'_>) -> Option<()> {
    let rest = SERVER
        .iter()
        .find_map(|start| line.message.strip_prefix(*start))?;
    let (name, _) = word(rest)?;
    let (backend, server) = name.split_at_checked(memchr::memchr(b'/', name)?)?;
    line.kind = Kind::Server;
    line.backend = Some(backend);
    line.server = server.get(1..);
    line.text = Some(line.message);
    Some(())
}

/// `Proxy fe_http started.`, `backend be_app has no server available!`, `Paused frontend fe_http.`
fn proxy(line: &mut Line<'_>) -> Option<()> {
    let rest = PROXY
        .iter()
        .find_map(|start| line.message.strip_prefix(*start))?;
    let name = word(rest).map_or(rest, |(name, _)| name);
    let name = name.strip_suffix(b".").unwrap_or(name);
    if line.message.starts_with(b"backend ") {
        // as opposed to a message that merely begins so
        memchr::memmem::find(rest, b" has no server available").map(drop)?;
        line.backend = Some(name);
    } else {
        line.proxy = Some(name);
    }
    line.kind = Kind::Proxy;
    line.text = Some(line.message);
    Some(())
}
