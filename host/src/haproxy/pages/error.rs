//! Every way in which asking for a page fails.

use std::time::Duration;

use thiserror::Error;

use super::answer::AnswerError;
use super::connect::ConnectError;
use super::handshake::HandshakeError;
use super::trust::TrustError;
use crate::haproxy::error::seconds;
use crate::policy::{InstanceId, Page};

/// Why there is no page, or not all of it. A message names the page's address, and never credentials.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PageError {
    /// It was not configured. Nothing was sent.
    #[error("no {} is configured", what(*.page))]
    NotConfigured {
        /// Which page.
        page: Page,
    },
    /// A file that says whom to trust, or who we are, is of no use. Nothing was sent.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// No connection came about.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There is a connection, and no trust.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The page answered, and not with what was asked for.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The head of the answer did not come in time.
    #[error("`{url}` did not begin to answer within {}", seconds(.after))]
    FirstByteTimeout {
        /// The page's address.
        url: String,
        /// How long it took until then.
        after: Duration,
    },
    /// The time was up before all of the page had come.
    #[error("`{url}` had not answered in full after {}: {received} bytes had come", seconds(.after))]
    TotalTimeout {
        /// The page's address.
        url: String,
        /// How long it took until then.
        after: Duration,
        /// Bytes of the content that had come.
        received: u64,
    },
    /// The connection ended before the page did.
    #[error("`{url}` closed the connection before its answer was whole: {received} bytes had come")]
    Interrupted {
        /// The page's address.
        url: String,
        /// Bytes of the content that had come.
        received: u64,
    },
    /// The connection was broken off.
    #[error("the connection to `{url}` was reset: {received} bytes of the answer had come")]
    Reset {
        /// The page's address.
        url: String,
        /// Bytes of the content that had come.
        received: u64,
    },
    /// What came is not HTTP.
    #[error("what listens at `{url}` does not answer with HTTP: {what}")]
    NotHttp {
        /// The page's address.
        url: String,
        /// What is wrong with it.
        what: String,
    },
    /// The address begins with `http://`, and TLS is spoken there.
    #[error("`{url}` is asked in plain HTTP, and what listens there speaks TLS")]
    TlsExpected {
        /// The page's address.
        url: String,
    },
    /// The page is larger than the call may read.
    #[error("the answer of `{url}` is larger than {limit} bytes")]
    TooLarge {
        /// The page's address.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// All connections that this server allows itself were in use until the deadline.
    #[error("all {limit} connections to `{url}` were in use")]
    Busy {
        /// The page's address.
        url: String,
        /// How many there are.
        limit: usize,
    },
    /// It cannot be put into HTTP. Nothing was sent.
    #[error(
        "no request can be made for `{url}`: its address would be too long, or have a character that none has"
    )]
    InvalidRequest {
        /// The page's address.
        url: String,
    },
    /// An action was sent, and no verdict came.
    #[error("{cause}; whether the action was taken is not known")]
    OutcomeUnknown {
        /// Why there is none.
        cause: Box<PageError>,
    },
    /// The caller did not want it any more.
    #[error("the call was cancelled")]
    Cancelled,
}

/// What a page is, for a person.
pub(super) const fn what(page: Page) -> &'static str {
    match page {
        Page::Stats => "statistics page",
        Page::Metrics => "Prometheus exporter",
    }
}

impl PageError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured { .. } => "not-configured",
            Self::Trust(error) => error.code(),
            Self::Connect(error) => error.code(),
            Self::Handshake(error) => error.code(),
            Self::Answer(error) => error.code(),
            Self::FirstByteTimeout { .. } => "first-byte-timeout",
            Self::TotalTimeout { .. } => "total-timeout",
            Self::Interrupted { .. } => "interrupted",
            Self::Reset { .. } => "connection-reset",
            Self::InvalidRequest { .. } => "invalid-request",
            Self::NotHttp { .. } => "not-http",
            Self::TlsExpected { .. } => "tls-expected",
            Self::TooLarge { .. } => "reply-bytes",
            Self::Busy { .. } => "connections",
            Self::OutcomeUnknown { cause } => cause.code(),
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Trust(error) => return error.hint(),
            Self::Connect(error) => return error.hint(),
            Self::Handshake(error) => return error.hint(),
            Self::Answer(error) => return error.hint(),
            Self::NotConfigured { page: Page::Stats } => {
                "give the address of HAProxy's statistics page with `HAPROXY_STATS_URL`"
            }
            Self::NotConfigured {
                page: Page::Metrics,
            } => "give the address of HAProxy's Prometheus exporter with `HAPROXY_METRICS_URL`",
            Self::FirstByteTimeout { .. } | Self::Interrupted { received: 0, .. } => {
                "is it a frontend with `mode http`? In any other mode HAProxy takes the connection and ignores `stats enable`. If it is, HAProxy may be stopping, starting or too busy: ask again"
            }
            Self::TotalTimeout { .. } => "ask for less at once, or raise `HAPROXY_STATS_TIMEOUT`",
            Self::Interrupted { .. } | Self::Reset { .. } => {
                "HAProxy may have been restarted or reloaded just now: ask again"
            }
            Self::NotHttp { .. } => {
                "the address must be that of a frontend with `mode http`, not of a `stats socket` or of another service"
            }
            Self::TlsExpected { .. } => "write `https://` in the address",
            Self::TooLarge { .. } => "ask for less at once: a scope, or a filter",
            Self::InvalidRequest { .. } => "ask with shorter parameters",
            Self::Busy { .. } => "ask again when other calls have ended",
            Self::OutcomeUnknown { cause } => {
                let read = "read what is there now before the action is tried again";
                // Of these, that it may have come to nothing is all that there is to say.
                let ended = cause.is_timeout() || cause.is_interruption();
                return Some(match cause.hint() {
                    Some(hint) if !ended => format!("{read}; {hint}"),
                    _ => read.to_owned(),
                });
            }
            Self::Cancelled => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether a deadline passed.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::FirstByteTimeout { .. }
            | Self::TotalTimeout { .. }
            | Self::Connect(ConnectError::Timeout { .. }) => true,
            Self::OutcomeUnknown { cause } => cause.is_timeout(),
            _ => false,
        }
    }

    /// Whether the connection ended before the answer did, or an action was answered with something else than a verdict.
    pub fn is_interruption(&self) -> bool {
        match self {
            Self::Interrupted { .. } | Self::Reset { .. } => true,
            Self::OutcomeUnknown { .. } => !self.is_timeout(),
            _ => false,
        }
    }

    /// Whether a limit was reached: of bytes, or of requests at once.
    pub fn is_exhaustion(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Busy { .. })
    }

    /// Of an action that went out: unless it was refused, what it did is not known.
    pub(super) fn with_outcome_unknown(self) -> Self {
        let was_not_taken = matches!(
            &self,
            Self::Cancelled
                | Self::OutcomeUnknown { .. }
                // Said in the handshake, before a request is read.
                | Self::Handshake(
                    HandshakeError::ClientRequired { .. } | HandshakeError::ClientRefused { .. }
                )
                // A proxy before the page that waited for it in vain, or did not understand it, says another status.
                | Self::Answer(
                    AnswerError::Unauthorized { .. }
                        | AnswerError::Forbidden { .. }
                        | AnswerError::NotFound { .. }
                        | AnswerError::Unavailable { status: 503, .. }
                )
        );
        if was_not_taken {
            return self;
        }
        Self::OutcomeUnknown {
            cause: Box::new(self),
        }
    }
}

/// Why an action was not taken, or not by all that is known.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ActError {
    /// There is no verdict.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The page's verdict is another one than success.
    #[error("{message}")]
    Rejected {
        /// A stable code.
        code: &'static str,
        /// The verdict.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The permit is one for another instance. Nothing was sent.
    #[error("the permit is for another instance: `{permitted}` instead of `{asked}`")]
    WrongInstance {
        /// Whom the permit is for.
        permitted: InstanceId,
        /// Who was asked.
        asked: InstanceId,
    },
}

impl ActError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Page(error) => error.code(),
            Self::Rejected { code, .. } => code,
            Self::WrongInstance { .. } => "wrong-instance",
        }
    }

    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Page(error) => error.hint(),
            Self::Rejected { hint, .. } => hint.clone(),
            Self::WrongInstance { .. } => None,
        }
    }
}
