//! How it is told what is wrong with the arguments of a list.

use haproxy_mcp_sdk::Failure;

use crate::cursor::CursorError;
use crate::selection::NoSuchField;

/// The argument is `cursor`.
impl From<CursorError> for Failure {
    fn from(error: CursorError) -> Self {
        Self::invalid_argument(error.to_string())
            .hint(error.hint())
            .argument("/cursor")
    }
}

/// The argument is the place in `fields`.
impl From<NoSuchField> for Failure {
    fn from(error: NoSuchField) -> Self {
        Self::invalid_argument(error.to_string())
            .hint(error.hint())
            .argument_among(&format!("/fields/{}", error.index), &error.near)
    }
}
