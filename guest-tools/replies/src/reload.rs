//! `reload`, `hard-reload`, on the master's socket: whether the new configuration is in use, and what HAProxy said.
//!
//! # References
//! HAProxy Management Guide, section 9.4.1, "reload". Measured besides: 2.6 closes the connection without a word,
//! whether it succeeds or not. After a reload that failed the old worker serves on, and `show proc` says
//! `[failed: N]`. A reload while another one runs is refused with `Success=0` (from 3.1 on).

use crate::startup_logs::{self, Message};

/// Why it is not known whether the reload succeeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// HAProxy closed the connection without a word, as 2.6 does.
    #[error("HAProxy does not say whether the reload succeeded")]
    Silent,
    /// The reply does not begin with a verdict.
    #[error("the reply does not start with `Success=0` or `Success=1`: `{line}`")]
    NoVerdict {
        /// The start of the first line.
        line: String,
    },
}

/// What came of a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reload {
    /// Whether a new worker runs with the configuration as it is now.
    pub success: bool,
    /// What HAProxy said while it loaded the configuration: why it failed, or what it warns of.
    pub messages: Vec<Message>,
}

/// Reads a whole reply.
pub fn read(reply: &[u8]) -> Result<Reload, ReloadError> {
    let text = reply.trim_ascii();
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let (first, rest) = text.split_at_checked(end).unwrap_or_default();
    let success = match first.trim_ascii() {
        b"" => return Err(ReloadError::Silent),
        b"Success=1" => true,
        b"Success=0" => false,
        line => {
            return Err(ReloadError::NoVerdict {
                line: crate::excerpt(line),
            });
        }
    };
    let rest = rest.trim_ascii_start();
    // a line of its own stands in front of what was said
    let said = match rest.strip_prefix(b"--") {
        Some(said) if said.is_empty() || said.starts_with(b"\n") => said,
        _ => rest,
    };
    Ok(Reload {
        success,
        messages: startup_logs::read(said),
    })
}
