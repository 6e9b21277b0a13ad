//! A reply as a guest reads it: in chunks, without the secrets that the table says are in it.

use crate::haproxy::{Reply, WireError};
use crate::policy::Reveals;
use crate::redact::{Messages, Traffic};

/// A reply that HAProxy began to give.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenReply {
    pub(super) reply: Reply,
    redactor: Option<Redactor>,
    /// Text that went through the redactor and was not yet given on.
    ready: Vec<u8>,
}

/// What replaces the secrets of a reply.
pub(super) enum Redactor {
    Traffic(Traffic),
    Messages(Messages),
}

impl Redactor {
    /// None for a reply that has no secrets.
    fn of(reveals: Reveals) -> Option<Self> {
        match reveals {
            Reveals::Nothing => None,
            Reveals::Configuration => Some(Self::Messages(Messages::default())),
            Reveals::Traffic | Reveals::AnonymisingKey => Some(Self::Traffic(Traffic::default())),
        }
    }

    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Traffic(traffic) => traffic.push(piece, out),
            Self::Messages(messages) => messages.push(piece, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Traffic(traffic) => traffic.finish(out),
            Self::Messages(messages) => messages.finish(out),
        }
    }

    /// A whole text, as HAProxy refuses a command with it.
    pub(super) fn whole(reveals: Reveals, text: String) -> String {
        let Some(mut redactor) = Self::of(reveals) else {
            return text;
        };
        let mut out = Vec::new();
        redactor.push(text.as_bytes(), &mut out);
        redactor.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

impl OpenReply {
    pub(super) fn new(reply: Reply, reveals: Reveals) -> Self {
        Self {
            reply,
            redactor: Redactor::of(reveals),
            ready: Vec::new(),
        }
    }

    /// The next bytes without their secrets, and how many came from HAProxy for them; empty at the end only.
    pub(super) async fn read(&mut self, max: usize) -> Result<(Vec<u8>, usize), WireError> {
        if self.redactor.is_none() && self.ready.is_empty() {
            let bytes = self.reply.read(max).await?;
            let received = bytes.len();
            return Ok((bytes, received));
        }
        let mut received = 0;
        while self.ready.is_empty()
            && let Some(redactor) = &mut self.redactor
        {
            let bytes = self.reply.read(max).await?;
            received += bytes.len();
            if bytes.is_empty() {
                redactor.finish(&mut self.ready);
                self.redactor = None;
            } else {
                redactor.push(&bytes, &mut self.ready);
            }
        }
        let rest = self.ready.split_off(max.min(self.ready.len()));
        Ok((std::mem::replace(&mut self.ready, rest), received))
    }
}
