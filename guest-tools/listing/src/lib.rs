//! What the tools that answer lists have in common: which rows are kept while a table streams by, where the next page
//! begins, and how rows are written.
//!
//! Asks HAProxy nothing; of the contract it knows only how a failure is told. Memory is that of one page, whatever the
//! table's size.
#![warn(missing_docs, clippy::pedantic)]
#![deny(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![allow(
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    reason = "each function has one error, the one of its type"
)]

mod cursor;
mod failure;
mod key;
mod page;
mod part;
mod row;
mod selection;

pub use cursor::{Cursor, CursorError, Fingerprint};
pub use key::{Direction, Key};
pub use page::{Kept, Page, Pages};
pub use part::{Listed, Part, Written, cut};
pub use row::{Fields, Rows};
pub use selection::{NoSuchField, Selection};
