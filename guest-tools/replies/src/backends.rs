//! `show backend`: the names of all backends, without HAProxy's internal ones.

use crate::lines::{LINE_LIMIT, TooLong};
use crate::rows::{self, Rows};

/// Why the names could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackendsError {
    /// There was not even a header.
    #[error("the list of backends is empty")]
    Empty,
    /// The first line is not `# name`.
    #[error("the list of backends does not start with `# name`: `{line}`")]
    NotBackends {
        /// The start of the first line.
        line: String,
    },
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the list of backends is longer than {LINE_LIMIT} bytes")]
    TooLong,
    /// The reply ends within a line.
    #[error("the list of backends ends within a line")]
    Truncated,
}

impl From<TooLong> for BackendsError {
    fn from(_: TooLong) -> Self {
        Self::TooLong
    }
}

/// Reads the list chunk by chunk.
#[derive(Debug, Default)]
pub struct BackendsReader(Rows<Header>);

/// Whether the header was there.
#[derive(Debug, Default)]
struct Header(bool);

impl BackendsReader {
    /// The next bytes of the reply; hands each name to `backend`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut backend: impl FnMut(&[u8]),
    ) -> Result<(), BackendsError> {
        self.0.push(chunk, |_, line| {
            backend(line);
            Ok(())
        })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), BackendsError> {
        self.0.finish()
    }
}

impl rows::Header for Header {
    type Error = BackendsError;
    const EMPTY: BackendsError = BackendsError::Empty;
    const TRUNCATED: BackendsError = BackendsError::Truncated;

    fn is_row(&mut self, line: &[u8], _: u64) -> Result<bool, BackendsError> {
        if self.0 {
            return Ok(true);
        }
        self.0 = line
            .strip_prefix(b"# ")
            .is_some_and(|names| names.split(|byte| *byte == b' ').next() == Some(b"name"));
        if self.0 {
            Ok(false)
        } else {
            Err(BackendsError::NotBackends {
                line: crate::excerpt(line),
            })
        }
    }

    fn is_known(&self) -> bool {
        self.0
    }
}
