//! `show map`, `show acl`, `get map`, `get acl`: the sets of patterns, and what they hold.
//!
//! HAProxy keeps the patterns of a map and those of an ACL alike: a set has a number, a file unless it stands in the
//! configuration itself, and entries; an entry of a map has a value besides.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show map", "show acl", "get map", "get acl", "prepare map". The forms are
//! the same from 2.6 to 3.5. Measured besides:
//! - `entry_cnt` counts an entry once for each way in which it is compared: a file of 13 keys that is used by `map` and
//!   by `map_beg` has 26. It counts the entries of all versions, also of those that were only prepared.
//! - `virt@names` is listed under that name, `opt@some.map` as `some.map`, and as the former only in the description.
//! - Nothing is escaped. A key with a space (`add map F a\ b v`) cannot be told from a key `a` with the value `b v`;
//!   a key with a line break, which a payload with an empty line gives, takes more than one line.
//! - `get` answers one line for each way in which the set is compared.
//! - A version that does not exist has no entries, and that is no error.

use std::borrow::Cow;

use crate::lines::{LINE_LIMIT, Lines, TooLong};
use crate::rows::{Header, Rows};
use crate::value::{Kind, Value, unsigned};

/// Why a reply about maps or ACLs could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapsError {
    /// There was not even a header.
    #[error("the list of maps or ACLs is empty")]
    Empty,
    /// The list does not begin with its header.
    #[error("the list does not start with `# id (file) description`: `{line}`")]
    NotAList {
        /// The start of the first line.
        line: String,
    },
    /// A line is neither a set nor an entry.
    #[error("line {line} of the reply is not expected: `{text}`")]
    Unexpected {
        /// The number of the line, from 1.
        line: u64,
        /// Its start.
        text: String,
    },
    /// What was found for a key is not written as `name=value, …`.
    #[error("what was found is not written as `type=str, case=sensitive, …`: `{text}`")]
    NotFields {
        /// The start of what was not expected.
        text: String,
    },
    /// What was found for a key lacks a field.
    #[error("what was found has no field: `{name}`")]
    MissingField {
        /// Its name.
        name: &'static str,
    },
    /// No version is named.
    #[error("the reply does not say `New version created: ` and a number: `{text}`")]
    NoVersion {
        /// The start of the reply.
        text: String,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the reply is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the reply ends within a line")]
    Truncated,
}

impl From<TooLong> for MapsError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// A set of patterns: a map, or what an ACL compares with.
#[derive(Debug, Clone, PartialEq)]
pub struct Set<'a> {
    /// Its number; commands call it `#4`. It changes with the configuration.
    pub id: u64,
    /// Its file; none where the patterns stand in the configuration.
    pub file: Option<&'a [u8]>,
    /// Where it comes from and who uses it.
    pub description: &'a [u8],
    fields: Vec<(&'a str, Value<'a>)>,
}

impl<'a> Set<'a> {
    /// HAProxy's names and values: `curr_ver`, `next_ver`, `entry_cnt`, and whatever other versions add.
    pub fn fields(&self) -> &[(&'a str, Value<'a>)] {
        &self.fields
    }

    /// A number by name.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.fields.iter().find(|(other, _)| *other == name) {
            Some((_, Value::Unsigned(number))) => Some(*number),
            _ => None,
        }
    }
}

/// Reads the list of sets (`show map`, `show acl`) chunk by chunk.
#[derive(Debug, Default)]
pub struct SetsReader {
    rows: Rows<SetsHeader>,
}

#[derive(Debug, Default)]
struct SetsHeader {
    known: bool,
    number: u64,
}

impl Header for SetsHeader {
    type Error = MapsError;

    const EMPTY: MapsError = MapsError::Empty;

    const TRUNCATED: MapsError = MapsError::Truncated;

    fn is_row(&mut self, line: &[u8], number: u64) -> Result<bool, MapsError> {
        self.number = number;
        if self.known {
            return Ok(true);
        }
        self.known = line.starts_with(b"# id ");
        if self.known {
            Ok(false)
        } else {
            Err(MapsError::NotAList {
                line: crate::excerpt(line),
            })
        }
    }

    fn is_known(&self) -> bool {
        self.known
    }
}

impl SetsReader {
    /// The next bytes of the reply; hands each set to `set`.
    pub fn push(&mut self, chunk: &[u8], mut set: impl FnMut(Set<'_>)) -> Result<(), MapsError> {
        self.rows.push(chunk, |header, line| {
            set(read_set(line).ok_or_else(|| MapsError::Unexpected {
                line: header.number,
                text: crate::excerpt(line),
            })?);
            Ok(())
        })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), MapsError> {
        self.rows.finish()
    }
}

/// `4 (/etc/hosts.map) pattern loaded from file … line 78. curr_ver=0 next_ver=0 entry_cnt=3`
fn read_set(line: &[u8]) -> Option<Set<'_>> {
    let (id, rest) = cut(line, b" (")?;
    // a name may hold a parenthesis: the description is known to begin in one of two ways
    let place = memchr::memmem::find(rest, b") pattern loaded from ")
        .or_else(|| memchr::memmem::find(rest, b") acl '"))
        .or_else(|| memchr::memmem::find(rest, b") "))?;
    let (file, rest) = rest.split_at_checked(place)?;
    let rest = rest.get(2..)?;
    let (description, fields) = match memchr::memmem::rfind(rest, b" curr_ver=") {
        Some(place) => rest.split_at_checked(place)?,
        None => (rest, b"".as_slice()),
    };
    Some(Set {
        id: unsigned(id)?,
        file: (!file.is_empty()).then_some(file),
        description: description.strip_suffix(b".").unwrap_or(description),
        fields: fields
            .split(|byte| *byte == b' ')
            .filter_map(|word| {
                let (name, value) = cut(word, b"=")?;
                Some((
                    std::str::from_utf8(name).ok()?,
                    Value::read(value, Kind::Number),
                ))
            })
            .collect(),
    })
}

/// An entry of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What HAProxy calls it: `0x7f5027240270`. `del map F #0x7f5027240270` means this entry and no other.
    pub reference: &'a [u8],
    /// The key; in a map, a space and the value after it.
    pub text: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Key and value, where the key holds no space. An entry of an ACL has no value: its key is [`Entry::text`].
    pub fn pair(&self) -> (&'a [u8], Option<&'a [u8]>) {
        match cut(self.text, b" ") {
            Some((key, value)) => (key, Some(value)),
            None => (self.text, None),
        }
    }

    /// The value, where this is the entry of that key, also of one that holds spaces.
    pub fn value_of(&self, key: &[u8]) -> Option<&'a [u8]> {
        self.text.strip_prefix(key)?.strip_prefix(b" ")
    }
}

/// Reads the entries of a set (`show map X`, `show acl X`) chunk by chunk; keeps one.
#[derive(Debug, Default)]
pub struct EntriesReader {
    lines: Lines,
    line: u64,
    current: Vec<u8>,
}

impl EntriesReader {
    /// The next bytes of the reply; hands each entry to `entry`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut entry: impl FnMut(Entry<'_>),
    ) -> Result<(), MapsError> {
        let (number, current) = (&mut self.line, &mut self.current);
        self.lines.push(chunk, |line| {
            *number += 1;
            if read_entry(line).is_some() {
                if let Some(last) = read_entry(current) {
                    entry(last);
                }
                current.clear();
            } else if !current.is_empty() {
                // a key holds a line break, or the reply ends
                if current.len() + line.len() >= LINE_LIMIT {
                    return Err(MapsError::TooLong);
                }
                current.push(b'\n');
            } else if !line.is_empty() {
                return Err(MapsError::Unexpected {
                    line: *number,
                    text: crate::excerpt(line),
                });
            }
            current.extend_from_slice(line);
            Ok(())
        })
    }

    /// The end of the reply: the last entry. There is none in an empty set.
    pub fn finish(self, mut entry: impl FnMut(Entry<'_>)) -> Result<(), MapsError> {
        if !self.lines.whole() {
            return Err(MapsError::Truncated);
        }
        // the empty line that ends a reply
        let last = self.current.strip_suffix(b"\n").unwrap_or(&self.current);
        if let Some(last) = read_entry(last) {
            entry(last);
        }
        Ok(())
    }
}

/// `0x7f5027240270 www.example.test be_app`
fn read_entry(text: &[u8]) -> Option<Entry<'_>> {
    let digits = text.strip_prefix(b"0x")?;
    let end = digits.iter().position(|byte| !byte.is_ascii_hexdigit())?;
    if end == 0 {
        return None;
    }
    let (reference, text) = text.split_at_checked(end + 2)?;
    Some(Entry {
        reference,
        text: text.strip_prefix(b" ")?,
    })
}

/// What a set answered for a key, in one of the ways in which it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookup<'a> {
    /// How it is compared: `str`, `beg`, `ip`, `reg`, …
    pub method: Cow<'a, str>,
    /// `sensitive` or `insensitive`.
    pub case: Option<Cow<'a, str>>,
    /// Whether an entry was found.
    pub found: bool,
    /// How it was searched: `tree` or `list`.
    pub index: Option<Cow<'a, str>>,
    /// The key of the entry; bytes that are not UTF-8 are replaced by U+FFFD.
    pub key: Option<Cow<'a, str>>,
    /// Its value; none in an ACL.
    pub value: Option<Cow<'a, str>>,
    /// The type of the value: `str`, `sint`, `ipv4`, …
    pub value_type: Option<Cow<'a, str>>,
    /// What other versions add.
    pub others: Vec<(&'a str, Cow<'a, str>)>,
}

/// Reads a whole reply of `get map` or `get acl`: one answer for each way in which the set is compared.
pub fn lookups(reply: &[u8]) -> Result<Vec<Lookup<'_>>, MapsError> {
    let mut rest = reply.trim_ascii();
    let mut lookups = Vec::new();
    while !rest.is_empty() {
        let (lookup, tail) = read_lookup(rest)?;
        lookups.push(lookup);
        rest = tail.trim_ascii_start();
    }
    if lookups.is_empty() {
        return Err(MapsError::NotFields {
            text: String::new(),
        });
    }
    Ok(lookups)
}

/// `type=str, case=sensitive, found=yes, idx=tree, key="www.example.test", value="be_app", type="str"`
fn read_lookup(mut rest: &[u8]) -> Result<(Lookup<'_>, &[u8]), MapsError> {
    let mut lookup = Lookup::default();
    let (mut method, mut found) = (None, None);
    loop {
        let field = read_field(rest).ok_or_else(|| MapsError::NotFields {
            text: crate::excerpt(rest),
        })?;
        let text = String::from_utf8_lossy(field.value);
        match field.name {
            "type" if method.is_none() => method = Some(text),
            "type" => lookup.value_type = Some(text),
            "case" => lookup.case = Some(text),
            "found" | "match" => found = Some(text == "yes"),
            "idx" => lookup.index = Some(text),
            // without quotes: `key=unknown`, `value=none`
            "key" | "pattern" => lookup.key = field.quoted.then_some(text),
            "value" => lookup.value = field.quoted.then_some(text),
            name => lookup.others.push((name, text)),
        }
        rest = field.rest;
        match rest.strip_prefix(b", ") {
            Some(next) => rest = next,
            None => break,
        }
    }
    lookup.method = method.ok_or(MapsError::MissingField { name: "type" })?;
    lookup.found = found.ok_or(MapsError::MissingField { name: "found" })?;
    Ok((lookup, rest))
}

struct Field<'a> {
    name: &'a str,
    value: &'a [u8],
    quoted: bool,
    /// What follows: `, ` and the next field, or a line break, or nothing.
    rest: &'a [u8],
}

fn read_field(text: &[u8]) -> Option<Field<'_>> {
    let (name, rest) = name(text)?;
    let Some(quoted) = rest.strip_prefix(b"\"") else {
        let end = rest
            .iter()
            .enumerate()
            .find(|(place, byte)| {
                **byte == b'\n'
                    || (**byte == b',' && rest.get(place + 1).is_some_and(|next| *next == b' '))
            })
            .map_or(rest.len(), |(place, _)| place);
        let (value, rest) = rest.split_at_checked(end)?;
        return Some(Field {
            name,
            value,
            quoted: false,
            rest,
        });
    };
    // HAProxy does not escape a quote: the last one is that after which a field or an answer begins, or all ends
    let end = memchr::memchr_iter(b'"', quoted).find(|place| {
        quoted
            .get(place + 1..)
            .is_none_or(|after| after.is_empty() || begins(after))
    })?;
    let (value, rest) = quoted.split_at_checked(end)?;
    Some(Field {
        name,
        value,
        quoted: true,
        rest: rest.get(1..)?,
    })
}

/// Whether what follows a quote is the next field or the next answer.
fn begins(after: &[u8]) -> bool {
    match after.strip_prefix(b", ") {
        Some(next) => name(next).is_some(),
        None => after.starts_with(b"\ntype="),
    }
}

/// The name in front of `=`, and what follows.
fn name(text: &[u8]) -> Option<(&str, &[u8])> {
    let end = text
        .iter()
        .position(|byte| !(byte.is_ascii_lowercase() || *byte == b'_'))?;
    let (name, rest) = text.split_at_checked(end)?;
    let rest = rest.strip_prefix(b"=")?;
    (!name.is_empty()).then_some((std::str::from_utf8(name).ok()?, rest))
}

/// Reads what `prepare map` and `prepare acl` answer: the number of the new version.
pub fn version_created(reply: &[u8]) -> Result<u64, MapsError> {
    let text = reply.trim_ascii();
    text.strip_prefix(b"New version created: ")
        .and_then(unsigned)
        .ok_or_else(|| MapsError::NoVersion {
            text: crate::excerpt(text),
        })
}

/// What stands before and after the first `separator`.
fn cut<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (before, rest) = text.split_at_checked(memchr::memmem::find(text, separator)?)?;
    Some((before, rest.get(separator.len()..)?))
}
