//! Every way in which asking HAProxy fails.

use std::time::Duration;

use thiserror::Error;

use super::dial::DialError;
pub(super) use crate::facts::seconds;
use crate::policy::InstanceId;

/// Why there is no whole reply. The end of a reply, a deadline, a broken connection and a limit are told apart:
/// what was read so far is then not all, whatever it looks like.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WireError {
    /// No connection came about.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// HAProxy took the connection and the command, and said nothing in time.
    #[error("HAProxy at `{endpoint}` did not begin to answer within {}", seconds(.after))]
    FirstByteTimeout {
        /// Who was asked.
        endpoint: String,
        /// The deadline.
        after: Duration,
    },
    /// The time for the whole call was up before the reply was whole.
    #[error("HAProxy at `{endpoint}` had not answered in full after {}: {received} bytes had come", seconds(.after))]
    TotalTimeout {
        /// Who was asked.
        endpoint: String,
        /// How long it took until then.
        after: Duration,
        /// Bytes of the reply that had come.
        received: u64,
    },
    /// The connection ended as after a whole reply, but the reply was not whole.
    #[error(
        "HAProxy at `{endpoint}` closed the connection before its reply was whole: {received} bytes had come"
    )]
    Interrupted {
        /// Who was asked.
        endpoint: String,
        /// Bytes of the reply that had come.
        received: u64,
    },
    /// The connection was broken off.
    #[error(
        "the connection to HAProxy at `{endpoint}` was reset: {received} bytes of the reply had come"
    )]
    Reset {
        /// Who was asked.
        endpoint: String,
        /// Bytes of the reply that had come.
        received: u64,
    },
    /// The reply is larger than the call may read.
    #[error("the reply of HAProxy at `{endpoint}` is larger than {limit} bytes")]
    TooLarge {
        /// Who was asked.
        endpoint: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// What came is not what HAProxy sends.
    #[error("what listens at `{endpoint}` does not answer like HAProxy: {what}")]
    NotHaproxy {
        /// Who was asked.
        endpoint: String,
        /// What came, or what was missing in it.
        what: String,
    },
    /// The command is one for the master process, and only a worker's socket is known. Nothing was sent.
    #[error("the command is for HAProxy's master process, and `{endpoint}` is no master's socket")]
    NeedsMaster {
        /// Who was to be asked.
        endpoint: String,
    },
    /// Only pages were configured. Nothing was sent.
    #[error("no Runtime API is configured")]
    NotConfigured,
    /// All connections that this server allows itself were in use until the deadline.
    #[error("all {limit} connections to HAProxy at `{endpoint}` were in use")]
    Busy {
        /// Who was to be asked.
        endpoint: String,
        /// How many there are.
        limit: usize,
    },
    /// The caller did not want it any more.
    #[error("the call was cancelled")]
    Cancelled,
}

impl WireError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Dial(error) => error.code(),
            Self::FirstByteTimeout { .. } => "first-byte-timeout",
            Self::TotalTimeout { .. } => "total-timeout",
            Self::Interrupted { .. } => "interrupted",
            Self::Reset { .. } => "connection-reset",
            Self::TooLarge { .. } => "reply-bytes",
            Self::NotHaproxy { .. } => "not-haproxy",
            Self::NeedsMaster { .. } => "needs-master",
            Self::NotConfigured => "not-configured",
            Self::Busy { .. } => "connections",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Dial(error) => return error.hint(),
            Self::FirstByteTimeout { .. } | Self::TotalTimeout { received: 0, .. } => {
                "HAProxy shares 10 connections among all of its stats sockets (`stats maxconn`), and lets the next one wait without a word: see whether other tools keep connections open, or raise `stats maxconn`"
            }
            Self::TotalTimeout { .. } => "ask for less at once, or raise the time-out",
            Self::Interrupted { received: 0, .. } => {
                "HAProxy may be stopping or starting, or may not take commands on this socket: ask again, then look at its log"
            }
            Self::Interrupted { .. } | Self::Reset { .. } => {
                "HAProxy may have been restarted or reloaded just now: ask again; if it was a change, read first what is there now"
            }
            Self::TooLarge { .. } => "ask for less at once: a filter, fewer objects",
            Self::NotHaproxy { what, .. } if what.contains("Unknown command") => {
                "this looks like the socket of an HAProxy master (`haproxy -S`): give it as `HAPROXY_MASTER_SOCKET`"
            }
            Self::NotHaproxy { .. } => {
                "the address must be one of a `stats socket` line of HAProxy's configuration, not that of a website or of the stats page"
            }
            Self::NeedsMaster { .. } => {
                "only the master's socket (`haproxy -W -S`) takes this command: set `HAPROXY_MASTER_SOCKET`"
            }
            Self::NotConfigured => {
                "only pages over HTTP were configured: name a `stats socket` of HAProxy with `HAPROXY_RUNTIME_SOCKET`, `HAPROXY_RUNTIME_URL` or `HAPROXY_HOST`"
            }
            Self::Busy { .. } => "ask again when other calls have ended",
            Self::Cancelled => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether a deadline passed.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self,
            Self::FirstByteTimeout { .. }
                | Self::TotalTimeout { .. }
                | Self::Dial(DialError::Timeout { .. })
        )
    }

    /// Whether the connection ended before the reply did.
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::Interrupted { .. } | Self::Reset { .. })
    }
}

/// Why a command has no reply to read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExecuteError {
    /// There is no whole reply.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// HAProxy refused the command, or answered something that is not known to be a success.
    #[error("HAProxy refused: {message}")]
    Rejected {
        /// A stable code such as `no-such-server`; `rejected` for a refusal that has none of its own, and
        /// `unexpected-reply` for what is neither a known refusal nor a known success.
        code: &'static str,
        /// HAProxy's own words, as they came, without the severity.
        message: String,
    },
    /// This HAProxy has no such command, or not at the level of its socket.
    #[error("this HAProxy does not know the command")]
    UnknownCommand {
        /// HAProxy's own words, as they came, without the severity.
        message: String,
    },
    /// The permit is one for another instance.
    #[error("the permit is for another instance: `{permitted}` instead of `{asked}`")]
    WrongInstance {
        /// Whom the permit is for.
        permitted: InstanceId,
        /// Who was asked.
        asked: InstanceId,
    },
}
