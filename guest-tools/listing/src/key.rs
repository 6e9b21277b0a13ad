//! What rows are sorted by.

use std::cmp::Ordering;

use haproxy_replies::value::Value;
use serde::Deserialize;

/// How much of a text counts: cursors hold it, and they stay short.
const TEXT_LIMIT: usize = 128;

/// Which rows come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Direction {
    /// Smallest first.
    #[serde(rename = "asc")]
    Ascending,
    /// Largest first.
    #[serde(rename = "desc")]
    Descending,
}

/// The value by which a row is sorted. Numbers are less than texts.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// No value: such rows come last in both directions.
    Absent,
    /// A whole number.
    Whole(i128),
    /// A number with a fraction.
    Float(f64),
    /// The first 128 bytes of a text.
    Text(Vec<u8>),
}

impl Key {
    /// The key of a field.
    pub fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Absent => Self::Absent,
            Value::Unsigned(number) => Self::Whole(i128::from(*number)),
            Value::Signed(number) => Self::Whole(i128::from(*number)),
            Value::Float(number) => Self::Float(*number),
            Value::Text(text) => {
                let bytes = text.as_bytes();
                Self::Text(bytes.get(..TEXT_LIMIT).unwrap_or(bytes).to_vec())
            }
        }
    }

    /// Which of two keys comes first in a direction.
    pub fn order(&self, other: &Self, direction: Direction) -> Ordering {
        match (self, other) {
            (Self::Absent, Self::Absent) => Ordering::Equal,
            (Self::Absent, _) => Ordering::Greater,
            (_, Self::Absent) => Ordering::Less,
            _ => match direction {
                Direction::Ascending => self.compare(other),
                Direction::Descending => other.compare(self),
            },
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Text(_), _) => Ordering::Greater,
            (_, Self::Text(_)) => Ordering::Less,
            (Self::Whole(one), Self::Whole(other)) => one.cmp(other),
            _ => self.number().total_cmp(&other.number()),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "compared with a number that has a fraction, which is no counter"
    )]
    fn number(&self) -> f64 {
        match self {
            Self::Whole(number) => *number as f64,
            Self::Float(number) => *number,
            Self::Absent | Self::Text(_) => 0.0,
        }
    }
}
