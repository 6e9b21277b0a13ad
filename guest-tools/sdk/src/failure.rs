//! Why a call has no answer.

use crate::bindings::exports::haproxy::module::tools as exported;
use crate::bindings::haproxy::module::pages::ActionError;
use crate::bindings::haproxy::module::runtime::CommandError;
use crate::bindings::haproxy::module::types::{HostError, Problem};

/// What happened, what to do next, and what is known of it.
#[derive(Debug, Clone)]
pub struct Detail {
    /// What happened, for a model to read.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// A JSON object.
    pub details: String,
}

/// Why a call has no answer. The host turns each case into the error code that clients see.
#[derive(Debug)]
pub enum Failure {
    /// The arguments are valid but wrong.
    InvalidArgument(Detail),
    /// HAProxy has no such backend, server, map, session, …
    NotFound(Detail),
    /// HAProxy refused, in its own words; the code is the host's name for them, such as `no-such-proxy`.
    Rejected(String, Detail),
    /// HAProxy took the command, and the state read back is not what it should be.
    NotApplied(Detail),
    /// This version of HAProxy has no such command.
    Unsupported(Detail),
    /// HAProxy's reply could not be read.
    Unparsable(Detail),
    /// The host did not give what was asked for.
    Host(HostError),
    /// Anything else.
    Other(Detail),
}

impl Failure {
    /// The arguments are valid but wrong.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::InvalidArgument(Detail::new(message))
    }

    /// HAProxy has no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound(Detail::new(message))
    }

    /// HAProxy's reply could not be read: a message, or the error of its reader.
    pub fn unparsable(message: impl std::fmt::Display) -> Self {
        Self::Unparsable(Detail::new(message.to_string())).hint(
            "HAProxy may be of a version that this server does not know, or what answers may be something else: \
             compare `show_info` with what should be running there",
        )
    }

    /// HAProxy took the command, and the state read back is not what it should be.
    pub fn not_applied(message: impl Into<String>) -> Self {
        Self::NotApplied(Detail::new(message))
    }

    /// This version of HAProxy has no such command.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::Unsupported(Detail::new(message))
    }

    /// Anything else.
    pub fn other(message: impl Into<String>) -> Self {
        Self::Other(Detail::new(message))
    }

    /// Adds to the message what became of things afterwards: `…; it is ready again`. Without effect on what the host said.
    #[must_use]
    pub fn note(mut self, note: &str) -> Self {
        if let Some(detail) = self.detail_mut() {
            detail.message.push_str("; ");
            detail.message.push_str(note);
        }
        self
    }

    /// Says what to do next. Without effect on what the host said, which has its own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(detail) = self.detail_mut() {
            detail.hint = Some(hint.into());
        }
        self
    }

    /// Adds what is known, as the text of a JSON object. Without effect on what the host said.
    #[must_use]
    pub fn details(mut self, object: String) -> Self {
        if let Some(detail) = self.detail_mut() {
            detail.details = object;
        }
        self
    }

    /// Says which argument it is, as a JSON pointer; takes the place of the details.
    #[must_use]
    pub fn argument(self, pointer: &str) -> Self {
        self.details(serde_json::json!({ "argument": pointer }).to_string())
    }

    /// Says which argument it is, and which names there are instead; takes the place of the details.
    #[must_use]
    pub fn argument_among(self, pointer: &str, names: &[String]) -> Self {
        self.details(serde_json::json!({ "argument": pointer, "names": names }).to_string())
    }

    /// The host's name for HAProxy's refusal, where it is one.
    pub fn rejection(&self) -> Option<&str> {
        match self {
            Self::Rejected(code, _) => Some(code),
            _ => None,
        }
    }

    /// Whether the other side was not reached, so that nothing was asked of it.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Host(HostError::Unreachable(_)) => true,
            // A firewall that drops what it gets: the time was up before there was a connection.
            Self::Host(HostError::Timeout(problem)) => problem.code == "connect-timeout",
            _ => false,
        }
    }

    /// The host's name for what went wrong on its side or on the way, such as `connection-refused`.
    pub fn host_code(&self) -> Option<&str> {
        match self {
            Self::Host(
                HostError::Unreachable(problem)
                | HostError::Timeout(problem)
                | HostError::Interrupted(problem)
                | HostError::Exhausted(problem)
                | HostError::Malformed(problem)
                | HostError::Other(problem),
            ) => Some(&problem.code),
            _ => None,
        }
    }

    fn detail_mut(&mut self) -> Option<&mut Detail> {
        match self {
            Self::InvalidArgument(detail)
            | Self::NotFound(detail)
            | Self::Rejected(_, detail)
            | Self::NotApplied(detail)
            | Self::Unsupported(detail)
            | Self::Unparsable(detail)
            | Self::Other(detail) => Some(detail),
            Self::Host(_) => None,
        }
    }
}

impl Detail {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            details: "{}".to_owned(),
        }
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

/// An answer that cannot be written.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::other(error.to_string())
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Host(error) => Self::Host(error),
            CommandError::Rejected(Problem { code, message }) => {
                let mut detail = Detail::new(message);
                detail.details = serde_json::json!({ "reason": code }).to_string();
                Self::Rejected(code, detail)
            }
            CommandError::UnknownCommand(Problem { message, .. }) => Self::unsupported(message)
                .hint("this version of HAProxy has no such command: see `help` on its Runtime API"),
            CommandError::Other(Problem { code, message }) => {
                Self::other(message).details(serde_json::json!({ "reason": code }).to_string())
            }
        }
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Host(error) => Self::Host(error),
            ActionError::Rejected(Problem { code, message }) => {
                let mut detail = Detail::new(message);
                detail.details = serde_json::json!({ "reason": code }).to_string();
                Self::Rejected(code, detail)
            }
            ActionError::Other(Problem { code, message }) => {
                Self::other(message).details(serde_json::json!({ "reason": code }).to_string())
            }
        }
    }
}

impl From<Failure> for exported::ToolError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InvalidArgument(detail) => Self::InvalidArgument(detail.into()),
            Failure::NotFound(detail) => Self::NotFound(detail.into()),
            Failure::Rejected(_, detail) => Self::Rejected(detail.into()),
            Failure::NotApplied(detail) => Self::NotApplied(detail.into()),
            Failure::Unsupported(detail) => Self::Unsupported(detail.into()),
            Failure::Unparsable(detail) => Self::Unparsable(detail.into()),
            Failure::Host(error) => Self::Host(error),
            Failure::Other(detail) => Self::Other(detail.into()),
        }
    }
}

impl From<Detail> for exported::Failure {
    fn from(detail: Detail) -> Self {
        Self {
            message: detail.message,
            hint: detail.hint,
            details: detail.details,
        }
    }
}
