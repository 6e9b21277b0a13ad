//! A yes: one command that may be sent once to one instance. This is the only place that makes one.

use std::fmt;
use std::sync::Arc;

use super::access::Access;
use super::command::{CommandSpec, Door, ReplyKind, Reveals, Step, Subject};
use super::grammar::Role;
use super::object::Object;
use super::table;
use super::words::{Command, Malformed, escaped};
use crate::visible::visible;

/// The most characters of a command that are shown in a log or an audit record.
const MAX_SHOWN: usize = 4_000;
/// What stands for a secret wherever a command is shown.
const SECRET: &str = "[secret]";

/// The operator's name for an instance of HAProxy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(Arc<str>);

impl InstanceId {
    /// The instance of this name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Leave to send one command, once, to one instance: what [`super::decide`] gives, and all that the wire takes.
///
/// It cannot be cloned. Besides `decide`, which asks who wants it, there is [`Undo::permit`] for taking back what a
/// permitted command opened, and for the wire itself a few constant commands that ask an instance what it is.
#[must_use = "a permit does nothing until it is sent"]
pub struct Permit {
    instance: InstanceId,
    spec: &'static CommandSpec,
    bytes: Vec<u8>,
    has_payload: bool,
    shown: String,
    object: Option<String>,
    version: Option<u64>,
}

impl Permit {
    /// Makes one for a command that fits this row of the table.
    pub(super) fn new(
        instance: &InstanceId,
        spec: &'static CommandSpec,
        roles: &[Role],
        command: &Command,
    ) -> Result<Self, Malformed> {
        let args = || command.words.iter().skip(spec.path.len()).zip(roles);
        let object = args().find_map(|(word, role)| match role {
            Role::Object(Object::Version) => None,
            Role::Object(_) => Some(word.clone()),
            _ => None,
        });
        let version = args().find_map(|(word, role)| match role {
            Role::Object(Object::Version) => word.trim_start_matches('@').parse().ok(),
            _ => None,
        });
        Ok(Self {
            instance: instance.clone(),
            spec,
            bytes: command.encode()?,
            has_payload: !command.payload.is_empty(),
            shown: shown(spec, roles, command),
            object,
            version,
        })
    }

    /// Leave for a command of the host itself, by which it learns what an instance is. Nothing in it comes
    /// from a guest, and nobody is asked: for the wire alone.
    pub(crate) fn probe(instance: &InstanceId, probe: Probe) -> Self {
        let spec = probe.spec();
        let line = spec.path.join(" ");
        Self {
            instance: instance.clone(),
            spec,
            bytes: line.clone().into_bytes(),
            has_payload: false,
            shown: line,
            object: None,
            version: None,
        }
    }

    /// The instance that it is for.
    pub const fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// The row of the table.
    pub const fn spec(&self) -> &'static CommandSpec {
        self.spec
    }

    /// The access that the command needs.
    pub fn access(&self) -> Access {
        // A row that is never granted gets no permit.
        self.spec.access().unwrap_or(Access::Admin)
    }

    /// Which process is to answer.
    pub const fn door(&self) -> Door {
        self.spec.door
    }

    /// How the reply is to be read.
    pub const fn reply_kind(&self) -> ReplyKind {
        self.spec.reply
    }

    /// What in the reply is confidential.
    pub const fn reveals(&self) -> Reveals {
        self.spec.reveals
    }

    /// Whether a payload follows the line, so that nothing more can be said on the line (`;quit`).
    pub const fn has_payload(&self) -> bool {
        self.has_payload
    }

    /// The command as text, for logs and audit: escaped as on the wire, secrets replaced, on one line,
    /// at most 4,000 characters.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// What takes the command back, when it leaves something open in HAProxy.
    pub fn undo(&self) -> Option<Undo> {
        let action = match self.spec.transaction {
            Step::Prepare(_) => UndoBy::ClearingVersion,
            Step::Create(_) => UndoBy::Deleting,
            Step::Draft(_) => UndoBy::Aborting,
            Step::None | Step::Commit(_) | Step::Abandon(_) | Step::Delete(_) => return None,
        };
        Some(Undo {
            instance: self.instance.clone(),
            subject: self.spec.transaction.subject()?,
            object: self.object.clone()?,
            action,
        })
    }

    /// What the command settles, once HAProxy has done it: after that, undoing it would do harm.
    pub fn settles(&self) -> Option<Settlement> {
        let step = self.spec.transaction;
        match step {
            Step::None | Step::Prepare(_) | Step::Create(_) | Step::Draft(_) => None,
            Step::Commit(_) | Step::Abandon(_) | Step::Delete(_) => Some(Settlement {
                step,
                instance: self.instance.clone(),
                object: self.object.clone()?,
                version: self.version,
            }),
        }
    }

    /// What is sent: the words, escaped, and the payload. See [`Permit::into_bytes`].
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Spends it. Before the bytes may come `set severity-output number;` or the prefix of a worker; after
    /// them comes exactly one line feed, with a payload (of which it makes the empty last line) and without.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Shows no bytes: they may hold a secret.
impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("instance", &self.instance)
            .field("command", &self.shown)
            .finish_non_exhaustive()
    }
}

fn shown(spec: &CommandSpec, roles: &[Role], command: &Command) -> String {
    let words: Vec<&str> = command
        .words
        .iter()
        .enumerate()
        .map(
            |(at, word)| match at.checked_sub(spec.path.len()).and_then(|at| roles.get(at)) {
                Some(Role::Secret) => SECRET,
                _ => word,
            },
        )
        .collect();
    let mut text = escaped(&words);
    if !command.payload.is_empty() {
        text.push_str(" << ");
        if spec.payload == super::Payload::Secret {
            text.push_str(SECRET);
        } else {
            text.push_str(&command.payload.join(" | "));
        }
    }
    visible(&text, MAX_SHOWN).into_owned()
}

/// The commands of the host itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// `show info`: version, process, uptime.
    Info,
    /// `show version`.
    Version,
    /// `help`: what this instance can do at the level of its socket.
    Help,
    /// `show cli level`: which level that is.
    Level,
    /// `show proc`: the master, and its workers.
    Processes,
}

impl Probe {
    const fn spec(self) -> &'static CommandSpec {
        match self {
            Self::Info => &table::SHOW_INFO,
            Self::Version => &table::SHOW_VERSION,
            Self::Help => &table::HELP,
            Self::Level => &table::SHOW_CLI_LEVEL,
            Self::Processes => &table::SHOW_PROC,
        }
    }
}

/// What a command left open in HAProxy, and what takes it back.
///
/// It comes from a [`Permit`], so that leave to open includes leave to abandon. It must not be used once the
/// thing was settled, nor when a command that settles it was sent and its outcome is unknown: `clear map @3`
/// after `commit map @3` empties the live map (measured on 2.6, 3.0, 3.2 and 3.4).
///
/// HAProxy 3.4.7 answers `clear map @3` with success and keeps the version as long as the live one has entries;
/// the next commit drops it. 2.6 to 3.2 drop it at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Undo {
    instance: InstanceId,
    subject: Subject,
    object: String,
    action: UndoBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum UndoBy {
    ClearingVersion,
    Aborting,
    Deleting,
}

impl Undo {
    /// What it is about.
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// The name of the thing.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// Whether it takes the number of the version that HAProxy made.
    pub fn needs_version(&self) -> bool {
        self.action == UndoBy::ClearingVersion
    }

    /// Whether it does no harm where the command that opens did not arrive: aborting a transaction that is not there.
    /// Deleting is none such, since what was there before would be deleted.
    pub fn is_harmless(&self) -> bool {
        self.action == UndoBy::Aborting
    }

    /// The number of the version in HAProxy's reply (`New version created: 3`).
    pub fn version_in(reply: &[u8]) -> Option<u64> {
        let text = std::str::from_utf8(reply).ok()?;
        let (_, after) = text.split_once("New version created:")?;
        after.trim().parse().ok()
    }

    /// Whether this settled it. `version` is the one that HAProxy made, if it is known.
    pub fn is_settled_by(&self, settlement: &Settlement, version: Option<u64>) -> bool {
        let settles_action = match (self.action, settlement.step) {
            (UndoBy::ClearingVersion, Step::Commit(_) | Step::Abandon(_)) => {
                settlement.version == version
            }
            (UndoBy::Aborting, Step::Commit(_) | Step::Abandon(_) | Step::Delete(_))
            | (UndoBy::Deleting, Step::Commit(_) | Step::Delete(_)) => true,
            _ => false,
        };
        settles_action
            && settlement
                .step
                .subject()
                .is_some_and(|subject| subject.shares_names_with(self.subject))
            && settlement.instance == self.instance
            && settlement.object == self.object
    }

    /// Leave to take it back; none when it needs the number of a version and that is not given.
    pub fn permit(&self, version: Option<u64>) -> Option<Permit> {
        let spec = match (self.action, self.subject) {
            (UndoBy::ClearingVersion, Subject::Map) => &table::CLEAR_MAP_VERSION,
            (UndoBy::ClearingVersion, Subject::Acl) => &table::CLEAR_ACL_VERSION,
            (UndoBy::Aborting, Subject::Cert) => &table::ABORT_CERT,
            (UndoBy::Aborting, Subject::CaFile) => &table::ABORT_CA_FILE,
            (UndoBy::Aborting, Subject::CrlFile) => &table::ABORT_CRL_FILE,
            (UndoBy::Deleting, Subject::Cert) => &table::DEL_CERT,
            (UndoBy::Deleting, Subject::CaFile) => &table::DEL_CA_FILE,
            (UndoBy::Deleting, Subject::CrlFile) => &table::DEL_CRL_FILE,
            _ => return None,
        };
        let mut command = Command::new(spec.path.iter().copied());
        if self.needs_version() {
            command.words.push(format!("@{}", version?));
        }
        command.words.push(self.object.clone());
        let args: Vec<&str> = command
            .words
            .iter()
            .skip(spec.path.len())
            .map(String::as_str)
            .collect();
        let roles = super::grammar::match_words(&super::grammar::Exact, spec.args, &args).ok()?;
        Permit::new(&self.instance, spec, &roles, &command).ok()
    }
}

/// What a command settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    step: Step,
    instance: InstanceId,
    object: String,
    version: Option<u64>,
}

impl Settlement {
    /// The name of the thing.
    pub fn object(&self) -> &str {
        &self.object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_has_constant_probes() {
        let edge = InstanceId::new("edge");
        for (probe, bytes, door) in [
            (Probe::Info, &b"show info"[..], Door::Worker),
            (Probe::Version, b"show version", Door::Worker),
            (Probe::Help, b"help", Door::Worker),
            (Probe::Level, b"show cli level", Door::Worker),
            (Probe::Processes, b"show proc", Door::Master),
        ] {
            let permit = Permit::probe(&edge, probe);
            assert_eq!(permit.instance(), &edge);
            assert_eq!(permit.access(), Access::Read);
            assert_eq!(permit.undo(), None);
            assert_eq!(permit.door(), door);
            assert_eq!(permit.into_bytes(), bytes);
        }
    }
}
