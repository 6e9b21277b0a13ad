//! The whole content of a set, as the text of a file.

use haproxy_mcp_sdk::Failure;

use crate::kind::Kind;

/// The longest line, in bytes: HAProxy's own buffer holds no longer one (`tune.bufsize`, 16,384 by default), with the
/// command in front of it.
const LINE_BYTES: usize = 12_000;

/// One entry that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its line in the text, from 1.
    pub number: u32,
    /// The key.
    pub key: &'a str,
    /// The value; empty in an ACL.
    pub value: &'a str,
}

/// A whole content.
#[derive(Debug)]
pub struct Content<'a> {
    /// Its entries, in their order.
    pub lines: Vec<Line<'a>>,
    /// Lines that are comments.
    pub comments: u32,
    /// Lines with nothing in them.
    pub blank: u32,
}

/// Why a content is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// There is no entry.
    #[error("the content has no entries")]
    Empty,
    /// A map's line has a key alone.
    #[error("line {0} has no value")]
    NoValue(u32),
    /// HAProxy would take a comment for an entry.
    #[error("line {0} begins with spaces and `#`: HAProxy takes that for an entry")]
    IndentedComment(u32),
    /// A control character, a tab for example, within an entry.
    #[error("line {0} holds a control character")]
    ControlCharacter(u32),
    /// A line is longer than HAProxy reads.
    #[error("line {0} is longer than {LINE_BYTES} bytes")]
    TooLong(u32),
}

impl ContentError {
    fn hint(self, kind: &Kind) -> String {
        match self {
            Self::Empty => format!("clear_{} deletes all entries", kind.word),
            Self::NoValue(_) => "write each entry as `key value`".to_owned(),
            Self::IndentedComment(_) => "begin a comment at the start of its line".to_owned(),
            Self::ControlCharacter(_) => {
                "the Runtime API takes none; HAProxy can load such an entry from its file only"
                    .to_owned()
            }
            Self::TooLong(_) => "HAProxy can load such an entry from its file only".to_owned(),
        }
    }

    fn line(self) -> Option<u32> {
        match self {
            Self::Empty => None,
            Self::NoValue(line)
            | Self::IndentedComment(line)
            | Self::ControlCharacter(line)
            | Self::TooLong(line) => Some(line),
        }
    }
}

impl<'a> Content<'a> {
    /// Reads it as HAProxy reads a file: a line that begins with `#` is a comment; spaces and tabs in front of an entry
    /// and between key and value do not count, nor those behind a value.
    pub fn read(kind: &Kind, text: &'a str) -> Result<Self, Failure> {
        Self::parse(kind, text).map_err(|error| {
            let details = serde_json::json!({ "argument": "/content", "line": error.line() });
            Failure::invalid_argument(error.to_string())
                .hint(error.hint(kind))
                .details(details.to_string())
        })
    }

    fn parse(kind: &Kind, text: &'a str) -> Result<Self, ContentError> {
        let mut content = Self {
            lines: Vec::new(),
            comments: 0,
            blank: 0,
        };
        for (number, whole) in (1..).zip(text.split('\n')) {
            let line = whole.strip_suffix('\r').unwrap_or(whole);
            if line.starts_with('#') {
                content.comments += 1;
                continue;
            }
            let entry = line.trim_start_matches(BLANK);
            if entry.is_empty() {
                // No line follows the last line feed.
                content.blank += 1;
                continue;
            }
            let (key, value) = if kind.has_values {
                let (key, value) = entry.split_once(BLANK).unwrap_or((entry, ""));
                let value = value.trim_matches(BLANK);
                if value.is_empty() {
                    return Err(ContentError::NoValue(number));
                }
                (key, value)
            } else {
                (entry, "")
            };
            if key.starts_with('#') {
                return Err(ContentError::IndentedComment(number));
            }
            if key.chars().chain(value.chars()).any(char::is_control) {
                return Err(ContentError::ControlCharacter(number));
            }
            if key.len() + value.len() > LINE_BYTES {
                return Err(ContentError::TooLong(number));
            }
            content.lines.push(Line { number, key, value });
        }
        if text.is_empty() || text.ends_with('\n') {
            content.blank = content.blank.saturating_sub(1);
        }
        if content.lines.is_empty() {
            return Err(ContentError::Empty);
        }
        Ok(content)
    }
}

const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;
    use crate::kind::{ACL, MAP};

    /// The file that HAProxy itself was given (2.6, 3.0, 3.2, 3.4), without what is refused here.
    #[test]
    fn a_map_is_read_as_haproxy_reads_its_file() {
        let text = "# comment\n\n   \n\t\nk1 v1  \n  k2\tv2\t \nk3   v 3  x\t\nk6 v6\r\n#k7 v\nk8 v8 # tail\nlast v";
        let content = Content::parse(&MAP, text).unwrap();
        let entries: Vec<(u32, &str, &str)> = content
            .lines
            .iter()
            .map(|line| (line.number, line.key, line.value))
            .collect();
        assert_eq!(
            entries,
            [
                (5, "k1", "v1"),
                (6, "k2", "v2"),
                (7, "k3", "v 3  x"),
                (8, "k6", "v6"),
                (10, "k8", "v8 # tail"),
                (11, "last", "v"),
            ]
        );
        assert_eq!((content.comments, content.blank), (2, 3));
    }

    #[test]
    fn an_acl_keeps_what_a_map_would_cut_off() {
        let text = "# comment\n\n  \nk1  \n  k2\nk 3  x\nk6\r\n#k7\nk8 # t\nlast\n";
        let content = Content::parse(&ACL, text).unwrap();
        let keys: Vec<&str> = content.lines.iter().map(|line| line.key).collect();
        assert_eq!(keys, ["k1  ", "k2", "k 3  x", "k6", "k8 # t", "last"]);
        assert_eq!((content.comments, content.blank), (2, 2));
    }

    #[test]
    fn what_the_runtime_api_cannot_say_is_refused_with_its_line() {
        let long = format!("a b\nk {}", "v".repeat(LINE_BYTES));
        for (kind, text, error) in [
            (&MAP, "", ContentError::Empty),
            (&MAP, "\n# only\n\n", ContentError::Empty),
            (&MAP, "a b\nc\n", ContentError::NoValue(2)),
            (&MAP, "a b\nc  \t\n", ContentError::NoValue(2)),
            (&MAP, "a b\n  # c d\n", ContentError::IndentedComment(2)),
            (&MAP, "a b\tc\n", ContentError::ControlCharacter(1)),
            (&MAP, "a b\u{0}c\n", ContentError::ControlCharacter(1)),
            // HAProxy would read the first only.
            (&MAP, "a b\rc d\n", ContentError::ControlCharacter(1)),
            (&MAP, &long, ContentError::TooLong(2)),
            (&ACL, " \n", ContentError::Empty),
            (&ACL, "a\n\t#b", ContentError::IndentedComment(2)),
            (&ACL, "a\nb\tc", ContentError::ControlCharacter(2)),
        ] {
            assert_eq!(Content::parse(kind, text).unwrap_err(), error, "{text:?}");
        }
    }
}
