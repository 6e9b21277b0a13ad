use haproxy_mcp::config::{ConfigError, Environment, Setting, Settings, Sources};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Three sources under construction. The system's settings file is in a folder of the test's own, which nobody else may
/// enter.
pub(crate) struct Given {
    pub(crate) folder: TempDir,
    sources: Sources,
    variables: Vec<(String, String)>,
}

/// Nothing is set anywhere.
pub(crate) fn given() -> Given {
    let folder = TempDir::new().unwrap();
    // A settings file in it may have a password in it.
    set_mode(folder.path(), 0o700);
    let sources = Sources {
        system_file: folder.path().join("system.toml"),
        ..Sources::default()
    };
    Given {
        folder,
        sources,
        variables: Vec::new(),
    }
}

impl Given {
    pub(crate) fn flag(mut self, setting: Setting, value: &str) -> Self {
        self.sources.flags.set_flag(setting, Some(value.to_owned()));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The system's settings file.
    pub(crate) fn file(self, text: &str) -> Self {
        write(&self.sources.system_file, text);
        self
    }

    pub(crate) fn config_flag(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.config_file = Some(path.into());
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the test's folder that only its owner may read, and gives its path.
    pub(crate) fn secret(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        write(&path, content);
        set_mode(&path, 0o600);
        path.to_string_lossy().into_owned()
    }

    pub(crate) fn sources(&self) -> Sources {
        let mut sources = self.sources.clone();
        sources.environment = Environment::from_pairs(self.variables.clone());
        sources
    }

    pub(crate) fn load(&self) -> Result<Settings, ConfigError> {
        Settings::load(self.sources())
    }

    /// The refusal as the program prints it, with the test's folder as `[folder]`.
    pub(crate) fn refusal(&self) -> String {
        let error = self.load().expect_err("these settings must be refused");
        let text = format!("error: {error}\nhint: {}\n", error.hint());
        text.replace(&*self.folder.path().to_string_lossy(), "[folder]")
    }
}

/// Writes a file that only its owner may write.
pub(crate) fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    set_mode(path, 0o644);
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
