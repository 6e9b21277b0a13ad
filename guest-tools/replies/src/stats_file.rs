//! `dump stats-file`: the counters of what has a `guid`, in the form that HAProxy reads again when it starts.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "dump stats-file" (3.0 and newer): for each kind of object a line such as
//! `#fe guid,stot,…,` and one of comma-separated fields for each. `#be` holds backends and servers.

use crate::lines::{LINE_LIMIT, TooLong};
use crate::rows::{self, Rows};
use crate::value::{Kind, Value};

/// Why the counters could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatsFileError {
    /// There was not even a header.
    #[error("the file of statistics is empty")]
    Empty,
    /// The first line is no header.
    #[error("the file of statistics does not start with a header: `{line}`")]
    NoHeader {
        /// The start of the first line.
        line: String,
    },
    /// A header has no column for the name.
    #[error("section `{section}` of the file of statistics has no column: `guid`")]
    MissingGuid {
        /// The section.
        section: String,
    },
    /// An object does not have the columns of its header.
    #[error("line {line} of the file of statistics has {found} columns, and its header {expected}")]
    Width {
        /// The number of the line, from 1.
        line: u64,
        /// How many columns it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the file of statistics is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the file of statistics ends within a line")]
    Truncated,
}

impl From<TooLong> for StatsFileError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// One object.
#[derive(Debug, Clone, Copy)]
pub struct Counters<'a> {
    header: &'a Header,
    line: &'a [u8],
}

impl<'a> Counters<'a> {
    /// What kind of object it is: `fe` a frontend, `be` a backend or server, or what other versions write.
    pub fn section(&self) -> &'a str {
        &self.header.section
    }

    /// Its `guid`.
    pub fn guid(&self) -> &'a [u8] {
        let place = self.header.columns.iter().position(|name| name == "guid");
        place
            .and_then(|place| columns(self.line).nth(place))
            .unwrap_or_default()
    }

    /// All columns but the `guid`, in HAProxy's order.
    pub fn values(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.header
            .columns
            .iter()
            .map(String::as_str)
            .zip(columns(self.line))
            .filter(|(name, _)| *name != "guid")
            .map(|(name, field)| (name, Value::read(field, Kind::Number)))
    }
}

/// Reads the counters chunk by chunk.
#[derive(Debug, Default)]
pub struct StatsFileReader(Rows<Header>);

/// The header of the section whose objects come now; it takes the place of the one before.
#[derive(Debug, Default)]
struct Header {
    section: String,
    columns: Vec<String>,
}

impl StatsFileReader {
    /// The next bytes of the reply; hands each object to `object`.
    pub fn push<E: From<StatsFileError>>(
        &mut self,
        chunk: &[u8],
        mut object: impl FnMut(Counters<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.0
            .push(chunk, |header, line| object(Counters { header, line }))
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), StatsFileError> {
        self.0.finish()
    }
}

impl rows::Header for Header {
    type Error = StatsFileError;
    const EMPTY: StatsFileError = StatsFileError::Empty;
    const TRUNCATED: StatsFileError = StatsFileError::Truncated;

    fn is_row(&mut self, line: &[u8], number: u64) -> Result<bool, StatsFileError> {
        if let Some(header) = line.strip_prefix(b"#") {
            let text = String::from_utf8_lossy(header);
            let (section, names) = text.split_once(' ').unwrap_or((&text, ""));
            section.clone_into(&mut self.section);
            self.columns = columns(names.as_bytes())
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect();
            return if self.columns.iter().any(|name| name == "guid") {
                Ok(false)
            } else {
                Err(StatsFileError::MissingGuid {
                    section: self.section.clone(),
                })
            };
        }
        if self.columns.is_empty() {
            return Err(StatsFileError::NoHeader {
                line: crate::excerpt(line),
            });
        }
        let (found, expected) = (columns(line).count(), self.columns.len());
        if found == expected {
            Ok(true)
        } else {
            Err(StatsFileError::Width {
                line: number,
                found,
                expected,
            })
        }
    }

    fn is_known(&self) -> bool {
        !self.columns.is_empty()
    }
}

/// The fields of a line; the comma at its end closes the last and opens none.
fn columns(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.strip_suffix(b",")
        .unwrap_or(line)
        .split(|byte| *byte == b',')
}
