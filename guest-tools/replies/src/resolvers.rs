//! `show resolvers`: what each nameserver was asked and answered.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show resolvers": a line for each section, below it one for each
//! nameserver, and below that one for each counter.

use crate::value::{Kind, Value};

/// Why the nameservers could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolversError {
    /// A line is neither a section, nor a nameserver, nor a counter, or stands where it cannot.
    #[error("line {line} of the resolvers is not expected: `{text}`")]
    Unexpected {
        /// The number of the line, from 1.
        line: usize,
        /// Its start.
        text: String,
    },
    /// The reply ends within a line.
    #[error("the resolvers end within a line")]
    Truncated,
}

/// A `resolvers` section of the configuration. HAProxy adds one named `default`, of the system's nameservers.
#[derive(Debug, Clone, PartialEq)]
pub struct Section<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its nameservers, in HAProxy's order.
    pub nameservers: Vec<Nameserver<'a>>,
}

/// A nameserver.
#[derive(Debug, Clone, PartialEq)]
pub struct Nameserver<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// HAProxy's counters by their names (`sent`, `timeout`, …), unknown ones included.
    pub counters: Vec<(&'a str, Value<'a>)>,
}

impl Nameserver<'_> {
    /// A counter; None where this HAProxy has none of the name.
    pub fn counter(&self, name: &str) -> Option<u64> {
        match self.counters.iter().find(|(other, _)| *other == name) {
            Some((_, Value::Unsigned(count))) => Some(*count),
            _ => None,
        }
    }
}

/// Reads a whole reply. There is no section where HAProxy resolves no names.
pub fn read(reply: &[u8]) -> Result<Vec<Section<'_>>, ResolversError> {
    if !reply.is_empty() && !reply.ends_with(b"\n") {
        return Err(ResolversError::Truncated);
    }
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (index, line) in reply.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        take(&mut sections, line).ok_or_else(|| ResolversError::Unexpected {
            line: index + 1,
            text: crate::excerpt(line),
        })?;
    }
    Ok(sections)
}

fn take<'a>(sections: &mut Vec<Section<'a>>, line: &'a [u8]) -> Option<()> {
    if let Some(name) = line.strip_prefix(b"Resolvers section ") {
        sections.push(Section {
            name,
            nameservers: Vec::new(),
        });
        return Some(());
    }
    let section = sections.last_mut()?;
    if let Some(name) = line.strip_prefix(b" nameserver ") {
        section.nameservers.push(Nameserver {
            // the name may have colons of its own
            name: name.strip_suffix(b":")?,
            counters: Vec::new(),
        });
        return Some(());
    }
    let counter = line.strip_prefix(b"  ")?;
    let (name, value) = counter.split_at_checked(memchr::memchr(b':', counter)?)?;
    let name = std::str::from_utf8(name).ok()?;
    let value = value.get(1..)?.trim_ascii();
    section
        .nameservers
        .last_mut()?
        .counters
        .push((name, Value::read(value, Kind::Number)));
    Some(())
}
