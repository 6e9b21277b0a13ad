//! A permitted command → the bytes that go out.
//!
//! | socket | what is sent | its reply |
//! |---|---|---|
//! | a worker's | `set severity-output number;CMD` | an empty line, the reply, an empty line, the end |
//! | a master's, since 3.0 | `set severity-output number; @1 CMD;quit` | the reply, an empty line, the end |
//! | a master's, 2.6 | `@1 CMD;quit` | the same, without severities |
//! | a master's, for the master itself | `CMD;quit` | the same, without severities |
//!
//! Several commands that are answered with nothing stand on one line, each with its `@1` (see `batch`).
//!
//! HAProxy's command line has no status code; with `severity-output number` a message begins with `[N]: `, where 3
//! or less is an error. A master of 2.6 does not know that setting, and each `@1` is a new session with the worker.
//! A worker's socket closes by itself after one line; a master's does not, so that `quit` ends it.
//!
//! `wait` does not work through `@1`: the master tells the worker at once that no more will come, and the worker
//! answers `[3]: Interrupted.` (3.0, 3.2, 3.4; with and without `quit`).

use super::frame::Framing;
use crate::policy::{Door as Process, Permit};

const NUMBERED: &[u8] = b"set severity-output number;";

/// What has a master pass a command on.
const FOR_WORKER: &[u8] = b"@1 ";

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
}

impl Request {
    pub(super) fn new(permit: Permit, dialect: Dialect) -> Self {
        let has_payload = permit.has_payload();
        let for_worker = permit.door() == Process::Worker;
        Self::of([permit], dialect, for_worker, has_payload)
    }

    /// Commands of a worker without payload, on one line.
    pub(super) fn joined(permits: Vec<Permit>, dialect: Dialect) -> Self {
        Self::of(permits, dialect, true, false)
    }

    fn of(
        permits: impl IntoIterator<Item = Permit>,
        dialect: Dialect,
        for_worker: bool,
        has_payload: bool,
    ) -> Self {
        let mut bytes = Vec::new();
        // The setting is the worker's: a master that speaks for itself knows it in no version.
        let numbered = dialect != Dialect::PlainMaster && for_worker;
        if numbered {
            bytes.extend_from_slice(NUMBERED);
        }
        for (place, permit) in permits.into_iter().enumerate() {
            if place > 0 {
                bytes.push(b';');
            }
            if dialect != Dialect::Worker && for_worker {
                bytes.extend_from_slice(FOR_WORKER);
            }
            bytes.extend_from_slice(&permit.into_bytes());
        }
        bytes.push(b'\n');
        let framing = match dialect {
            Dialect::Worker => Framing::Worker,
            Dialect::Master | Dialect::PlainMaster => Framing::Master,
        };
        if framing == Framing::Master {
            if has_payload {
                // The line feed was the empty line that ends the payload.
                bytes.extend_from_slice(b"quit\n");
            } else {
                bytes.pop();
                bytes.extend_from_slice(b";quit\n");
            }
        }
        Self {
            bytes,
            framing,
            numbered,
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

    fn admin(command: &Command) -> Permit {
        let grant = Grant::all(Access::Admin);
        let authority = Authority {
            server: Access::Admin,
            module: &grant,
            tool: Access::Admin,
        };
        decide(&authority, &InstanceId::new("lb"), command).unwrap()
    }

    #[test]
    fn a_payload_ends_with_an_empty_line_before_anything_else() {
        let command = Command::new(["add", "map", "/m"]).with_payload(["k v", "l w"]);
        assert_eq!(
            sent(admin(&command), Dialect::Worker),
            "set severity-output number;add map /m <<\nk v\nl w\n\n"
        );
        assert_eq!(
            sent(admin(&command), Dialect::PlainMaster),
            "@1 add map /m <<\nk v\nl w\n\nquit\n"
        );
    }

    #[test]
    fn several_commands_stand_on_one_line() {
        let joined = |dialect| {
            let permits = ["a", "b;c"].map(|key| admin(&Command::new(["add", "acl", "/l", key])));
            String::from_utf8(Request::joined(permits.into(), dialect).bytes).unwrap()
        };
        assert_eq!(
            joined(Dialect::Worker),
            "set severity-output number;add acl /l a;add acl /l b\\;c\n"
        );
        assert_eq!(
            joined(Dialect::Master),
            "set severity-output number;@1 add acl /l a;@1 add acl /l b\\;c;quit\n"
        );
        assert_eq!(
            joined(Dialect::PlainMaster),
            "@1 add acl /l a;@1 add acl /l b\\;c;quit\n"
        );
    }

    #[test]
    fn the_masters_own_commands_are_not_passed_on() {
        let processes = admin(&Command::new(["show", "proc"]));
        assert_eq!(sent(processes, Dialect::Master), "show proc;quit\n");
    }
}
