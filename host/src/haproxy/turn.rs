//! Whose turn it is: one call at a time has a transaction with an HAProxy, which has but one for each certificate, and
//! numbers versions in turn.
//!
//! A call looks before it settles something (`clear map @3` where 3 is prepared). While it waited for its turn, another
//! may have settled that (`commit map @3`), and then it would do harm (`clear map @3` empties the live map). So each turn
//! leaves behind what was settled in it.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// Names are told apart by so many marks: two with one mark count as one, and a call is then refused that need not be.
const MARKS: usize = 64;

/// The turns of one HAProxy.
#[derive(Debug)]
pub struct Turns {
    settled: Arc<Mutex<Settled>>,
    /// Turns that settled something.
    count: Arc<AtomicU64>,
}

/// For each mark, the last turn in which something of it was settled.
#[derive(Debug)]
struct Settled {
    last: [u64; MARKS],
    count: Arc<AtomicU64>,
}

/// A point between turns.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Moment(u64);

/// A turn; it is over when this is dropped.
#[derive(Debug)]
pub struct Turn {
    settled: OwnedMutexGuard<Settled>,
    marks: HashSet<usize>,
}

impl Default for Turns {
    fn default() -> Self {
        let count = Arc::<AtomicU64>::default();
        let settled = Settled {
            last: [0; MARKS],
            count: Arc::clone(&count),
        };
        Self {
            settled: Arc::new(Mutex::new(settled)),
            count,
        }
    }
}

impl Turns {
    /// Now: what is settled in a turn that ends later was settled since.
    pub fn now(&self) -> Moment {
        Moment(self.count.load(Ordering::Acquire))
    }

    /// Waits until nobody else has the turn.
    pub async fn take(&self) -> Turn {
        Turn {
            settled: Arc::clone(&self.settled).lock_owned().await,
            marks: HashSet::new(),
        }
    }
}

impl Turn {
    /// Something of this name is being settled, or may have been.
    pub fn settles(&mut self, object: &str) {
        self.marks.insert(mark(object));
    }

    /// Whether something of this name was settled in an earlier turn that ended after this moment.
    pub fn was_settled_since(&self, object: &str, moment: Moment) -> bool {
        let last = self.settled.last.get(mark(object)).copied();
        last.is_some_and(|last| last > moment.0)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.marks.is_empty() {
            return;
        }
        let settled = &mut *self.settled;
        // Nobody else counts: the turn is not over yet.
        let count = settled.count.load(Ordering::Acquire) + 1;
        for mark in self.marks.drain() {
            if let Some(last) = settled.last.get_mut(mark) {
                *last = count;
            }
        }
        settled.count.store(count, Ordering::Release);
    }
}

fn mark(object: &str) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(object);
    usize::try_from(hash % MARKS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_settled_counts_from_the_end_of_its_turn() {
        let turns = Turns::default();
        let before = turns.now();
        let mut turn = turns.take().await;
        turn.settles("a.map");
        let within = turns.now();
        // Its own does not count against it.
        assert!(!turn.was_settled_since("a.map", before));
        drop(turn);
        let after = turns.now();
        let turn = turns.take().await;
        assert!(turn.was_settled_since("a.map", before));
        // Whoever looked then may have seen it as it was.
        assert!(turn.was_settled_since("a.map", within));
        assert!(!turn.was_settled_since("a.map", after));
        assert!(!turn.was_settled_since("b.map", before));
        drop(turn);
        assert_eq!(turns.now(), after, "a turn in which nothing was settled");
    }
}
