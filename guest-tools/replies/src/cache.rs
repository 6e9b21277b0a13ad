//! `show cache`: the caches, and what each holds.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show cache": a line for each cache, and below it one for each entry.

use crate::lines::{LINE_LIMIT, Lines, TooLong};
use crate::value::{Kind, Value};

/// Why the caches could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// A line is neither a cache nor an entry, or an entry stands in front of every cache.
    #[error("line {line} of the caches is not expected: `{text}`")]
    Unexpected {
        /// The number of the line, from 1.
        line: u64,
        /// Its start.
        text: String,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the caches is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the caches end within a line")]
    Truncated,
}

impl From<TooLong> for CacheError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Item<'a> {
    /// A cache. The entries that follow are its own.
    Cache {
        /// Its name.
        name: &'a [u8],
        /// Blocks (of 1 KiB) that are free.
        available_blocks: Option<u64>,
    },
    /// An entry.
    Entry(Entry<'a>),
}

/// An answer that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a>(Vec<(&'a str, Value<'a>)>);

impl<'a> Entry<'a> {
    /// HAProxy's names and values: `hash`, `vary`, `size` (bytes), `blocks`, `refcount`, `expire` (seconds), and
    /// whatever other versions add.
    pub fn fields(&self) -> &[(&'a str, Value<'a>)] {
        &self.0
    }

    /// A number by name.
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.0.iter().find(|(other, _)| *other == name) {
            Some((_, Value::Unsigned(number))) => Some(*number),
            _ => None,
        }
    }
}

/// Reads the caches chunk by chunk.
#[derive(Debug, Default)]
pub struct CacheReader {
    lines: Lines,
    line: u64,
    seen: bool,
}

impl CacheReader {
    /// The next bytes of the reply; hands each cache and each entry to `item`.
    pub fn push(&mut self, chunk: &[u8], mut item: impl FnMut(Item<'_>)) -> Result<(), CacheError> {
        let (number, seen) = (&mut self.line, &mut self.seen);
        self.lines.push(chunk, |line| {
            *number += 1;
            if line.is_empty() {
                return Ok(());
            }
            let read = read(line).filter(|item| *seen || matches!(item, Item::Cache { .. }));
            *seen = true;
            item(read.ok_or_else(|| CacheError::Unexpected {
                line: *number,
                text: crate::excerpt(line),
            })?);
            Ok(())
        })
    }

    /// The end of the reply. There is no cache where HAProxy has none.
    pub fn finish(self) -> Result<(), CacheError> {
        if self.lines.whole() {
            Ok(())
        } else {
            Err(CacheError::Truncated)
        }
    }
}

fn read(line: &[u8]) -> Option<Item<'_>> {
    let line = line.strip_prefix(b"0x")?;
    let (pointer, rest) = line.split_at_checked(memchr::memchr(b' ', line)?)?;
    let rest = rest.get(1..)?;
    if !pointer.ends_with(b":") {
        return Some(Item::Entry(entry(rest)));
    }
    // `mycache (shctx:0x7f5026114000, available blocks:4096)`
    let (name, details) = match memchr::memmem::find(rest, b" (") {
        Some(place) => rest.split_at_checked(place)?,
        None => (rest, b"".as_slice()),
    };
    let blocks = memchr::memmem::rfind(details, b"available blocks:")
        .and_then(|place| details.get(place..))
        .and_then(|text| text.split(|byte| *byte == b':').nth(1))
        .map(|number| number.strip_suffix(b")").unwrap_or(number));
    Some(Item::Cache {
        name,
        available_blocks: blocks.and_then(crate::value::unsigned),
    })
}

/// `hash:2410827209 vary:0x00 size:348 (1 blocks), refcount:0, expire:25`.
fn entry(text: &[u8]) -> Entry<'_> {
    let mut fields = Vec::new();
    for word in text.split(|byte| *byte == b' ') {
        let word = word.strip_suffix(b",").unwrap_or(word);
        if let Some(blocks) = word.strip_prefix(b"(") {
            fields.push(("blocks", Value::read(blocks, Kind::Number)));
        } else if let Some(place) = memchr::memchr(b':', word)
            && let Some((name, value)) = word.split_at_checked(place)
            && let Ok(name) = std::str::from_utf8(name)
        {
            // a hash names the entry: nobody adds it up
            let kind = if matches!(name, "hash" | "vary") {
                Kind::Text
            } else {
                Kind::Number
            };
            fields.push((name, Value::read(value.get(1..).unwrap_or_default(), kind)));
        }
    }
    Entry(fields)
}
