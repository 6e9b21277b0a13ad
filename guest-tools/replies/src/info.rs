//! `show info`: one `Key: value` line for each fact about the process.

use crate::value::{Kind, Value};

/// Fields that hold text on every version from 2.6 to 3.4, as HAProxy's own `show info typed` types them (`str`).
pub const TEXT_FIELDS: [&str; 8] = [
    "Name",
    "Version",
    "Release_date",
    "Uptime",
    "node",
    "description",
    "Build info",
    "Tainted",
];

/// Why the facts could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InfoError {
    /// There is no line.
    #[error("the process information is empty")]
    Empty,
    /// A line that is no `Key: value`, before any that is.
    #[error("line {line} of the process information is no `Key: value`: `{text}`")]
    NotAField {
        /// The number of the line, from 1.
        line: usize,
        /// Its start.
        text: String,
    },
    /// A field that is needed is not there.
    #[error("the process information has no field: `{name}`")]
    MissingField {
        /// The name of the field.
        name: String,
    },
}

/// One fact: HAProxy's name for it, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Field<'a> {
    /// HAProxy's own name, for example `CurrConns` or `Unstoppable Jobs`.
    pub name: &'a str,
    /// A number where HAProxy types it as one.
    pub value: Value<'a>,
}

/// The facts, in HAProxy's order, unknown ones included.
#[derive(Debug, Clone, PartialEq)]
pub struct Info<'a>(Vec<Field<'a>>);

impl<'a> Info<'a> {
    /// Reads a whole reply; a name that is no UTF-8 makes its line unreadable. A line without `: ` after a field is
    /// the rest of that field's value, since a `description` may hold a line end; only its first line is kept.
    pub fn read(reply: &'a [u8]) -> Result<Self, InfoError> {
        let mut fields: Vec<Field<'a>> = Vec::new();
        for (index, line) in reply.split(|byte| *byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            if let Some((name, value)) = field(line) {
                let kind = if TEXT_FIELDS.contains(&name) {
                    Kind::Text
                } else {
                    Kind::Number
                };
                fields.push(Field {
                    name,
                    value: Value::read(value, kind),
                });
            } else if fields.is_empty() {
                return Err(InfoError::NotAField {
                    line: index + 1,
                    text: crate::excerpt(line),
                });
            }
        }
        if fields.is_empty() {
            Err(InfoError::Empty)
        } else {
            Ok(Self(fields))
        }
    }

    /// The value of a field; the first one where a name occurs twice.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0
            .iter()
            .find(|field| field.name == name)
            .map(|field| &field.value)
    }

    /// The value of a field that must be there.
    pub fn require(&self, name: &str) -> Result<&Value<'a>, InfoError> {
        self.get(name).ok_or_else(|| InfoError::MissingField {
            name: name.to_owned(),
        })
    }

    /// All fields, in HAProxy's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Field<'a>> {
        self.0.iter()
    }
}

fn field(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, rest) = line.split_at_checked(colon)?;
    let value = rest.get(1..)?;
    let name = std::str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty())?;
    match value.strip_prefix(b" ") {
        Some(value) => Some((name, value)),
        None if value.is_empty() => Some((name, value)),
        None => None,
    }
}
