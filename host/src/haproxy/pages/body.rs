//! The content of a page as it comes, under a deadline, a limit and a cancellation.
//!
//! The deadline and the cancellation count also while nobody reads: a [`Watch`] then closes the connection.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use reqwest::Response;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;
use tokio::time::sleep_until;

use super::agent::{Agent, hold};
use super::credentials::Scrubber;
use super::door::PageDoor;
use super::error::PageError;
use super::fault;
use crate::haproxy::stream::Leash;

/// The content of a page, while it comes.
pub struct Body {
    /// Nobody else keeps it alive, so that the connection closes with the body.
    line: Arc<Mutex<Line>>,
    leash: Leash,
    door: PageDoor,
    scrubber: Scrubber,
    /// What came and was not read yet, without secrets.
    ready: Bytes,
    _watch: Watch,
}

/// A connection that somebody else may close.
struct Line {
    state: State,
    /// Bytes of the content that came so far.
    received: u64,
}

type Pieces = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

enum State {
    Open {
        pieces: Pieces,
        /// Given back when the connection closes.
        _slot: OwnedSemaphorePermit,
    },
    /// All of it came.
    Whole,
    /// It was closed, or failed, before the end.
    Ended(PageError),
}

/// Closes a connection when its time is up or its call is cancelled, whether or not somebody reads.
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
        if matches!(line.state, State::Open { .. }) {
            line.state = State::Ended(match in_time {
                Some(()) => out_of_time(&leash, line.received),
                None => PageError::Cancelled,
            });
        }
    }
}

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

fn out_of_time(leash: &Leash, received: u64) -> PageError {
    PageError::TotalTimeout {
        url: leash.endpoint.clone(),
        after: leash.begun.elapsed(),
        received,
    }
}

impl Body {
    pub(super) fn new(
        response: Response,
        slot: OwnedSemaphorePermit,
        leash: Leash,
        agent: &Agent,
    ) -> Result<Self, PageError> {
        if response.content_length() > Some(leash.max_bytes) {
            return Err(too_large(&leash));
        }
        let line = Arc::new(Mutex::new(Line {
            state: State::Open {
                pieces: Box::pin(response.bytes_stream()),
                _slot: slot,
            },
            received: 0,
        }));
        Ok(Self {
            _watch: Watch::over(&line, &leash),
            line,
            leash,
            door: agent.door().clone(),
            scrubber: agent.scrubber(),
            ready: Bytes::new(),
        })
    }

    /// The next bytes of the content, without the operator's credentials: at most `max` of them, and none only at the
    /// end. A failure is final.
    pub async fn read(&mut self, max: usize) -> Result<Vec<u8>, PageError> {
        if let State::Ended(why) = &lock(&self.line).state {
            return Err(why.clone());
        }
        while self.ready.is_empty() {
            match self.next().await? {
                Some(piece) => self.ready = piece,
                None => return Ok(Vec::new()),
            }
        }
        let taken = self.ready.split_to(max.min(self.ready.len()));
        Ok(taken.into())
    }

    /// The first bytes of the content, which [`read`](Self::read) will give: `wanted` of them or more, fewer where
    /// there are not so many.
    pub(super) async fn first(&mut self, wanted: usize) -> Result<&[u8], PageError> {
        while self.ready.len() < wanted {
            let Some(piece) = self.next().await? else {
                break;
            };
            self.ready = if self.ready.is_empty() {
                piece
            } else {
                [&self.ready[..], &piece[..]].concat().into()
            };
        }
        Ok(&self.ready)
    }

    /// The next piece, without secrets; it may be empty. `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, PageError> {
        let next = hold(&self.leash, self.receive()).await?;
        let next = match next {
            Some(next) => next?,
            None => return Err(self.end(|received, leash| out_of_time(leash, received))),
        };
        Ok(match next {
            Some(piece) => Some(self.scrubber.push(piece)),
            None => Some(self.scrubber.finish()).filter(|rest| !rest.is_empty()),
        })
    }

    /// One piece from the connection. Nothing is lost when the caller stops waiting.
    async fn receive(&self) -> Result<Option<Bytes>, PageError> {
        let next = std::future::poll_fn(|context| {
            let mut line = lock(&self.line);
            let Line { state, received } = &mut *line;
            Poll::Ready(match state {
                State::Ended(why) => Err(why.clone()),
                State::Whole => Ok(None),
                // Locked for one attempt only: the watch must get in between.
                State::Open { pieces, .. } => match ready!(pieces.as_mut().poll_next(context)) {
                    Some(Ok(piece)) => {
                        *received += piece.len() as u64;
                        Ok(Some(piece))
                    }
                    None => {
                        *state = State::Whole;
                        Ok(None)
                    }
                    Some(Err(error)) => {
                        let error = fault::of(&self.door, &error, *received);
                        *state = State::Ended(error.clone());
                        Err(error)
                    }
                },
            })
        });
        let next = next.await?;
        if lock(&self.line).received > self.leash.max_bytes {
            return Err(self.end(|_, leash| too_large(leash)));
        }
        Ok(next)
    }

    /// Closes the connection for this reason, if it was not closed before.
    fn end(&self, why: impl FnOnce(u64, &Leash) -> PageError) -> PageError {
        let mut line = lock(&self.line);
        let why = match &line.state {
            State::Ended(why) => why.clone(),
            State::Open { .. } | State::Whole => why(line.received, &self.leash),
        };
        line.state = State::Ended(why.clone());
        why
    }
}

fn too_large(leash: &Leash) -> PageError {
    PageError::TooLarge {
        url: leash.endpoint.clone(),
        limit: leash.max_bytes,
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("url", &self.leash.endpoint)
            .field("received", &lock(&self.line).received)
            .finish_non_exhaustive()
    }
}
