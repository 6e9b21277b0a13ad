//! Lines of a reply that comes in chunks.

/// The longest line that is read, in bytes: above what HAProxy can write, whose lines end at its buffer
/// (`tune.bufsize`, 16 KiB by default).
pub const LINE_LIMIT: usize = 1 << 20;

/// A line is longer than [`LINE_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Cuts chunks into lines; keeps at most one unfinished line.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    unfinished: Vec<u8>,
}

impl Lines {
    /// Gives each whole line to `line`, without its end.
    pub(crate) fn push<E: From<TooLong>>(
        &mut self,
        mut chunk: &[u8],
        mut line: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (head, tail) = chunk.split_at(end);
            chunk = tail.get(1..).unwrap_or_default();
            if self.unfinished.is_empty() {
                if head.len() > LINE_LIMIT {
                    return Err(TooLong.into());
                }
                line(head)?;
            } else {
                self.keep(head)?;
                line(&self.unfinished)?;
                self.unfinished.clear();
            }
        }
        self.keep(chunk)?;
        Ok(())
    }

    /// Whether everything so far was whole lines.
    pub(crate) fn whole(&self) -> bool {
        self.unfinished.is_empty()
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.unfinished.len() + bytes.len() > LINE_LIMIT {
            return Err(TooLong);
        }
        self.unfinished.extend_from_slice(bytes);
        Ok(())
    }
}
