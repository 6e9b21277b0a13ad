//! The decision itself.

use std::fmt;

use super::access::Access;
use super::command::{CommandSpec, NeverReason, Payload, Reveals, Rights};
use super::grammar::{Exact, Misfit, Role, match_words};
use super::grant::{Authority, Commands};
use super::object::Object;
use super::pattern::Cover;
use super::permit::{InstanceId, Permit};
use super::table::COMMANDS;
use super::words::{Command, Malformed, entry, escaped};
use crate::visible::visible;

/// The most characters of a refused command that are shown.
const MAX_ASKED: usize = 200;

/// Why a command is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It could not be sent, whoever asks.
    #[error("{0}")]
    Malformed(Malformed),
    /// It is not allowed.
    #[error("{0}")]
    Denied(Denial),
}

impl Refusal {
    /// A stable name of the reason.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.code(),
            Self::Denied(denial) => denial.reason.code(),
        }
    }

    /// What would help.
    pub fn hint(&self) -> String {
        match self {
            Self::Malformed(malformed) => malformed.hint().to_owned(),
            Self::Denied(denial) => denial.hint(),
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// A command that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The command as text: secrets replaced, on one line, at most 200 characters.
    pub asked: String,
    /// The access that it needs; none when no access is enough.
    pub needs: Option<Access>,
    /// Why.
    pub reason: DenialReason,
}

/// Why a command is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DenialReason {
    /// It is not in the table.
    UnknownCommand,
    /// Nobody may say it.
    NeverGranted(NeverReason),
    /// A word does not belong there.
    UnexpectedWord {
        /// The word.
        word: String,
        /// The forms of the command.
        usage: Vec<String>,
    },
    /// A word is missing.
    MissingWord {
        /// The forms of the command.
        usage: Vec<String>,
    },
    /// A payload with a command that has none, or none with a command that needs one.
    Payload {
        /// The forms of the command.
        usage: Vec<String>,
    },
    /// Above what the operator allows for the whole server.
    AboveServer {
        /// What is allowed.
        ceiling: Access,
    },
    /// Above what the tool says that it needs.
    AboveTool {
        /// What the tool declares.
        declared: Access,
    },
    /// Above the access of the module's grant.
    AboveGrant {
        /// What is granted.
        granted: Access,
    },
    /// Not among the commands of the module's grant.
    NotGranted {
        /// A pattern that would grant it.
        pattern: String,
    },
    /// A page, files or the look at the doors, which the module's grant does not have.
    CapabilityNotGranted {
        /// The key of a grant that would have it: `pages`, `files` or `diagnostics`.
        key: &'static str,
        /// Its name there.
        name: String,
    },
    /// A word names a thing other than by its name, where only the name shows whether it is granted.
    ObjectAlias {
        /// The word.
        word: String,
    },
}

impl DenialReason {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownCommand => "unknown-command",
            Self::NeverGranted(_) => "never-granted",
            Self::UnexpectedWord { .. } => "unexpected-word",
            Self::MissingWord { .. } => "missing-word",
            Self::Payload { .. } => "payload-mismatch",
            Self::AboveServer { .. } => "above-server-access",
            Self::AboveTool { .. } => "above-tool-access",
            Self::AboveGrant { .. } => "above-grant-access",
            Self::NotGranted { .. } => "not-granted",
            Self::CapabilityNotGranted { .. } => "capability-not-granted",
            Self::ObjectAlias { .. } => "object-alias",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needs = self.needs.map_or("", Access::as_str);
        match &self.reason {
            DenialReason::UnknownCommand => write!(f, "the command is not known: `{}`", self.asked),
            DenialReason::NeverGranted(why) => {
                write!(
                    f,
                    "the command is never granted, because {why}: `{}`",
                    self.asked
                )
            }
            DenialReason::UnexpectedWord { word, .. } => {
                write!(
                    f,
                    "the word `{word}` does not belong in the command: `{}`",
                    self.asked
                )
            }
            DenialReason::MissingWord { .. } => {
                write!(f, "the command lacks a word: `{}`", self.asked)
            }
            DenialReason::Payload { .. } => {
                write!(f, "the payload does not fit the command: `{}`", self.asked)
            }
            DenialReason::AboveServer { ceiling } => {
                write!(
                    f,
                    "the command needs `{needs}` access, and the server allows `{ceiling}`: `{}`",
                    self.asked
                )
            }
            DenialReason::AboveTool { declared } => {
                write!(
                    f,
                    "the command needs `{needs}` access, and the tool declares `{declared}`: `{}`",
                    self.asked
                )
            }
            DenialReason::AboveGrant { granted } => {
                write!(
                    f,
                    "the command needs `{needs}` access, and the module has `{granted}`: `{}`",
                    self.asked
                )
            }
            DenialReason::NotGranted { .. } => {
                write!(
                    f,
                    "the command is not granted to the module: `{}`",
                    self.asked
                )
            }
            DenialReason::CapabilityNotGranted { key, name } => {
                write!(
                    f,
                    "not among the {key} that are granted to the module: `{name}`"
                )
            }
            DenialReason::ObjectAlias { word } => {
                write!(
                    f,
                    "`{word}` is not a name, and what it stands for may not be granted: `{}`",
                    self.asked
                )
            }
        }
    }
}

impl Denial {
    /// The setting that would allow it, or what to ask for instead.
    pub fn hint(&self) -> String {
        let needs = self.needs.unwrap_or(Access::Admin);
        match &self.reason {
            DenialReason::UnknownCommand => {
                "only commands that are known can be sent, spelled exactly as HAProxy's `help` lists them".into()
            }
            DenialReason::NeverGranted(_) => "no setting allows it".into(),
            DenialReason::UnexpectedWord { usage, .. }
            | DenialReason::MissingWord { usage }
            | DenialReason::Payload { usage } => takes(usage),
            DenialReason::AboveServer { .. } => {
                format!("the operator can start the server with `--access {needs}` or `HAPROXY_MCP_ACCESS={needs}`")
            }
            DenialReason::AboveTool { declared } => {
                format!("no setting allows it: the tool declares `{declared}` access; use a tool that declares `{needs}`")
            }
            DenialReason::AboveGrant { .. } => {
                format!("the operator can raise the module's grant to `access = \"{needs}\"`")
            }
            DenialReason::NotGranted { pattern } => {
                format!("the operator can add `{pattern}` to the commands of the module's grant")
            }
            DenialReason::CapabilityNotGranted { key, name } => {
                format!("the operator can add `{name}` to the {key} of the module's grant")
            }
            DenialReason::ObjectAlias { .. } => "use the name".into(),
        }
    }
}

/// Whether this command may be sent to this instance, and if so the one [`Permit`] for it.
///
/// # Errors
/// [`Refusal::Malformed`] when nobody could send it, [`Refusal::Denied`] when this authority may not.
pub fn decide(
    authority: &Authority<'_>,
    instance: &InstanceId,
    command: &Command,
) -> Result<Permit, Refusal> {
    command.validate()?;
    let (spec, roles) = row(command).map_err(Refusal::Denied)?;
    let deny = |reason| {
        Refusal::Denied(Denial {
            asked: asked(command, Some((spec, &roles))),
            needs: spec.access(),
            reason,
        })
    };
    let needs = match spec.rights {
        Rights::Granted(access) => access,
        Rights::Never(why) => return Err(deny(DenialReason::NeverGranted(why))),
    };
    if needs > authority.tool {
        return Err(deny(DenialReason::AboveTool {
            declared: authority.tool,
        }));
    }
    if needs > authority.module.access {
        return Err(deny(DenialReason::AboveGrant {
            granted: authority.module.access,
        }));
    }
    // Last: where the tool or the module may not, raising the server's ceiling would not help.
    if needs > authority.server {
        return Err(deny(DenialReason::AboveServer {
            ceiling: authority.server,
        }));
    }
    if spec.payload == Payload::Entries
        && let Some((line, _)) = (1..)
            .zip(&command.payload)
            .find(|(_, text)| entry(text).is_none())
    {
        return Err(Malformed::EntryWithoutValue { line }.into());
    }
    if let Some(word) = untraceable(spec, &roles, command) {
        return Err(deny(DenialReason::ObjectAlias {
            word: visible(word, MAX_ASKED).into_owned(),
        }));
    }
    if matches!(authority.module.commands, Commands::All) && spec.reveals != Reveals::Nothing {
        return Err(deny(DenialReason::NotGranted {
            pattern: suggestion(spec, &roles, command),
        }));
    }
    if let Commands::Only(patterns) = &authority.module.commands {
        let mut alias = None;
        let granted = patterns
            .iter()
            .any(|pattern| match pattern.covers(spec, &roles, command) {
                Cover::Yes => true,
                Cover::Alias(word) => {
                    alias.get_or_insert(word);
                    false
                }
                Cover::No => false,
            });
        if !granted {
            return Err(deny(match alias {
                Some(word) => DenialReason::ObjectAlias {
                    word: visible(&word, MAX_ASKED).into_owned(),
                },
                None => DenialReason::NotGranted {
                    pattern: suggestion(spec, &roles, command),
                },
            }));
        }
    }
    Ok(Permit::new(instance, spec, &roles, command)?)
}

/// The one row that the command fits, and what its words are.
fn row(command: &Command) -> Result<(&'static CommandSpec, Vec<Role>), Denial> {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let named: Vec<&CommandSpec> = COMMANDS
        .iter()
        .filter(|spec| words.starts_with(spec.path))
        .collect();
    let Some(path) = named.iter().map(|spec| spec.path.len()).max() else {
        // It may hold anything: only its first words are shown.
        return Err(Denial {
            asked: veiled(command, 3),
            needs: None,
            reason: DenialReason::UnknownCommand,
        });
    };
    let args = words.get(path..).unwrap_or_default();
    let forms = || named.iter().copied().filter(|spec| spec.path.len() == path);
    let mut misfits = Vec::new();
    let mut payload_differs = false;
    for spec in forms() {
        match match_words(&Exact, spec.args, args) {
            Ok(roles)
                if (spec.payload == Payload::None) == command.payload.is_empty()
                    || matches!(spec.rights, Rights::Never(_)) =>
            {
                return Ok((spec, roles));
            }
            Ok(_) => {
                payload_differs = true;
                misfits.push((spec, args.len()));
            }
            Err(Misfit { at }) => misfits.push((spec, at)),
        }
    }
    let furthest = misfits.iter().map(|(_, at)| *at).max().unwrap_or_default();
    let usage = usage(&misfits);
    let hides = forms().any(CommandSpec::has_secrets);
    let asked = if hides {
        veiled(command, path)
    } else {
        asked(command, None)
    };
    let reason = match args.get(furthest) {
        _ if payload_differs => DenialReason::Payload { usage },
        Some(_) if hides => DenialReason::UnexpectedWord {
            word: "…".into(),
            usage,
        },
        Some(word) => DenialReason::UnexpectedWord {
            word: visible(word, MAX_ASKED).into_owned(),
            usage,
        },
        None => DenialReason::MissingWord { usage },
    };
    Err(Denial {
        asked,
        needs: forms().filter_map(CommandSpec::access).min(),
        reason,
    })
}

/// The usage lines of those forms of a command that fit up to the word which fits none.
pub(super) fn usage(misfits: &[(&CommandSpec, usize)]) -> Vec<String> {
    let furthest = misfits.iter().map(|(_, at)| *at).max();
    misfits
        .iter()
        .filter(|(spec, at)| Some(*at) == furthest && spec.access().is_some())
        .map(|(spec, _)| spec.to_string())
        .collect()
}

/// The usage lines as a hint.
pub(super) fn takes(usage: &[String]) -> String {
    const SHOWN: usize = 4;
    let lines: Vec<String> = usage
        .iter()
        .take(SHOWN)
        .map(|line| format!("`{line}`"))
        .collect();
    let more = match usage.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(", and {more} other forms"),
    };
    format!("the command takes: {}{more}", lines.join(", "))
}

/// A name other than the object's own in a command that opens or settles a transaction. The host abandons what
/// a guest leaves open, and has to see that what was prepared as `hosts.map` was committed as `#2`.
fn untraceable<'a>(spec: &CommandSpec, roles: &[Role], command: &'a Command) -> Option<&'a str> {
    spec.transaction.subject()?;
    command
        .words
        .iter()
        .skip(spec.path.len())
        .zip(roles)
        .find_map(|(word, role)| match role {
            Role::Object(Object::Version) => None,
            Role::Object(object) if object.is_alias(word) => Some(word.as_str()),
            _ => None,
        })
}

/// The pattern by which an operator would grant it: the things by name, values as `*`.
fn suggestion(spec: &CommandSpec, roles: &[Role], command: &Command) -> String {
    let mut words: Vec<&str> = spec.path.to_vec();
    for (word, role) in command.words.iter().skip(spec.path.len()).zip(roles) {
        words.push(match role {
            Role::Object(
                Object::Version | Object::Session | Object::TablePointer | Object::Entry,
            )
            | Role::Value
            | Role::Secret => "*",
            Role::Object(_) if word.contains([' ', '*']) => "*",
            Role::Literal | Role::Object(_) => word,
        });
    }
    if !command.payload.is_empty() {
        words.push("*");
    }
    // The last `*` stands for all that follows.
    while words.len() > spec.path.len() + 1 && words.ends_with(&["*", "*"]) {
        words.pop();
    }
    visible(&words.join(" "), MAX_ASKED).into_owned()
}

/// The command as it may be shown.
fn asked(command: &Command, row: Option<(&CommandSpec, &[Role])>) -> String {
    let text = match row {
        Some((spec, roles)) => {
            let words: Vec<&str> = command
                .words
                .iter()
                .enumerate()
                .map(|(at, word)| {
                    match at.checked_sub(spec.path.len()).and_then(|at| roles.get(at)) {
                        Some(Role::Secret) => "[secret]",
                        _ => word,
                    }
                })
                .collect();
            escaped(&words)
        }
        None => escaped(&command.words),
    };
    let text = if command.payload.is_empty() {
        text
    } else {
        format!("{text} << (lines: {})", command.payload.len())
    };
    visible(&text, MAX_ASKED).into_owned()
}

/// The first words of the command, and how many there are.
fn veiled(command: &Command, first: usize) -> String {
    let Some((path, [_, ..])) = command.words.split_at_checked(first) else {
        return asked(command, None);
    };
    let shown = format!("{} … ({} words)", escaped(path), command.words.len());
    visible(&shown, MAX_ASKED).into_owned()
}
