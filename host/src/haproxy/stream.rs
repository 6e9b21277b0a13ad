//! Bytes of one reply as they come, under a deadline, a limit and a cancellation.

use std::future::Future;
use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
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
    connection: Connection,
    leash: Leash,
    unframer: Unframer,
    received: u64,
    /// Given back when the connection closes.
    _slot: OwnedSemaphorePermit,
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
        let mut stream = Self {
            connection,
            unframer: Unframer::new(request.framing),
            received: 0,
            leash,
            _slot: slot,
        };
        let mut buffer = Vec::with_capacity(READ_BYTES);
        let begun = stream
            .leash
            .hold(first, stream.connection.read_buf(&mut buffer))
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
        let next = match stream.took(read, buffer)? {
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
                .hold(self.leash.deadline, self.connection.read_buf(&mut buffer))
                .await?
                .ok_or_else(|| self.leash.out_of_time(self.received))?;
            if let Some(next) = self.took(read, buffer)? {
                return Ok(next);
            }
        }
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
                    received: self.received,
                }),
            },
            Ok(bytes) => {
                self.received += bytes as u64;
                if self.received > self.leash.max_bytes {
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
                received: self.received,
            }),
        }
    }

    /// Bytes that came so far.
    pub(super) fn received(&self) -> u64 {
        self.received
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
