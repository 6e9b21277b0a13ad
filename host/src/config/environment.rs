//! The process's environment. No other file of the host reads it.

use super::{ConfigError, Layer, Origin, Setting};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Names the settings file.
pub const CONFIG_FILE: &str = "HAPROXY_MCP_CONFIG";

/// Folder of the user's settings, and the one it is derived from
/// ([XDG Base Directory Specification](https://specifications.freedesktop.org/basedir-spec/latest/)).
const FOLDERS: [&str; 2] = ["XDG_CONFIG_HOME", "HOME"];

/// The variables that this server knows, as they were when they were read. An empty variable counts as unset: that is
/// how container and client configurations leave one out.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, OsString>,
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
            .chain(FOLDERS);
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
