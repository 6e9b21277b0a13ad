//! Why there is no connection to a page.

use std::io::{self, ErrorKind};
use std::time::Duration;

use thiserror::Error;

use crate::haproxy::error::seconds;

/// Why there is no connection to a page. The codes are those of [`DialError`](crate::haproxy::DialError).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConnectError {
    /// Nobody listens.
    #[error("nobody listens at `{url}`")]
    Refused {
        /// The page's address.
        url: String,
    },
    /// The host's name has no address.
    #[error("the name in `{url}` could not be resolved: {reason}")]
    NotResolved {
        /// The page's address.
        url: String,
        /// What the resolver said.
        reason: String,
    },
    /// There is no way to the host.
    #[error("the host of `{url}` cannot be reached: {reason}")]
    Unreachable {
        /// The page's address.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// No connection came about in time, with TLS where the address is one of `https`.
    #[error("no connection to `{url}` within {}", seconds(.after))]
    Timeout {
        /// The page's address.
        url: String,
        /// How long it took until then.
        after: Duration,
    },
    /// Something else that the system says.
    #[error("no connection to `{url}`: {reason}")]
    Failed {
        /// The page's address.
        url: String,
        /// What the system said.
        reason: String,
    },
}

impl ConnectError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "connection-refused",
            Self::NotResolved { .. } => "name-not-resolved",
            Self::Unreachable { .. } => "host-unreachable",
            Self::Timeout { .. } => "connect-timeout",
            Self::Failed { .. } => "connect-failed",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Refused { .. } => {
                "is HAProxy running, and does a frontend with `mode http` and the page have a `bind` with this address and port? `ss -ltn` shows who listens"
            }
            Self::NotResolved { .. } => {
                "see whether the name is right and resolves on this machine (`getent hosts NAME`), or give an address"
            }
            Self::Unreachable { .. } => {
                "see whether this machine has a route to that address (`ip route get ADDRESS`)"
            }
            Self::Timeout { .. } => {
                "is a firewall in the way, or is HAProxy too busy to take connections?"
            }
            Self::Failed { .. } => return None,
        };
        Some(hint.to_owned())
    }

    /// What the system's error means.
    pub(super) fn from_io(url: &str, error: &io::Error) -> Self {
        let url = url.to_owned();
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused { url },
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable => Self::Unreachable {
                url,
                reason: error.to_string(),
            },
            _ => Self::Failed {
                url,
                reason: error.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which addresses lead nowhere is the network's affair, so that the mapping is tested by itself.
    #[test]
    fn what_the_system_says_is_told_apart() {
        for (errno, code) in [
            (111, "connection-refused"),
            (113, "host-unreachable"),
            (101, "host-unreachable"),
            (99, "host-unreachable"),
            (24, "connect-failed"),
        ] {
            let error =
                ConnectError::from_io("http://lb:8404/stats", &io::Error::from_raw_os_error(errno));
            assert_eq!(error.code(), code, "errno {errno}: {error}");
        }
    }
}
