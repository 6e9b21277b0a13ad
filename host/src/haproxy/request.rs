//! A permitted command → the bytes that go out.
//!
//! | socket | what is sent | its reply |
//! |---|---|---|
//! | a worker's | `set severity-output number;CMD` | an empty line, the reply, an empty line, the end |
//! | a master's, since 3.0 | `set severity-output number; @1 CMD;quit` | the reply, an empty line, the end |
//! | a master's, 2.6 | `@1 CMD;quit` | the same, without severities |
//!
//! HAProxy's command line has no status code; with `severity-output number` a message begins with `[N]: `, where 3
//! or less is an error. A master of 2.6 does not know that setting, and each `@1` is a new session with the worker.
//! A worker's socket closes by itself after one line; a master's does not, so that `quit` ends it.

use super::frame::Framing;
use crate::policy::{Door as Process, Permit};

const NUMBERED: &[u8] = b"set severity-output number;";

/// How to speak to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A worker's socket.
    Worker,
    /// A master's socket that passes on severities.
    Master,
    /// A master's socket that does not: 2.6.
    PlainMaster,
}

/// What goes out, and what is known about the reply to it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) bytes: Vec<u8>,
    pub(super) framing: Framing,
    /// Whether a message will carry its severity.
    pub(super) numbered: bool,
    /// Whether the other side closes after the reply: else its empty last line ends it.
    pub(super) closes: bool,
}

impl Request {
    pub(super) fn new(permit: Permit, dialect: Dialect) -> Self {
        let has_payload = permit.has_payload();
        let for_worker = permit.door() == Process::Worker;
        // `quit` interrupts a command that waits.
        let waits = permit.spec().path == ["wait"];
        let command = permit.into_bytes();
        let mut bytes = Vec::with_capacity(command.len() + 48);
        if dialect != Dialect::PlainMaster {
            bytes.extend_from_slice(NUMBERED);
        }
        if dialect != Dialect::Worker && for_worker {
            bytes.extend_from_slice(b"@1 ");
        }
        bytes.extend_from_slice(&command);
        let closes = dialect == Dialect::Worker || !waits;
        match dialect {
            Dialect::Master | Dialect::PlainMaster if closes => {
                // A payload takes up the rest of its line, and ends with an empty one.
                bytes.extend_from_slice(if has_payload { b"\nquit\n" } else { b";quit\n" });
            }
            _ => bytes.push(b'\n'),
        }
        Self {
            bytes,
            framing: match dialect {
                Dialect::Worker => Framing::Worker,
                Dialect::Master | Dialect::PlainMaster => Framing::Master,
            },
            // The master itself leaves the severity out of its own messages, but then it sends none for a worker's.
            numbered: dialect != Dialect::PlainMaster,
            closes,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::policy::{Access, Authority, Command, Grant, InstanceId, Probe, decide};

    fn sent(permit: Permit, dialect: Dialect) -> String {
        String::from_utf8(Request::new(permit, dialect).bytes).unwrap()
    }

    fn info() -> Permit {
        Permit::probe(&InstanceId::new("lb"), Probe::Info)
    }

    #[test]
    fn each_socket_gets_its_form() {
        assert_eq!(
            sent(info(), Dialect::Worker),
            "set severity-output number;show info\n"
        );
        assert_eq!(
            sent(info(), Dialect::Master),
            "set severity-output number;@1 show info;quit\n"
        );
        assert_eq!(sent(info(), Dialect::PlainMaster), "@1 show info;quit\n");
    }

    #[test]
    fn a_payload_ends_with_an_empty_line_before_anything_else() {
        let grant = Grant::all(Access::Admin);
        let authority = Authority {
            server: Access::Admin,
            module: &grant,
            tool: Access::Admin,
        };
        let command = Command::new(["add", "map", "/m"]).with_payload(["k v", "l w"]);
        let permit = || decide(&authority, &InstanceId::new("lb"), &command).unwrap();
        assert_eq!(
            sent(permit(), Dialect::Worker),
            "set severity-output number;add map /m <<\nk v\nl w\n\n"
        );
        assert_eq!(
            sent(permit(), Dialect::PlainMaster),
            "@1 add map /m <<\nk v\nl w\n\nquit\n"
        );
    }

    #[test]
    fn a_wait_is_not_interrupted() {
        let grant = Grant::read();
        let authority = Authority {
            server: Access::Read,
            module: &grant,
            tool: Access::Read,
        };
        let command = Command::new(["wait", "1s"]);
        let permit = decide(&authority, &InstanceId::new("lb"), &command).unwrap();
        let request = Request::new(permit, Dialect::Master);
        assert_eq!(request.bytes, b"set severity-output number;@1 wait 1s\n");
        assert!(!request.closes);
    }

    #[test]
    fn the_masters_own_commands_are_not_passed_on() {
        let processes = Permit::probe(&InstanceId::new("lb"), Probe::Processes);
        assert_eq!(sent(processes, Dialect::PlainMaster), "show proc;quit\n");
    }
}
