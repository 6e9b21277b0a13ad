//! What is known about one command of the Runtime API.

use std::fmt;

use super::access::Access;
use super::grammar::{Part, Usage};

/// One form of one command.
///
/// A command whose words change what it does (`clear counters`, `clear counters all`) has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandSpec {
    /// The words by which HAProxy finds it, compared exactly.
    pub path: &'static [&'static str],
    /// What may follow them.
    pub args: &'static [Part],
    /// What follows the line.
    pub payload: Payload,
    /// Who may say it.
    pub rights: Rights,
    /// The first version that has it; those before 2.6 count as 2.6. It is there to be shown, and decides nothing: what
    /// an instance can do, its own `help` says. It is checked against the `help` of 2.6, 3.0, 3.2 and 3.4 alone, so
    /// that one between two of them may be wrong.
    pub since: Release,
    /// The kind of its reply.
    pub reply: ReplyKind,
    /// What in its reply is confidential.
    pub reveals: Reveals,
    /// What it does to a transaction.
    pub transaction: Step,
    /// Which process answers it.
    pub door: Door,
}

/// Who may say a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Whoever has this access.
    Granted(Access),
    /// Nobody.
    Never(NeverReason),
}

/// Why a command is never granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NeverReason {
    /// It shows private keys, ticket keys or the environment.
    RevealsSecrets,
    /// It hands over the process: crashes it, writes its memory, sends requests from it.
    HandsOverProcess,
    /// Its reply does not end.
    NeverEnds,
    /// It changes the session with HAProxy, which is the host's business.
    ChangesSession,
    /// It works only after `expert-mode on` or `experimental-mode on`, which the host does not say.
    NeedsMode,
}

impl NeverReason {
    /// A stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RevealsSecrets => "reveals-secrets",
            Self::HandsOverProcess => "hands-over-process",
            Self::NeverEnds => "never-ends",
            Self::ChangesSession => "changes-session",
            Self::NeedsMode => "needs-mode",
        }
    }
}

impl fmt::Display for NeverReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RevealsSecrets => "it reveals keys or other secrets",
            Self::HandsOverProcess => "it hands over the HAProxy process",
            Self::NeverEnds => "its reply never ends",
            Self::ChangesSession => "it changes the session, which belongs to the host",
            Self::NeedsMode => "it needs HAProxy's expert or experimental mode",
        })
    }
}

/// A version of HAProxy, without its patch level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// The 3 of 3.2.
    pub major: u8,
    /// The 2 of 3.2.
    pub minor: u8,
}

impl Release {
    /// The oldest version that is supported.
    pub const OLDEST: Self = Self { major: 2, minor: 6 };
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What follows a command's line, after `<<`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing may.
    None,
    /// Lines of a key, a space and a value. HAProxy takes the next line for the value of a key without one.
    Entries,
    /// Text that is no secret.
    Text,
    /// A private key may be among it.
    Secret,
}

/// How a reply is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// Short: read whole, and judged before anybody sees it.
    Message(Success),
    /// Of any length: read as it comes. It may begin with a severity (`[6]: `), which is no part of it; one of
    /// 3 or less makes it a refusal.
    Dump,
}

/// What a message must look like to be a success. HAProxy's command line has no status: a severity of 3 or
/// less is always a failure, but a failure may come with a higher one, or with none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// No text at all.
    Silent,
    /// No text, or one in which one of these stands.
    SilentOr(&'static [&'static str]),
    /// No text, or a notice (severity 4 to 6).
    Quiet,
    /// A notice (severity 4 to 6).
    Notice,
    /// One of the lines is this.
    Line(&'static str),
    /// One of these stands in the text.
    Containing(&'static [&'static str]),
    /// Any text, with a severity of 4 to 6 or with none.
    Text,
}

/// What in a reply is confidential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveals {
    /// Nothing.
    Nothing,
    /// URLs, header lines or cookies of live traffic, or log lines.
    Traffic,
    /// Lines of the configuration, which messages of the start quote.
    Configuration,
    /// The key that anonymises dumps.
    AnonymisingKey,
}

/// What a command does to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    None,
    /// Makes a new version of a map or an ACL, whose number is in the reply.
    Prepare(Subject),
    /// Makes an empty store.
    Create(Subject),
    /// Changes a store in a transaction, which it opens if need be.
    Draft(Subject),
    /// Makes what was prepared or drafted the live content.
    Commit(Subject),
    /// Throws away what was prepared or drafted.
    Abandon(Subject),
    /// Deletes a store.
    Delete(Subject),
}

impl Step {
    /// What it is about.
    pub const fn subject(self) -> Option<Subject> {
        match self {
            Self::None => None,
            Self::Prepare(subject)
            | Self::Create(subject)
            | Self::Draft(subject)
            | Self::Commit(subject)
            | Self::Abandon(subject)
            | Self::Delete(subject) => Some(subject),
        }
    }
}

/// What HAProxy has transactions for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A map.
    Map,
    /// An ACL.
    Acl,
    /// A certificate.
    Cert,
    /// A file of CA certificates.
    CaFile,
    /// A file of revocation lists.
    CrlFile,
}

impl Subject {
    /// Whether one name in both means one thing: a file that an ACL reads as a map (`-M -f`) is a map and an ACL, with
    /// the same versions.
    pub fn shares_names_with(self, other: Self) -> bool {
        let is_patterns = |subject| matches!(subject, Self::Map | Self::Acl);
        self == other || is_patterns(self) && is_patterns(other)
    }
}

/// Which process answers a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A worker, on its own socket or through the master's.
    Worker,
    /// The master process, on its socket.
    Master,
}

impl CommandSpec {
    /// The access that it needs; none when it is never granted.
    pub const fn access(&self) -> Option<Access> {
        match self.rights {
            Rights::Granted(access) => Some(access),
            Rights::Never(_) => None,
        }
    }

    /// Whether words or payload of it must not be shown.
    pub(super) fn has_secrets(&self) -> bool {
        self.payload == Payload::Secret || self.args.contains(&Part::Secret)
    }

    pub(super) const fn new(
        path: &'static [&'static str],
        args: &'static [Part],
        rights: Rights,
    ) -> Self {
        Self {
            path,
            args,
            payload: Payload::None,
            rights,
            since: Release::OLDEST,
            reply: ReplyKind::Message(Success::Silent),
            reveals: Reveals::Nothing,
            transaction: Step::None,
            door: Door::Worker,
        }
    }

    pub(super) const fn since(mut self, major: u8, minor: u8) -> Self {
        self.since = Release { major, minor };
        self
    }

    pub(super) const fn says(mut self, success: Success) -> Self {
        self.reply = ReplyKind::Message(success);
        self
    }

    pub(super) const fn dump(mut self) -> Self {
        self.reply = ReplyKind::Dump;
        self
    }

    pub(super) const fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    pub(super) const fn reveals(mut self, reveals: Reveals) -> Self {
        self.reveals = reveals;
        self
    }

    pub(super) const fn step(mut self, step: Step) -> Self {
        self.transaction = step;
        self
    }

    pub(super) const fn master(mut self) -> Self {
        self.door = Door::Master;
        self
    }
}

/// As a usage line, for example `set server <backend/server> state ready|drain|maint`.
impl fmt::Display for CommandSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.join(" "))?;
        if !self.args.is_empty() {
            write!(f, " {}", Usage(self.args))?;
        }
        match self.payload {
            Payload::None => Ok(()),
            Payload::Entries => f.write_str(" << <key> <value>…"),
            Payload::Text | Payload::Secret => f.write_str(" << <text>…"),
        }
    }
}
