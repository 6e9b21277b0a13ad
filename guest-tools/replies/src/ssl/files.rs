//! `show ssl cert`, `show ssl ca-file`, `show ssl crl-file`, `show ssl jwt`, `show ssl crt-list`: which files HAProxy
//! holds.
//!
//! Measured on 2.6 to 3.4: while a change of a file is not committed, the list begins with `# transaction` and the
//! file with an asterisk, under which commands show its new content; the file itself follows as it is. Lists of
//! `ca-file` count the certificates. The lists of `crt-list` have no header.

use super::SslError;
use crate::lines::Lines;
use crate::value::unsigned;

/// A file that HAProxy holds; it need not exist on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File<'a> {
    /// Its name, without the asterisk.
    pub name: &'a [u8],
    /// Whether this is a change that was not committed.
    pub uncommitted: bool,
    /// How many certificates it holds, of a `ca-file`.
    pub certificates: Option<u64>,
}

/// Reads such a list chunk by chunk.
#[derive(Debug)]
pub struct FilesReader {
    lines: Lines,
    line: u64,
    place: Place,
}

/// What the next line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Transaction,
    Files,
}

impl FilesReader {
    /// Of a list that begins with a header.
    pub fn with_header() -> Self {
        Self {
            lines: Lines::default(),
            line: 0,
            place: Place::Header,
        }
    }

    /// Of one that does not: `show ssl crt-list`.
    pub fn without_header() -> Self {
        Self {
            place: Place::Files,
            ..Self::with_header()
        }
    }

    /// The next bytes of the reply; hands each file to `file`.
    pub fn push(&mut self, chunk: &[u8], mut file: impl FnMut(File<'_>)) -> Result<(), SslError> {
        let (number, place) = (&mut self.line, &mut self.place);
        self.lines.push(chunk, |line| {
            *number += 1;
            match (line, *place) {
                (b"", _) => {}
                (b"# transaction", Place::Header) => *place = Place::Transaction,
                (b"# filename", _) => *place = Place::Files,
                (_, Place::Header) => return Err(SslError::unexpected(*number, line)),
                (_, Place::Transaction) => {
                    file(read(line.strip_prefix(b"*").unwrap_or(line), true));
                }
                (_, Place::Files) => file(read(line, false)),
            }
            Ok(())
        })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), SslError> {
        match (self.lines.whole(), self.place) {
            (false, _) => Err(SslError::Truncated),
            (true, Place::Header) => Err(SslError::Empty),
            (true, _) => Ok(()),
        }
    }
}

/// `/etc/haproxy/certs/ca.crt - 1 certificate(s)`
fn read(line: &[u8], uncommitted: bool) -> File<'_> {
    let counted = || {
        let rest = line.strip_suffix(b" certificate(s)")?;
        let (name, count) = rest.split_at_checked(memchr::memmem::rfind(rest, b" - ")?)?;
        Some((name, unsigned(count.get(3..)?)?))
    };
    let (name, certificates) = match counted() {
        Some((name, count)) => (name, Some(count)),
        None => (line, None),
    };
    File {
        name,
        uncommitted,
        certificates,
    }
}
