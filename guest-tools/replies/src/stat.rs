//! `show stat`: the statistics of all frontends, backends, servers and listeners, as CSV.
//!
//! The reader takes chunks of any size and hands out rows as borrowed fields. It materialises only the columns that
//! the consumer asked for, and its memory is one row. Rows that hold a quote are read by `csv-core`, all others by
//! the marks of 64 bytes at once (`scan`): five times faster, and most sites have no quote at all.
//!
//! # References
//! HAProxy Management Guide, section 9.1 "CSV format": the first line starts with `# ` and names the columns; a
//! value with a comma, a quote or a line end is quoted and its quotes are doubled; each line ends with a comma.

mod columns;
mod quoted;
mod record;
mod scan;
mod search;
mod types;

pub use columns::{Column, Columns, ObjectType};
use quoted::Quoted;
use record::{Scanner, Span, Stop};
pub use search::ProxySearch;
pub use types::OfTypes;

/// The longest row that is read, in bytes. HAProxy 3.4 prints about 600 for a row; a row never exceeds its buffer.
pub const ROW_LIMIT: usize = 1 << 20;

/// Why statistics could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatError {
    /// There was not even a header.
    #[error("the statistics are empty")]
    Empty,
    /// The first line is not a header.
    #[error("the statistics do not start with a header: `{line}`")]
    NotStatistics {
        /// The start of the first line.
        line: String,
    },
    /// A column that is needed is not in the header.
    #[error("the statistics have no column: `{name}`")]
    MissingColumn {
        /// The name of the column.
        name: String,
    },
    /// A row does not have the columns of the header.
    #[error("row {row} of the statistics has {found} columns, and the header {expected}")]
    Width {
        /// The number of the row, from 1.
        row: u64,
        /// How many columns it has.
        found: usize,
        /// How many columns the header has.
        expected: usize,
    },
    /// A row or the header is longer than [`ROW_LIMIT`].
    #[error("row {row} of the statistics is longer than {ROW_LIMIT} bytes")]
    TooLong {
        /// The number of the row, from 1; 0 is the header.
        row: u64,
    },
    /// The reply ends within a row.
    #[error("the statistics end within row {row}")]
    Truncated {
        /// The number of the row, from 1; 0 is the header.
        row: u64,
    },
}

/// Who takes the rows.
pub trait Consumer {
    /// What the consumer may answer; it ends the reading.
    type Error: From<StatError>;

    /// Called once, with the header: says which columns the rows shall hold, as indexes into the header.
    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, Self::Error>;

    /// One row, in HAProxy's order.
    fn row(&mut self, row: &Row<'_>) -> Result<(), Self::Error>;
}

/// The wanted fields of one row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Row<'a> {
    /// The field of the column that stands at `place` in the answer of [`Consumer::columns`]; empty where HAProxy has
    /// no value, and beyond the last place.
    #[inline]
    pub fn field(&self, place: usize) -> &'a [u8] {
        self.spans
            .get(place)
            .and_then(|span| self.bytes.get(span.start..span.end))
            .unwrap_or_default()
    }

    /// The same row with only the first of the wanted fields.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self {
            bytes: self.bytes,
            spans: self.spans.get(..count).unwrap_or(self.spans),
        }
    }

    /// All wanted fields, in the order in which they were asked for.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = &'a [u8]> {
        let bytes = self.bytes;
        self.spans
            .iter()
            .map(move |span| bytes.get(span.start..span.end).unwrap_or_default())
    }
}

/// Reads statistics chunk by chunk.
#[derive(Debug)]
pub struct StatReader<C> {
    consumer: C,
    phase: Phase,
    scanner: Scanner,
    quoted: Quoted,
    /// The start of a line whose end has not come yet: of the header, or of a row that has no quote so far.
    unfinished: Vec<u8>,
    /// How many columns the header has.
    width: usize,
    /// How many rows were handed out.
    rows: u64,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Header,
    Rows,
    /// Within a row that has a quote.
    Quoted,
}

impl<C: Consumer> StatReader<C> {
    /// A reader that has seen nothing yet.
    pub fn new(consumer: C) -> Self {
        Self {
            consumer,
            phase: Phase::Header,
            scanner: Scanner::default(),
            quoted: Quoted::default(),
            unfinished: Vec::new(),
            width: 0,
            rows: 0,
        }
    }

    /// The next bytes of the reply, any number of them.
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<(), C::Error> {
        while !chunk.is_empty() {
            let used = match self.phase {
                Phase::Header => self.header(chunk)?,
                Phase::Rows => self.rows(chunk)?,
                Phase::Quoted => self.quoted(chunk)?,
            };
            chunk = chunk.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// The end of the reply: an error where it does not end with a whole row.
    pub fn finish(self) -> Result<C, C::Error> {
        let truncated = StatError::Truncated {
            row: self.row_number(),
        };
        match (self.phase, self.unfinished.as_slice()) {
            (Phase::Rows, []) => Ok(self.consumer),
            (Phase::Header, []) => Err(StatError::Empty.into()),
            (Phase::Header, line) if !line.starts_with(b"#") => Err(StatError::NotStatistics {
                line: crate::excerpt(line),
            }
            .into()),
            _ => Err(truncated.into()),
        }
    }

    /// The number of the row that is being read; 0 is the header.
    fn row_number(&self) -> u64 {
        if matches!(self.phase, Phase::Header) {
            0
        } else {
            self.rows + 1
        }
    }

    fn header(&mut self, chunk: &[u8]) -> Result<usize, C::Error> {
        let (used, whole) = self.complete_line(chunk)?;
        if whole {
            // an empty line may stand before a reply
            if self.unfinished != b"\n" {
                let columns = Columns::read(&self.unfinished)?;
                let wanted = self.consumer.columns(&columns)?;
                self.width = columns.width();
                self.scanner = Scanner::new(&wanted);
                self.phase = Phase::Rows;
            }
            self.unfinished.clear();
        }
        Ok(used)
    }

    fn rows(&mut self, chunk: &[u8]) -> Result<usize, C::Error> {
        if self.unfinished.is_empty() {
            return Ok(match self.scan(chunk)? {
                Stop::Quote(from) => {
                    self.phase = Phase::Quoted;
                    from
                }
                Stop::End(from) => {
                    let rest = chunk.get(from..).unwrap_or_default();
                    if rest.len() > ROW_LIMIT {
                        return Err(StatError::TooLong {
                            row: self.row_number(),
                        }
                        .into());
                    }
                    self.unfinished.extend_from_slice(rest);
                    chunk.len()
                }
            });
        }
        let (used, whole) = self.complete_line(chunk)?;
        let line = std::mem::take(&mut self.unfinished);
        if chunk
            .get(..used)
            .is_some_and(|added| memchr::memchr(b'"', added).is_some())
        {
            // `line` ends at its first line end at the latest, so that the row does not end before it
            self.phase = Phase::Quoted;
            self.quoted(&line)?;
        } else if whole {
            self.scan(&line)?;
        } else {
            self.unfinished = line;
            return Ok(used);
        }
        self.unfinished = line;
        self.unfinished.clear();
        Ok(used)
    }

    fn quoted(&mut self, chunk: &[u8]) -> Result<usize, C::Error> {
        let row = self.row_number();
        let (used, whole) = self.quoted.push(chunk).ok_or(StatError::TooLong { row })?;
        if whole {
            let (bytes, spans, width) = self.quoted.take(&mut self.scanner);
            check_width(width, self.width, row)?;
            self.rows = row;
            self.consumer.row(&Row { bytes, spans })?;
            self.quoted.clear();
            self.phase = Phase::Rows;
        }
        Ok(used)
    }

    /// Hands out the rows of `chunk` up to the first that has a quote or does not end in it.
    fn scan(&mut self, chunk: &[u8]) -> Result<Stop, C::Error> {
        let Self {
            consumer,
            rows,
            scanner,
            width: expected,
            ..
        } = self;
        scanner.scan(chunk, |bytes, spans, width| {
            let row = *rows + 1;
            if bytes.len() > ROW_LIMIT {
                return Err(StatError::TooLong { row }.into());
            }
            check_width(width, *expected, row)?;
            *rows = row;
            consumer.row(&Row { bytes, spans })
        })
    }

    /// Adds to the unfinished line what belongs to it: how much of `chunk` that is, and whether the line is whole now.
    fn complete_line(&mut self, chunk: &[u8]) -> Result<(usize, bool), C::Error> {
        let end = memchr::memchr(b'\n', chunk);
        let used = end.map_or(chunk.len(), |end| end + 1);
        if self.unfinished.len() + end.unwrap_or(used) > ROW_LIMIT {
            return Err(StatError::TooLong {
                row: self.row_number(),
            }
            .into());
        }
        self.unfinished
            .extend_from_slice(chunk.get(..used).unwrap_or_default());
        Ok((used, end.is_some()))
    }
}

fn check_width(found: usize, expected: usize, row: u64) -> Result<(), StatError> {
    if found == expected {
        Ok(())
    } else {
        Err(StatError::Width {
            row,
            found,
            expected,
        })
    }
}
