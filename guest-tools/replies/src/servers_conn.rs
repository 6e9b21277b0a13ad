//! `show servers conn [<backend>]`: the connections of each server, in use and kept for later.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show servers conn": a header and one line of space-separated fields for
//! each server. `bkname/svname` and `bkid/svid` are two fields in one word, `-` separates and holds nothing, and the
//! last, `idle_per_thr[n]`, is one word for each of n threads.

use crate::lines::{LINE_LIMIT, TooLong};
use crate::rows::{self, Rows};
use crate::value::{Kind, Value};

/// Fields that hold text; all others are numbers.
pub const TEXT_FIELDS: [&str; 3] = ["bkname", "svname", "addr"];

/// Why the connections could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServersConnError {
    /// There was not even a header.
    #[error("the connections of the servers are empty")]
    Empty,
    /// The first line is no header.
    #[error("the connections of the servers have no header: `{line}`")]
    NoHeader {
        /// The start of the first line.
        line: String,
    },
    /// A field that is needed is not in the header.
    #[error("the connections of the servers have no field: `{name}`")]
    MissingField {
        /// The name of the field.
        name: String,
    },
    /// A server does not have the words of the header.
    #[error(
        "line {line} of the connections of the servers has {found} words, and the header {expected}"
    )]
    Width {
        /// The number of the line, from 1.
        line: u64,
        /// How many words it has.
        found: usize,
        /// How many the header asks for.
        expected: usize,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the connections of the servers is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the connections of the servers end within a line")]
    Truncated,
}

impl From<TooLong> for ServersConnError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// Where a field is within a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    /// In front of the first slash.
    Front,
    /// After it.
    Back,
}

#[derive(Debug)]
struct Field {
    name: String,
    word: usize,
    part: Part,
}

#[derive(Debug, Default)]
struct Header {
    fields: Vec<Field>,
    /// Words in front of those for each thread.
    words: usize,
    threads: usize,
}

/// The connections of one server.
#[derive(Debug, Clone, Copy)]
pub struct ServerConn<'a> {
    header: &'a Header,
    line: &'a [u8],
}

impl<'a> ServerConn<'a> {
    /// The name of its backend.
    pub fn backend(&self) -> &'a [u8] {
        self.field("bkname").unwrap_or_default()
    }

    /// Its name.
    pub fn server(&self) -> &'a [u8] {
        self.field("svname").unwrap_or_default()
    }

    /// A field by HAProxy's name, for example `used_cur`; None where this HAProxy has no such field.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        let field = self.header.fields.iter().find(|field| field.name == name)?;
        Some(self.word(field))
    }

    /// All fields but those of the threads, in HAProxy's order; `-` in a text field is [`Value::Absent`].
    pub fn values(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let this = *self;
        self.header.fields.iter().map(move |field| {
            let text = TEXT_FIELDS.contains(&field.name.as_str());
            let value = match this.word(field) {
                b"-" if text => Value::Absent,
                word => Value::read(word, if text { Kind::Text } else { Kind::Number }),
            };
            (field.name.as_str(), value)
        })
    }

    /// Idle connections of each thread.
    pub fn per_thread(&self) -> impl Iterator<Item = Value<'a>> {
        self.line
            .split(|byte| *byte == b' ')
            .skip(self.header.words)
            .map(|word| Value::read(word, Kind::Number))
    }

    fn word(&self, field: &Field) -> &'a [u8] {
        let word = self
            .line
            .split(|byte| *byte == b' ')
            .nth(field.word)
            .unwrap_or_default();
        let slash = memchr::memchr(b'/', word);
        match (field.part, slash) {
            (Part::Whole, _) | (Part::Front, None) => word,
            (Part::Front, Some(slash)) => word.get(..slash).unwrap_or_default(),
            (Part::Back, None) => b"",
            (Part::Back, Some(slash)) => word.get(slash + 1..).unwrap_or_default(),
        }
    }
}

/// Reads the connections chunk by chunk.
#[derive(Debug, Default)]
pub struct ServersConnReader(Rows<Header>);

impl ServersConnReader {
    /// The next bytes of the reply; hands each server to `server`.
    pub fn push<E: From<ServersConnError>>(
        &mut self,
        chunk: &[u8],
        mut server: impl FnMut(ServerConn<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.0
            .push(chunk, |header, line| server(ServerConn { header, line }))
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), ServersConnError> {
        self.0.finish()
    }
}

impl rows::Header for Header {
    type Error = ServersConnError;
    const EMPTY: ServersConnError = ServersConnError::Empty;
    const TRUNCATED: ServersConnError = ServersConnError::Truncated;

    fn is_row(&mut self, line: &[u8], number: u64) -> Result<bool, ServersConnError> {
        if self.fields.is_empty() {
            return self.read(line).map(|()| false);
        }
        let found = line.split(|byte| *byte == b' ').count();
        let expected = self.words + self.threads;
        if found == expected {
            Ok(true)
        } else {
            Err(ServersConnError::Width {
                line: number,
                found,
                expected,
            })
        }
    }

    fn is_known(&self) -> bool {
        !self.fields.is_empty()
    }
}

impl Header {
    fn read(&mut self, line: &[u8]) -> Result<(), ServersConnError> {
        let Some(names) = line.strip_prefix(b"# ") else {
            return Err(ServersConnError::NoHeader {
                line: crate::excerpt(line),
            });
        };
        let text = String::from_utf8_lossy(names);
        let mut words: Vec<&str> = text.split(' ').collect();
        if let Some(threads) = words.last().and_then(|last| threads(last)) {
            self.threads = threads;
            words.pop();
        }
        self.words = words.len();
        for (word, name) in words.into_iter().enumerate() {
            let field = |name: &str, part| Field {
                name: name.to_owned(),
                word,
                part,
            };
            match name.split_once('/') {
                Some((front, back)) => self
                    .fields
                    .extend([field(front, Part::Front), field(back, Part::Back)]),
                None if name == "-" => {}
                None => self.fields.push(field(name, Part::Whole)),
            }
        }
        for name in ["bkname", "svname"] {
            if !self.fields.iter().any(|field| field.name == name) {
                return Err(ServersConnError::MissingField {
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// `idle_per_thr[2]`.
fn threads(name: &str) -> Option<usize> {
    let (_, count) = name.strip_suffix(']')?.split_once('[')?;
    count.parse().ok()
}
