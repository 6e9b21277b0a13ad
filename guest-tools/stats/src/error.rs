//! What can go wrong while the statistics are read.

use haproxy_mcp_sdk::Failure;
use haproxy_replies::stat::StatError;

use crate::groups::group_names;

/// Why there is no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TableError {
    #[error(transparent)]
    Stat(#[from] StatError),
    #[error("this HAProxy has no counter: `{name}`")]
    NoSuchCounter {
        name: String,
        /// JSON pointer of the argument.
        pointer: String,
        near: Vec<String>,
    },
    #[error("this HAProxy has no column, and this tool no group: `{name}`")]
    NoSuchColumn {
        name: String,
        /// JSON pointer of the argument.
        pointer: String,
        near: Vec<String>,
    },
}

impl TableError {
    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let near = match self {
            Self::NoSuchColumn { near, .. } => near,
            Self::NoSuchCounter { near, .. } if near.is_empty() => {
                return Some(
                    "use HAProxy's own names of counters, such as stot or hrsp_5xx, or \"all\""
                        .to_owned(),
                );
            }
            Self::NoSuchCounter { near, .. } => {
                return Some(format!("did you mean {}?", near.join(", ")));
            }
            Self::Stat(_) => return None,
        };
        let groups = group_names();
        Some(if near.is_empty() {
            format!("use HAProxy's own column names, or a group: {groups}")
        } else {
            format!("did you mean {}? groups are: {groups}", near.join(", "))
        })
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        let (hint, message) = (error.hint().unwrap_or_default(), error.to_string());
        match error {
            TableError::Stat(_) => Self::unparsable(message),
            TableError::NoSuchColumn { pointer, near, .. }
            | TableError::NoSuchCounter { pointer, near, .. } => Self::invalid_argument(message)
                .hint(hint)
                .argument_among(&pointer, &near),
        }
    }
}
