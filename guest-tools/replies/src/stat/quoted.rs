//! A row that has a quote.

use super::ROW_LIMIT;
use super::record::{Scanner, Span};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

/// Reads one row at a time, in chunks.
#[derive(Debug)]
pub(crate) struct Quoted {
    reader: Reader,
    /// The fields without their quotes, one after the other.
    fields: Vec<u8>,
    /// Where each field ends.
    ends: Vec<usize>,
    written: usize,
    ended: usize,
    /// Bytes of the row so far, as they came.
    read: usize,
}

impl Default for Quoted {
    fn default() -> Self {
        // a carriage return is data: HAProxy ends lines with a line feed only
        let reader = ReaderBuilder::new()
            .terminator(Terminator::Any(b'\n'))
            .build();
        Self {
            reader,
            fields: Vec::new(),
            ends: Vec::new(),
            written: 0,
            ended: 0,
            read: 0,
        }
    }
}

impl Quoted {
    /// Takes what belongs to the row: how many bytes that are, and whether the row is whole now. None where the row
    /// is longer than [`ROW_LIMIT`].
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Option<(usize, bool)> {
        let mut used = 0;
        loop {
            let input = chunk.get(used..).unwrap_or_default();
            // an empty input would tell the reader that the reply ends
            if input.is_empty() {
                return Some((used, false));
            }
            // one byte first: the reader would take three for a byte order mark and drop them
            let input = if self.read == 0 {
                input.get(..1).unwrap_or(input)
            } else {
                input
            };
            let fields = self.fields.get_mut(self.written..).unwrap_or_default();
            let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
            let (result, read, written, ended) = self.reader.read_record(input, fields, ends);
            used += read;
            self.read += read;
            self.written += written;
            self.ended += ended;
            let whole = matches!(result, ReadRecordResult::Record | ReadRecordResult::End);
            if self.read - usize::from(whole) > ROW_LIMIT {
                return None;
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    self.fields.resize((self.fields.len() * 2).max(4096), 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    self.ends.resize((self.ends.len() * 2).max(256), 0);
                }
                ReadRecordResult::Record | ReadRecordResult::End => return Some((used, true)),
            }
        }
    }

    /// The row: its fields, the spans of the wanted ones, and how many columns it has.
    pub(crate) fn take<'a>(&'a self, scanner: &'a mut Scanner) -> (&'a [u8], &'a [Span], usize) {
        let ends = self.ends.get(..self.ended).unwrap_or_default();
        let before_last = ends
            .len()
            .checked_sub(2)
            .and_then(|before| ends.get(before))
            .copied();
        // the comma at the end of a row opens no column
        let closed = ends.last().copied() == before_last;
        let width = ends.len() - usize::from(closed);
        (
            self.fields.get(..self.written).unwrap_or_default(),
            scanner.select(ends),
            width,
        )
    }

    pub(crate) fn clear(&mut self) {
        self.reader.reset();
        self.written = 0;
        self.ended = 0;
        self.read = 0;
    }
}
