//! `show table`: the stick tables, and what they remember.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show table"; Configuration Manual, section 11.1 "stick-table declaration",
//! for the data that a table can store. Measured besides:
//! - From 2.7 on an entry has `shard`. What it stores follows in an order of HAProxy's own: go by the names.
//! - Data that a table stores several times (`gpc(3)`) are numbered before the first underscore of their name: `gpc0`,
//!   `gpc1_rate(10000)`. In parentheses stands the period of a rate, in milliseconds.
//! - A key that is a string has a backslash before spaces, `=` and backslashes, and `\xHH` for what cannot be printed;
//!   a binary key is written in hexadecimal digits.
//! - `exp` is 0 in a table that has no `expire`.
//! - At level `user` a line in place of the entries says that they are withheld, and that is no error.

use std::borrow::Cow;

use crate::lines::{LINE_LIMIT, Lines, TooLong};
use crate::value::{Kind, Value, unsigned};

/// Data that hold text, also where it looks like a number.
const TEXT_DATA: [&str; 1] = ["server_key"];

/// Why stick tables could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TablesError {
    /// A line is neither a table nor an entry, or an entry stands in front of every table.
    #[error("line {line} of the stick tables is not expected: `{text}`")]
    Unexpected {
        /// The number of the line, from 1.
        line: u64,
        /// Its start.
        text: String,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the stick tables is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the stick tables end within a line")]
    Truncated,
}

impl From<TooLong> for TablesError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Item<'a> {
    /// A table. The entries that follow are its own.
    Table(Table<'a>),
    /// An entry.
    Entry(Entry<'a>),
    /// HAProxy does not show the entries at this level.
    Withheld,
}

/// A stick table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<'a> {
    /// Its name: that of its proxy, or `peers/name`.
    pub name: &'a [u8],
    fields: Vec<(&'a str, Value<'a>)>,
}

impl<'a> Table<'a> {
    /// HAProxy's names and values: `type` (`ip`, `ipv6`, `integer`, `string`, `binary`), `size` (the most entries),
    /// `used` (entries), and whatever other versions add.
    pub fn fields(&self) -> &[(&'a str, Value<'a>)] {
        &self.fields
    }

    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Value<'a>> {
        self.fields
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }
}

/// An entry of a table. What it holds is read when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What HAProxy calls it: `0x7fc0014b2700`.
    pub reference: &'a [u8],
    key: &'a [u8],
    data: &'a [u8],
}

/// An entry that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedEntry {
    reference: Box<[u8]>,
    key: Box<[u8]>,
    data: Box<[u8]>,
}

impl OwnedEntry {
    /// The entry.
    pub fn entry(&self) -> Entry<'_> {
        Entry {
            reference: &self.reference,
            key: &self.key,
            data: &self.data,
        }
    }
}

/// A value of an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Datum<'a> {
    /// Its name, without the period.
    pub name: &'a str,
    /// Over which time a rate is measured, in milliseconds.
    pub period: Option<u64>,
    /// The value.
    pub value: Value<'a>,
}

impl<'a> Entry<'a> {
    /// The key, without the escapes of a string.
    pub fn key(&self) -> Cow<'a, [u8]> {
        unescape(self.key)
    }

    /// The key as HAProxy writes it.
    pub fn written_key(&self) -> &'a [u8] {
        self.key
    }

    /// All values, in HAProxy's order: `use` (how many streams hold the entry), `exp` (milliseconds until it is
    /// forgotten), then what the table stores.
    pub fn data(&self) -> impl Iterator<Item = Datum<'a>> + use<'a> {
        self.data.split(|byte| *byte == b' ').filter_map(datum)
    }

    /// The entry apart from the reply that it stands in.
    pub fn to_owned(&self) -> OwnedEntry {
        OwnedEntry {
            reference: self.reference.into(),
            key: self.key.into(),
            data: self.data.into(),
        }
    }

    /// A number by name, without the period.
    pub fn number(&self, name: &str) -> Option<u64> {
        let mut words = self.data.split(|byte| *byte == b' ');
        words.find_map(|word| {
            let rest = word.strip_prefix(name.as_bytes())?;
            let value = match rest.strip_prefix(b"(") {
                Some(rest) => rest.get(memchr::memchr(b')', rest)? + 1..)?,
                None => rest,
            };
            unsigned(value.strip_prefix(b"=")?)
        })
    }
}

/// `http_req_rate(10000)=58`
fn datum(word: &[u8]) -> Option<Datum<'_>> {
    let (name, value) = word.split_at_checked(memchr::memchr(b'=', word)?)?;
    let value = value.get(1..)?;
    let name = std::str::from_utf8(name).ok()?;
    let (name, period) = match name
        .strip_suffix(')')
        .and_then(|name| name.split_once('('))
        .and_then(|(name, period)| Some((name, unsigned(period.as_bytes())?)))
    {
        Some((name, period)) => (name, Some(period)),
        None => (name, None),
    };
    let value = if !TEXT_DATA.contains(&name) {
        Value::read(value, Kind::Number)
    } else if value == b"-" {
        Value::Absent
    } else {
        Value::read(value, Kind::Text)
    };
    Some(Datum {
        name,
        period,
        value,
    })
}

/// Reads tables and entries chunk by chunk.
#[derive(Debug, Default)]
pub struct TablesReader {
    lines: Lines,
    line: u64,
    seen: bool,
}

impl TablesReader {
    /// The next bytes of the reply; hands each table and each entry to `item`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut item: impl FnMut(Item<'_>),
    ) -> Result<(), TablesError> {
        let (number, seen) = (&mut self.line, &mut self.seen);
        self.lines.push(chunk, |line| {
            *number += 1;
            if line.is_empty() {
                return Ok(());
            }
            let read = if line.starts_with(b"#") {
                head(line)
            } else {
                entry(line).map(Item::Entry)
            };
            let read = read.filter(|read| *seen || matches!(read, Item::Table(_)));
            *seen = true;
            item(read.ok_or_else(|| TablesError::Unexpected {
                line: *number,
                text: crate::excerpt(line),
            })?);
            Ok(())
        })
    }

    /// The end of the reply. There is no table where HAProxy has none.
    pub fn finish(self) -> Result<(), TablesError> {
        if self.lines.whole() {
            Ok(())
        } else {
            Err(TablesError::Truncated)
        }
    }
}

/// `# table: st_src, type: ip, size:10240, used:30`
fn head(line: &[u8]) -> Option<Item<'_>> {
    if line.starts_with(b"# contents not dumped") {
        return Some(Item::Withheld);
    }
    let rest = line.strip_prefix(b"# table: ")?;
    let mut parts = rest.split(|byte| *byte == b',');
    let name = parts.next()?;
    let fields = parts
        .filter_map(|part| {
            let part = part.trim_ascii();
            let (name, value) = part.split_at_checked(memchr::memchr(b':', part)?)?;
            Some((
                std::str::from_utf8(name).ok()?,
                Value::read(value.get(1..)?.trim_ascii(), Kind::Number),
            ))
        })
        .collect();
    Some(Item::Table(Table { name, fields }))
}

/// `0x7fc0014b2700: key=127.0.0.22 use=0 exp=599874 shard=0 gpt0=0 …`
fn entry(line: &[u8]) -> Option<Entry<'_>> {
    let (reference, rest) = line.split_at_checked(memchr::memchr(b':', line)?)?;
    if !reference.starts_with(b"0x") {
        return None;
    }
    let rest = rest.strip_prefix(b": key=")?;
    let mut end = 0;
    loop {
        match rest.get(end) {
            Some(b'\\') => end += 2,
            Some(b' ') | None => break,
            Some(_) => end += 1,
        }
    }
    let (key, data) = rest.split_at(end.min(rest.len()));
    Some(Entry {
        reference,
        key,
        data: data.strip_prefix(b" ").unwrap_or_default(),
    })
}

/// Takes back what HAProxy does to a string that it prints: a backslash before spaces, `=` and itself, `\t`, `\n`,
/// `\r`, `\e`, `\xHH`. What it would not have written stays as it is.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        let (read, tail) = match (byte, tail) {
            (b'\\', [b't', tail @ ..]) => (b'\t', tail),
            (b'\\', [b'n', tail @ ..]) => (b'\n', tail),
            (b'\\', [b'r', tail @ ..]) => (b'\r', tail),
            (b'\\', [b'e', tail @ ..]) => (0x1b, tail),
            (b'\\', [escaped @ (b' ' | b'=' | b'\\'), tail @ ..]) => (*escaped, tail),
            (b'\\', [b'x', high, low, tail @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, tail),
                _ => (b'\\', rest.get(1..).unwrap_or_default()),
            },
            (byte, tail) => (*byte, tail),
        };
        plain.push(read);
        rest = tail;
    }
    Cow::Owned(plain)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
