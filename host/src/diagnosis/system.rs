//! The few files in which the system says who is who, who listens and who waits. The only place of this module that
//! reads files; none of them is named by anybody outside.
//!
//! # References
//! passwd(5), group(5), `proc_pid_stat(5)`; the kernel's `net/unix/af_unix.c` and `net/ipv4/tcp_ipv4.c` for the columns
//! of `/proc/net/unix` and `/proc/net/tcp`.

use std::fmt::Write as _;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;

use serde::Serialize;

/// Bytes that are read of a file: a list of connections may be long.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// Children of a process that are looked at.
const MOST_CHILDREN: usize = 64;

/// A user or a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Account {
    pub(super) id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

impl Account {
    /// The user with this number; its name as far as `/etc/passwd` has it.
    pub(super) fn user(id: u32) -> Self {
        Self {
            id,
            name: named(&text("/etc/passwd"), id),
        }
    }

    /// The group with this number; its name as far as `/etc/group` has it.
    pub(super) fn group(id: u32) -> Self {
        Self {
            id,
            name: named(&text("/etc/group"), id),
        }
    }

    /// Groups, in their order.
    pub(super) fn groups(ids: &[u32]) -> Vec<Self> {
        let known = text("/etc/group");
        let account = |id: &u32| Self {
            id: *id,
            name: named(&known, *id),
        };
        ids.iter().map(account).collect()
    }
}

/// The name in the line `name:…:id:…` of passwd(5) or group(5).
fn named(accounts: &str, id: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == id).then(|| name.to_owned())
    })
}

/// A process that listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Process {
    pid: i32,
    /// The name of its program, at most 15 bytes.
    name: String,
    /// As in `ps`: `S` asleep, `R` running, `D` waiting for a disk, `T` stopped, `Z` dead.
    state: String,
    /// Its own children, such as the workers of a master.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<Process>,
}

impl Process {
    /// The process with this number, where there is one still.
    pub(super) fn with_pid(pid: i32) -> Option<Self> {
        let process = Self::alone(pid)?;
        let children = text(&format!("/proc/{pid}/task/{pid}/children"));
        let children = children
            .split_ascii_whitespace()
            .take(MOST_CHILDREN)
            .filter_map(|child| Self::alone(child.parse().ok()?));
        Some(Self {
            children: children.collect(),
            ..process
        })
    }

    fn alone(pid: i32) -> Option<Self> {
        let (name, state) = name_and_state(&text(&format!("/proc/{pid}/stat")))?;
        Some(Self {
            pid,
            name,
            state,
            children: Vec::new(),
        })
    }
}

/// Of `12 (a name) S …`; the name may hold parentheses, too.
fn name_and_state(stat: &str) -> Option<(String, String)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let state = after.split_ascii_whitespace().next()?;
    Some((name.to_owned(), state.to_owned()))
}

/// The connections of a socket that listens on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Connections {
    /// That the process has taken.
    pub(super) taken: usize,
    /// That wait to be taken.
    pub(super) waiting: usize,
}

impl Connections {
    /// Of the Unix socket with this path.
    pub(super) fn of_path(path: &Path) -> Self {
        path.to_str()
            .map(|path| in_unix_table(&text("/proc/net/unix"), path))
            .unwrap_or_default()
    }

    /// The process that bound the Unix socket with this path, where HAProxy did.
    pub(super) fn binder_of(path: &Path) -> Option<i32> {
        let table = text("/proc/net/unix");
        let path = path.to_str()?;
        rows(&table).find_map(|(_, name)| binder(name, path))
    }

    /// Of a port on this machine. Of another machine's nothing is known, and nothing is counted.
    pub(super) fn of_address(address: SocketAddr) -> Self {
        let table = match address {
            SocketAddr::V4(_) => "/proc/net/tcp",
            SocketAddr::V6(_) => "/proc/net/tcp6",
        };
        in_tcp_table(&text(table), &as_in_proc(address))
    }
}

/// `Num RefCount Protocol Flags Type St Inode Path`; of a listening socket's connections those that were not taken have
/// no inode, and `St` 02 instead of 03.
fn in_unix_table(table: &str, path: &str) -> Connections {
    let mut connections = Connections::default();
    for (state, name) in rows(table) {
        if name != path && binder(name, path).is_none() {
            continue;
        }
        match state {
            "03" => connections.taken += 1,
            "02" => connections.waiting += 1,
            _ => {}
        }
    }
    connections
}

/// State and name of each Unix socket that has a name, which may hold spaces.
fn rows(table: &str) -> impl Iterator<Item = (&str, &str)> {
    table.lines().map(|line| {
        let (mut state, mut rest) = ("", line);
        for column in 0..7 {
            let (value, behind) = rest.trim_start().split_once(' ').unwrap_or_default();
            if column == 5 {
                state = value;
            }
            rest = behind;
        }
        (state, rest)
    })
}

/// Who bound a socket of this name, if it is the one at `path` and HAProxy's: that binds `PATH.PID.tmp` and moves it to
/// `PATH`, and the kernel keeps the name that was bound.
fn binder(name: &str, path: &str) -> Option<i32> {
    let pid = name
        .strip_prefix(path)?
        .strip_prefix('.')?
        .strip_suffix(".tmp")?;
    pid.parse().ok()
}

/// `sl local_address rem_address st …`, the inode in column 10; of established connections (`01`), and of those
/// that the other side has closed (`08`), those that were not taken have the inode 0.
fn in_tcp_table(table: &str, local: &str) -> Connections {
    let mut connections = Connections::default();
    for line in table.lines() {
        let columns: Vec<&str> = line.split_ascii_whitespace().take(10).collect();
        let [_, address, _, state, .., inode] = columns.as_slice() else {
            continue;
        };
        if !address.eq_ignore_ascii_case(local) {
            continue;
        }
        match (*state, *inode) {
            ("01" | "08", "0") => connections.waiting += 1,
            ("01", _) => connections.taken += 1,
            _ => {}
        }
    }
    connections
}

/// `0100007F:270F`: each four bytes of an address as a number of this machine, in hexadecimal.
fn as_in_proc(address: SocketAddr) -> String {
    let bytes: Vec<u8> = match address {
        SocketAddr::V4(address) => address.ip().octets().to_vec(),
        SocketAddr::V6(address) => address.ip().octets().to_vec(),
    };
    let mut text = String::new();
    for word in bytes.as_chunks::<4>().0 {
        // Writing to a string does not fail.
        let _ = write!(text, "{:08X}", u32::from_ne_bytes(*word));
    }
    let _ = write!(text, ":{:04X}", address.port());
    text
}

/// What a file says; nothing where it cannot be read.
fn text(path: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place of diagnosis that reads files, and all of them are the system's"
    )]
    let file = std::fs::File::open(path);
    let mut bytes = Vec::new();
    // Half a list is better than none.
    let _ = file.and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    #![expect(clippy::disallowed_methods, reason = "a test connects by itself")]

    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[test]
    fn names_are_found_by_their_numbers() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n\nbroken\n:x:1:1::/:\nhaproxy:x:108:112::/var/lib/haproxy:/usr/sbin/nologin\n";
        assert_eq!(named(passwd, 108), Some("haproxy".to_owned()));
        assert_eq!(named(passwd, 112), None);
        assert_eq!(named(passwd, 1), None);
        assert_eq!(Account::user(0).id, 0);
    }

    #[test]
    fn a_process_is_told_by_its_name_and_state() {
        let wanted = |name: &str, state: &str| Some((name.to_owned(), state.to_owned()));
        assert_eq!(
            name_and_state("7 (haproxy) S 1 7 7"),
            wanted("haproxy", "S")
        );
        assert_eq!(name_and_state("7 (a) b (c) T 1"), wanted("a) b (c", "T"));
        assert_eq!(name_and_state(""), None);
        assert_eq!(name_and_state("7 (a)"), None);
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(Process::with_pid(own).unwrap().pid, own);
        assert_eq!(Process::with_pid(i32::MAX), None);
    }

    #[test]
    fn connections_that_wait_are_told_from_those_that_were_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let clients: Vec<UnixStream> = (0..3)
            .map(|_| UnixStream::connect(&path).unwrap())
            .collect();
        let taken = listener.accept().unwrap();
        assert_eq!(
            Connections::of_path(&path),
            Connections {
                taken: 1,
                waiting: 2
            }
        );
        assert_eq!(
            Connections::of_path(&folder.path().join("b.sock")),
            Connections::default()
        );
        drop((clients, taken));
    }

    #[test]
    fn a_socket_is_known_by_the_name_that_haproxy_bound() {
        for (name, wanted) in [
            ("/run/a.sock.4711.tmp", Some(4711)),
            ("/run/a.sock", None),
            ("/run/a.sock.bak", None),
            ("/run/a.sock2", None),
            ("/run/a.sock.x.tmp", None),
            ("/run/a", None),
            ("", None),
        ] {
            assert_eq!(binder(name, "/run/a.sock"), wanted, "{name}");
        }
    }

    #[test]
    fn the_same_on_tcp() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine may have no IPv6.
            let Ok(listener) = std::net::TcpListener::bind(address) else {
                continue;
            };
            let address = listener.local_addr().unwrap();
            let clients: Vec<_> = (0..3)
                .map(|_| std::net::TcpStream::connect(address).unwrap())
                .collect();
            let taken = listener.accept().unwrap();
            // The kernel ends the handshake by itself, but not at once.
            let wanted = Connections {
                taken: 1,
                waiting: 2,
            };
            haproxy_mcp_testkit::until("three connections", || {
                let seen = Connections::of_address(address);
                if seen == wanted {
                    Ok(())
                } else {
                    Err(format!("{seen:?}"))
                }
            });
            drop((clients, taken));
        }
    }
}
