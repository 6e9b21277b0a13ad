//! Rows under a header, of a reply that comes in chunks.

use crate::lines::{Lines, TooLong};

/// What the lines that are no rows said.
pub(crate) trait Header {
    /// Why the reply could not be read.
    type Error: From<TooLong>;

    /// The reply has no header.
    const EMPTY: Self::Error;

    /// The reply ends within a line.
    const TRUNCATED: Self::Error;

    /// Whether a line, which is not empty, is a row; takes in what is none. `number` is that of the line, from 1.
    fn is_row(&mut self, line: &[u8], number: u64) -> Result<bool, Self::Error>;

    /// Whether rows can be read: the header was there.
    fn is_known(&self) -> bool;
}

/// Reads rows chunk by chunk; empty lines say nothing.
#[derive(Debug, Default)]
pub(crate) struct Rows<H> {
    lines: Lines,
    number: u64,
    header: H,
}

impl<H: Header> Rows<H> {
    /// The next bytes of the reply; hands each row to `row`, with the header as it was by then.
    pub(crate) fn push<E: From<H::Error>>(
        &mut self,
        chunk: &[u8],
        mut row: impl FnMut(&H, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (header, number) = (&mut self.header, &mut self.number);
        self.lines.push_for::<H::Error, E>(chunk, |line| {
            *number += 1;
            if !line.is_empty() && header.is_row(line, *number)? {
                row(header, line)?;
            }
            Ok(())
        })
    }

    /// The end of the reply.
    pub(crate) fn finish(self) -> Result<(), H::Error> {
        match (self.lines.whole(), self.header.is_known()) {
            (false, _) => Err(H::TRUNCATED),
            (true, false) => Err(H::EMPTY),
            (true, true) => Ok(()),
        }
    }
}
