//! The process's environment: the only place that reads it.

use super::{ConfigError, Layer, Origin, Setting};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// Names the settings file.
pub const CONFIG_FILE: &str = "HAPROXY_MCP_CONFIG";

/// Folder of the user's settings, and the one it is derived from
/// ([XDG Base Directory Specification](https://specifications.freedesktop.org/basedir-spec/latest/)).
const FOLDERS: [&str; 2] = ["XDG_CONFIG_HOME", "HOME"];

/// Where programs are looked for.
const PROGRAMS: &str = "PATH";

/// What a person set for the terminal: any value of the first means no colours (<https://no-color.org>), `dumb` of the
/// second means a terminal without them, and the third is its width.
const TERMINAL: [&str; 3] = ["NO_COLOR", "TERM", "COLUMNS"];

/// The variables that this server knows, as they were when they were read. An empty variable counts as unset: that is
/// how container and client configurations leave one out.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, OsString>,
}

/// The names that are set. Their values are nobody's business: a password may be among them.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Environment {
    /// Reads the variables of this process; those that are not known here are not even looked at.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the owner of the environment"
    )]
    pub fn of_process() -> Self {
        let names = Setting::all()
            .filter_map(Setting::environment)
            .chain([CONFIG_FILE])
            .chain(FOLDERS)
            .chain([PROGRAMS])
            .chain(TERMINAL);
        Self::from_pairs(names.filter_map(|name| std::env::var_os(name).map(|value| (name, value))))
    }

    /// An environment made of `pairs`, for tests and for callers that have one of their own.
    pub fn from_pairs<N: Into<String>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let values = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self {
            values: values
                .filter(|(_, value): &(String, OsString)| !value.is_empty())
                .collect(),
        }
    }

    /// What the environment says about the settings.
    pub(super) fn layer(&self) -> Result<Layer, ConfigError> {
        let mut layer = Layer::new();
        for setting in Setting::all() {
            let Some(name) = setting.environment() else {
                continue;
            };
            let Some(value) = self.values.get(name) else {
                continue;
            };
            let Some(text) = value.to_str() else {
                return Err(ConfigError::not_text(
                    setting,
                    Origin::Environment(name),
                    value,
                ));
            };
            layer.set(setting, text, Origin::Environment(name));
        }
        Ok(layer)
    }

    /// The folders in which programs are looked for.
    pub fn programs(&self) -> Vec<PathBuf> {
        let folders = self.values.get(PROGRAMS);
        // A relative one would depend on the current folder, which may be anybody's.
        folders
            .into_iter()
            .flat_map(std::env::split_paths)
            .filter(|folder| folder.is_absolute())
            .collect()
    }

    /// Whether a terminal may be written to in colours.
    pub fn colours(&self) -> bool {
        let [none, terminal, _] = TERMINAL;
        !self.values.contains_key(none)
            && self.values.get(terminal).is_none_or(|name| name != "dumb")
    }

    /// The terminal's width in columns, where the environment says it.
    pub fn columns(&self) -> Option<usize> {
        let [_, _, columns] = TERMINAL;
        let text = self.values.get(columns)?.to_str()?;
        text.parse().ok().filter(|columns| *columns > 0)
    }

    /// The settings file that the environment names.
    pub(super) fn config_file(&self) -> Option<PathBuf> {
        self.values.get(CONFIG_FILE).map(PathBuf::from)
    }

    /// The user's configuration folder. A relative one is ignored, as the specification demands; otherwise the current
    /// folder, which may be anybody's, could supply settings.
    pub(super) fn user_folder(&self) -> Option<PathBuf> {
        let [configuration, home] = FOLDERS.map(|name| self.values.get(name).map(PathBuf::from));
        let absolute = |path: &PathBuf| path.is_absolute();
        configuration
            .filter(absolute)
            .or_else(|| home.filter(absolute).map(|home| home.join(".config")))
    }
}
