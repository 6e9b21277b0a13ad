//! `show ssl …`: certificates, lists of them, authorities, revocations, and what is known of them by OCSP.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show ssl ca-file", "show ssl cert", "show ssl crl-file",
//! "show ssl crt-list", "show ssl ocsp-response", "show ssl ocsp-updates", "show ssl sni".

pub mod certificates;
pub mod crt_lists;
pub mod files;
pub mod ocsp;
pub mod sni;
mod table;

use crate::lines::{LINE_LIMIT, TooLong};

/// Why a reply about certificates could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SslError {
    /// There was not even a header.
    #[error("the reply about certificates is empty")]
    Empty,
    /// A line is not one that the reply can have there.
    #[error("line {line} of the reply about certificates is not expected: `{text}`")]
    Unexpected {
        /// The number of the line, from 1.
        line: u64,
        /// Its start.
        text: String,
    },
    /// The header lacks a column that is needed.
    #[error("the header has no column: `{name}`")]
    MissingColumn {
        /// Its name.
        name: &'static str,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the reply about certificates is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the reply about certificates ends within a line")]
    Truncated,
}

impl From<TooLong> for SslError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

impl SslError {
    fn unexpected(line: u64, text: &[u8]) -> Self {
        Self::Unexpected {
            line,
            text: crate::excerpt(text),
        }
    }
}

/// A field as OpenSSL and HAProxy write it, `Serial: 0ABC` or `Certificate path : www.pem`: name and value.
fn field(line: &[u8]) -> Option<(String, String)> {
    let place = memchr::memmem::find(line, b": ").or_else(|| {
        // a value may be empty, and the space that ends its line lost
        line.ends_with(b":").then(|| line.len() - 1)
    })?;
    let (name, value) = line.split_at_checked(place)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
    Some((text(name), text(value.get(1..)?)))
}
