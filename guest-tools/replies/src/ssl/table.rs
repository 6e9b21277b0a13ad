//! Tables of certificates with a header, read by the names in it.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::SslError;
use crate::rows::{Header, Rows};

/// What tells one table from another.
pub trait Form: Default {
    /// What its header begins with, before the name of the first column.
    const START: &'static str;
    /// What stands between columns.
    const SEPARATOR: &'static str;
    /// The columns that it must have.
    const REQUIRED: &'static [&'static str];
}

#[derive(Debug, Default)]
struct Head<F> {
    columns: Vec<String>,
    number: u64,
    form: PhantomData<F>,
}

impl<F: Form> Header for Head<F> {
    type Error = SslError;

    const EMPTY: SslError = SslError::Empty;

    const TRUNCATED: SslError = SslError::Truncated;

    fn is_row(&mut self, line: &[u8], number: u64) -> Result<bool, SslError> {
        self.number = number;
        if self.is_known() {
            return Ok(true);
        }
        let first = F::REQUIRED.first().copied().unwrap_or_default();
        let names = line
            .strip_prefix(F::START.as_bytes())
            .filter(|names| names.starts_with(first.as_bytes()))
            .ok_or_else(|| SslError::unexpected(number, line))?;
        let names: Vec<String> = String::from_utf8_lossy(names)
            .split(F::SEPARATOR)
            .map(str::to_owned)
            .collect();
        for name in F::REQUIRED {
            if !names.iter().any(|other| other == name) {
                return Err(SslError::MissingColumn { name });
            }
        }
        self.columns = names;
        Ok(false)
    }

    fn is_known(&self) -> bool {
        !self.columns.is_empty()
    }
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a, F> {
    names: &'a [String],
    values: Vec<&'a [u8]>,
    form: PhantomData<F>,
}

impl<F> Row<'_, F> {
    /// All columns by name, in HAProxy's order; bytes that are not UTF-8 are replaced by U+FFFD.
    pub fn fields(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.names
            .iter()
            .zip(&self.values)
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value)))
    }

    /// A column by name.
    pub fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.fields()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }
}

/// Reads a table chunk by chunk.
#[derive(Debug, Default)]
pub struct TableReader<F: Form> {
    rows: Rows<Head<F>>,
}

impl<F: Form> TableReader<F> {
    /// The next bytes of the reply; hands each row to `row`.
    pub fn push(&mut self, chunk: &[u8], mut row: impl FnMut(Row<'_, F>)) -> Result<(), SslError> {
        self.rows.push(chunk, |header, line| {
            let values = split(line, F::SEPARATOR.as_bytes(), header.columns.len());
            if values.len() < header.columns.len() {
                return Err(SslError::unexpected(header.number, line));
            }
            row(Row {
                names: &header.columns,
                values,
                form: PhantomData,
            });
            Ok(())
        })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), SslError> {
        self.rows.finish()
    }
}

/// At most so many parts; the last one has what is too much.
fn split<'a>(line: &'a [u8], separator: &[u8], most: usize) -> Vec<&'a [u8]> {
    let mut parts = Vec::with_capacity(most);
    let mut rest = line;
    while parts.len() + 1 < most
        && let Some(place) = memchr::memmem::find(rest, separator)
        && let Some((part, tail)) = rest.split_at_checked(place)
    {
        parts.push(part);
        rest = tail.get(separator.len()..).unwrap_or_default();
    }
    parts.push(rest);
    parts
}
