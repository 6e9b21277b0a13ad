//! What an operator lets a module do.

use super::access::Access;
use super::artefact::Artefact;
use super::page::Page;
use super::pattern::Pattern;

/// What a module may do. Written by the operator in the configuration, never by a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The most access that any of its commands may need.
    pub access: Access,
    /// Which commands.
    pub commands: Commands,
    /// Which pages it may read.
    pub pages: Vec<Page>,
    /// Which files it may read.
    pub files: Vec<Artefact>,
    /// Whether it may look at the configured doors.
    pub diagnostics: bool,
}

/// Which commands a grant is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commands {
    /// All of the table, as far as the grant's access goes, but for what shows the content of live traffic or a
    /// key: that is granted by name.
    All,
    /// Those that one of these matches.
    Only(Vec<Pattern>),
}

impl Grant {
    /// Nothing at all.
    pub const fn none() -> Self {
        Self::only(Access::Read, Vec::new())
    }

    /// All commands that change nothing.
    pub const fn read() -> Self {
        Self::all(Access::Read)
    }

    /// All commands up to this access, and nothing but commands.
    pub const fn all(access: Access) -> Self {
        Self {
            access,
            commands: Commands::All,
            pages: Vec::new(),
            files: Vec::new(),
            diagnostics: false,
        }
    }

    /// These commands, as far as the access goes, and nothing but commands.
    pub const fn only(access: Access, patterns: Vec<Pattern>) -> Self {
        Self {
            access,
            commands: Commands::Only(patterns),
            pages: Vec::new(),
            files: Vec::new(),
            diagnostics: false,
        }
    }

    /// The same, with these pages.
    #[must_use]
    pub fn with_pages(mut self, pages: &[Page]) -> Self {
        self.pages = pages.to_vec();
        self
    }

    /// The same, with these files.
    #[must_use]
    pub fn with_files(mut self, files: &[Artefact]) -> Self {
        self.files = files.to_vec();
        self
    }

    /// The same, with the look at the configured doors.
    #[must_use]
    pub const fn with_diagnostics(mut self) -> Self {
        self.diagnostics = true;
        self
    }
}

/// A module without a grant may do nothing.
impl Default for Grant {
    fn default() -> Self {
        Self::none()
    }
}

/// In whose name a command is asked for. All three have to allow it.
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a> {
    /// The ceiling that the operator set for the whole server, lowered to the caller's where callers differ.
    pub server: Access,
    /// The grant of the module that asks.
    pub module: &'a Grant,
    /// What the tool that runs declares to need.
    pub tool: Access,
}
