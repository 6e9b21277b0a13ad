//! `show servers state [<backend>]`: what HAProxy knows of each server, also at level *user* (addresses included).
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show servers state": the format version, a header, and one line of
//! space-separated fields for each server; `-` stands for a text that is not set.

use crate::lines::{LINE_LIMIT, Lines, TooLong};
use crate::value::{Kind, Value};

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
pub struct ServersStateReader {
    lines: Lines,
    header: Header,
}

#[derive(Debug, Default)]
struct Header {
    line: u64,
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
        let header = &mut self.header;
        self.lines
            .push(chunk, |line| {
                if header
                    .server(line)
                    .map_err(|error| Stop::Own(error.into()))?
                {
                    server(ServerState {
                        names: &header.names,
                        line,
                    })
                    .map_err(Stop::Own)?;
                }
                Ok(())
            })
            .map_err(|stop| match stop {
                Stop::Own(error) => error,
                Stop::TooLong => ServersStateError::TooLong.into(),
            })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), ServersStateError> {
        match (self.lines.whole(), self.header.names.is_empty()) {
            (false, _) => Err(ServersStateError::Truncated),
            (true, true) => Err(ServersStateError::Empty),
            (true, false) => Ok(()),
        }
    }
}

/// A line that is too long, or what the one who takes the servers says.
enum Stop<E> {
    TooLong,
    Own(E),
}

impl<E> From<TooLong> for Stop<E> {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

impl Header {
    /// Whether the line is a server; reads it into the header where it belongs there.
    fn server(&mut self, line: &[u8]) -> Result<bool, ServersStateError> {
        self.line += 1;
        if line.is_empty() {
            return Ok(false);
        }
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
            return Ok(false);
        }
        let found = line.split(|byte| *byte == b' ').count();
        if found != self.names.len() {
            return Err(ServersStateError::Width {
                line: self.line,
                found,
                expected: self.names.len(),
            });
        }
        Ok(true)
    }
}
