//! `show sess`: the streams that HAProxy handles just now, which it calls sessions.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show sess", whose output is for developers. Measured besides:
//! - `show sess` alone gives a line for each stream. `all`, an identifier and (from 2.9 on) `older` give a block of
//!   lines for each, and so does `susp` in 3.0, but not from 3.1 on. HAProxy 2.6 takes no notice of `older` and `susp`:
//!   it shows all streams, a line each.
//! - The groups differ: 2.6 has `rx` and `wx` in `rq` and `rp`, newer ones `rex` and `wex` in `scf` and `scb`, where
//!   3.5 writes `fd=1/36` in place of `fd=36`. Go by the names.
//! - A stream that came by no connection (`proto=?`) has no `src`, `fe`, `be` or `srv`. One from a Unix socket has
//!   `src=unix:1`, with the number of the listener.
//! - `uri` (with `show-uri`, from 3.2, of frontends that log) is the line of the request, at the end, in quotes; those
//!   within it are not escaped.
//! - The stream of the command itself is among them: `fe=GLOBAL`.

use std::borrow::Cow;

use crate::lines::{LINE_LIMIT, Lines, TooLong};
use crate::value::{Kind, Value};

/// Fields that hold text, also where it looks like a number.
const TEXT_FIELDS: [&str; 8] = ["proto", "src", "fe", "be", "srv", "ts", "epoch", "uri"];

/// The most lines of one block that are kept; a stream has some thirty.
pub const BLOCK_LIMIT: usize = 1000;

/// Why sessions could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionsError {
    /// A line is no session, or stands in front of every session.
    #[error("line {line} of the sessions is not expected: `{text}`")]
    Unexpected {
        /// The number of the line, from 1.
        line: u64,
        /// Its start.
        text: String,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the sessions is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the sessions end within a line")]
    Truncated,
}

impl From<TooLong> for SessionsError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// A session, of which HAProxy says one line. What it holds is read when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session<'a> {
    /// What HAProxy calls it: `0x7fc0014a8c00`. It is reused once the session has ended.
    pub id: &'a [u8],
    words: &'a [u8],
    uri: Option<&'a [u8]>,
}

impl<'a> Session<'a> {
    /// All fields, in HAProxy's order; those of a group have its name in front, and their place (from 1) where they
    /// have no name of their own: `age`, `rq.f`, `scf.1`.
    pub fn fields(&self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> + use<'a> {
        let words = self.words.split(|byte| *byte == b' ');
        let uri = self.uri.map(|uri| (Cow::Borrowed("uri"), text(uri)));
        words.flat_map(Word::read).chain(uri)
    }

    /// A field by name, of no group: `src`, `fe`, `be`, `srv`, `age`, `calls`, `uri`, …
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        if name == "uri" {
            return self.uri.map(text);
        }
        self.words.split(|byte| *byte == b' ').find_map(|word| {
            let value = word.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
            (!value.starts_with(b"[")).then(|| read(name, value))
        })
    }

    /// A span of time by name (`age`, `exp`), in seconds; HAProxy leaves out what is below its second unit.
    pub fn seconds(&self, name: &str) -> Option<u64> {
        match self.field(name)? {
            Value::Text(span) => crate::dates::span(span.as_bytes()),
            _ => None,
        }
    }
}

/// The fields of one word: `age=5s`, `rq[f=1840000h,i=0,an=8000h,ax=]`, `scf=[8,482h,fd=36]`, `run(nice=0)`.
struct Word<'a> {
    group: Option<&'a str>,
    /// What was not read yet.
    rest: Option<&'a [u8]>,
    place: usize,
}

impl<'a> Word<'a> {
    fn read(word: &'a [u8]) -> Self {
        let group = || {
            let inner = word
                .strip_suffix(b"]")
                .or_else(|| word.strip_suffix(b")"))?;
            let place = inner.iter().position(|byte| matches!(byte, b'[' | b'('))?;
            let (name, fields) = inner.split_at_checked(place)?;
            let name = std::str::from_utf8(name.strip_suffix(b"=").unwrap_or(name)).ok()?;
            // `a=b[c]` is a value with brackets
            (!name.contains('=')).then_some((name, fields.get(1..)?))
        };
        match group() {
            Some((name, fields)) => Self {
                group: Some(name),
                rest: Some(fields),
                place: 0,
            },
            None => Self {
                group: None,
                rest: Some(word),
                place: 0,
            },
        }
    }
}

impl<'a> Iterator for Word<'a> {
    type Item = (Cow<'a, str>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let Some(group) = self.group else {
            let (name, value) = rest.split_at_checked(memchr::memchr(b'=', rest)?)?;
            let name = std::str::from_utf8(name).ok()?;
            return Some((name.into(), read(name, value.get(1..)?)));
        };
        self.place += 1;
        let field = match memchr::memchr(b',', rest) {
            Some(end) => {
                self.rest = rest.get(end + 1..);
                rest.get(..end)?
            }
            None => rest,
        };
        let named = memchr::memchr(b'=', field)
            .and_then(|place| field.split_at_checked(place))
            .and_then(|(name, value)| Some((std::str::from_utf8(name).ok()?, value.get(1..)?)));
        Some(match named {
            Some((name, value)) => (
                format!("{group}.{name}").into(),
                Value::read(value, Kind::Number),
            ),
            None => (
                format!("{group}.{}", self.place).into(),
                Value::read(field, Kind::Number),
            ),
        })
    }
}

fn read<'a>(name: &str, value: &'a [u8]) -> Value<'a> {
    match value {
        b"<none>" | b"<NONE>" => Value::Absent,
        _ if TEXT_FIELDS.contains(&name) => Value::read(value, Kind::Text),
        _ => Value::read(value, Kind::Number),
    }
}

fn text(value: &[u8]) -> Value<'_> {
    Value::read(value, Kind::Text)
}

/// Reads sessions of one line each, chunk by chunk.
#[derive(Debug, Default)]
pub struct SessionsReader {
    lines: Lines,
    line: u64,
}

impl SessionsReader {
    /// The next bytes of the reply; hands each session to `session`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut session: impl FnMut(Session<'_>),
    ) -> Result<(), SessionsError> {
        let number = &mut self.line;
        self.lines.push(chunk, |line| {
            *number += 1;
            if !line.is_empty() {
                session(one_line(line).ok_or_else(|| SessionsError::Unexpected {
                    line: *number,
                    text: crate::excerpt(line),
                })?);
            }
            Ok(())
        })
    }

    /// The end of the reply. There is no session where none was asked for that exists.
    pub fn finish(self) -> Result<(), SessionsError> {
        if self.lines.whole() {
            Ok(())
        } else {
            Err(SessionsError::Truncated)
        }
    }
}

/// `0x7fc0014a8c00: proto=tcpv4 src=127.0.0.1:37998 fe=fe_http be=be_app srv=app1 ts=00 …`
fn one_line(line: &[u8]) -> Option<Session<'_>> {
    let (id, rest) = head(line)?;
    if !rest.starts_with(b"proto=") {
        return None;
    }
    let (words, uri) = match memchr::memmem::find(rest, b" uri=\"") {
        Some(place) => {
            let (words, uri) = rest.split_at_checked(place)?;
            let uri = uri.strip_prefix(b" uri=\"")?;
            (words, Some(uri.strip_suffix(b"\"").unwrap_or(uri)))
        }
        None => (rest, None),
    };
    Some(Session { id, words, uri })
}

/// The identifier of a session, and what follows.
fn head(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (id, rest) = line.split_at_checked(memchr::memchr(b':', line)?)?;
    let digits = id.strip_prefix(b"0x")?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    Some((id, rest.strip_prefix(b": ")?))
}

/// A session, of which HAProxy says many lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// What HAProxy calls it: `0x7fc0014a8c00`.
    pub id: String,
    /// All lines, the first without the identifier, the others with the spaces in front of them; bytes that are not
    /// UTF-8 are replaced by U+FFFD.
    pub lines: Vec<String>,
    /// Whether there were more than [`BLOCK_LIMIT`].
    pub cut: bool,
}

impl Block {
    /// When it began, in the local time of HAProxy's machine: `22/Nov/2026:09:57:42.900714`.
    pub fn began(&self) -> Option<&str> {
        let first = self.lines.first()?;
        Some(first.strip_prefix('[')?.split_once(']')?.0)
    }

    /// The first value of that name: `id`, `proto`, `source`, `frontend`, `backend`, `server`, … A server that is not
    /// known is `<none>`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.lines
            .iter()
            .flat_map(|line| line.split([' ', ',', '(', ')']))
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Reads sessions of many lines each (or of one), chunk by chunk; keeps one.
#[derive(Debug, Default)]
pub struct BlocksReader {
    lines: Lines,
    line: u64,
    current: Option<Block>,
}

impl BlocksReader {
    /// The next bytes of the reply; hands each session to `block`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut block: impl FnMut(Block),
    ) -> Result<(), SessionsError> {
        let (number, current) = (&mut self.line, &mut self.current);
        self.lines.push(chunk, |line| {
            *number += 1;
            if line.is_empty() {
                return Ok(());
            }
            if let Some((id, first)) = head(line) {
                let next = Block {
                    id: String::from_utf8_lossy(id).into_owned(),
                    lines: vec![String::from_utf8_lossy(first).into_owned()],
                    cut: false,
                };
                if let Some(last) = current.replace(next) {
                    block(last);
                }
                return Ok(());
            }
            let Some(current) = current else {
                return Err(SessionsError::Unexpected {
                    line: *number,
                    text: crate::excerpt(line),
                });
            };
            if current.lines.len() < BLOCK_LIMIT {
                let text = String::from_utf8_lossy(line);
                current.lines.push(text.trim_ascii_end().to_owned());
            } else {
                current.cut = true;
            }
            Ok(())
        })
    }

    /// The end of the reply: the last session.
    pub fn finish(self, mut block: impl FnMut(Block)) -> Result<(), SessionsError> {
        if !self.lines.whole() {
            return Err(SessionsError::Truncated);
        }
        if let Some(last) = self.current {
            block(last);
        }
        Ok(())
    }
}
