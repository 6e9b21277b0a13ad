//! Sections and the lines in them.

use std::borrow::Cow;
use std::fmt;

use crate::kind::Kind;
use crate::word::{Words, is_space};

/// A section of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its name; none where it has none, as `global`.
    pub name: Option<Cow<'a, str>>,
    /// The `defaults` that it names with `from`.
    pub from: Option<Cow<'a, str>>,
    /// The name of its file.
    pub file: &'a str,
    /// The line that begins it.
    pub head: Statement<'a>,
    /// Its lines that have words and could be read, in their order.
    pub statements: Vec<Statement<'a>>,
    /// The place of its `defaults` among all sections.
    pub(crate) defaults: Option<usize>,
}

/// A line of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The number of the line in its file, from 1.
    pub line: u32,
    /// Whether it stands between `.if` and `.endif`, so that it may not count.
    pub conditional: bool,
    /// The line as it is written, without its end.
    pub raw: &'a [u8],
}

/// The kind and the name: `backend be_app`, `global`.
impl fmt::Display for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            None => write!(f, "{}", self.kind),
            Some(name) => write!(f, "{} {name}", self.kind),
        }
    }
}

impl<'a> Statement<'a> {
    /// The line as text, without the spaces around it.
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.raw.trim_ascii())
    }

    /// Its words; there is at least one.
    pub fn words(&self) -> Words<'a> {
        // one that cannot be read is no statement
        Words::read(self.raw).unwrap_or_default()
    }

    /// Its words, where it begins with these.
    pub fn beginning(&self, words: &[&str]) -> Option<Words<'a>> {
        if !self.may_begin(words) {
            return None;
        }
        let read = self.words();
        read.begins(words).then_some(read)
    }

    /// Whether it is worth to read its words: almost all lines are told apart by their first bytes.
    fn may_begin(&self, words: &[&str]) -> bool {
        let Some(first) = words.first() else {
            return true;
        };
        let start = self
            .raw
            .iter()
            .position(|byte| !is_space(*byte))
            .unwrap_or_default();
        let rest = self.raw.get(start..).unwrap_or_default();
        let plain = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
            .count();
        let (word, behind) = rest.split_at_checked(plain).unwrap_or_default();
        let whole = behind.first().is_none_or(|byte| is_space(*byte));
        !whole || word == first.as_bytes() || word == b"no" || word == b"default"
    }
}
