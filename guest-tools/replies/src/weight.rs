//! `get weight`: the weight of a server, as it is and as it was configured.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "get weight": `50 (initial 100)`, the same from 2.6 to 3.4. A weight lies
//! between 0 and 256.

use crate::value::unsigned;

/// The reply is no weight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the weight is not written as `50 (initial 100)`: `{text}`")]
pub struct WeightError {
    /// The start of the reply.
    pub text: String,
}

/// The weight of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// What it is.
    pub current: u64,
    /// What the configuration says.
    pub initial: u64,
}

/// Reads a whole reply.
pub fn read(reply: &[u8]) -> Result<Weight, WeightError> {
    let text = reply.trim_ascii();
    let weight = || {
        let place = memchr::memmem::find(text, b" (initial ")?;
        let (current, rest) = text.split_at_checked(place)?;
        let initial = rest.strip_prefix(b" (initial ")?.strip_suffix(b")")?;
        Some(Weight {
            current: unsigned(current)?,
            initial: unsigned(initial)?,
        })
    };
    weight().ok_or_else(|| WeightError {
        text: crate::excerpt(text),
    })
}
