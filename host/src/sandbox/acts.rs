//! What was done in HAProxy for one call, and what was refused: for the audit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::policy::{Access, Permit, Refusal};

/// Commands, and refusals, of one call that are kept word for word; the rest is counted.
pub(super) const KEPT: usize = 20;

/// The record of one call; a clone is the same one.
#[derive(Clone, Default)]
pub struct Acts(Arc<Mutex<Record>>);

/// What was done and refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The first [`KEPT`] commands that change something and that were sent, without their secrets.
    pub sent: Vec<Sent>,
    /// All of them.
    pub sent_in_all: u64,
    /// The first [`KEPT`] commands that policy refused, with the code of the reason.
    pub refused: Vec<(String, &'static str)>,
    /// All of them.
    pub refused_in_all: u64,
}

/// A command that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The command, without its secrets.
    pub command: String,
    /// Whether HAProxy refused it, or its outcome is not known.
    pub failed: bool,
}

impl Record {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.sent_in_all == 0 && self.refused_in_all == 0
    }
}

impl Acts {
    fn lock(&self) -> MutexGuard<'_, Record> {
        // Nothing can panic while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command is being sent; the place of its line, if it changes something and was kept. It counts as failed until
    /// it is known to be done: whoever sends it may be ended meanwhile.
    pub(super) fn sent(&self, permit: &Permit) -> Option<usize> {
        if permit.access() == Access::Read {
            return None;
        }
        let mut record = self.lock();
        record.sent_in_all += 1;
        if record.sent.len() >= KEPT {
            return None;
        }
        record.sent.push(Sent {
            command: permit.shown().to_owned(),
            failed: true,
        });
        Some(record.sent.len() - 1)
    }

    /// HAProxy did what was sent.
    pub(super) fn done(&self, place: Option<usize>) {
        let mut record = self.lock();
        if let Some(sent) = place.and_then(|place| record.sent.get_mut(place)) {
            sent.failed = false;
        }
    }

    /// Policy refused a command.
    pub(super) fn refused(&self, refusal: &Refusal) {
        let mut record = self.lock();
        record.refused_in_all += 1;
        if record.refused.len() < KEPT {
            let asked = match refusal {
                Refusal::Denied(denial) => denial.asked.clone(),
                Refusal::Malformed(malformed) => malformed.to_string(),
            };
            record.refused.push((asked, refusal.code()));
        }
    }

    /// Everything so far.
    pub fn record(&self) -> Record {
        self.lock().clone()
    }
}
