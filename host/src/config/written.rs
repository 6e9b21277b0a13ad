//! Settings as they were written: text, and where it came from. Nothing is judged here.

use super::{ConfigError, Setting, shown};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a value was written. Its text is what an error message shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line, without its dashes.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// A line (counted from 1) of the settings file.
    File {
        /// The file that was read.
        path: Arc<PathBuf>,
        /// The line on which the value begins.
        line: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag `--{flag}`"),
            Self::Environment(name) => write!(f, "environment variable `{name}`"),
            Self::File { path, line } => write!(f, "file `{}:{line}`", path.display()),
        }
    }
}

/// A value as text with its origin. Numbers of the file are text here too, so that there is one grammar for a setting.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// What is set by it.
    pub setting: Setting,
    /// The value, exactly as written.
    pub text: String,
    /// Where it was written.
    pub origin: Origin,
}

/// The value as messages show it: a password may stand in it.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written")
            .field("setting", &self.setting)
            .field("text", &shown::shown_of(self.setting, &self.text))
            .field("origin", &self.origin)
            .finish()
    }
}

/// What one source (command line, environment, file) says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    values: BTreeMap<Setting, Written>,
}

impl Layer {
    /// A layer that says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes what a source says about `setting`; a later value replaces an earlier one.
    pub fn set(&mut self, setting: Setting, text: impl Into<String>, origin: Origin) {
        self.values.insert(
            setting,
            Written {
                setting,
                text: text.into(),
                origin,
            },
        );
    }

    /// Notes the value of the flag that belongs to `setting`, if it was given. A setting without a flag is left alone.
    pub fn set_flag(&mut self, setting: Setting, text: Option<String>) {
        if let (Some(flag), Some(text)) = (setting.flag(), text) {
            self.set(setting, text, Origin::Flag(flag));
        }
    }

    /// Everything that this source says.
    pub(super) fn all(&self) -> impl Iterator<Item = &Written> {
        self.values.values()
    }

    /// What this source says about `setting`.
    pub fn get(&self, setting: Setting) -> Option<&Written> {
        self.values.get(&setting)
    }
}

/// How strongly a source is believed; a greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    File,
    Environment,
    Flags,
}

/// The three layers, one above the other.
pub(super) struct Layers {
    pub(super) flags: Layer,
    pub(super) environment: Layer,
    pub(super) file: Layer,
}

/// A value that was understood, and what it was read from.
pub(super) struct Read<'a, T> {
    pub(super) rank: Rank,
    pub(super) written: &'a Written,
    pub(super) value: T,
}

impl Layers {
    /// The strongest source that says something about `setting`, and what it says.
    pub(super) fn strongest(&self, setting: Setting) -> Option<(Rank, &Written)> {
        [
            (Rank::Flags, &self.flags),
            (Rank::Environment, &self.environment),
            (Rank::File, &self.file),
        ]
        .into_iter()
        .find_map(|(rank, layer)| layer.get(setting).map(|written| (rank, written)))
    }

    /// The strongest value of `setting`, understood by `parse`. A weaker one is not looked at.
    pub(super) fn read<T>(
        &self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<Read<'_, T>>, ConfigError> {
        let Some((rank, written)) = self.strongest(setting) else {
            return Ok(None);
        };
        match parse(&written.text) {
            Some(value) => Ok(Some(Read {
                rank,
                written,
                value,
            })),
            None => Err(ConfigError::invalid(written)),
        }
    }
}
