//! Secrets, replaced in the bytes that a module reads: what it returns is too late, since a module can write a secret in
//! another way.
//!
//! # Layout
//!
//! - [`Configuration`]: HAProxy's configuration
//! - [`Traffic`]: what shows live traffic, such as `show errors` and log lines
//! - `lines`: a text that comes in pieces, line by line
//! - `names`: names whose values are secret
//! - `text`: secrets that a text shows by what stands before or around them

mod configuration;
mod lines;
mod names;
mod text;
mod traffic;

pub use configuration::Configuration;
pub use traffic::Traffic;
