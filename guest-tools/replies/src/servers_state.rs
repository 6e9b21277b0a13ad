//! `show servers state [<backend>]`: what HAProxy knows of each server, also at level *user* (addresses included).
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show servers state": the format version, a header, and one line of
//! space-separated fields for each server; `-` stands for a text that is not set.

use crate::lines::{LINE_LIMIT, TooLong};
use crate::rows::{self, Rows};
use crate::value::{self, Kind, Value};

/// The format that HAProxy 1.6 to 3.4 writes.
const FORMAT: &[u8] = b"1";

/// Fields that hold text; all others are numbers.
pub const TEXT_FIELDS: [&str; 7] = [
    "be_name",
    "srv_name",
    "srv_addr",
    "srv_fqdn",
    "srvrecord",
    "srv_check_addr",
    "srv_agent_addr",
];

/// Why the state could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServersStateError {
    /// There was not even a header.
    #[error("the state of the servers is empty")]
    Empty,
    /// The first line is not the version of the format that this reader knows.
    #[error("the state of the servers has a format other than version 1: `{line}`")]
    Format {
        /// The start of the first line.
        line: String,
    },
    /// The second line is no header.
    #[error("the state of the servers has no header: `{line}`")]
    NoHeader {
        /// The start of the second line.
        line: String,
    },
    /// A field that is needed is not in the header.
    #[error("the state of the servers has no field: `{name}`")]
    MissingField {
        /// The name of the field.
        name: String,
    },
    /// A field that is a number in every version is none.
    #[error("the field `{name}` of the state of the servers is no number: `{value}`")]
    NotANumber {
        /// The name of the field.
        name: String,
        /// The start of its value.
        value: String,
    },
    /// A server does not have the fields of the header.
    #[error(
        "line {line} of the state of the servers has {found} fields, and the header {expected}"
    )]
    Width {
        /// The number of the line, from 1.
        line: u64,
        /// How many fields it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the state of the servers is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the state of the servers ends within a line")]
    Truncated,
}

impl From<TooLong> for ServersStateError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// One server.
#[derive(Debug, Clone, Copy)]
pub struct ServerState<'a> {
    names: &'a [String],
    line: &'a [u8],
}

impl<'a> ServerState<'a> {
    /// A field by HAProxy's name, for example `srv_admin_state`; None where this HAProxy has no such field.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        let place = self.names.iter().position(|other| other == name)?;
        self.line.split(|byte| *byte == b' ').nth(place)
    }

    /// A field that the header must have.
    pub fn require(&self, name: &str) -> Result<&'a [u8], ServersStateError> {
        self.field(name)
            .ok_or_else(|| ServersStateError::MissingField {
                name: name.to_owned(),
            })
    }

    /// A field that the header must have, and that is a number.
    pub fn number(&self, name: &str) -> Result<u64, ServersStateError> {
        let field = self.require(name)?;
        value::unsigned(field).ok_or_else(|| ServersStateError::NotANumber {
            name: name.to_owned(),
            value: crate::excerpt(field),
        })
    }

    /// All fields, in HAProxy's order; `-` in a text field is [`Value::Absent`].
    pub fn values(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.names
            .iter()
            .map(String::as_str)
            .zip(self.line.split(|byte| *byte == b' '))
            .map(|(name, field)| {
                let text = TEXT_FIELDS.contains(&name);
                let value = match field {
                    b"-" if text => Value::Absent,
                    _ => Value::read(field, if text { Kind::Text } else { Kind::Number }),
                };
                (name, value)
            })
    }
}

/// Reads the state chunk by chunk.
#[derive(Debug, Default)]
pub struct ServersStateReader(Rows<Header>);

#[derive(Debug, Default)]
struct Header {
    format: bool,
    names: Vec<String>,
}

impl ServersStateReader {
    /// The next bytes of the reply; hands each server to `server`.
    pub fn push<E: From<ServersStateError>>(
        &mut self,
        chunk: &[u8],
        mut server: impl FnMut(ServerState<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.0.push(chunk, |Header { names, .. }, line| {
            server(ServerState { names, line })
        })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), ServersStateError> {
        self.0.finish()
    }
}

impl rows::Header for Header {
    type Error = ServersStateError;
    const EMPTY: ServersStateError = ServersStateError::Empty;
    const TRUNCATED: ServersStateError = ServersStateError::Truncated;

    fn is_row(&mut self, line: &[u8], number: u64) -> Result<bool, ServersStateError> {
        if !self.format {
            self.format = line == FORMAT;
            return if self.format {
                Ok(false)
            } else {
                Err(ServersStateError::Format {
                    line: crate::excerpt(line),
                })
            };
        }
        if self.names.is_empty() {
            return self.read(line).map(|()| false);
        }
        let found = line.split(|byte| *byte == b' ').count();
        if found == self.names.len() {
            Ok(true)
        } else {
            Err(ServersStateError::Width {
                line: number,
                found,
                expected: self.names.len(),
            })
        }
    }

    fn is_known(&self) -> bool {
        !self.names.is_empty()
    }
}

impl Header {
    fn read(&mut self, line: &[u8]) -> Result<(), ServersStateError> {
        let Some(names) = line.strip_prefix(b"# ") else {
            return Err(ServersStateError::NoHeader {
                line: crate::excerpt(line),
            });
        };
        self.names = names
            .split(|byte| *byte == b' ')
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        for name in ["be_name", "srv_name"] {
            if !self.names.iter().any(|other| other == name) {
                return Err(ServersStateError::MissingField {
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }
}
