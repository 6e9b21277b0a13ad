//! What could not be read.

use std::fmt;

use crate::kind::Kind;
use crate::word::WordError;

/// A line that HAProxy would not take as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem<'a> {
    /// The name of the file.
    pub file: &'a str,
    /// The number of the line, from 1.
    pub line: u32,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// Its words.
    #[error(transparent)]
    Words(#[from] WordError),
    /// An empty word, which ends the line.
    #[error(
        "an empty word ends the line: HAProxy up to 3.2 ignores what is behind it, 3.4 does not start"
    )]
    EmptyWord,
    /// A statement where there is no section. A section ends with its file.
    #[error("no section has begun in this file: `{0}`")]
    OutsideSection(String),
    /// A word that looks like the beginning of a section.
    #[error(
        "there is no section `{word}`, so that this belongs to the section before; `{meant}` was probably meant"
    )]
    UnknownSection {
        /// The word.
        word: String,
        /// The kind that is near.
        meant: Kind,
    },
    /// A proxy of a `defaults` section that does not stand before it.
    #[error("no `defaults {0}` stands before")]
    UnknownDefaults(String),
    /// A frontend, a backend or the like without a name.
    #[error("the section has no name: `{0}`")]
    NoName(Kind),
    /// `.elif`, `.else` or `.endif` without `.if`.
    #[error("no `.if` is open: `{0}`")]
    NoIf(String),
    /// `.elif` or `.else` behind `.else`.
    #[error("it stands behind `.else`: `{0}`")]
    BehindElse(String),
    /// A word that begins with a dot and is nothing that HAProxy knows.
    #[error("there is no such directive: `{0}`")]
    UnknownDirective(String),
    /// An `.if` without `.endif` in its file.
    #[error("the `.if` has no `.endif` in this file")]
    UnfinishedIf,
    /// More than 15 `.if` in each other.
    #[error("too many `.if` are open")]
    TooManyIfs,
    /// A zero byte.
    #[error("a zero byte is in the line, which ends it")]
    Nul,
    /// The last line has no end.
    #[error(
        "the last line has no line feed, so that the file looks cut off: HAProxy does not start"
    )]
    NoLineFeed,
    /// There are more lines than are read.
    #[error("there are more than 1000000 lines; this one and those behind it are not read")]
    TooManyLines,
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.kind)
    }
}
