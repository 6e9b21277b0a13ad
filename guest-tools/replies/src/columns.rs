//! Short tables with a header line `# name name …`: `show cli sockets` with spaces, `acme status` with tabs.

/// Why a table could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// The first line is no header.
    #[error("the table does not start with `# ` and the names of its columns: `{line}`")]
    NoHeader {
        /// The start of the first line.
        line: String,
    },
    /// A column that is needed is not there.
    #[error("the table has no column: `{name}`")]
    MissingColumn {
        /// Its name.
        name: &'static str,
    },
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Names of the columns, as HAProxy writes them.
    pub names: Vec<String>,
    /// The rows, in HAProxy's order; a row may be shorter than the header.
    pub rows: Vec<Vec<String>>,
}

impl Columns {
    /// Reads a whole reply. With spaces between columns, what is too much belongs to the first one: a path.
    pub fn read(reply: &[u8], separator: char) -> Result<Self, ColumnsError> {
        let text = String::from_utf8_lossy(reply);
        let mut lines = text.split('\n').filter(|line| !line.trim().is_empty());
        let first = lines.next().unwrap_or_default();
        let names: Vec<String> = first
            .strip_prefix("# ")
            .map(|names| names.split(separator).map(str::to_owned).collect())
            .ok_or_else(|| ColumnsError::NoHeader {
                line: crate::excerpt(first.as_bytes()),
            })?;
        let rows = lines
            .map(|line| {
                if separator == ' ' {
                    let mut row: Vec<String> = line
                        .rsplitn(names.len(), separator)
                        .map(str::to_owned)
                        .collect();
                    row.reverse();
                    row
                } else {
                    line.split(separator).map(str::to_owned).collect()
                }
            })
            .collect();
        Ok(Self { names, rows })
    }

    /// Where a column stands.
    pub fn require(&self, name: &'static str) -> Result<usize, ColumnsError> {
        self.names
            .iter()
            .position(|other| other == name)
            .ok_or(ColumnsError::MissingColumn { name })
    }
}
