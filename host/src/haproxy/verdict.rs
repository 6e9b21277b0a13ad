//! The text of a reply → success or refusal.
//!
//! HAProxy's command line has no status code. What can be told:
//!
//! 1. A severity of 3 or less is a refusal; which one, its words say ([`REFUSALS`]).
//! 2. `Unknown command` comes with severity 6.
//! 3. Some refusals call themselves warnings or notices ([`CALLED_NOTICES`]): `[4]: Invalid addr …` of
//!    `set server … addr`, `[5]: Frontend was previously shut down, cannot disable.`
//! 4. Some refusals come without a severity: those of streamed commands (`Session not found.`), the master's own,
//!    and all of a master of 2.6. They are known by their words alone, and only if they are all of the reply.
//! 5. For a message, the table of commands says what a success looks like. What is neither that nor a known refusal
//!    is refused as `unexpected-reply`: no success is reported that was not seen.
//! 6. A message that is followed by a refusal is a refusal.
//! 7. For a dump, what is no refusal is data.
//!
//! The words are the same in 2.6, 3.0, 3.2 and 3.4 unless noted.

use super::error::ExecuteError;
use super::frame::severity;
use crate::policy::{ReplyKind, Success};

/// Code of a refusal that no row knows.
const REJECTED: &str = "rejected";
/// Code of what is neither a known refusal nor a known success.
const UNEXPECTED: &str = "unexpected-reply";

/// How a row is compared with the first line of a reply.
#[derive(Clone, Copy, Debug)]
enum Words {
    /// It is this.
    Is(&'static str),
    /// It begins with this.
    Begins(&'static str),
    /// It holds this; only believed of a message with a severity.
    Holds(&'static str),
}

use Words::{Begins, Holds, Is};

/// HAProxy's refusals and their codes; the first row that fits counts.
const REFUSALS: &[(Words, &str)] = &[
    (Begins("Permission denied"), "permission-denied"),
    // What a socket below level admin says to `dump ssl cert`.
    (Is("Can't allocate memory!"), "permission-denied"),
    (Begins("This command is restricted to"), "mode-required"),
    // -- no such thing --
    (Is("No such server."), "no-such-server"),
    (Is("Failed. No such server."), "no-such-server"),
    (Is("No such backend."), "no-such-backend"),
    (Is("Can't find backend."), "no-such-backend"),
    (Is("No such frontend."), "no-such-frontend"),
    (Is("No such proxy."), "no-such-proxy"),
    (Begins("Cannot find default proxy"), "no-such-defaults"),
    (Is("No such table"), "no-such-table"),
    (Begins("Unknown map identifier."), "no-such-map"),
    (Begins("Unknown ACL identifier."), "no-such-acl"),
    (Is("Key not found."), "no-such-key"),
    (Is("entry not found."), "no-such-key"),
    (Is("Variable not found."), "no-such-variable"),
    (Is("Session not found."), "no-such-session"),
    (Begins("No such session"), "no-such-session"),
    (
        Begins("Can't find that resolvers section"),
        "no-such-resolvers",
    ),
    (Is("No such peers"), "no-such-peers"),
    (Is("No such event sink"), "no-such-event-sink"),
    (Begins("No such trace source"), "no-such-trace-source"),
    (Is("didn't find the specified filename"), "no-such-file"),
    (
        Begins("Can't display the CA file : Not found"),
        "no-such-file",
    ),
    (
        Begins("Can't display the CRL file : Not found"),
        "no-such-file",
    ),
    (
        Begins("Can't display the certificate: Not found"),
        "no-such-certificate",
    ),
    (
        Holds("unable to locate referenced filename"),
        "no-such-file",
    ),
    (Begins("Unknown certificate!"), "no-such-certificate"),
    (
        Begins("Can't replace a certificate which is not referenced"),
        "no-such-certificate",
    ),
    (
        Begins("Can't replace a CA file which is not referenced"),
        "no-such-file",
    ),
    (
        Begins("Can't replace a CRL file which is not referenced"),
        "no-such-file",
    ),
    (
        Begins("Can't find the certificate '"),
        "no-such-certificate",
    ),
    (
        Begins("Certificate ID does not match any"),
        "no-such-ocsp-response",
    ),
    (
        Begins("Certificate ID or path does not match any"),
        "no-such-ocsp-response",
    ),
    (
        Holds("expects a valid certid or certificate path"),
        "no-such-ocsp-response",
    ),
    (Holds("doesn't exist!"), "no-such-certificate"),
    (
        Begins("Can't find the target PID matching the prefix"),
        "no-such-worker",
    ),
    // -- it is not in a state for it --
    (Begins("No ongoing transaction!"), "no-transaction"),
    (
        Begins("The ongoing transaction is about"),
        "other-transaction",
    ),
    (Begins("No ACME configuration defined"), "not-configured"),
    (Begins("Task already exists for"), "already-running"),
    (
        Is("Only servers in maintenance mode can be deleted."),
        "not-in-maintenance",
    ),
    (
        Holds("cannot be removed at runtime due to other configuration"),
        "in-use",
    ),
    (Holds("in use, can't be deleted"), "in-use"),
    (Holds("it is used as default certificate"), "in-use"),
    (Begins("Entry currently in use"), "in-use"),
    (Is("Unable to allocate a new entry"), "full"),
    (
        Begins("Only a backend without server can be deleted."),
        "in-use",
    ),
    (Begins("Already exists"), "already-exists"),
    (Holds("already exists"), "already-exists"),
    (Holds("already used by other proxy"), "already-exists"),
    (Holds("was not configured on this server"), "not-configured"),
    (Holds("failed because"), "not-configured"),
    (Begins("Frontend was previously shut down"), "shut-down"),
    (Begins("Proxy is disabled."), "disabled"),
    (Begins("Server still has connections"), "still-connected"),
    (
        Begins("Backend still has attached streams"),
        "still-connected",
    ),
    (Begins("Backend must be unpublished"), "still-published"),
    (
        Begins("cannot change health on a tracking server"),
        "tracking",
    ),
    (
        Begins("agent checks are not enabled on this server"),
        "not-configured",
    ),
    (Holds("ssl' cannot be set"), "not-configured"),
    (Holds("not supported on dynamic servers"), "not-supported"),
    (
        Begins("Backend must use a dynamic load balancing"),
        "not-supported",
    ),
    (
        Begins("Backend does not support dynamic servers"),
        "not-supported",
    ),
    (
        Begins("Backend is using a static LB algorithm"),
        "not-supported",
    ),
    (
        Begins("Update for the current server address family"),
        "not-supported",
    ),
    (Begins("Cannot delete a listen section"), "not-supported"),
    (
        Begins("Cannot remove a backend with stick-table"),
        "not-supported",
    ),
    (Holds("not compiled in"), "not-compiled-in"),
    // -- the payload is wrong --
    (Begins("unable to load certificate"), "invalid-content"),
    (
        Begins("inconsistencies between private key and certificate"),
        "invalid-content",
    ),
    (
        Begins("The transaction must contain at least"),
        "invalid-content",
    ),
    (Begins("Invalid payload"), "invalid-content"),
    (Begins("Unable to parse OCSP response"), "invalid-content"),
    // -- the words are wrong --
    (Begins("Require 'backend/server'."), "missing-argument"),
    (Begins("Require "), "missing-argument"),
    (Begins("Missing "), "missing-argument"),
    (Holds("is a required argument"), "missing-argument"),
    (Begins("Value out of range."), "out-of-range"),
    (Begins("Version number out of range."), "out-of-range"),
    (Begins("Version number in the future"), "out-of-range"),
    (Holds("can only be between"), "out-of-range"),
    (Begins("The command (line) is too big"), "too-long"),
    (Begins("Too many arguments"), "too-long"),
    (Begins("Filter entry #"), "invalid-argument"),
    (
        Begins("Optional argument only supports"),
        "invalid-argument",
    ),
    (Begins("Invalid "), "invalid-argument"),
    (Begins("invalid "), "invalid-argument"),
    (Begins("unknown keyword"), "invalid-argument"),
    (Begins("Unknown data type"), "invalid-argument"),
    (
        Begins("Data type not stored in this table"),
        "invalid-argument",
    ),
    (Begins("index out of range"), "out-of-range"),
    (Begins("Integer value expected."), "invalid-argument"),
    (Begins("Session pointer expected"), "invalid-argument"),
    (Begins("Empty weight string"), "invalid-argument"),
    (Begins("Usage:"), "invalid-argument"),
    (Begins("usage:"), "invalid-argument"),
    (Holds("is not a valid"), "invalid-argument"),
    (Holds("is not accepted for"), "invalid-argument"),
    (Holds("only supports"), "invalid-argument"),
    (Begins("Expects "), "invalid-argument"),
    (Holds("expects "), "invalid-argument"),
    // -- a command that waits --
    (Begins("Interrupted."), "interrupted"),
    (Begins("Failed."), "condition-failed"),
    (Begins("Wait delay expired."), "wait-expired"),
];

/// Refusals that HAProxy gives as a warning or a notice, with severity 4 or 5.
const CALLED_NOTICES: &[Words] = &[
    Begins("invalid "),
    Begins("Invalid addr"),
    Begins("Update for the current server address family"),
    Begins("Frontend was previously shut down, cannot"),
];

/// First lines of what HAProxy says while it commits a certificate, to whoever wants something of any: nothing was
/// begun. `Operations on certificates are currently locked!` comes after them.
const LOCKED: &[&str] = &[
    "Can't show!",
    "Can't abort!",
    "Can't delete!",
    "Can't create a certificate!",
    "Can't create a CA file!",
    "Can't create a CRL file!",
    "Can't update the certificate!",
    "Can't update the CA file!",
    "Can't update the CRL file!",
    "Can't commit the certificate!",
    "Can't commit the CA file!",
    "Can't commit the CRL file!",
    "Can't delete the certificate!",
    "Can't delete the CA file!",
    "Can't delete the CRL file!",
    "Can't edit the crt-list: Operations on certificates are currently locked!",
    "Can't update: operations on certificates are currently locked!",
];

/// What HAProxy says when it has done something, for a socket that gives no severities.
const SUCCESSES: &[Words] = &[
    Is("New server registered."),
    Is("Server deleted."),
    Begins("New version created: "),
    Begins("New empty certificate store "),
    Begins("New CA file created "),
    Begins("New CRL file created "),
    Begins("Transaction created for certificate "),
    Begins("Transaction updated for certificate "),
    Begins("Transaction aborted for certificate "),
    Begins("transaction created for "),
    Begins("transaction updated for "),
    Begins("transaction aborted for "),
    Is("server ssl setting updated."),
    Is("All sockets are already disabled."),
    Is("nothing changed"),
    Begins("port changed from "),
    Begins("IP changed from "),
    Is("no need to change the addr, port, both IP and port are identical"),
    Is("TLS ticket key updated!"),
    Is("OCSP Response updated!"),
];

/// The same, with a name in it: `Certificate 'X' deleted!`, which begins as `Certificate 'X' already exists!` does.
const ENCLOSING: &[(&[u8], &[u8])] = &[
    (b"Certificate '", b"' deleted!"),
    (b"CA file '", b"' deleted!"),
    (b"CRL file '", b"' deleted!"),
    (b"Entry '", b"'!"),
];

/// A whole reply that is a success.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted<'a> {
    pub(super) severity: Option<u8>,
    pub(super) text: &'a [u8],
}

/// Judges a whole reply. `numbered` says whether a message would carry its severity here.
pub(super) fn judge(
    reply: &[u8],
    kind: ReplyKind,
    numbered: bool,
) -> Result<Accepted<'_>, ExecuteError> {
    let (severity, text) = severity(reply);
    let line = first_line(text);
    if is_unknown(severity, text) {
        return Err(ExecuteError::UnknownCommand {
            message: message(text),
        });
    }
    if let ReplyKind::Message(_) = kind
        && let Some(later) = later_refusal(text)
    {
        return Err(ExecuteError::Rejected {
            code: code(first_line(later), true).unwrap_or(REJECTED),
            message: message(text),
        });
    }
    let refused = match severity {
        Some(0..=3) => Some(code(line, true).unwrap_or(REJECTED)),
        Some(4 | 5) if CALLED_NOTICES.iter().any(|words| words.fit(line, true)) => {
            Some(code(line, true).unwrap_or(REJECTED))
        }
        Some(_) => None,
        None => code(line, false),
    };
    if let Some(code) = refused {
        return Err(ExecuteError::Rejected {
            code,
            message: message(text),
        });
    }
    let accepted = match kind {
        ReplyKind::Dump => true,
        ReplyKind::Message(success) => is_success(success, severity, text, numbered),
    };
    if accepted {
        Ok(Accepted { severity, text })
    } else {
        Err(ExecuteError::Rejected {
            code: UNEXPECTED,
            message: message(text),
        })
    }
}

/// A refusal after an empty line: that of a second command, which was not asked for.
fn later_refusal(text: &[u8]) -> Option<&[u8]> {
    let starts = text
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| *pair == b"\n\n");
    starts
        .filter_map(|(at, _)| text.get(at + 2..))
        .find_map(|rest| match severity(rest) {
            (Some(0..=3), refusal) => Some(refusal),
            _ => None,
        })
}

/// Whether a dump that begins like this must be read whole and judged, because it may be a refusal.
pub(super) fn may_be_refusal(beginning: &[u8]) -> bool {
    let (severity, text) = severity(beginning);
    match severity {
        Some(severity) => severity <= 3 || is_unknown(Some(severity), text),
        None => is_unknown(None, text) || code(first_line(text), false).is_some(),
    }
}

/// Whether the master says that it has no such worker: it then waits for more instead of closing.
pub(super) fn is_without_worker(beginning: &[u8]) -> bool {
    beginning.starts_with(b"Can't find the target PID matching the prefix")
}

fn is_unknown(severity: Option<u8>, text: &[u8]) -> bool {
    // 2.6: `Unknown command, but maybe …` or `Unknown command. Please enter …`; later `Unknown command: 'x', but …`.
    matches!(severity, None | Some(6))
        && text
            .strip_prefix(b"Unknown command")
            .is_some_and(|rest| matches!(rest.first(), None | Some(b',' | b'.' | b':')))
}

fn is_success(success: Success, severity: Option<u8>, text: &[u8], numbered: bool) -> bool {
    let empty = text.trim_ascii().is_empty();
    // Without severities a notice is known by its words.
    let notice = match severity {
        Some(_) => true,
        None => {
            !numbered
                && (SUCCESSES
                    .iter()
                    .any(|words| words.fit(first_line(text), true))
                    || ENCLOSING.iter().any(|(start, end)| {
                        first_line(text).starts_with(start) && first_line(text).ends_with(end)
                    }))
        }
    };
    match success {
        Success::Silent => empty,
        Success::SilentOr(wanted) => {
            empty || wanted.iter().any(|wanted| holds(text, wanted.as_bytes()))
        }
        Success::Quiet => empty || notice,
        Success::Notice => !empty && notice,
        Success::Line(wanted) => lines(text).any(|line| line == wanted.as_bytes()),
        Success::Containing(wanted) => wanted.iter().any(|wanted| holds(text, wanted.as_bytes())),
        Success::Text => true,
    }
}

/// The code of a refusal by its first line. Without a severity only rows are believed that fix its beginning.
fn code(line: &[u8], with_severity: bool) -> Option<&'static str> {
    if LOCKED.iter().any(|locked| line == locked.as_bytes()) {
        return Some("locked");
    }
    REFUSALS
        .iter()
        .find(|(words, _)| words.fit(line, with_severity))
        .map(|(_, code)| *code)
}

impl Words {
    fn fit(self, line: &[u8], with_severity: bool) -> bool {
        match self {
            Is(words) => line == words.as_bytes(),
            Begins(words) => line.starts_with(words.as_bytes()),
            Holds(words) => with_severity && holds(line, words.as_bytes()),
        }
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
}

fn first_line(text: &[u8]) -> &[u8] {
    lines(text).next().unwrap_or_default()
}

fn holds(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len().max(1))
        .any(|window| window == wanted)
}

fn message(text: &[u8]) -> String {
    String::from_utf8_lossy(text.trim_ascii()).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verdict(reply: &str, kind: ReplyKind, numbered: bool) -> &'static str {
        match judge(reply.as_bytes(), kind, numbered) {
            Ok(_) => "ok",
            Err(ExecuteError::Rejected { code, .. }) => code,
            Err(ExecuteError::UnknownCommand { .. }) => "unknown",
            Err(ExecuteError::Wire(_) | ExecuteError::WrongInstance { .. }) => "wire",
        }
    }

    #[test]
    fn each_success_is_what_the_table_of_commands_says() {
        use Success::{Containing, Line, Notice, Quiet, Silent, SilentOr, Text};
        for (success, reply, wanted) in [
            (Silent, "", "ok"),
            (Silent, "[6]: done\n", UNEXPECTED),
            (Silent, "done\n", UNEXPECTED),
            (Quiet, "", "ok"),
            (Quiet, "[5]: All sockets are already disabled.\n", "ok"),
            (Quiet, "something\n", UNEXPECTED),
            (Notice, "[6]: New server registered.\n", "ok"),
            (Notice, "", UNEXPECTED),
            (Notice, "New server registered.\n", UNEXPECTED),
            (Line("Success!"), "Committing x...\nSuccess!\n", "ok"),
            (Line("Success!"), "Committing x...\n", UNEXPECTED),
            (Line("Success!"), "Committing Success!.pem...\n", UNEXPECTED),
            (
                Containing(&["changed", "nothing"]),
                "[4]: nothing changed\n",
                "ok",
            ),
            (
                Containing(&["changed"]),
                "[4]: invalid addr '127.0.0.1'\n",
                "invalid-argument",
            ),
            (
                Containing(&["changed"]),
                "[4]: Invalid addr 'localhost'\n",
                "invalid-argument",
            ),
            (
                Containing(&["changed"]),
                "[4]: Update for the current server address family is only supported through configuration file.\n",
                "not-supported",
            ),
            (
                SilentOr(&["already"]),
                "[5]: Frontend was previously shut down, cannot disable.\n",
                "shut-down",
            ),
            (
                SilentOr(&["already"]),
                "[5]: All sockets are already disabled.\n",
                "ok",
            ),
            (
                Line("Done."),
                "[3]: Wait delay expired. Server still has connections attached to it, cannot remove it.\n",
                "wait-expired",
            ),
            (Text, "[6]: \n", "ok"),
            (Text, "10 (initial 100)\n", "ok"),
            (Text, "[3]: No such server.\n", "no-such-server"),
            (Text, "[6]: one\n\n[3]: No such server.\n", "no-such-server"),
            (Text, "[6]: one\n\n[6]: two\n", "ok"),
        ] {
            assert_eq!(
                verdict(reply, ReplyKind::Message(success), true),
                wanted,
                "{success:?} {reply:?}"
            );
        }
    }

    #[test]
    fn without_severities_words_alone_decide() {
        use Success::{Notice, Quiet, Silent};
        for (success, reply, wanted) in [
            (Notice, "New server registered.\n", "ok"),
            (Notice, "Something else.\n", UNEXPECTED),
            (Notice, "Certificate '/a.pem' deleted!\n", "ok"),
            (Notice, "Certificate '/a.pem' already exists!\n", UNEXPECTED),
            (
                Notice,
                "Can't create a certificate!\nOperations on certificates are currently locked!\n",
                "locked",
            ),
            (Notice, "CA file 'ca.crt' deleted!\n", "ok"),
            (Notice, "CA file 'ca.crt' already exists!\n", UNEXPECTED),
            (
                Notice,
                "Entry '/a.pem' deleted in crtlist '/list.txt'!\n",
                "ok",
            ),
            (
                Quiet,
                "port changed from '1' to '2' by 'stats socket command'\n",
                "ok",
            ),
            (Silent, "No such server.\n", "no-such-server"),
            (
                Silent,
                "Unknown command, but maybe one of the following ones\n",
                "unknown",
            ),
            (
                Silent,
                "Can't find the target PID matching the prefix '@1'\n",
                "no-such-worker",
            ),
        ] {
            assert_eq!(
                verdict(reply, ReplyKind::Message(success), false),
                wanted,
                "{success:?} {reply:?}"
            );
        }
    }

    #[test]
    fn data_is_not_taken_for_a_refusal() {
        for data in [
            "# pxname,svname\nfe,No such proxy.\n",
            "Name: HAProxy\n",
            "0x1 already exists\n",
            "Unknown commands: 0\n",
        ] {
            assert!(!may_be_refusal(data.as_bytes()), "{data}");
            assert_eq!(verdict(data, ReplyKind::Dump, true), "ok", "{data}");
        }
        for refusal in [
            "[3]: No such proxy.\n",
            "Session not found.\n",
            "[6]: Unknown command: 'x', but\n",
            "[2]: x\n",
        ] {
            assert!(may_be_refusal(refusal.as_bytes()), "{refusal}");
        }
    }

    /// A row that a former one always catches would never count.
    #[test]
    fn no_row_is_hidden_by_a_former_one() {
        for (at, (words, _)) in REFUSALS.iter().enumerate() {
            let (Is(text) | Begins(text) | Holds(text)) = words;
            let former = REFUSALS
                .iter()
                .take(at)
                .find(|(former, _)| former.fit(text.as_bytes(), true));
            assert!(former.is_none(), "{words:?} after {former:?}");
        }
    }

    proptest! {
        #[test]
        fn no_reply_panics(reply in any::<Vec<u8>>(), numbered in any::<bool>()) {
            let _ = may_be_refusal(&reply);
            let _ = judge(&reply, ReplyKind::Dump, numbered);
            let _ = judge(&reply, ReplyKind::Message(Success::Quiet), numbered);
        }

        #[test]
        fn a_severity_of_an_error_is_never_a_success(severity in 0_u8..=3, text in "[ -~]{0,40}") {
            let reply = format!("[{severity}]: {text}\n");
            for kind in [ReplyKind::Dump, ReplyKind::Message(Success::Text), ReplyKind::Message(Success::Silent)] {
                prop_assert!(judge(reply.as_bytes(), kind, true).is_err());
            }
        }
    }
}
