//! The log: lines on standard error. Standard output belongs to the protocol.

use crate::config::LogLevel;
use std::io::{self, IsTerminal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts writing the log. At `info` and `debug`, libraries are heard one level less than this server.
///
/// # Errors
///
/// A log was started before in this process.
pub fn start(level: LogLevel) -> Result<(), tracing_subscriber::util::TryInitError> {
    let (ours, libraries) = match level {
        LogLevel::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        LogLevel::Warn => (LevelFilter::WARN, LevelFilter::WARN),
        LogLevel::Info => (LevelFilter::INFO, LevelFilter::WARN),
        LogLevel::Debug => (LevelFilter::DEBUG, LevelFilter::INFO),
        LogLevel::Trace => (LevelFilter::TRACE, LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let filter = Targets::new()
        .with_default(libraries)
        .with_target(env!("CARGO_CRATE_NAME"), ours)
        // What modules say for the operator.
        .with_target("module", ours);
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .try_init()
}
