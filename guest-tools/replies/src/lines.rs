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
        chunk: &[u8],
        line: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.push_for::<E, E>(chunk, line)
    }

    /// The same for one who has errors of its own, besides those of the reader `R`.
    pub(crate) fn push_for<R: From<TooLong>, E: From<R>>(
        &mut self,
        mut chunk: &[u8],
        mut line: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let too_long = |error: TooLong| E::from(R::from(error));
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (head, tail) = chunk.split_at(end);
            chunk = tail.get(1..).unwrap_or_default();
            if self.unfinished.is_empty() {
                if head.len() > LINE_LIMIT {
                    return Err(too_long(TooLong));
                }
                line(head)?;
            } else {
                self.keep(head).map_err(too_long)?;
                line(&self.unfinished)?;
                self.unfinished.clear();
            }
        }
        self.keep(chunk).map_err(too_long)
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
