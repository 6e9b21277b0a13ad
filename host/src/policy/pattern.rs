//! What an operator writes to grant single commands: `set server be_app/* state *`.

use std::fmt;
use std::str::FromStr;

use super::command::{CommandSpec, NeverReason, Payload, Rights};
use super::decide::{takes, usage};
use super::grammar::{Exact, Fits, Misfit, Part, Role, match_words};
use super::object::{Object, split_server};
use super::table::COMMANDS;
use super::words::{Command, entry};
use crate::visible::visible;

/// Which commands are granted: words as they stand in a command, in which `*` stands for any text.
///
/// - The words that name the command (`set server`) are written out.
/// - `*` within a word stands for any text without a slash; a word `*` stands for any one word.
/// - A last word `*` stands for all that may follow: at least one word, or a payload.
/// - `backend/server` is compared part by part.
/// - Each line of a payload of entries is compared as if its key and value stood on the line.
/// - Other names of a thing (`#5`, a proxy's number, `file@…`) match only where the pattern says `*`.
/// - The level of access still has to suffice: a pattern does not raise it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    words: Vec<String>,
}

/// A pattern that grants nothing or more than it seems to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No words.
    #[error("the pattern is empty")]
    Empty,
    /// A control character.
    #[error("the pattern holds a control character")]
    ControlCharacter,
    /// No command is called so.
    #[error("the pattern names no command: `{pattern}`")]
    UnknownCommand {
        /// The pattern.
        pattern: String,
    },
    /// The command is never granted.
    #[error("the command is never granted, because {why}: `{command}`")]
    NeverGranted {
        /// The command.
        command: String,
        /// Why.
        why: NeverReason,
    },
    /// The words after the command cannot stand there.
    #[error("the word cannot stand here: `{word}`")]
    Unexpected {
        /// The first such word.
        word: String,
        /// The forms of the command.
        usage: Vec<String>,
    },
    /// The command takes more words.
    #[error("the pattern ends too soon: `{pattern}`")]
    Incomplete {
        /// The pattern.
        pattern: String,
        /// The forms of the command.
        usage: Vec<String>,
    },
    /// A word names a thing by number or otherwise than by its name.
    #[error("the word is not a name: `{word}`")]
    Alias {
        /// The word.
        word: String,
    },
}

impl PatternError {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::ControlCharacter => "control-character",
            Self::UnknownCommand { .. } => "unknown-command",
            Self::NeverGranted { .. } => "never-granted",
            Self::Unexpected { .. } => "unexpected-word",
            Self::Incomplete { .. } => "incomplete",
            Self::Alias { .. } => "object-alias",
        }
    }

    /// What to write instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Empty => "write a command, for example `show stat *`".into(),
            Self::ControlCharacter => {
                "write the pattern on one line, with spaces between the words".into()
            }
            Self::UnknownCommand { .. } => {
                "write out the words that name the command, for example `show stat` or `set server`"
                    .into()
            }
            Self::NeverGranted { .. } => "leave it out".into(),
            Self::Unexpected { usage, .. } | Self::Incomplete { usage, .. } => takes(usage),
            Self::Alias { .. } => {
                "write the name: a number may mean something else after a reload".into()
            }
        }
    }
}

/// Whether a pattern grants a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// It does.
    Yes,
    /// It would, if this word were a name.
    Alias(String),
    /// It does not.
    No,
}

/// A pattern's words, compared with the grammar.
struct AsPattern;

impl Fits for AsPattern {
    fn fits(&self, part: Part, word: &str) -> Option<Role> {
        if let Some(role) = Exact.fits(part, word) {
            return Some(role);
        }
        if !word.contains('*') {
            return None;
        }
        match part {
            Part::Word(wanted) => glob(word, wanted).then_some(Role::Literal),
            Part::OneOf(wanted) => wanted
                .iter()
                .any(|wanted| glob(word, wanted))
                .then_some(Role::Literal),
            // One word that is not `*` has to show where the backend ends.
            Part::Object(Object::Server) if word != "*" && split_server(word).is_none() => None,
            Part::Object(Object::Version) if word != "*" => word
                .starts_with('@')
                .then_some(Role::Object(Object::Version)),
            Part::Object(object) => Some(Role::Object(object)),
            Part::Value(_) => Some(Role::Value),
            Part::Secret => Some(Role::Secret),
            Part::Optional(_) | Part::Repeated(_) | Part::Rest => None,
        }
    }

    fn is_rest(&self, words: &[&str], at: usize) -> bool {
        at + 1 == words.len() && words.get(at) == Some(&"*")
    }
}

impl Pattern {
    /// The words that it consists of.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The rows of the table of which it grants something.
    pub fn rows(&self) -> impl Iterator<Item = &'static CommandSpec> + '_ {
        COMMANDS.iter().filter(|spec| self.fits(spec).is_ok())
    }

    fn fits(&self, spec: &CommandSpec) -> Result<Vec<Role>, Misfit> {
        let args = self.after(spec).ok_or(Misfit { at: 0 })?;
        if spec.access().is_none() {
            return Err(Misfit { at: 0 });
        }
        if spec.payload == Payload::None {
            return match_words(&AsPattern, spec.args, &args);
        }
        // The payload is what the last `*` stands for.
        if let Some((&"*", args)) = args.split_last() {
            let mut roles = match_words(&AsPattern, spec.args, args)?;
            roles.push(Role::Value);
            return Ok(roles);
        }
        match_words(&AsPattern, spec.args, &args)?;
        Err(Misfit { at: args.len() })
    }

    /// The words after the command's own, when these are written out.
    fn after(&self, spec: &CommandSpec) -> Option<Vec<&str>> {
        let (path, args) = self.words.split_at_checked(spec.path.len())?;
        path.iter()
            .eq(spec.path)
            .then(|| args.iter().map(String::as_str).collect())
    }

    /// Whether it grants this command, which fits the row, its words being what `roles` says.
    pub(super) fn covers(&self, spec: &CommandSpec, roles: &[Role], command: &Command) -> Cover {
        let Some(pattern) = self.after(spec) else {
            return Cover::No;
        };
        let Some(args) = command.words.get(spec.path.len()..) else {
            return Cover::No;
        };
        let args: Vec<(&str, Role)> = args
            .iter()
            .map(String::as_str)
            .zip(roles.iter().copied())
            .collect();
        if command.payload.is_empty() {
            return cover_args(&pattern, &args);
        }
        let mut cover = Cover::Yes;
        for line in &command.payload {
            let mut words = args.clone();
            match (spec.payload, entry(line)) {
                (Payload::Entries, Some((key, value))) => {
                    words.extend([(key, Role::Value), (value, Role::Value)]);
                }
                _ => words.push((line, Role::Value)),
            }
            match cover_args(&pattern, &words) {
                Cover::No => return Cover::No,
                Cover::Alias(word) => cover = Cover::Alias(word),
                Cover::Yes => {}
            }
        }
        cover
    }
}

fn cover_args(pattern: &[&str], args: &[(&str, Role)]) -> Cover {
    let cover = cover_words(pattern, args);
    if cover != Cover::No {
        return cover;
    }
    // Without the version it may be granted: then the version is what is in the way.
    let is_version = |role: Role| role == Role::Object(Object::Version);
    let Some((version, _)) = args.iter().find(|(_, role)| is_version(*role)) else {
        return Cover::No;
    };
    let without: Vec<_> = args
        .iter()
        .copied()
        .filter(|(_, role)| !is_version(*role))
        .collect();
    match cover_words(pattern, &without) {
        Cover::No => Cover::No,
        Cover::Yes | Cover::Alias(_) => Cover::Alias((*version).to_owned()),
    }
}

fn cover_words(pattern: &[&str], args: &[(&str, Role)]) -> Cover {
    let (named, args) = match pattern.split_last() {
        Some((&"*", named)) if args.len() > named.len() => {
            (named, args.get(..named.len()).unwrap_or(args))
        }
        _ if args.len() == pattern.len() => (pattern, args),
        _ => return Cover::No,
    };
    let mut alias = None;
    for (&pattern, &(word, role)) in named.iter().zip(args) {
        if pattern == "*" || pattern == word {
            continue;
        }
        match role {
            Role::Object(object)
                if object.is_alias(word) && !side_matches(object, pattern, word) =>
            {
                alias.get_or_insert(word);
            }
            Role::Object(Object::Server) => {
                let (Some(pattern), Some(word)) = (split_server(pattern), split_server(word))
                else {
                    return Cover::No;
                };
                if !glob_part(pattern.0, word.0) || !glob_part(pattern.1, word.1) {
                    return Cover::No;
                }
            }
            _ if glob(pattern, word) => {}
            _ => return Cover::No,
        }
    }
    alias.map_or(Cover::Yes, |word| Cover::Alias(word.to_owned()))
}

/// Whether the aliased side of `backend/server` is one that the pattern leaves open, and the other matches.
fn side_matches(object: Object, pattern: &str, word: &str) -> bool {
    let (Object::Server, Some(pattern), Some(word)) =
        (object, split_server(pattern), split_server(word))
    else {
        return false;
    };
    let open = |pattern: &str, word: &str| {
        pattern == "*" || (!word.starts_with('#') && glob(pattern, word))
    };
    open(pattern.0, word.0) && open(pattern.1, word.1)
}

fn glob_part(pattern: &str, word: &str) -> bool {
    pattern == "*" || glob(pattern, word)
}

/// Whether the word is the pattern, `*` being any text without a slash.
fn glob(pattern: &str, word: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = word.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        // The leftmost place is enough: a `*` before it may take less, never more.
        let Some((skipped, after)) = split_at_piece(rest, piece) else {
            return false;
        };
        if skipped.contains('/') {
            return false;
        }
        rest = after;
    }
    rest.strip_suffix(last)
        .is_some_and(|skipped| !skipped.contains('/'))
}

fn split_at_piece<'a>(text: &'a str, piece: &str) -> Option<(&'a str, &'a str)> {
    let at = text.find(piece)?;
    Some((text.get(..at)?, text.get(at + piece.len()..)?))
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.chars().any(char::is_control) {
            return Err(PatternError::ControlCharacter);
        }
        let pattern = Self {
            words: text
                .split(' ')
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        if pattern.words.is_empty() {
            return Err(PatternError::Empty);
        }
        let named = || COMMANDS.iter().filter(|spec| pattern.after(spec).is_some());
        let Some(longest) = named().map(|spec| spec.path.len()).max() else {
            return Err(PatternError::UnknownCommand {
                pattern: visible(text, 200).into_owned(),
            });
        };
        let mut misfits = Vec::new();
        for spec in named().filter(|spec| spec.path.len() == longest) {
            match pattern.fits(spec) {
                Ok(roles) => return pattern.by_name(longest, &roles),
                Err(Misfit { at }) => misfits.push((spec, at)),
            }
        }
        for spec in named().filter(|spec| spec.path.len() == longest) {
            if let (Rights::Never(why), Some(args)) = (spec.rights, pattern.after(spec))
                && match_words(&AsPattern, spec.args, &args).is_ok()
            {
                return Err(PatternError::NeverGranted {
                    command: spec.path.join(" "),
                    why,
                });
            }
        }
        let furthest = misfits.iter().map(|(_, at)| longest + at).max();
        let usage = usage(&misfits);
        Err(match furthest.and_then(|at| pattern.words.get(at)) {
            Some(word) => PatternError::Unexpected {
                word: visible(word, 200).into_owned(),
                usage,
            },
            None => PatternError::Incomplete {
                pattern: visible(text, 200).into_owned(),
                usage,
            },
        })
    }
}

impl Pattern {
    fn by_name(self, path: usize, roles: &[Role]) -> Result<Self, PatternError> {
        let alias = self
            .words
            .iter()
            .skip(path)
            .zip(roles)
            .find(|(word, role)| match role {
                // These have no name, and a proxy may be called `3`.
                Role::Object(
                    Object::Version | Object::ServerId | Object::TablePointer | Object::Proxy,
                ) => word.starts_with('#'),
                Role::Object(Object::Cert | Object::CaFile | Object::CrlFile) => {
                    word.starts_with('\\')
                }
                Role::Object(object) => object.is_alias(word),
                _ => false,
            });
        match alias {
            Some((word, _)) => Err(PatternError::Alias { word: word.clone() }),
            None => Ok(self),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}
