//! What a caller reads.

use super::error::{ExecuteError, WireError};
use super::frame::SEVERITY_BYTES;
use super::stream::{Next, Stream};
use super::verdict::{self, Accepted};
use crate::policy::ReplyKind;

/// The most of a message, or of a refusal, that is read: HAProxy's longest (the list of all commands) has 12 KB.
pub(super) const MESSAGE_BYTES: usize = 256 * 1024;

/// How much of a dump is looked at to know that it is none but a refusal.
const BEGINNING_BYTES: usize = 4096;

/// A reply that is known to be no refusal. It must be read to its end to know that all of it came.
///
/// While it is open it holds one of the connections to HAProxy; at the call's deadline, or when the call is
/// cancelled, it gives that back, whether or not somebody reads, and the next read says why.
#[derive(Debug)]
pub struct Reply {
    severity: Option<u8>,
    /// Text that was read, of which all from `given` on was not yet given on.
    ready: Vec<u8>,
    given: usize,
    /// The rest; none when everything came.
    stream: Option<Box<Stream>>,
    /// The failure that ended the reply: it is said again to whoever asks again.
    failed: Option<WireError>,
}

impl Reply {
    /// The severity that HAProxy gave its message (a syslog level, 4 to 7); none for a dump.
    pub fn severity(&self) -> Option<u8> {
        self.severity
    }

    /// The next bytes of the text, at most `max` of them (at least one is asked for); empty at the end only, and then
    /// all of it came.
    pub async fn read(&mut self, max: usize) -> Result<Vec<u8>, WireError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if let Some(error) = self.stream.as_ref().and_then(|stream| stream.ended()) {
            return Err(self.fail(error));
        }
        if self.given >= self.ready.len() {
            self.given = 0;
            self.ready = match self.more().await {
                Ok(text) => text,
                Err(error) => return Err(self.fail(error)),
            };
        }
        let left = self.ready.get(self.given..).unwrap_or_default();
        if self.given == 0 && left.len() <= max.max(1) {
            return Ok(std::mem::take(&mut self.ready));
        }
        let piece = left.get(..max.max(1)).unwrap_or(left).to_vec();
        self.given += piece.len();
        Ok(piece)
    }

    /// What came so far and was not yet read: of a message, all of it.
    pub fn peek(&self) -> &[u8] {
        self.ready.get(self.given..).unwrap_or_default()
    }

    /// Closes the connection and keeps the reason.
    fn fail(&mut self, error: WireError) -> WireError {
        self.stream = None;
        self.failed = Some(error.clone());
        error
    }

    /// All of the text at once, in memory: as much as the call's [`Bounds::max_bytes`](super::Bounds::max_bytes)
    /// allows. What may be long is for [`read`](Self::read).
    pub async fn text(mut self) -> Result<Vec<u8>, WireError> {
        let mut text = Vec::new();
        loop {
            let piece = self.read(usize::MAX).await?;
            if piece.is_empty() {
                return Ok(text);
            }
            text.extend_from_slice(&piece);
        }
    }

    async fn more(&mut self) -> Result<Vec<u8>, WireError> {
        let Some(stream) = &mut self.stream else {
            return Ok(Vec::new());
        };
        match stream.next().await? {
            Next::Text(text) => Ok(text),
            Next::Whole => {
                self.stream = None;
                Ok(Vec::new())
            }
            // All dumps end with an empty line.
            Next::Line => Err(cut(stream)),
        }
    }

    /// Reads as much of a reply as it takes to know that it is no refusal.
    pub(super) async fn judged(
        mut stream: Stream,
        first: Next,
        kind: ReplyKind,
        numbered: bool,
    ) -> Result<Self, ExecuteError> {
        let mut text = Vec::new();
        let mut next = first;
        loop {
            match next {
                Next::Text(piece) if text.is_empty() => text = piece,
                Next::Text(piece) => text.extend_from_slice(&piece),
                Next::Whole => return Self::whole(&text, kind, numbered),
                Next::Line => return Self::unfinished(&stream, text, kind, numbered),
            }
            if verdict::is_without_worker(&text) {
                return Self::whole(&text, kind, numbered);
            }
            let is_dump = kind == ReplyKind::Dump;
            if is_dump
                && (text.len() > BEGINNING_BYTES || knows_beginning(&text))
                && !verdict::may_be_refusal(&text)
            {
                let (severity, rest) = super::frame::severity(&text);
                return Ok(Self {
                    severity,
                    given: text.len() - rest.len(),
                    ready: text,
                    stream: Some(Box::new(stream)),
                    failed: None,
                });
            }
            if text.len() > MESSAGE_BYTES {
                return Err(ExecuteError::Wire(WireError::TooLarge {
                    endpoint: stream.endpoint().to_owned(),
                    limit: MESSAGE_BYTES as u64,
                }));
            }
            next = stream.next().await?;
        }
    }

    fn whole(text: &[u8], kind: ReplyKind, numbered: bool) -> Result<Self, ExecuteError> {
        let Accepted { severity, text } = verdict::judge(text, kind, numbered)?;
        Ok(Self {
            severity,
            ready: text.to_vec(),
            given: 0,
            stream: None,
            failed: None,
        })
    }

    /// A reply without the empty last line: 2.6 sends some messages so, and every version its own errors of the
    /// master. Where nothing says that it is a message, the rest of it is missing.
    fn unfinished(
        stream: &Stream,
        mut text: Vec<u8>,
        kind: ReplyKind,
        numbered: bool,
    ) -> Result<Self, ExecuteError> {
        text.push(b'\n');
        let (severity, _) = super::frame::severity(&text);
        match Self::whole(&text, kind, numbered) {
            Ok(reply) if kind != ReplyKind::Dump && (severity.is_some() || !numbered) => Ok(reply),
            Err(refusal @ ExecuteError::Rejected { .. })
                if severity.is_some() || is_known(&refusal) =>
            {
                Err(refusal)
            }
            _ => Err(ExecuteError::Wire(cut(stream))),
        }
    }
}

fn is_known(refusal: &ExecuteError) -> bool {
    !matches!(
        refusal,
        ExecuteError::Rejected {
            code: "unexpected-reply",
            ..
        }
    )
}

fn cut(stream: &Stream) -> WireError {
    WireError::Interrupted {
        endpoint: stream.endpoint().to_owned(),
        received: stream.received(),
    }
}

/// Whether enough came to tell data from a refusal: a severity, and a first line.
fn knows_beginning(text: &[u8]) -> bool {
    text.len() >= SEVERITY_BYTES && text.contains(&b'\n')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[tokio::test]
    async fn a_small_read_moves_nothing_but_what_it_gives() {
        let text: Vec<u8> = (0..=u8::MAX).cycle().take(1000).collect();
        let mut reply = Reply::whole(&text, ReplyKind::Dump, true).unwrap();
        let place = reply.ready.as_ptr();
        let mut read = Vec::new();
        while read.len() < text.len() {
            let piece = reply.read(7).await.unwrap();
            assert!(!piece.is_empty() && piece.len() <= 7, "{piece:?}");
            read.extend_from_slice(&piece);
            assert_eq!(reply.ready.as_ptr(), place, "the rest stays where it is");
        }
        assert_eq!(read, text);
        assert_eq!(reply.read(7).await.unwrap(), b"");
        assert_eq!(reply.read(7).await.unwrap(), b"", "the end is final");
    }
}
