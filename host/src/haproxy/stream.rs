//! Bytes of one reply as they come, under a deadline, a limit and a cancellation.
//!
//! The deadline and the cancellation count also while nobody reads: a [`Watch`] then closes the connection.

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, ready};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::client::Timeouts;
use super::dial::Connection;
use super::error::WireError;
use super::frame::{End, NotFramed, Unframer};
use super::request::Request;

/// Room for one read from the socket: HAProxy writes at most one of its own buffers at once (16 KiB unless
/// configured), and the kernel has several of them ready when the reader is the slower one.
const READ_BYTES: usize = 64 * 1024;

/// What one call may take.
#[derive(Clone, Debug)]
pub(super) struct Leash {
    pub(super) endpoint: String,
    pub(super) begun: Instant,
    pub(super) deadline: Instant,
    pub(super) max_bytes: u64,
    pub(super) cancel: CancellationToken,
}

impl Leash {
    /// Waits for `work` until `until`, unless the call is cancelled; `None` when the time is up.
    pub(super) async fn hold<T>(
        &self,
        until: Instant,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, WireError> {
        match self
            .cancel
            .run_until_cancelled(timeout_at(until, work))
            .await
        {
            None => Err(WireError::Cancelled),
            Some(in_time) => Ok(in_time.ok()),
        }
    }

    pub(super) fn out_of_time(&self, received: u64) -> WireError {
        WireError::TotalTimeout {
            endpoint: self.endpoint.clone(),
            after: self.begun.elapsed(),
            received,
        }
    }
}

/// The text of one reply, while its connection is open.
#[derive(Debug)]
pub(super) struct Stream {
    /// Nobody else keeps it alive, so that the connection closes with the stream.
    line: Arc<Mutex<Line>>,
    leash: Leash,
    unframer: Unframer,
    _watch: Watch,
}

/// A connection that somebody else may close.
#[derive(Debug)]
struct Line {
    state: State,
    /// Bytes of the reply that came so far.
    received: u64,
}

#[derive(Debug)]
enum State {
    Open {
        connection: Connection,
        /// Given back when the connection closes.
        _slot: OwnedSemaphorePermit,
    },
    /// Closed before the reply's end, for this reason.
    Ended(WireError),
}

/// Closes a connection when its time is up or its call is cancelled, whether or not somebody reads: a caller that
/// opens a reply and turns to something else must not keep one of the few connections.
#[derive(Debug)]
struct Watch(AbortHandle);

impl Watch {
    fn over(line: &Arc<Mutex<Line>>, leash: &Leash) -> Self {
        let (line, leash) = (Arc::downgrade(line), leash.clone());
        Self(tokio::spawn(close_in_time(line, leash)).abort_handle())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn close_in_time(line: Weak<Mutex<Line>>, leash: Leash) {
    let in_time = leash
        .cancel
        .run_until_cancelled(sleep_until(leash.deadline))
        .await;
    if let Some(line) = line.upgrade() {
        let mut line = lock(&line);
        line.state = State::Ended(match in_time {
            Some(()) => leash.out_of_time(line.received),
            None => WireError::Cancelled,
        });
    }
}

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is next in a reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Some text, at least one byte.
    Text(Vec<u8>),
    /// It ended with the empty line.
    Whole,
    /// It ended without the empty line, but after a line feed, which is not part of the text.
    Line,
}

impl Stream {
    /// Sends the request and waits for the first byte of the reply, which is returned with what came along.
    pub(super) async fn open(
        mut connection: Connection,
        slot: OwnedSemaphorePermit,
        leash: Leash,
        timeouts: &Timeouts,
        request: Request,
    ) -> Result<(Self, Next), WireError> {
        let sent = leash
            .hold(leash.deadline, connection.write_all(&request.bytes))
            .await?
            .ok_or_else(|| leash.out_of_time(0))?;
        if sent.is_err() {
            // Whatever it is called: the other side is gone, and may have done what it had read.
            return Err(WireError::Reset {
                endpoint: leash.endpoint,
                received: 0,
            });
        }
        let asked = Instant::now();
        let first = leash.deadline.min(asked + timeouts.first_byte);
        let line = Arc::new(Mutex::new(Line {
            state: State::Open {
                connection,
                _slot: slot,
            },
            received: 0,
        }));
        let mut stream = Self {
            _watch: Watch::over(&line, &leash),
            line,
            unframer: Unframer::new(request.framing),
            leash,
        };
        let mut buffer = Vec::with_capacity(READ_BYTES);
        let begun = stream
            .leash
            .hold(first, stream.receive(&mut buffer))
            .await?;
        let Some(read) = begun else {
            if first < stream.leash.deadline {
                return Err(WireError::FirstByteTimeout {
                    endpoint: stream.leash.endpoint,
                    after: first - asked,
                });
            }
            return Err(stream.leash.out_of_time(0));
        };
        let next = match stream.took(read?, buffer)? {
            Some(next) => next,
            None => stream.next().await?,
        };
        Ok((stream, next))
    }

    /// What comes next. The end is said once; an error or an end is final.
    pub(super) async fn next(&mut self) -> Result<Next, WireError> {
        loop {
            let held = self.unframer.held();
            let mut buffer = Vec::with_capacity(READ_BYTES);
            buffer.extend_from_slice(held);
            let read = self
                .leash
                .hold(self.leash.deadline, self.receive(&mut buffer))
                .await?
                .ok_or_else(|| self.leash.out_of_time(self.received()))?;
            if let Some(next) = self.took(read?, buffer)? {
                return Ok(next);
            }
        }
    }

    /// Why it was closed before its end, if it was.
    pub(super) fn ended(&self) -> Option<WireError> {
        match &lock(&self.line).state {
            State::Open { .. } => None,
            State::Ended(why) => Some(why.clone()),
        }
    }

    /// One read from the socket: how many bytes it added to the buffer, or why there was none. Bytes that came count
    /// as received. Nothing is lost when the caller stops waiting.
    async fn receive(&self, buffer: &mut Vec<u8>) -> Result<std::io::Result<usize>, WireError> {
        poll_fn(|context| {
            let mut line = lock(&self.line);
            let Line { state, received } = &mut *line;
            let read = match state {
                State::Ended(why) => return Poll::Ready(Err(why.clone())),
                // Locked for one attempt only: the watch must get in between.
                State::Open { connection, .. } => {
                    ready!(pin!(connection.read_buf(buffer)).poll(context))
                }
            };
            if let Ok(bytes) = read {
                *received += bytes as u64;
            }
            Poll::Ready(Ok(read))
        })
        .await
    }

    /// What a read means; `None` when more must come.
    fn took(
        &mut self,
        read: std::io::Result<usize>,
        buffer: Vec<u8>,
    ) -> Result<Option<Next>, WireError> {
        let endpoint = || self.leash.endpoint.clone();
        match read {
            Ok(0) => match self.unframer.end() {
                End::Whole => Ok(Some(Next::Whole)),
                End::Line => Ok(Some(Next::Line)),
                End::Cut => Err(WireError::Interrupted {
                    endpoint: endpoint(),
                    received: self.received(),
                }),
            },
            Ok(_) => {
                if self.received() > self.leash.max_bytes {
                    return Err(WireError::TooLarge {
                        endpoint: endpoint(),
                        limit: self.leash.max_bytes,
                    });
                }
                let text = self.unframer.take(buffer).map_err(|NotFramed(bytes)| {
                    WireError::NotHaproxy {
                        endpoint: endpoint(),
                        what: format!("it begins with {:?}", beginning(&bytes)),
                    }
                })?;
                Ok((!text.is_empty()).then_some(Next::Text(text)))
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
            Err(_) => Err(WireError::Reset {
                endpoint: endpoint(),
                received: self.received(),
            }),
        }
    }

    /// Bytes that came so far.
    pub(super) fn received(&self) -> u64 {
        lock(&self.line).received
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.leash.endpoint
    }
}

/// The first characters of what came, for an error.
fn beginning(bytes: &[u8]) -> String {
    let shown = bytes.get(..40).unwrap_or(bytes);
    String::from_utf8_lossy(shown).into_owned()
}
