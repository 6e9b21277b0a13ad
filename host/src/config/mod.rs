//! Settings: from what is written on the command line, in the environment and in a file to [`Settings`] that hold.
//!
//! Flags come before the environment, the environment before the file. The file is the one of `--config`, else of
//! `HAPROXY_MCP_CONFIG`, else `haproxy-mcp/config.toml` in the user's configuration folder, else
//! `/etc/haproxy-mcp/config.toml`; never one of the current folder, because a folder that an assistant opens must not
//! grant anything. What is wrong is refused at start, with the setting, its origin, the value and the accepted form.
//!
//! # Layout
//!
//! - `setting`: the table of settings and their names
//! - `written`: values as text, with their origin
//! - `environment`, `file`: the two sources that are read here, and the password file; flags are handed in by the
//!   command line
//! - `document`: the settings file's text
//! - `value`: the grammar of each value
//! - `door`: which of several doors leads to the Runtime API
//! - `pages`: which pages there are, and who we are there
//! - `shown`: what messages repeat of a value
//! - `error`: every refusal; `hint`: what to do about it

mod document;
mod door;
mod environment;
mod error;
mod file;
mod hint;
mod pages;
mod setting;
mod shown;
mod value;
mod written;

pub use environment::{CONFIG_FILE, Environment};
pub use error::{ConfigError, FileKind};
pub use file::SYSTEM_FILE;
pub use setting::Setting;
pub use written::{Layer, Origin, Written};

use crate::catalogue::selection::{Names, Selection};
use crate::haproxy::endpoint::{Door, Endpoint};
use crate::haproxy::pages::{PageDoor, Source};
use crate::policy::Access;
use std::path::PathBuf;
use std::time::Duration;
use written::Layers;

/// What an instance is called where nothing else is set.
const DEFAULT_NAME: &str = "haproxy";

/// How long one command may take where nothing else is set: the existing server's default.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything that an operator can set, validated. What is secret in it is not printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The HAProxy that this server operates.
    pub instance: InstanceSettings,
    /// The most that any tool may do; [`Access::Read`] unless it was raised.
    pub access: Access,
    /// Which tools are listed.
    pub selection: Selection,
    /// The file that gets a line for each change and each refusal; standard error where there is none.
    pub audit_file: Option<PathBuf>,
    /// How clients reach this server.
    pub transport: Transport,
    /// The least important log line that is still written.
    pub log_level: LogLevel,
    /// Components to load besides the built-in ones, for development.
    pub modules: Vec<PathBuf>,
}

/// One HAProxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSettings {
    /// What it is called in answers and logs; `haproxy` unless it was named.
    pub name: String,
    /// The door through which commands go; `None` where only pages were configured.
    pub door: Option<Door>,
    /// The master process's socket, where one was given, even if commands go through another door.
    pub master: Option<Endpoint>,
    /// How long one command may take, from connecting to the end of its reply; 10 seconds unless it was set.
    pub timeout: Duration,
    /// The statistics page, where there is one.
    pub stats: Option<PageDoor>,
    /// The page of the Prometheus exporter, where there is one.
    pub metrics: Option<PageDoor>,
    /// Where statistics are read from first, when both the Runtime API and the page have them.
    pub statistics_from: Source,
    /// HAProxy's configuration, as far as it may be read: files and folders.
    pub config: Vec<PathBuf>,
    /// HAProxy's logs, as far as they may be read: files and folders.
    pub log: Vec<PathBuf>,
}

/// How clients reach this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// JSON-RPC on standard input and output.
    Stdio,
}

/// The least important log line that is still written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// What went wrong.
    Error,
    /// What may go wrong.
    Warn,
    /// What an operator wants to know; the default.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

/// Where settings are looked for.
#[derive(Debug, Clone)]
pub struct Sources {
    /// What the flags say.
    pub flags: Layer,
    /// The settings file that a flag names.
    pub config_file: Option<PathBuf>,
    /// The components that flags name.
    pub modules: Vec<PathBuf>,
    /// What the environment says.
    pub environment: Environment,
    /// The settings file of the system, normally [`SYSTEM_FILE`].
    pub system_file: PathBuf,
    /// The least important log line where no source says it.
    pub default_log_level: LogLevel,
}

impl Default for Sources {
    /// No flags, an empty environment, and the system's settings file.
    fn default() -> Self {
        Self {
            flags: Layer::new(),
            config_file: None,
            modules: Vec::new(),
            environment: Environment::default(),
            system_file: PathBuf::from(SYSTEM_FILE),
            default_log_level: LogLevel::Info,
        }
    }
}

impl Settings {
    /// Reads the settings file, if there is one, puts the sources above each other and validates the result.
    pub fn load(sources: Sources) -> Result<Self, ConfigError> {
        let Sources {
            flags,
            config_file,
            modules,
            environment,
            system_file,
            default_log_level,
        } = sources;
        let file = file::layer(config_file.as_deref(), &environment, &system_file)?;
        let layers = Layers {
            flags,
            environment: environment.layer()?,
            file,
        };

        let name = layers
            .read(Setting::Name, value::name)?
            .map(|name| name.value);
        let timeout = layers
            .read(Setting::RuntimeTimeout, value::timeout)?
            .map(|timeout| timeout.value);
        let master = layers
            .read(Setting::MasterSocket, value::master)?
            .map(|master| master.value);
        let runtime = door::named(&layers, master.as_ref())?;
        let pages = pages::choose(&layers, runtime.is_some())?;
        let door = runtime.or_else(|| (!pages.named).then(door::usual));
        let statistics_from = layers
            .read(Setting::StatisticsFrom, value::source)?
            .map(|source| source.value);
        let access = layers
            .read(Setting::Access, value::access)?
            .map(|access| access.value);
        let log_level = layers
            .read(Setting::LogLevel, value::log_level)?
            .map(|level| level.value);
        Ok(Self {
            instance: InstanceSettings {
                name: name.unwrap_or_else(|| DEFAULT_NAME.to_owned()),
                door,
                master,
                timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
                stats: pages.stats,
                metrics: pages.metrics,
                statistics_from: statistics_from.unwrap_or_default(),
                config: paths(&layers, Setting::HaproxyConfig)?,
                log: paths(&layers, Setting::HaproxyLog)?,
            },
            access: access.unwrap_or(Access::Read),
            selection: Selection {
                toolsets: names(&layers, Setting::Toolsets)?,
                tools: names(&layers, Setting::Tools)?,
                excluded: names(&layers, Setting::ExcludeTools)?,
            },
            audit_file: layers
                .read(Setting::AuditFile, value::absolute)?
                .map(|path| path.value),
            transport: transport(&layers)?,
            log_level: log_level.unwrap_or(default_log_level),
            modules,
        })
    }
}

fn names(layers: &Layers, setting: Setting) -> Result<Option<Names>, ConfigError> {
    let read = layers.read(setting, value::names)?;
    Ok(read.map(|read| Names {
        origin: read.written.origin.to_string(),
        names: read.value,
    }))
}

fn paths(layers: &Layers, setting: Setting) -> Result<Vec<PathBuf>, ConfigError> {
    let read = layers.read(setting, value::paths)?;
    Ok(read.map(|read| read.value).unwrap_or_default())
}

fn transport(layers: &Layers) -> Result<Transport, ConfigError> {
    match layers.strongest(Setting::Transport) {
        None => Ok(Transport::Stdio),
        Some((_, written)) => match written.text.as_str() {
            "stdio" => Ok(Transport::Stdio),
            "http" => Err(ConfigError::TransportNotServed {
                origin: written.origin.clone(),
                shown: shown::shown(&written.text),
            }),
            _ => Err(ConfigError::invalid(written)),
        },
    }
}
