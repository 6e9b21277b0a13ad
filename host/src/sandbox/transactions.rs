//! What a call left open in HAProxy: prepared versions of maps and ACLs, and changes of certificates that were not
//! committed. When the call ends, however it ends, the host takes it back; it knows each opener and its inverse.
//!
//! A thing is not taken back once a command that settles it was sent and its outcome is not known: `clear map @3` after
//! `commit map @3` would empty the live map. A `prepare` whose reply did not arrive stays behind, since nobody knows its
//! number; it is no danger, and the next commit drops it.
//!
//! Nor is anything settled that the call has not opened itself and that another call has settled since this one began:
//! it knows of it what is no longer true.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::acts::Acts;
use crate::haproxy::{Bounds, ExecuteError, Moment, RuntimeApi, Turn};
use crate::policy::{Permit, Settlement, Step, Undo};

/// HAProxy goes on for a moment with what it has read of a line whose connection was closed: a version that is cleared
/// meanwhile would get the entries that were still to come (seen on a busy 3.4, ten of 40,000).
const LINE_ENDS: Duration = Duration::from_millis(100);

/// How long taking back may take, for all that a call left open.
const ABANDON: Duration = Duration::from_secs(10);

/// Bytes of the replies to it.
const REPLY_BYTES: u64 = 1024 * 1024;

/// The open transactions of one call; a clone is the same ones.
#[derive(Clone, Default)]
pub(super) struct Transactions(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    open: Vec<Opened>,
    /// When the call began.
    began: Moment,
    /// Kept from the first transaction to the end of the call.
    turn: Option<Turn>,
}

struct Opened {
    undo: Undo,
    /// The number that HAProxy gave, where there is one.
    version: Option<u64>,
}

/// A command that opens or settles something, while its outcome is not known.
pub(super) struct Pending {
    opens: Option<Undo>,
    /// Whether this command is the first of its transaction.
    is_first: bool,
    settles: Vec<Opened>,
}

/// Another call has settled it since this one began.
#[derive(Debug, thiserror::Error)]
#[error(
    "another call has committed, abandoned or deleted something of `{object}` since this one began: nothing was sent"
)]
pub(super) struct SettledMeanwhile {
    object: String,
}

impl State {
    /// What of the open things this settles, which are open no longer.
    fn settle(&mut self, settlement: &Settlement) -> Result<Vec<Opened>, SettledMeanwhile> {
        let (settled, open) = std::mem::take(&mut self.open)
            .into_iter()
            .partition::<Vec<_>, _>(|opened| opened.undo.is_settled_by(settlement, opened.version));
        self.open = open;
        let object = settlement.object();
        if let Some(turn) = &mut self.turn {
            if settled.is_empty() && turn.was_settled_since(object, self.began) {
                return Err(SettledMeanwhile {
                    object: object.to_owned(),
                });
            }
            turn.settles(object);
        }
        Ok(settled)
    }
}

impl Transactions {
    /// Those of a call that begins now.
    pub(super) fn since(began: Moment) -> Self {
        let state = State {
            began,
            ..State::default()
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing can panic while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the call must wait for its turn before this command: one call at a time has a transaction.
    pub(super) fn needs_turn(&self, permit: &Permit) -> bool {
        permit.spec().transaction != Step::None && self.lock().turn.is_none()
    }

    /// It is this call's turn, up to its end.
    pub(super) fn take_turn(&self, turn: Turn) {
        self.lock().turn = Some(turn);
    }

    /// Before a command is sent.
    ///
    /// # Errors
    /// Where it must not be.
    pub(super) fn sending(&self, permit: &Permit) -> Result<Pending, SettledMeanwhile> {
        let mut state = self.lock();
        let settles = match permit.settles() {
            None => Vec::new(),
            Some(settlement) => state.settle(&settlement)?,
        };
        let opens = permit.undo();
        let is_first = match &opens {
            // A guest that dies in the middle leaves it behind, too.
            Some(undo) if undo.is_harmless() => push(&mut state.open, undo.clone(), None),
            _ => false,
        };
        Ok(Pending {
            opens,
            is_first,
            settles,
        })
    }

    /// HAProxy did it, and said this.
    pub(super) fn done(&self, pending: Pending, reply: &[u8]) {
        if let Some(undo) = pending.opens {
            let version = undo
                .needs_version()
                .then(|| Undo::version_in(reply))
                .flatten();
            let _ = push(&mut self.lock().open, undo, version);
        }
    }

    /// HAProxy refused it, so that nothing was opened and nothing settled.
    pub(super) fn refused(&self, pending: Pending) {
        let mut state = self.lock();
        // What was in the transaction before the refused change stays in it.
        if let Some(undo) = pending.opens.filter(|_| pending.is_first) {
            state.open.retain(|opened| opened.undo != undo);
        }
        state.open.extend(pending.settles);
    }

    /// Takes back whatever is open.
    pub(super) async fn abandon(&self, instance: &RuntimeApi, acts: &Acts) {
        let open = {
            let state = &mut *self.lock();
            let open = std::mem::take(&mut state.open);
            for Opened { undo, .. } in &open {
                if let Some(turn) = &mut state.turn {
                    turn.settles(undo.object());
                }
            }
            open
        };
        let deadline = Instant::now() + ABANDON;
        if open.iter().any(|opened| opened.undo.needs_version()) {
            tokio::time::sleep(LINE_ENDS).await;
        }
        // The newest first: a change before the store that was made for it.
        for Opened { undo, version } in open.into_iter().rev() {
            let (subject, object) = (undo.subject(), undo.object());
            let Some(permit) = undo.permit(version) else {
                tracing::error!(
                    ?subject,
                    object,
                    "left open in HAProxy: its version is not known"
                );
                continue;
            };
            let shown = permit.shown().to_owned();
            let act = acts.sent(&permit);
            let bounds = Bounds {
                max_bytes: REPLY_BYTES,
                deadline,
            };
            match instance
                .execute(permit, bounds, &CancellationToken::new())
                .await
            {
                Ok(_) => {
                    acts.done(act);
                    tracing::warn!(
                        "HAProxy accepted to take back what a call left open: `{shown}`"
                    );
                }
                Err(ExecuteError::Rejected {
                    code: "no-transaction",
                    ..
                }) => acts.done(act),
                Err(error) => {
                    tracing::error!("left open in HAProxy, since `{shown}` failed: {error}");
                }
            }
        }
    }
}

/// Whether it was not yet there.
fn push(open: &mut Vec<Opened>, undo: Undo, version: Option<u64>) -> bool {
    let known = open
        .iter()
        .any(|opened| opened.undo == undo && opened.version == version);
    if !known {
        open.push(Opened { undo, version });
    }
    !known
}
