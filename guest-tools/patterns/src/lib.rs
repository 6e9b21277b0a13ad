//! What maps and ACLs have in common. HAProxy keeps the patterns of both alike: a set has a number, a file unless it
//! stands in the configuration itself, versions, and entries; an entry of a map has a value besides.
//!
//! Measured on HAProxy 2.6, 3.0, 3.2 and 3.4, and what follows from it here:
//! - `entry_cnt` counts an entry once for each way in which it is compared, and those of all versions, and does not
//!   come back to zero. What is counted here is what `show` lists.
//! - `add @5` is taken also where 5 was never prepared, or was dropped by a commit, and is then lost. `clear @5` is taken
//!   whatever 5 is, and `show @5` of a version that does not exist is empty. So a version is first looked for between
//!   `curr_ver` and `next_ver`.
//! - 3.4 takes `clear @5` and does nothing while an older version has entries. The next commit drops 5.
//! - A commit drops every other version.
//! - `del` deletes all entries of a key up to 3.2, and the first of them in 3.4.7. In 2.6 and 3.0 `set` and `del` also
//!   reach into prepared versions.
//! - An entry is added at the end, and stays at its place.
#![warn(clippy::pedantic)]
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
    reason = "each passes on what HAProxy or the host refuses; a question that nobody hears is no mistake to warn of"
)]

mod answer;
mod content;
mod entry;
mod kind;
mod list;
mod lookup;
mod prepared;
mod replace;
mod set;
mod version;

pub use answer::Answer;
pub use content::{Content, ContentError, Line};
pub use entry::{AboutEntry, EntryState, add, check_key, del, no_such_key};
pub use kind::{ACL, Kind, MAP};
pub use list::show;
pub use lookup::get;
pub use prepared::{Live, clear, commit, prepare};
pub use replace::{Fill, Unfilled, replace};
pub use set::Set;
pub use version::Versions;
