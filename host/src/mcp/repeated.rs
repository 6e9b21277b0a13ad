//! Repeated keys in a request. JSON leaves open which of them counts (RFC 8259, section 4), so that a client and this
//! server can mean different things by the same text. `rmcp` keeps the last one and cannot tell; so the lines are
//! looked at on their way in, and a request that repeats a key carries a mark that makes its call an error.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rmcp::model::RequestMetaObject;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncRead, BufReader, ReadBuf};

/// The key in a request's `_meta` that holds the pointer of the repeated key. A client that sets it itself has its
/// own call refused.
const MARK: &str = "haproxy-mcp/repeated-key";

/// Bytes of a line that are looked at; a longer one is passed on as it is, for `rmcp` to refuse.
const LINE_BYTES: usize = 4 * 1024 * 1024;

/// Where a request repeats a key, if it does: a JSON Pointer into its parameters.
pub(super) fn mark(meta: &RequestMetaObject) -> Option<&str> {
    meta.get(MARK).and_then(Value::as_str)
}

/// A stream of lines in which requests with repeated keys are marked.
pub(super) struct MarkRepeated<R> {
    inner: BufReader<R>,
    /// The line that is being read.
    line: Vec<u8>,
    /// What is ready to be handed on, and how much of it was.
    ready: Vec<u8>,
    handed: usize,
}

impl<R: AsyncRead> MarkRepeated<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner: BufReader::new(inner),
            line: Vec::new(),
            ready: Vec::new(),
            handed: 0,
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for MarkRepeated<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.handed == this.ready.len() {
            let available = ready!(Pin::new(&mut this.inner).poll_fill_buf(context))?;
            if available.is_empty() && this.line.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let (taken, whole) = match available.iter().position(|&byte| byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (available.len(), available.is_empty()),
            };
            this.line
                .extend_from_slice(available.get(..taken).unwrap_or_default());
            Pin::new(&mut this.inner).consume(taken);
            if whole || this.line.len() > LINE_BYTES {
                this.ready.clear();
                this.handed = 0;
                std::mem::swap(&mut this.line, &mut this.ready);
                if let Some(marked) = marked(&this.ready) {
                    this.ready = marked;
                }
            }
        }
        let rest = this.ready.get(this.handed..).unwrap_or_default();
        let given = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..given).unwrap_or_default());
        this.handed += given;
        Poll::Ready(Ok(()))
    }
}

/// The first key that stands in its object twice: a JSON Pointer (RFC 6901); none where the text is not JSON.
pub fn repeated_key(json: &[u8]) -> Option<String> {
    let mut path = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let found = Search { path: &mut path }.deserialize(&mut deserializer);
    // At a mistake of another kind, too, the walk stops somewhere.
    let repeated = found.is_err_and(|error| error.is_data());
    (repeated && !path.is_empty()).then(|| {
        path.iter().fold(String::new(), |mut pointer, token| {
            pointer.push('/');
            pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
            pointer
        })
    })
}

/// The line anew, with a mark, where one is due.
fn marked(line: &[u8]) -> Option<Vec<u8>> {
    let pointer = repeated_key(line)?;
    let mut message: Value = serde_json::from_slice(line).ok()?;
    let parameters = message.get_mut("params")?.as_object_mut()?;
    let meta = parameters
        .entry("_meta")
        .or_insert_with(|| Value::Object(serde_json::Map::new()))
        .as_object_mut()?;
    let pointer = pointer.strip_prefix("/params").unwrap_or(&pointer);
    let pointer = pointer.strip_prefix("/arguments").unwrap_or(pointer);
    meta.insert(MARK.to_owned(), pointer.into());
    let mut marked = message.to_string().into_bytes();
    marked.push(b'\n');
    Some(marked)
}

/// Walks a value and stops at the first repeated key, whose path is then in `path`.
struct Search<'a> {
    path: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            self.path.push(key.clone());
            if !seen.insert(key) {
                return Err(A::Error::custom("repeated"));
            }
            map.next_value_seed(Search { path: self.path })?;
            self.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        loop {
            self.path.push(index.to_string());
            if items
                .next_element_seed(Search { path: self.path })?
                .is_none()
            {
                self.path.pop();
                return Ok(());
            }
            self.path.pop();
            index += 1;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use tokio::io::AsyncReadExt;

    use super::*;

    fn pointer(line: &str) -> Option<String> {
        let marked = marked(line.as_bytes())?;
        let message: Value = serde_json::from_slice(&marked).unwrap();
        Some(
            message["params"]["_meta"][MARK]
                .as_str()
                .unwrap()
                .to_owned(),
        )
    }

    #[test]
    fn a_repeated_key_is_found_where_it_stands() {
        let call = |arguments: &str| {
            format!(
                r#"{{"id":1,"method":"tools/call","params":{{"name":"t","arguments":{arguments}}}}}"#
            )
        };
        assert_eq!(pointer(&call(r#"{"a":1,"b":1}"#)), None);
        assert_eq!(pointer(&call(r#"{"a":1,"a":2}"#)).unwrap(), "/a");
        assert_eq!(pointer(&call(r#"{"a":1,"\u0061":2}"#)).unwrap(), "/a");
        assert_eq!(
            pointer(&call(r#"{"a":[{"x":1},{"b/c":1,"b/c":1}]}"#)).unwrap(),
            "/a/1/b~1c"
        );
        assert_eq!(
            pointer(r#"{"params":{"name":"a","name":"b"}}"#).unwrap(),
            "/name"
        );
        assert_eq!(pointer(r#"{"id":1,"id":2,"params":{}}"#).unwrap(), "/id");
        assert_eq!(pointer("not json"), None);
        assert_eq!(pointer(r#"{"params":{"arguments":{"a":1"#), None);
    }

    #[tokio::test]
    async fn lines_come_through_whole_whatever_the_pieces() {
        let text = "{\"params\":{\"a\":1}}\n\nnot json\n{\"x\":2}";
        for size in 1..text.len() {
            let mut pieces = pieces_of(text.as_bytes(), size);
            let mut out = String::new();
            MarkRepeated::new(&mut pieces)
                .read_to_string(&mut out)
                .await
                .unwrap();
            assert_eq!(out, text);
        }
    }

    /// A reader that gives at most `size` bytes at a time.
    fn pieces_of(bytes: &[u8], size: usize) -> impl AsyncRead + Unpin {
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
        Pieces(bytes, size)
    }
}
