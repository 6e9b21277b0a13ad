//! A command as words, what makes it fit to be sent at all, and how it is written on the wire.
//!
//! HAProxy splits a line at spaces and tabs, and commands at `;` and line feeds; a backslash makes the next
//! byte literal, and there are no quotes and no comments (measured on 2.6, 3.0, 3.2 and 3.4; HAProxy
//! Management Guide, section 9.3). `<<` announces a payload; on 2.6 also with only its first byte escaped, so
//! that each `<` is escaped. A line feed cannot be escaped, and a NUL ends what HAProxy reads: control
//! characters are refused.

use super::page::{MAX_FORM_BYTES, MAX_PARAMETER_BYTES, Page};

/// The most words in a command. HAProxy 2.6 and 3.0 silently ignore the 65th.
pub const MAX_WORDS: usize = 64;
/// The most bytes in a command's line, after escaping. HAProxy's buffer is 16,384 bytes unless configured;
/// 2.6 hangs at 16,300.
pub const MAX_LINE_BYTES: usize = 15_000;
/// The most bytes in a payload, with the line feed of each line.
pub const MAX_PAYLOAD_BYTES: usize = 15_000;
/// The most bytes in line and payload together, which share HAProxy's buffer.
pub const MAX_COMMAND_BYTES: usize = 16_000;
/// What the master process itself is called on its socket: the first word of its commands that a worker has by the same
/// name. A worker does not know it.
pub const MASTER: &str = "@master";

/// One command: its words, and the lines that follow it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// For example `set`, `server`, `be_app/app1`, `state`, `drain`: each reaches HAProxy as it stands here.
    pub words: Vec<String>,
    /// The lines of a payload; none for most commands.
    pub payload: Vec<String>,
}

/// Why a command cannot be sent, whoever asks. Words and lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// There is no word.
    #[error("the command has no words")]
    NoWords,
    /// More words than HAProxy reads.
    #[error("too many words (at most {MAX_WORDS}): {count}")]
    TooManyWords {
        /// How many there are.
        count: usize,
    },
    /// A word is empty: HAProxy would not see it, and take the next in its place.
    #[error("a word is empty: word {word}")]
    EmptyWord {
        /// Which.
        word: usize,
    },
    /// A word holds a control character.
    #[error("a word holds a control character: word {word}")]
    ControlCharacter {
        /// Which.
        word: usize,
    },
    /// The first word starts with `@`, and is not [`MASTER`]: to the master process it would choose who runs the
    /// command.
    #[error("the first word starts with `@`")]
    MasterPrefix,
    /// The line does not fit HAProxy's buffer.
    #[error("the line is too long (at most {MAX_LINE_BYTES} bytes after escaping): {bytes}")]
    LineTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A payload line is empty or blank: an empty line ends the payload.
    #[error("a payload line is blank: line {line}")]
    BlankPayloadLine {
        /// Which.
        line: usize,
    },
    /// A payload line holds a control character.
    #[error("a payload line holds a control character: line {line}")]
    PayloadControlCharacter {
        /// Which.
        line: usize,
    },
    /// A payload line is not a key, a space and a value.
    #[error("a payload line is not a key, a space and a value: line {line}")]
    EntryWithoutValue {
        /// Which.
        line: usize,
    },
    /// The payload does not fit HAProxy's buffer.
    #[error("the payload is too long (at most {MAX_PAYLOAD_BYTES} bytes): {bytes}")]
    PayloadTooLong {
        /// Its length.
        bytes: usize,
    },
    /// Line and payload together do not fit HAProxy's buffer.
    #[error("line and payload are too long together (at most {MAX_COMMAND_BYTES} bytes): {bytes}")]
    CommandTooLong {
        /// Their length.
        bytes: usize,
    },
    /// HAProxy has no such page.
    #[error("no page is called `{page}`")]
    UnknownPage {
        /// The name.
        page: String,
    },
    /// The page has no such parameter.
    #[error("the page `{page}` has no parameter `{parameter}`")]
    UnknownParameter {
        /// The page.
        page: Page,
        /// The name.
        parameter: String,
    },
    /// A parameter of a page has no such value, needs one, or takes none.
    #[error("the parameter cannot have this value: `{parameter}`")]
    ParameterValue {
        /// The parameter.
        parameter: &'static str,
    },
    /// The parameters of a page are longer than any that means something.
    #[error("the parameters are too long (at most {MAX_PARAMETER_BYTES} bytes): {bytes}")]
    ParametersTooLong {
        /// Their length.
        bytes: usize,
    },
    /// A backend whose name would be that of another, and of a server of it.
    #[error("the name of the backend holds a slash")]
    SlashInBackend,
    /// The statistics page's form has no such action.
    #[error("the statistics page has no action `{action}`")]
    UnknownAction {
        /// The name.
        action: String,
    },
    /// An action without a server.
    #[error("the action names no server")]
    NoServer,
    /// The form does not fit HAProxy's buffer.
    #[error("the form is too long (at most {MAX_FORM_BYTES} bytes): {bytes}")]
    FormTooLong {
        /// Its length.
        bytes: usize,
    },
    /// There are no files of this name.
    #[error("no files are called `{artefact}`")]
    UnknownArtefact {
        /// The name.
        artefact: String,
    },
}

impl Malformed {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoWords => "no-words",
            Self::TooManyWords { .. } => "too-many-words",
            Self::EmptyWord { .. } => "empty-word",
            Self::ControlCharacter { .. } => "control-character",
            Self::MasterPrefix => "master-prefix",
            Self::LineTooLong { .. } => "line-too-long",
            Self::BlankPayloadLine { .. } => "blank-payload-line",
            Self::PayloadControlCharacter { .. } => "payload-control-character",
            Self::EntryWithoutValue { .. } => "entry-without-value",
            Self::PayloadTooLong { .. } => "payload-too-long",
            Self::CommandTooLong { .. } => "command-too-long",
            Self::UnknownPage { .. } => "unknown-page",
            Self::UnknownParameter { .. } => "unknown-parameter",
            Self::ParameterValue { .. } => "parameter-value",
            Self::ParametersTooLong { .. } => "parameters-too-long",
            Self::SlashInBackend => "slash-in-backend",
            Self::UnknownAction { .. } => "unknown-action",
            Self::NoServer => "no-server",
            Self::FormTooLong { .. } => "form-too-long",
            Self::UnknownArtefact { .. } => "unknown-artefact",
        }
    }

    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoWords => "give the command as a list of words",
            Self::TooManyWords { .. } | Self::LineTooLong { .. } => "ask for less in one command",
            Self::EmptyWord { .. } => "leave the word out, or give it a value",
            Self::ControlCharacter { .. } => {
                "names and values hold no control characters, tabs or line feeds"
            }
            Self::MasterPrefix => "name the command itself: the host chooses the process",
            Self::BlankPayloadLine { .. } => "leave blank lines out",
            Self::PayloadControlCharacter { .. } => {
                "give each line of the payload by itself, without a line end"
            }
            Self::EntryWithoutValue { .. } => "write each entry as `key value`",
            Self::PayloadTooLong { .. } | Self::CommandTooLong { .. } => {
                "split the payload over several commands"
            }
            Self::UnknownPage { .. } => "the pages are `stats` and `metrics`",
            Self::UnknownParameter { .. } | Self::ParameterValue { .. } => {
                "the parameters of each page are in `wit/pages.wit`"
            }
            Self::ParametersTooLong { .. } => "give fewer parameters, or shorter ones",
            Self::SlashInBackend => "name the backend and the server apart",
            Self::UnknownAction { .. } => "the actions are in `wit/pages.wit`",
            Self::NoServer => "name at least one server",
            Self::FormTooLong { .. } => "name fewer servers at once",
            Self::UnknownArtefact { .. } => "the files are those of `config` and of `log`",
        }
    }
}

impl Command {
    /// A command without a payload.
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
            payload: Vec::new(),
        }
    }

    /// The same command with a payload.
    #[must_use]
    pub fn with_payload<L: Into<String>>(mut self, lines: impl IntoIterator<Item = L>) -> Self {
        self.payload = lines.into_iter().map(Into::into).collect();
        self
    }

    /// Whether it could be sent at all.
    pub fn validate(&self) -> Result<(), Malformed> {
        let Some(first) = self.words.first() else {
            return Err(Malformed::NoWords);
        };
        if self.words.len() > MAX_WORDS {
            return Err(Malformed::TooManyWords {
                count: self.words.len(),
            });
        }
        for (word, text) in (1..).zip(&self.words) {
            if text.is_empty() {
                return Err(Malformed::EmptyWord { word });
            }
            if text.chars().any(char::is_control) {
                return Err(Malformed::ControlCharacter { word });
            }
        }
        if first.starts_with('@') && first != MASTER {
            return Err(Malformed::MasterPrefix);
        }
        for (line, text) in (1..).zip(&self.payload) {
            if text.chars().any(char::is_control) {
                return Err(Malformed::PayloadControlCharacter { line });
            }
            if text.trim().is_empty() {
                return Err(Malformed::BlankPayloadLine { line });
            }
        }
        let payload = self
            .payload
            .iter()
            .map(|line| line.len() + 1)
            .sum::<usize>();
        if payload > MAX_PAYLOAD_BYTES {
            return Err(Malformed::PayloadTooLong { bytes: payload });
        }
        let line = self
            .words
            .iter()
            .map(|word| escaped_len(word) + 1)
            .sum::<usize>()
            - 1;
        if line > MAX_LINE_BYTES {
            return Err(Malformed::LineTooLong { bytes: line });
        }
        if line + payload > MAX_COMMAND_BYTES {
            return Err(Malformed::CommandTooLong {
                bytes: line + payload,
            });
        }
        Ok(())
    }

    /// The command as HAProxy reads it, without the line feed that ends it: after these bytes comes exactly
    /// one, with a payload (of which it makes the empty last line) and without.
    ///
    /// # Errors
    /// What [`Command::validate`] finds.
    pub fn encode(&self) -> Result<Vec<u8>, Malformed> {
        self.validate()?;
        let mut bytes = escaped(&self.words).into_bytes();
        if !self.payload.is_empty() {
            bytes.extend_from_slice(b" <<\n");
            for line in &self.payload {
                bytes.extend_from_slice(line.as_bytes());
                bytes.push(b'\n');
            }
        }
        Ok(bytes)
    }
}

const fn is_special(c: char) -> bool {
    matches!(c, ' ' | ';' | '\\' | '<')
}

fn escaped_len(word: &str) -> usize {
    word.len() + word.chars().filter(|c| is_special(*c)).count()
}

/// The words as one line.
pub(super) fn escaped<W: AsRef<str>>(words: &[W]) -> String {
    let mut line = String::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            line.push(' ');
        }
        for c in word.as_ref().chars() {
            if is_special(c) {
                line.push('\\');
            }
            line.push(c);
        }
    }
    line
}

/// Splits a line of [`super::Payload::Entries`] into key and value, as HAProxy does.
pub(super) fn entry(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(' ')?;
    let value = value.trim_start_matches(' ');
    (!key.is_empty() && !value.is_empty()).then_some((key, value))
}
