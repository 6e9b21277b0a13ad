//! Secrets, replaced in the bytes that a module reads: what it returns is too late, since a module can write a secret in
//! another way.
//!
//! # Layout
//!
//! - [`Configuration`]: HAProxy's configuration
//! - [`Traffic`]: what shows live traffic, such as `show errors` and log lines
//! - [`Messages`]: what HAProxy says while it starts, which quotes lines of its configuration
//! - `lines`: a text that comes in pieces, line by line
//! - `names`: names whose values are secret
//! - `text`: secrets that a text shows by what stands before or around them

mod configuration;
mod lines;
mod messages;
mod names;
mod text;
mod traffic;

pub use configuration::Configuration;
pub use messages::Messages;
pub use traffic::Traffic;
