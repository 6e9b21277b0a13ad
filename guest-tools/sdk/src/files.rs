//! Files that the operator granted by a name.

use crate::bindings::haproxy::module::files;
use crate::chunks::{Chunks, File};
use crate::failure::Failure;

/// The files of `config` or of `log`.
#[derive(Debug, Clone, Copy)]
pub struct Files(&'static str);

impl Files {
    pub(crate) const fn named(artefact: &'static str) -> Self {
        Self(artefact)
    }

    /// Their names, in the order in which HAProxy reads those of `config`.
    ///
    /// # Errors
    /// [`Failure::Host`] where they are not granted, or the folder cannot be read.
    pub fn names(self) -> Result<Vec<String>, Failure> {
        Ok(files::names(self.0)?)
    }

    /// Opens one at its beginning.
    ///
    /// # Errors
    /// [`Failure::Host`] where it cannot be opened.
    pub fn open(self, name: &str) -> Result<File, Failure> {
        Ok(Chunks::new(files::open(self.0, name)?))
    }

    /// Opens one so that reading begins at the first line that starts in its last `bytes` bytes.
    ///
    /// # Errors
    /// As [`Files::open`].
    pub fn open_tail(self, name: &str, bytes: u64) -> Result<File, Failure> {
        Ok(Chunks::new(files::open_tail(self.0, name, bytes)?))
    }
}
