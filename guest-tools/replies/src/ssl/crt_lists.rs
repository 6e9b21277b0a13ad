//! `show ssl crt-list X`, `show ssl crt-list -n X`: the certificates of a list, with their options and names.
//!
//! Measured on 2.6 to 3.4: the list of `alpn` ends with a NUL character, which is left out here. The order of options
//! is HAProxy's own. A certificate may stand in several lines, which only their numbers tell apart.

use super::SslError;
use crate::lines::Lines;
use crate::value::unsigned;

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// The name of the list. The entries that follow are its own.
    List(&'a [u8]),
    /// An entry.
    Entry(Entry<'a>),
}

/// A line of a list of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The file of the certificate.
    pub certificate: &'a [u8],
    /// The number of the line, where it was asked for: `del ssl crt-list X www.pem:2`.
    pub line: Option<u64>,
    /// What stands between brackets: `alpn h2,http/1.1 verify none`.
    pub options: Option<String>,
    filters: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The names that clients may ask for (SNI); with `!`, that they may not. None at all means those of the
    /// certificate.
    pub fn filters(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.filters
            .split(|byte| *byte == b' ')
            .filter(|filter| !filter.is_empty())
    }
}

/// Reads a list of certificates chunk by chunk.
#[derive(Debug)]
pub struct CrtListReader {
    lines: Lines,
    line: u64,
    numbered: bool,
    seen: bool,
}

impl CrtListReader {
    /// `numbered` says whether the numbers of the lines were asked for (`-n`): the reply does not.
    pub fn new(numbered: bool) -> Self {
        Self {
            lines: Lines::default(),
            line: 0,
            numbered,
            seen: false,
        }
    }

    /// The next bytes of the reply; hands the name of the list and each entry to `item`.
    pub fn push(&mut self, chunk: &[u8], mut item: impl FnMut(Item<'_>)) -> Result<(), SslError> {
        let (number, seen, numbered) = (&mut self.line, &mut self.seen, self.numbered);
        self.lines.push(chunk, |line| {
            *number += 1;
            if line.is_empty() {
                return Ok(());
            }
            let read = match line.strip_prefix(b"# ") {
                Some(name) => Some(Item::List(name)),
                None if *seen => entry(line, numbered).map(Item::Entry),
                None => None,
            };
            *seen = true;
            item(read.ok_or_else(|| SslError::unexpected(*number, line))?);
            Ok(())
        })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), SslError> {
        match (self.lines.whole(), self.seen) {
            (false, _) => Err(SslError::Truncated),
            (true, false) => Err(SslError::Empty),
            (true, true) => Ok(()),
        }
    }
}

/// `/etc/haproxy/certs/www.pem:1 [alpn h2,http/1.1] www.example.test`
fn entry(line: &[u8], numbered: bool) -> Option<Entry<'_>> {
    let end = memchr::memchr(b' ', line).unwrap_or(line.len());
    let (certificate, rest) = line.split_at_checked(end)?;
    let (certificate, number) = if numbered {
        let (certificate, number) =
            certificate.split_at_checked(memchr::memrchr(b':', certificate)?)?;
        (certificate, Some(unsigned(number.get(1..)?)?))
    } else {
        (certificate, None)
    };
    let (options, filters) = match rest.strip_prefix(b" [") {
        Some(rest) => {
            let end = memchr::memchr_iter(b']', rest)
                .find(|end| rest.get(end + 1).is_none_or(|next| *next == b' '))?;
            let (options, filters) = rest.split_at_checked(end)?;
            let options: Vec<u8> = options.iter().copied().filter(|byte| *byte != 0).collect();
            (
                Some(String::from_utf8_lossy(&options).into_owned()),
                filters.get(1..)?,
            )
        }
        None => (None, rest),
    };
    Some(Entry {
        certificate,
        line: number,
        options,
        filters,
    })
}
