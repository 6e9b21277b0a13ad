//! Files that the operator let modules read: HAProxy's configuration and its log. Read-only, by name, never outside of
//! what was granted.

mod granted;

pub use granted::{FileError, Granted, OpenFile};
