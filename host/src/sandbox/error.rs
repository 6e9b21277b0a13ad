//! Why a module could not be loaded, and why a call has no result.

use std::path::PathBuf;
use std::time::Duration;

use haproxy_mcp_engine::DescriptionError;
use serde_json::Value;

use super::limits;

/// How the host ended a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It computed for too long.
    #[error("the module computed for longer than its limit: {} ms", limit.as_millis())]
    Cpu {
        /// The limit that was crossed.
        limit: Duration,
    },
    /// It asked for too much memory.
    #[error("the module asked for more memory than its limit: {limit} bytes")]
    Memory {
        /// The limit that was crossed.
        limit: usize,
    },
    /// It took too long, waiting included.
    #[error("the call took longer than its limit: {} ms", limit.as_millis())]
    WallClock {
        /// The limit that was crossed.
        limit: Duration,
    },
    /// It went on calling host functions after it was told that it had no more calls.
    #[error("the module called the host more often than its limit: {limit} calls")]
    HostCalls {
        /// The limit that was crossed.
        limit: u32,
    },
    /// It handed too much to one host function.
    #[error("the module handed more to the host in one call than its limit: {limit} bytes")]
    HostCallBytes {
        /// The limit that was crossed.
        limit: usize,
    },
    /// It holds too many replies, outcomes or instances.
    #[error("the module holds more resources than its limit: {limit}")]
    Handles {
        /// The limit that was crossed.
        limit: usize,
    },
    /// It panicked, recursed without end, or broke a rule of WebAssembly.
    #[error("the module ended abnormally")]
    Trapped,
}

impl Ended {
    /// The error code that clients see.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cpu { .. } => "cpu-limit",
            Self::Memory { .. } => "memory-limit",
            Self::WallClock { .. } => "wall-clock-limit",
            Self::HostCalls { .. } => "host-call-limit",
            Self::HostCallBytes { .. } => "host-call-bytes-limit",
            Self::Handles { .. } => "handle-limit",
            Self::Trapped => "module-trapped",
        }
    }
}

/// What went wrong, in the one shape that clients see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Lower case, hyphenated, stable.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// A JSON object: what is known of it.
    pub details: Option<serde_json::Map<String, Value>>,
}

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The tool says why; or the host does, through the tool.
    #[error("{}: {}", .0.code, .0.message)]
    Tool(Box<Failure>),
    /// The host ended the guest.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The same, after it had sent commands that change something.
    #[error("{ended}; it had sent commands that change something: {changes}")]
    EndedAfterChanges {
        /// How.
        ended: Ended,
        /// How many.
        changes: u64,
    },
    /// The caller gave up.
    #[error("the call was cancelled")]
    Cancelled,
    /// No place among the calls that run at once came free in time.
    #[error("all places for calls were taken for {} s", limits::WALL_CLOCK.as_secs())]
    Busy,
    /// The structured part of the result is larger than allowed.
    #[error(
        "the module's result is larger than its limit: {} bytes",
        limits::RESULT_BYTES
    )]
    ResultTooLarge,
    /// The module cannot be run here.
    #[error("the module cannot be run: {0}")]
    Unusable(String),
}

impl CallError {
    /// The one shape that clients see.
    pub fn failure(&self) -> Failure {
        let (code, hint) = match self {
            Self::Tool(failure) => return Failure::clone(failure),
            Self::Ended(ended) => (
                ended.code(),
                "the call was ended and nothing else was harmed; ask for less at once, or report it to the author of the module",
            ),
            Self::EndedAfterChanges { ended, .. } => (
                ended.code(),
                "HAProxy was told to take back what it left open, and the rest stays: read what is there now before asking again",
            ),
            Self::Cancelled => ("cancelled", "ask again when the answer is wanted"),
            Self::Busy => (
                "busy",
                "other calls take long: end some of them, or ask again later",
            ),
            Self::ResultTooLarge => (
                "result-too-large",
                "ask for less: fewer fields, a filter, or a smaller `limit`",
            ),
            Self::Unusable(_) => (
                "module-unusable",
                "the log of the server says why; other tools go on",
            ),
        };
        Failure {
            code: code.to_owned(),
            message: self.to_string(),
            hint: Some(hint.to_owned()),
            details: None,
        }
    }
}

/// Why a module cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("module `{}` cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is too large.
    #[error("module `{}` is larger than the limit: {} bytes", path.display(), limits::MODULE_FILE_BYTES)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not a component.
    #[error("module `{key}` is not a WebAssembly component: {reason}")]
    NotAComponent {
        /// The module.
        key: String,
        /// How that is seen.
        reason: &'static str,
    },
    /// A component that is damaged, or that needs more from the start than a module may have.
    #[error("module `{key}` cannot be compiled here: {reason}")]
    Compile {
        /// The module.
        key: String,
        /// What wasmtime says.
        reason: String,
    },
    /// It imports what nobody grants.
    #[error("module `{key}` imports `{import}`, which is not granted")]
    Import {
        /// The module.
        key: String,
        /// The interface.
        import: String,
    },
    /// It imports or exports something in another shape than the contract's.
    #[error("module `{key}` does not fit the contract `haproxy:module@0.1.0`: {reason}")]
    Contract {
        /// The module.
        key: String,
        /// What wasmtime says.
        reason: String,
    },
    /// `describe` failed.
    #[error("module `{key}` does not describe itself: {source}")]
    Describe {
        /// The module.
        key: String,
        /// Why.
        source: DescriptionError,
    },
    /// `describe`, or a start function before it, crossed a limit.
    #[error("module `{key}` does not describe itself: {ended}")]
    Ended {
        /// The module.
        key: String,
        /// Which limit.
        ended: Ended,
    },
    /// Two questions, two answers.
    #[error("module `{key}` describes itself differently each time it is asked")]
    Inconstant {
        /// The module.
        key: String,
    },
    /// The file's name gives no key.
    #[error("module `{}` has a name that cannot be a key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// The engine itself cannot be had.
    #[error("the sandbox cannot be started: {0}")]
    Engine(String),
}

impl LoadError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Read { .. } => "give the path of a readable `.wasm` file".to_owned(),
            Self::TooLarge { .. } => "build it with `opt-level` and `strip`, without debug information".to_owned(),
            Self::NotAComponent { .. } => {
                "build for `wasm32-wasip2`, or encode a core module with `wasm-tools component new`".to_owned()
            }
            Self::Import { import, .. } if import.starts_with("wasi:http") => {
                "a module has no HTTP of its own; it reaches HAProxy through `haproxy:module/runtime`, and its pages through `haproxy:module/pages`".to_owned()
            }
            Self::Import { .. } => {
                "a module given with `--module` may import `runtime`, `pages`, `invocation`, `clock`, `progress` and `log` of `haproxy:module@0.1`, and the WASI that its language links; leave the import out".to_owned()
            }
            Self::Compile { .. } => {
                "the file may be damaged: build it again; if a limit is named, the module has to need less".to_owned()
            }
            Self::Contract { .. }
            | Self::Describe {
                source: DescriptionError::NotExported | DescriptionError::Shape(_) | DescriptionError::Type(_),
                ..
            } => "build it against the `wit/` folder of this version".to_owned(),
            Self::Describe { .. } | Self::Ended { .. } => {
                "`describe` gets no capability and little time: return constants".to_owned()
            }
            Self::Inconstant { .. } => "`describe` must return the same every time: return constants".to_owned(),
            Self::Key { .. } => "name the file with letters, digits, `-` and `_`, a letter first, at most 20".to_owned(),
            Self::Engine(_) => "the process may lack address space or threads: see `ulimit -v` and `ulimit -u`".to_owned(),
        }
    }
}
