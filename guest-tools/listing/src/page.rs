//! One page of a list, chosen while the whole list streams by.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::key::{Direction, Key};

/// A row that is kept, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<T> {
    /// Its number among the rows that matched, from 0, in HAProxy's order.
    pub ordinal: u64,
    /// What it is sorted by; [`Key::Absent`] where the list keeps HAProxy's order.
    pub key: Key,
    /// The row.
    pub row: T,
}

/// Keeps the first `limit` rows of those that come after a given one.
#[derive(Debug)]
pub struct Page<T> {
    limit: usize,
    direction: Direction,
    after: Option<(Key, u64)>,
    /// How many rows were offered.
    matched: u64,
    /// Whether a row that comes after the page was dropped.
    more: bool,
    /// The last row of the page is on top.
    heap: BinaryHeap<Entry<T>>,
}

/// All pages of a list share these numbers.
#[derive(Debug, PartialEq)]
pub struct Pages<T> {
    /// The rows of this page, in order.
    pub rows: Vec<Kept<T>>,
    /// How many rows matched in all pages.
    pub matched: u64,
    /// Whether there are rows after this page.
    pub more: bool,
}

#[derive(Debug)]
struct Entry<T> {
    direction: Direction,
    kept: Kept<T>,
}

impl<T> Page<T> {
    /// At most `limit` rows, of those after the given key and ordinal: the last row of the page before.
    pub fn new(limit: usize, direction: Direction, after: Option<(Key, u64)>) -> Self {
        Self {
            limit,
            direction,
            after,
            matched: 0,
            more: false,
            heap: BinaryHeap::new(),
        }
    }

    /// A row that matched; `row` is only called where it is kept, for now at least.
    pub fn offer(&mut self, key: Key, row: impl FnOnce() -> T) {
        let ordinal = self.matched;
        self.matched += 1;
        if let Some((after, last)) = &self.after
            && order(self.direction, (&key, ordinal), (after, *last)) != Ordering::Greater
        {
            return;
        }
        if self.heap.len() >= self.limit {
            self.more = true;
            let before_last = self.heap.peek().is_some_and(|last| {
                order(
                    self.direction,
                    (&key, ordinal),
                    (&last.kept.key, last.kept.ordinal),
                ) == Ordering::Less
            });
            if !before_last {
                return;
            }
            self.heap.pop();
        }
        self.heap.push(Entry {
            direction: self.direction,
            kept: Kept {
                ordinal,
                key,
                row: row(),
            },
        });
    }

    /// The page.
    pub fn finish(self) -> Pages<T> {
        let rows = self
            .heap
            .into_sorted_vec()
            .into_iter()
            .map(|entry| entry.kept)
            .collect();
        Pages {
            rows,
            matched: self.matched,
            more: self.more,
        }
    }
}

fn order(direction: Direction, one: (&Key, u64), other: (&Key, u64)) -> Ordering {
    one.0.order(other.0, direction).then(one.1.cmp(&other.1))
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        order(
            self.direction,
            (&self.kept.key, self.kept.ordinal),
            (&other.kept.key, other.kept.ordinal),
        )
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pages of the numbers, each begun where the one before ended.
    fn pages(
        numbers: &[Option<i128>],
        limit: usize,
        direction: Direction,
    ) -> Vec<Vec<Option<i128>>> {
        let mut pages = Vec::new();
        let mut after = None;
        loop {
            let mut page = Page::new(limit, direction, after.take());
            for number in numbers {
                page.offer(number.map_or(Key::Absent, Key::Whole), || *number);
            }
            let page = page.finish();
            assert_eq!(page.matched, numbers.len() as u64);
            after = page
                .rows
                .last()
                .map(|last| (last.key.clone(), last.ordinal));
            pages.push(page.rows.iter().map(|kept| kept.row).collect());
            if !page.more {
                return pages;
            }
        }
    }

    #[test]
    fn pages_hold_each_row_once_in_order() {
        let numbers: Vec<Option<i128>> = (0..53)
            .map(|n| (n % 7 != 3).then_some((n * 37) % 11))
            .collect();
        for direction in [Direction::Ascending, Direction::Descending] {
            for limit in [1, 2, 10, 53, 54] {
                let mut expected = numbers.clone();
                expected.sort_by_key(|number| match (number, direction) {
                    (None, _) => i128::MAX,
                    (Some(number), Direction::Ascending) => *number,
                    (Some(number), Direction::Descending) => -number,
                });
                let pages = pages(&numbers, limit, direction);
                assert_eq!(pages.len(), 53_usize.div_ceil(limit), "{limit}");
                assert_eq!(pages.concat(), expected, "{limit}");
            }
        }
    }

    #[test]
    fn without_keys_the_order_is_that_of_the_list() {
        let mut page = Page::new(2, Direction::Descending, Some((Key::Absent, 1)));
        for row in ["a", "b", "c", "d", "e"] {
            page.offer(Key::Absent, || row);
        }
        let page = page.finish();
        assert_eq!(
            page.rows.iter().map(|kept| kept.row).collect::<Vec<_>>(),
            ["c", "d"]
        );
        assert!(page.more);
        assert_eq!(page.matched, 5);
    }

    #[test]
    fn an_empty_list_is_one_page() {
        let page = Page::<()>::new(3, Direction::Ascending, None).finish();
        assert_eq!(
            page,
            Pages {
                rows: vec![],
                matched: 0,
                more: false
            }
        );
    }
}
