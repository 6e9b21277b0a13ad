//! What was granted. (Signatures only: the files come next.)

use std::path::PathBuf;

use thiserror::Error;

use crate::policy::{Artefact, FilePermit};

/// The granted files.
#[derive(Debug)]
pub struct Granted {
    config: Vec<PathBuf>,
    log: Vec<PathBuf>,
}

/// An open file.
#[derive(Debug)]
pub struct OpenFile(());

/// Why there is no file.
#[derive(Debug, Error)]
pub enum FileError {
    /// Not granted.
    #[error("no such files are granted")]
    NotConfigured,
}

impl FileError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        "not-configured"
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        None
    }

    /// Whether the file was cut off while it was read.
    pub fn is_interruption(&self) -> bool {
        false
    }
}

impl Granted {
    /// These files and folders.
    pub fn new(config: Vec<PathBuf>, log: Vec<PathBuf>) -> Self {
        Self { config, log }
    }

    /// Whether there is anything of this artefact.
    pub fn has(&self, artefact: Artefact) -> bool {
        match artefact {
            Artefact::Config => !self.config.is_empty(),
            Artefact::Log => !self.log.is_empty(),
        }
    }

    /// The names of its files.
    pub fn names(&self, _permit: &FilePermit) -> Result<Vec<String>, FileError> {
        Err(FileError::NotConfigured)
    }

    /// Opens one.
    pub fn open(&self, _permit: &FilePermit, _name: &str) -> Result<OpenFile, FileError> {
        Err(FileError::NotConfigured)
    }

    /// Opens its end.
    pub fn open_tail(
        &self,
        _permit: &FilePermit,
        _name: &str,
        _bytes: u64,
    ) -> Result<OpenFile, FileError> {
        Err(FileError::NotConfigured)
    }
}

impl OpenFile {
    /// Its name.
    pub fn name(&self) -> &'static str {
        ""
    }

    /// Its size.
    pub fn size(&self) -> u64 {
        0
    }

    /// When it was changed.
    pub fn modified(&self) -> u64 {
        0
    }

    /// The next bytes.
    pub fn read(&mut self, _max: usize) -> Result<Vec<u8>, FileError> {
        Ok(Vec::new())
    }
}
