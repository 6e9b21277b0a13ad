//! A whole table, for comparison: what the reader handed out, kept.

use haproxy_replies::stat::{Columns, Consumer, Row, StatError, StatReader};

/// All rows, with the columns that were wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// The indexes to ask for; all columns where there are none.
    pub(crate) wanted: Option<Vec<usize>>,
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<Vec<u8>>>,
}

impl Consumer for Table {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        self.names = columns
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        Ok(self
            .wanted
            .clone()
            .unwrap_or_else(|| (0..columns.width()).collect()))
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        self.rows.push(row.fields().map(<[u8]>::to_vec).collect());
        Ok(())
    }
}

impl Table {
    /// Reads a reply in the chunks that it is given in.
    pub(crate) fn read<'a>(
        wanted: Option<Vec<usize>>,
        chunks: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, StatError> {
        let mut reader = StatReader::new(Self {
            wanted,
            ..Self::default()
        });
        for chunk in chunks {
            reader.push(chunk)?;
        }
        reader.finish()
    }
}
