//! `show backend`: the names of all backends, without HAProxy's internal ones.

use crate::lines::{LINE_LIMIT, Lines, TooLong};

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
pub struct BackendsReader {
    lines: Lines,
    header: bool,
}

impl BackendsReader {
    /// The next bytes of the reply; hands each name to `backend`.
    pub fn push(
        &mut self,
        chunk: &[u8],
        mut backend: impl FnMut(&[u8]),
    ) -> Result<(), BackendsError> {
        let header = &mut self.header;
        self.lines.push(chunk, |line| {
            if line.is_empty() {
                return Ok(());
            }
            if *header {
                backend(line);
                return Ok(());
            }
            *header = line
                .strip_prefix(b"# ")
                .is_some_and(|names| names.split(|byte| *byte == b' ').next() == Some(b"name"));
            if *header {
                Ok(())
            } else {
                Err(BackendsError::NotBackends {
                    line: crate::excerpt(line),
                })
            }
        })
    }

    /// The end of the reply.
    pub fn finish(self) -> Result<(), BackendsError> {
        match (self.lines.whole(), self.header) {
            (false, _) => Err(BackendsError::Truncated),
            (true, false) => Err(BackendsError::Empty),
            (true, true) => Ok(()),
        }
    }
}
