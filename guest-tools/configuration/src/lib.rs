//! A reader of HAProxy's configuration files.
//!
//! [`Configuration::read`] takes the files in the order in which HAProxy reads them, and gives their sections with the
//! lines in them. It reads lines as HAProxy does (words, quotes, escapes, comments, sections, conditions), knows no
//! keyword but those, and expands no variable: what a line means is for who asks. Nothing is lost by a line that cannot
//! be read: it becomes a [`Problem`], and the rest is read.
//!
//! Pure functions of bytes: any bytes, never a panic. What is read borrows from the files; a line costs 16 bytes more
//! (24 on 64 bits), and at most a million lines with words are read.
//!
//! # References
//! HAProxy Configuration Manual, sections 2.1 "Configuration file format", 2.2 "Quoting and escaping", 2.3 "Environment
//! variables", 2.4 "Conditional blocks" and 4 "Proxies" (`defaults`). Checked against `haproxy -c` of 2.6, 3.0, 3.2 and
//! 3.4.
#![warn(missing_docs, clippy::pedantic)]
#![deny(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![allow(
    clippy::must_use_candidate,
    clippy::module_name_repetitions,
    reason = "the name of a module is the name of what it reads"
)]

mod condition;
mod configuration;
mod inheritance;
mod kind;
mod problem;
mod reader;
mod section;
#[cfg(test)]
mod tests;
mod word;

pub use configuration::Configuration;
pub use inheritance::Setting;
pub use kind::Kind;
pub use problem::{Problem, ProblemKind};
pub use section::{Section, Statement};
pub use word::{Modifier, WordError, Words};
