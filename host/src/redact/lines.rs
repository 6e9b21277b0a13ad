//! A text that comes in pieces, line by line.

/// The longest line, in bytes, of which anything is passed on: a longer one becomes [`TOO_LONG`]. HAProxy's own lines
/// end at its buffer (`tune.bufsize`, 16 KiB unless configured).
pub(super) const LINE_BYTES: usize = 256 * 1024;

/// What stands for a line that is too long to be looked at.
pub(super) const TOO_LONG: &[u8] = b"[redacted: the line is too long]";

/// Keeps a line until its end has come.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    overlong: bool,
}

/// A whole line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Its text, as far as it fits [`LINE_BYTES`].
    pub(super) text: &'a [u8],
    /// There was more of it.
    pub(super) overlong: bool,
    /// The line feed, but for a last line without one.
    pub(super) end: Option<u8>,
}

impl Lines {
    /// Takes the next piece, and hands on the lines that end in it.
    pub(super) fn push(&mut self, mut piece: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = piece.split_at(end);
            piece = tail.get(1..).unwrap_or_default();
            if self.line.is_empty() && head.len() <= LINE_BYTES {
                each(Line {
                    text: head,
                    overlong: false,
                    end: Some(b'\n'),
                });
            } else {
                self.keep(head);
                self.end(Some(b'\n'), &mut each);
            }
        }
        self.keep(piece);
    }

    /// The end of the text: hands on the last line, if it has no end of its own.
    pub(super) fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if !self.line.is_empty() {
            self.end(None, &mut each);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_BYTES.saturating_sub(self.line.len());
        self.overlong |= bytes.len() > room;
        self.line
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn end(&mut self, end: Option<u8>, each: &mut impl FnMut(Line<'_>)) {
        each(Line {
            text: &self.line,
            overlong: self.overlong,
            end,
        });
        self.line.clear();
        self.overlong = false;
    }
}
