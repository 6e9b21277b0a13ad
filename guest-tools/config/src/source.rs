//! The configuration as the operator granted it: its files, in the order in which HAProxy reads them.

use haproxy_configuration::Configuration;
use haproxy_mcp_sdk::bindings::haproxy::module::types::{HostError, Problem};
use haproxy_mcp_sdk::{Call, Failure};
use serde::Serialize;

use crate::version::Version;

/// Bytes of all files together: what is made of them has to have room in a module, too.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// All files that could be read.
pub(crate) struct Source {
    files: Vec<(String, Vec<u8>)>,
    /// Those that could not.
    pub(crate) unread: Vec<Unread>,
}

/// A file that could not be read.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Unread {
    file: String,
    /// The host's name for the cause, such as `permission-denied`.
    reason: String,
    message: String,
}

impl Source {
    /// Reads all files.
    ///
    /// # Errors
    /// Where there are none, or none can be read: the cause of the first.
    pub(crate) fn read(call: &Call<'_>) -> Result<Self, Failure> {
        let granted = call.files("config");
        let mut source = Self {
            files: Vec::new(),
            unread: Vec::new(),
        };
        let mut first = None;
        let mut room = MOST_BYTES;
        for name in granted.names()? {
            let mut content = Vec::new();
            let read = granted.open(&name).and_then(|file| {
                let size = usize::try_from(file.size()).unwrap_or(usize::MAX);
                content.reserve_exact(size.min(room));
                file.for_each(|chunk| {
                    if content.len() + chunk.len() > room {
                        return Err(too_large());
                    }
                    content.extend_from_slice(chunk);
                    Ok(())
                })
            });
            match read {
                Ok(()) => {
                    room -= content.len();
                    source.files.push((name, content));
                }
                Err(failure) if of_one_file(&failure) => {
                    source.unread.push(Unread::new(name, &failure));
                    first.get_or_insert(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        match first {
            Some(failure) if source.files.is_empty() => Err(failure),
            _ => Ok(source),
        }
    }

    /// What is in them.
    pub(crate) fn configuration(&self) -> Configuration<'_> {
        Configuration::read(self.files())
    }

    /// Which state of them this is.
    pub(crate) fn version(&self) -> Version {
        Version::of(self.files())
    }

    /// Their names and contents.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()))
    }

    /// Their names.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.files().map(|(name, _)| name).collect()
    }
}

impl Unread {
    fn new(file: String, failure: &Failure) -> Self {
        let (reason, message) = match failure {
            Failure::Host(
                HostError::Unreachable(problem)
                | HostError::Timeout(problem)
                | HostError::Interrupted(problem)
                | HostError::Other(problem),
            ) => (problem.code.clone(), problem.message.clone()),
            _ => ("other".to_owned(), String::new()),
        };
        Self {
            file,
            reason,
            message,
        }
    }
}

/// Whether the failure says nothing of the other files.
fn of_one_file(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Host(HostError::Unreachable(_) | HostError::Interrupted(_))
    )
}

fn too_large() -> Failure {
    Failure::Host(HostError::Unreachable(Problem {
        code: "too-large".to_owned(),
        message: format!(
            "the files of the configuration have more than {MOST_BYTES} bytes together"
        ),
    }))
}
