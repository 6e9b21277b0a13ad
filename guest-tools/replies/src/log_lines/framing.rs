//! Lines of a log, however long they are.

/// Bytes of a line that are kept: HAProxy writes no more (`log … len`, at most 65,535).
pub const KEPT: usize = 65_535;

/// A line as it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawLine<'a> {
    /// Its first [`KEPT`] bytes, without its end.
    pub bytes: &'a [u8],
    /// How many bytes it has in all.
    pub length: u64,
    /// Whether its end was there: the last one of a file may still be written.
    pub ended: bool,
}

/// Cuts chunks into lines; keeps the beginning of one unfinished line.
#[derive(Debug, Default)]
pub struct LogReader {
    unfinished: Vec<u8>,
    length: u64,
}

impl LogReader {
    /// The next bytes of the file; hands each whole line to `line`, also an empty one.
    pub fn push(&mut self, mut chunk: &[u8], mut line: impl FnMut(RawLine<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (head, tail) = chunk.split_at(end);
            chunk = tail.get(1..).unwrap_or_default();
            if self.length == 0 {
                line(RawLine {
                    bytes: kept(head),
                    length: size(head),
                    ended: true,
                });
            } else {
                self.keep(head);
                line(RawLine {
                    bytes: &self.unfinished,
                    length: self.length,
                    ended: true,
                });
                self.unfinished.clear();
                self.length = 0;
            }
        }
        self.keep(chunk);
    }

    /// The end of what there is; hands over a last line without an end.
    pub fn finish(self, line: impl FnOnce(RawLine<'_>)) {
        if self.length > 0 {
            line(RawLine {
                bytes: &self.unfinished,
                length: self.length,
                ended: false,
            });
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.unfinished.len());
        self.unfinished
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.length += size(bytes);
    }
}

fn kept(line: &[u8]) -> &[u8] {
    line.get(..KEPT).unwrap_or(line)
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
