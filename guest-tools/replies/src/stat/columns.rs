//! The columns of statistics: their names, which of them hold text, and what a row is about.

use super::StatError;
use crate::value::Kind;

/// Columns that hold text on every version from 2.6 to 3.4, as HAProxy's own `show stat typed` types them (`str`).
/// `-` stands between HAProxy's own columns and those of its modules and holds no value.
pub const TEXT_COLUMNS: [&str; 16] = [
    "pxname",
    "svname",
    "status",
    "tracked",
    "check_status",
    "last_chk",
    "last_agt",
    "agent_status",
    "check_desc",
    "agent_desc",
    "addr",
    "cookie",
    "mode",
    "algo",
    "proto",
    "-",
];

/// One column of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    name: String,
    kind: Kind,
}

impl Column {
    /// HAProxy's own name, for example `scur`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its values are read.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// The header of statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

impl Columns {
    /// Reads the first line of a reply: `# pxname,svname,…,`.
    pub(super) fn read(line: &[u8]) -> Result<Self, StatError> {
        let text = line.trim_ascii_end();
        let Some(names) = text.strip_prefix(b"# ") else {
            return Err(StatError::NotStatistics {
                line: crate::excerpt(text),
            });
        };
        let names = names.strip_suffix(b",").unwrap_or(names);
        Ok(Self(
            names
                .split(|byte| *byte == b',')
                .map(|name| {
                    let name = String::from_utf8_lossy(name).into_owned();
                    let kind = if TEXT_COLUMNS.contains(&name.as_str()) {
                        Kind::Text
                    } else {
                        Kind::Number
                    };
                    Column { name, kind }
                })
                .collect(),
        ))
    }

    /// The index of a column; the first one where a name occurs twice.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column.name == name)
    }

    /// The index of a column that must be there.
    pub fn require(&self, name: &str) -> Result<usize, StatError> {
        self.index(name).ok_or_else(|| StatError::MissingColumn {
            name: name.to_owned(),
        })
    }

    /// The column at an index.
    pub fn get(&self, index: usize) -> Option<&Column> {
        self.0.get(index)
    }

    /// All columns, in HAProxy's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Column> {
        self.0.iter()
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.0.len()
    }
}

/// What a row is about: its column `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectType {
    /// `0`.
    Frontend,
    /// `1`.
    Backend,
    /// `2`.
    Server,
    /// `3`: a `bind` line of a frontend with `option socket-stats`.
    Listener,
}

impl ObjectType {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Frontend, Self::Backend, Self::Server, Self::Listener];

    /// Reads a field of the column `type`; None for a type that is none of these.
    pub fn read(field: &[u8]) -> Option<Self> {
        match field {
            b"0" => Some(Self::Frontend),
            b"1" => Some(Self::Backend),
            b"2" => Some(Self::Server),
            b"3" => Some(Self::Listener),
            _ => None,
        }
    }

    /// The bit that selects it in the second argument of `show stat <proxy> <type> <sid>`.
    pub fn mask(self) -> u8 {
        match self {
            Self::Frontend => 1,
            Self::Backend => 2,
            Self::Server => 4,
            Self::Listener => 8,
        }
    }

    /// Its name: `frontend`, `backend`, `server`, `listener`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Frontend => "frontend",
            Self::Backend => "backend",
            Self::Server => "server",
            Self::Listener => "listener",
        }
    }
}
