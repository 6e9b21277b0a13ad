//! Lines of a stream of bytes, none of them longer than [`LINE_BYTES`], and none of more values than [`LINE_VALUES`].

use serde_json::Value;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Bytes of one message: the largest arguments that a tool takes, twice, for what JSON writes before quotes and line
/// feeds. A line that is longer is no message: it is answered with an error and never kept.
pub const LINE_BYTES: usize = 8 * 1024 * 1024;

/// Values of one message. Each takes some tens of bytes once it was read, whatever few it has in the line; a text is
/// one value, however long.
pub const LINE_VALUES: usize = 100_000;

/// Room that is kept for the next line; a longer one gives its room back.
const KEPT_BYTES: usize = 64 * 1024;

/// Bytes of a key or value that are kept while the id of a line is looked for that is too long.
const ID_BYTES: usize = 256;

/// One line, without its end.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Whole(&'a [u8]),
    /// More than [`LINE_BYTES`], and the id that it seems to have as a request.
    TooLong(Option<Box<RawValue>>),
    /// More than [`LINE_VALUES`], and the id that it seems to have as a request.
    TooMany(Option<Box<RawValue>>),
}

/// The lines of a reader.
#[derive(Debug)]
pub(super) struct Lines<R> {
    inner: BufReader<R>,
    /// What was read of the line, unless it is too long.
    line: Vec<u8>,
    /// The line is too long: what is looked for in it.
    excess: Option<IdSearch>,
    /// `line` was handed out.
    is_handed_out: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner: BufReader::new(inner),
            line: Vec::new(),
            excess: None,
            is_handed_out: false,
        }
    }

    /// The next line; what stands after the last line feed is one, too. None at the end. A wait that is given up loses
    /// nothing.
    pub(super) async fn next(&mut self) -> std::io::Result<Option<Line<'_>>> {
        if std::mem::take(&mut self.is_handed_out) {
            self.line.clear();
            self.line.shrink_to(KEPT_BYTES);
        }
        loop {
            let available = self.inner.fill_buf().await?;
            if available.is_empty() {
                let is_end = self.line.is_empty() && self.excess.is_none();
                return Ok((!is_end).then(|| self.hand_out()));
            }
            let mut parts = available.splitn(2, |&byte| byte == b'\n');
            let piece = parts.next().unwrap_or_default();
            let is_whole = parts.next().is_some();
            let taken = piece.len() + usize::from(is_whole);
            if let Some(search) = &mut self.excess {
                search.feed(piece);
            } else if self.line.len() + piece.len() > LINE_BYTES {
                let mut search = IdSearch::default();
                search.feed(&std::mem::take(&mut self.line));
                search.feed(piece);
                self.excess = Some(search);
            } else {
                self.line.extend_from_slice(piece);
            }
            self.inner.consume(taken);
            if is_whole {
                return Ok(Some(self.hand_out()));
            }
        }
    }

    fn hand_out(&mut self) -> Line<'_> {
        if let Some(search) = self.excess.take() {
            return Line::TooLong(search.found());
        }
        self.is_handed_out = true;
        // A value has at least one byte and one between it and the next.
        if self.line.len() > 2 * LINE_VALUES && has_too_many_values(&self.line) {
            let mut search = IdSearch::default();
            search.feed(&self.line);
            return Line::TooMany(search.found());
        }
        Line::Whole(&self.line)
    }
}

/// Whether more stands between values than [`LINE_VALUES`] need, outside of texts.
fn has_too_many_values(line: &[u8]) -> bool {
    let mut values: usize = 0;
    let mut rest = line;
    while let Some(place) = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b',' | b'[' | b'{' | b':'))
    {
        let (found, behind) = rest.split_at(place + 1);
        rest = behind;
        if found.last() != Some(&b'"') {
            values += 1;
            if values > LINE_VALUES {
                return true;
            }
            continue;
        }
        // To the end of the text.
        let mut is_escaped = false;
        let end = rest.iter().position(|&byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        });
        rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
    }
    false
}

/// Looks for the value of `id` in an object that is too long to be kept.
#[derive(Debug, Default)]
struct IdSearch {
    /// Objects and lists around the next byte.
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
    /// Key or value of the outermost object that is being read, as far as it is short and simple.
    token: Vec<u8>,
    key: Vec<u8>,
    ids: Vec<Box<RawValue>>,
}

impl IdSearch {
    fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.is_in_string {
                self.keep(byte);
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.is_in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'{' | b'[' => {
                    self.keep(byte);
                    self.depth += 1;
                }
                b'}' | b']' => {
                    if self.depth == 1 {
                        self.end_member();
                    }
                    self.depth = self.depth.saturating_sub(1);
                }
                b',' if self.depth == 1 => self.end_member(),
                b':' if self.depth == 1 => self.key = std::mem::take(&mut self.token),
                _ => {
                    self.is_in_string = byte == b'"';
                    self.keep(byte);
                }
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        // One byte more than there may be, so that what is cut off is not taken for a whole value.
        if self.depth == 1 && self.token.len() <= ID_BYTES {
            self.token.push(byte);
        }
    }

    fn end_member(&mut self) {
        let value = std::mem::take(&mut self.token);
        let key = std::mem::take(&mut self.key);
        let is_id = serde_json::from_slice::<String>(&key).is_ok_and(|key| key == "id");
        if is_id
            && value.len() <= ID_BYTES
            && self.ids.len() < 2
            && let Some(id) = serde_json::from_slice(&value).ok().and_then(usable_id)
        {
            self.ids.push(id);
        }
    }

    /// The id, if there is one and not two.
    fn found(mut self) -> Option<Box<RawValue>> {
        let id = self.ids.pop();
        id.filter(|_| self.ids.is_empty())
    }
}

/// An id that an answer can bear: a string or number (JSON-RPC 2.0, section 4), as it was written.
pub(super) fn usable_id(id: &RawValue) -> Option<Box<RawValue>> {
    let value: Value = serde_json::from_str(id.get()).ok()?;
    (value.is_string() || value.is_number()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use proptest::prelude::*;
    use tokio::io::ReadBuf;

    use super::*;

    /// A reader that gives at most so many bytes at a time.
    struct Pieces<'a>(&'a [u8], usize);

    impl AsyncRead for Pieces<'_> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let given = self.1.min(self.0.len()).min(buffer.remaining());
            let (now, later) = self.0.split_at(given);
            buffer.put_slice(now);
            self.0 = later;
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::main(flavor = "current_thread")]
    async fn lines(text: &[u8], size: usize) -> Vec<String> {
        let mut lines = Lines::new(Pieces(text, size));
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            seen.push(match line {
                Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                Line::TooLong(id) => {
                    format!("too long: {}", id.map_or("?".into(), |id| id.to_string()))
                }
                Line::TooMany(id) => {
                    format!("too many: {}", id.map_or("?".into(), |id| id.to_string()))
                }
            });
            // Nothing of a line that is too long is kept, and little of one that was long.
            assert!(lines.line.capacity() <= LINE_BYTES * 2);
        }
        seen
    }

    #[test]
    fn lines_come_whole_whatever_the_pieces() {
        let text = "{\"a\":1}\n\nnot json\r\n{\"x\":2}";
        for size in 1..=text.len() {
            assert_eq!(
                lines(text.as_bytes(), size),
                ["{\"a\":1}", "", "not json\r", "{\"x\":2}"]
            );
        }
    }

    #[test]
    fn a_line_is_as_long_as_it_may_be_and_no_longer() {
        let longest = "x".repeat(LINE_BYTES);
        let text = format!("{longest}\n{longest}y\nshort\n{longest}y");
        assert_eq!(
            lines(text.as_bytes(), 1 << 20),
            [longest.as_str(), "too long: ?", "short", "too long: ?"]
        );
    }

    /// What stands in a text is part of one value.
    #[test]
    fn a_line_has_as_many_values_as_it_may_have_and_no_more() {
        let list = |count: usize| format!(r#"{{"id":4,"x":[{}1]}}"#, "1,".repeat(count));
        // `{`, `:`, `,`, `:` and `[` stand between the others.
        let most = list(LINE_VALUES - 5);
        assert_eq!(lines(most.as_bytes(), 4096), [most.as_str()]);
        assert_eq!(
            lines(list(LINE_VALUES - 4).as_bytes(), 4096),
            ["too many: 4"]
        );
        let deep = format!(r#"{{"id":"d","x":{}"#, "[".repeat(LINE_VALUES * 2));
        assert_eq!(lines(deep.as_bytes(), 4096), [r#"too many: "d""#]);
        let text = format!(r#"{{"id":5,"x":"{}"}}"#, r#"[,{:\"\\"#.repeat(LINE_VALUES));
        assert!(
            lines(text.as_bytes(), 4096) == [text],
            "what a text holds was counted"
        );
    }

    #[test]
    fn the_id_of_a_line_that_is_too_long_is_found_wherever_it_stands() {
        let much = "x".repeat(LINE_BYTES);
        for (text, id) in [
            (
                format!(r#"{{"id":17,"params":{{"id":1,"x":"{much}"}}}}"#),
                "17",
            ),
            (
                format!(r#"{{"params":{{"x":["{much}\"]}}"],"id":2}}, "\u0069d" : "a\"b" }}"#),
                r#""a\"b""#,
            ),
            (format!(r#"{{"id":1,"x":"{much}","id":2}}"#), "?"),
            (format!(r#"{{"id":[1],"x":"{much}"}}"#), "?"),
            (format!(r#"{{"id":null,"x":"{much}"}}"#), "?"),
            (format!(r#"{{"id":"{much}"}}"#), "?"),
            (format!(r#"{{"x":"{much}","id":3"#), "?"),
            (format!("]]]]{much}"), "?"),
        ] {
            assert_eq!(lines(text.as_bytes(), 4096), [format!("too long: {id}")]);
        }
    }

    proptest! {
        #[test]
        fn the_id_is_the_one_that_a_parser_finds(
            id in prop_oneof![any::<i64>().prop_map(Value::from), ".{0,20}".prop_map(Value::from)],
            before in json(),
            after in json(),
            pieces in 1_usize..50,
        ) {
            let line = serde_json::json!({ "before": before, "id": id, "after": after }).to_string();
            let mut search = IdSearch::default();
            for piece in line.as_bytes().chunks(pieces) {
                search.feed(piece);
            }
            let found = search.found().map(|id| id.to_string());
            prop_assert_eq!(found, Some(id.to_string()));
        }

        #[test]
        fn anything_can_be_searched(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut search = IdSearch::default();
            search.feed(&bytes);
            search.found();
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            ".{0,10}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("id|[a-z\"]{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
