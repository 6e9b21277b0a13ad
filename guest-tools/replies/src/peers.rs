//! `show peers`: whom this HAProxy shares its stick tables with, and how far each has come.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show peers", whose output is for developers: `name=value` words on indented
//! lines. A word such as `appctx:0x7f…` names what the rest of its line is about; the fields of that are named
//! `appctx.state` here, since HAProxy uses some names (`id`, `addr`, `update`) for more than one thing.

use crate::value::{Kind, Value};

/// Fields that hold text, also where they look like a number; of a name with a dot, what follows it counts.
const TEXT_FIELDS: [&str; 2] = ["id", "addr"];

/// Why the peers could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeersError {
    /// A line stands where it cannot: a peer without a section, a table without a peer.
    #[error("line {line} of the peers is not expected: `{text}`")]
    Unexpected {
        /// The number of the line, from 1.
        line: usize,
        /// Its start.
        text: String,
    },
    /// A section, a peer or a table has no name.
    #[error("line {line} of the peers has no field: `{name}`")]
    MissingField {
        /// The number of the line, from 1.
        line: usize,
        /// The name of the field.
        name: &'static str,
    },
    /// The reply ends within a line.
    #[error("the peers end within a line")]
    Truncated,
}

/// Names and values, in HAProxy's order; of two with one name, the first: the address of a peer comes once more where
/// it is connected.
pub type Fields<'a> = Vec<(String, Value<'a>)>;

/// A `peers` section of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Section<'a> {
    /// Its name.
    pub id: String,
    /// `disabled`, `flags`, `resync_timeout`, …
    pub fields: Fields<'a>,
    /// Its peers, this HAProxy itself included.
    pub peers: Vec<Peer<'a>>,
}

/// A peer.
#[derive(Debug, Clone, PartialEq)]
pub struct Peer<'a> {
    /// Its name.
    pub id: String,
    /// `local` for this HAProxy itself, else `remote`; then whether it speaks to it: `active` or `inactive`.
    pub role: Vec<String>,
    /// `addr`, `last_status`, `last_hdshk`, `appctx.state`, …
    pub fields: Fields<'a>,
    /// The stick tables that it shares.
    pub tables: Vec<Fields<'a>>,
}

impl<'a> Peer<'a> {
    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Value<'a>> {
        self.fields
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    }
}

/// Reads a whole reply. There is no section where HAProxy has no peers.
pub fn read(reply: &[u8]) -> Result<Vec<Section<'_>>, PeersError> {
    if !reply.is_empty() && !reply.ends_with(b"\n") {
        return Err(PeersError::Truncated);
    }
    let mut sections = Vec::new();
    for (index, line) in reply.split(|byte| *byte == b'\n').enumerate() {
        let text = line.trim_ascii_start();
        if !text.is_empty() {
            let indent = line.len() - text.len();
            take(&mut sections, index + 1, indent, text)?;
        }
    }
    Ok(sections)
}

fn take<'a>(
    sections: &mut Vec<Section<'a>>,
    line: usize,
    indent: usize,
    text: &'a [u8],
) -> Result<(), PeersError> {
    let unexpected = || PeersError::Unexpected {
        line,
        text: crate::excerpt(text),
    };
    let (fields, id) = words(text);
    let named = || {
        id.clone()
            .ok_or(PeersError::MissingField { line, name: "id" })
    };
    // `0x5588…: id=…`: a section, a peer; `0x5588… local_id=…`: a table
    let pointer = text.starts_with(b"0x");
    let begins = pointer
        && text
            .split(u8::is_ascii_whitespace)
            .next()
            .is_some_and(|word| word.ends_with(b":"));
    if begins && indent == 0 {
        sections.push(Section {
            id: named()?,
            fields,
            peers: Vec::new(),
        });
        return Ok(());
    }
    let section = sections.last_mut().ok_or_else(unexpected)?;
    if begins {
        // `otherpeer(remote,active)`
        let name = named()?;
        let (id, role) = match name.strip_suffix(')').and_then(|name| name.split_once('(')) {
            Some((id, role)) => (id.to_owned(), role.split(',').map(str::to_owned).collect()),
            None => (name, Vec::new()),
        };
        section.peers.push(Peer {
            id,
            role,
            fields,
            tables: Vec::new(),
        });
        return Ok(());
    }
    let peer = section.peers.last_mut().ok_or_else(unexpected)?;
    if pointer {
        peer.tables.push(fields);
    } else if indent > TABLES {
        // without a table: what developers asked for besides
        if let Some(table) = peer.tables.last_mut() {
            add(table, fields);
        }
    } else if peer.tables.is_empty() {
        add(&mut peer.fields, fields);
    }
    Ok(())
}

fn add<'a>(to: &mut Fields<'a>, fields: Fields<'a>) {
    for (name, value) in fields {
        if to.iter().all(|(other, _)| *other != name) {
            to.push((name, value));
        }
    }
}

/// Lines of a table are indented by more than this.
const TABLES: usize = 10;

/// The fields of a line, and its first `id`, which is not among them.
fn words(text: &[u8]) -> (Fields<'_>, Option<String>) {
    let (mut fields, mut id, mut scope) = (Fields::new(), None, None);
    for word in text.split(u8::is_ascii_whitespace) {
        if let Some(place) = memchr::memchr(b'=', word)
            && let Some((name, value)) = word.split_at_checked(place)
            && let Ok(name) = std::str::from_utf8(name)
        {
            let value = value.get(1..).unwrap_or_default();
            let kind = if TEXT_FIELDS.contains(&name) {
                Kind::Text
            } else {
                Kind::Number
            };
            match scope {
                None if name == "id" && id.is_none() => {
                    id = Some(String::from_utf8_lossy(value).into_owned());
                }
                None => fields.push((name.to_owned(), Value::read(value, kind))),
                Some(scope) => fields.push((format!("{scope}.{name}"), Value::read(value, kind))),
            }
        } else if let Some(place) = memchr::memmem::find(word, b":0x")
            && let Some(name) = word.get(..place)
            && let Ok(name) = std::str::from_utf8(name)
        {
            scope = Some(name);
        }
    }
    (fields, id)
}
