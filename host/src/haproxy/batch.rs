//! Many small changes on few connections: commands that HAProxy answers with nothing when it did them.
//!
//! HAProxy runs all commands of a line, also those behind one that it refused, and answers each in turn: an empty line
//! for one that was done, a message and an empty line for one that was refused (2.6, 3.0, 3.2 and 3.4). Such replies
//! can be told apart, since no refusal holds an empty line; those of other commands cannot. A master does the same where
//! each command says which worker it is for (`@1 CMD;@1 CMD;quit`).

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::client::{Bounds, RuntimeApi};
use super::error::{ExecuteError, WireError};
use super::reply::MESSAGE_BYTES;
use super::request::Request;
use super::stream::Next;
use super::verdict;
use crate::policy::{Door as Process, MAX_LINE_BYTES, Permit, ReplyKind, Step, Success};

/// Room for what stands around the commands of a line: `set severity-output number;`, `;quit`.
const AROUND_BYTES: usize = 40;

/// Room for what stands in front of each command of a master's line. It is more than `@1 `: since 3.0 a master puts the
/// setting of severities there, and that of its own level (`set severity-output number -;operator -;`), in the buffer
/// that holds the rest of the line. Beyond its 16 KiB 3.0 loses its place in the line, and 3.2 and 3.4 hang.
const MASTER_BYTES: usize = 40;

/// A master gives one answer at a time: after this time there are several, and one read gets them all.
const GATHER: Duration = Duration::from_millis(1);

/// Permitted commands that go out together, on one line.
#[derive(Debug)]
pub struct Batch(Vec<Permit>);

/// Why not all commands of a batch were done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("after {done} commands: {error}")]
pub struct BatchError {
    /// Commands before the one that failed, all of which were done.
    pub done: usize,
    /// What became of that one.
    pub error: ExecuteError,
}

/// One of the commands is not of the kind that a batch is for: the place of it, from 0. What opens or settles something
/// in HAProxy is said by itself, so that it is known whether it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "command {0} is not one that HAProxy answers with nothing, or has a payload, or opens or settles something"
)]
pub struct NotSilent(pub usize);

impl Batch {
    /// How many commands there are.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The commands, in their order.
    pub fn permits(&self) -> &[Permit] {
        &self.0
    }
}

impl RuntimeApi {
    /// Distributes commands over as few lines as they fit on; their order stays.
    pub fn batches(&self, permits: Vec<Permit>) -> Result<Vec<Batch>, NotSilent> {
        let silent = |permit: &Permit| {
            permit.reply_kind() == ReplyKind::Message(Success::Silent)
                && permit.door() == Process::Worker
                && permit.spec().transaction == Step::None
                && !permit.has_payload()
        };
        if let Some(place) = permits.iter().position(|permit| !silent(permit)) {
            return Err(NotSilent(place));
        }
        let mut batches: Vec<Batch> = Vec::new();
        let mut room = 0;
        let prefix = if self.speaks_to_master() {
            MASTER_BYTES
        } else {
            0
        };
        for permit in permits {
            // With the semicolon in front.
            let bytes = permit.as_bytes().len() + 1 + prefix;
            match batches.last_mut() {
                Some(Batch(line)) if bytes <= room => {
                    room -= bytes;
                    line.push(permit);
                }
                _ => {
                    room = MAX_LINE_BYTES.saturating_sub(AROUND_BYTES + bytes);
                    batches.push(Batch(vec![permit]));
                }
            }
        }
        Ok(batches)
    }

    /// Sends the commands of one line. Nothing is sent twice.
    pub async fn execute_batch(
        &self,
        batch: Batch,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<(), BatchError> {
        let nothing_done = |error: ExecuteError| BatchError { done: 0, error };
        let Batch(mut permits) = batch;
        if permits.len() <= 1 {
            return match permits.pop() {
                Some(permit) => self
                    .execute(permit, bounds, cancel)
                    .await
                    .map(drop)
                    .map_err(nothing_done),
                None => Ok(()),
            };
        }
        if let Some(permit) = permits
            .iter()
            .find(|permit| permit.instance() != self.name())
        {
            return Err(nothing_done(ExecuteError::WrongInstance {
                permitted: permit.instance().clone(),
                asked: self.name().clone(),
            }));
        }
        let endpoint = match self.configured() {
            Ok(door) => door.endpoint.to_string(),
            Err(error) => return Err(nothing_done(error.into())),
        };
        let count = permits.len();
        let (text, numbered) = self
            .line(permits, bounds, cancel)
            .await
            .map_err(nothing_done)?;
        let judged = judge(&text, count, &endpoint, numbered);
        if let Err(BatchError {
            error: ExecuteError::UnknownCommand { .. },
            ..
        }) = judged
        {
            // It may be another master by now.
            self.forget_dialect();
        }
        judged
    }

    /// The whole answer to a line, with the empty line that ends it, and whether its messages carry a severity.
    async fn line(
        &self,
        permits: Vec<Permit>,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<(Vec<u8>, bool), ExecuteError> {
        let leash = self.leash(&self.configured()?.endpoint, bounds, cancel);
        let slot = self.slot(&leash).await?;
        let request = Request::joined(permits, self.dialect(&leash).await?);
        let numbered = request.numbered;
        let (mut stream, mut next) = self.ask(slot, leash, request).await?;
        let mut text = Vec::new();
        loop {
            match next {
                Next::Text(piece) => text.extend_from_slice(&piece),
                Next::Whole | Next::Line => {
                    text.push(b'\n');
                    return Ok((text, numbered));
                }
            }
            let first_refusal = text.trim_ascii_start();
            if verdict::is_without_worker(first_refusal) {
                // The master waits for more, now.
                return Ok((text, numbered));
            }
            if text.len() > MESSAGE_BYTES {
                return Err(ExecuteError::Wire(WireError::TooLarge {
                    endpoint: stream.endpoint().to_owned(),
                    limit: MESSAGE_BYTES as u64,
                }));
            }
            if self.speaks_to_master() {
                sleep(GATHER).await;
            }
            next = stream.next().await?;
        }
    }
}

/// Whether each of `count` commands was answered with an empty line; the first that was not, if any.
fn judge(text: &[u8], count: usize, endpoint: &str, numbered: bool) -> Result<(), BatchError> {
    let mut rest = text;
    for done in 0..count {
        let Some((b'\n', further)) = rest.split_first() else {
            return Err(BatchError {
                done,
                error: refusal(rest, text.len(), endpoint, numbered),
            });
        };
        rest = further;
    }
    if rest.is_empty() {
        return Ok(());
    }
    Err(BatchError {
        done: count,
        error: ExecuteError::Wire(WireError::NotHaproxy {
            endpoint: endpoint.to_owned(),
            what: format!("it gave more answers than the {count} that were asked for"),
        }),
    })
}

/// What a command was answered that was not done.
fn refusal(rest: &[u8], received: usize, endpoint: &str, numbered: bool) -> ExecuteError {
    let end = rest
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .map_or(rest.len(), |end| end + 1);
    let message = rest.get(..end).unwrap_or(rest);
    match verdict::judge(message, ReplyKind::Message(Success::Silent), numbered) {
        Err(error) if !message.is_empty() => error,
        // The reply ended before this command was answered.
        _ => ExecuteError::Wire(WireError::Interrupted {
            endpoint: endpoint.to_owned(),
            received: received as u64,
        }),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn judged(text: &str, count: usize) -> Result<(), (usize, String)> {
        judge(text.as_bytes(), count, "somewhere", true)
            .map_err(|error| (error.done, error.error.to_string()))
    }

    #[test]
    fn each_command_has_its_own_answer() {
        assert_eq!(judged("\n", 1), Ok(()));
        assert_eq!(judged("\n\n\n", 3), Ok(()));
        for (text, done, word) in [
            ("[3]: No such server.\n\n\n", 0, "No such server"),
            ("\n[3]: No such server.\n\n\n", 1, "No such server"),
            ("\n\n[3]: No such server.\n", 2, "No such server"),
            ("\n\n", 2, "closed the connection"),
            ("", 0, "closed the connection"),
            ("\n\n\n\n", 3, "more answers"),
            ("\n\n\nwhat\n\n", 3, "more answers"),
            ("\nodd\n\n\n", 1, "odd"),
        ] {
            let (at, message) = judged(text, 3).unwrap_err();
            assert_eq!(at, done, "{text:?}");
            assert!(message.contains(word), "{text:?}: {message}");
        }
    }
}
