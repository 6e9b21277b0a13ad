//! Settings, through the doors that the program uses: sources in, settings or a refusal out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests write settings files and start the program"
)]

/// Input that nobody would write never panics, and precedence holds for all values.
mod any_input;
/// The binary: help, exit codes, what goes to which stream.
mod command_line;
/// Which door is taken when several are named.
mod doors;
/// Where the settings file is looked for, and when it is not trusted.
mod files;
/// The text of every refusal, as snapshots.
mod messages;
/// Which pages there are, and who we are there.
mod pages;
/// What a file with a password must be like.
mod password_file;
/// Each setting from each source, and their order.
mod precedence;
/// No password is printed, wherever it was written.
mod secrets;
/// Sources made of a few lines of text.
mod sources;
