//! The ways to one HAProxy that the operator configured: its Runtime API, its pages, its files.

use std::fmt;
use std::sync::Arc;

use crate::files::Granted;
use crate::haproxy::RuntimeApi;
use crate::haproxy::pages::{Pages, Source};
use crate::policy::{Artefact, Page};

/// A way to HAProxy, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DoorName {
    /// The Runtime API.
    Runtime,
    /// The master process's socket.
    Master,
    /// The statistics page.
    Stats,
    /// The Prometheus exporter.
    Metrics,
    /// The configuration's files.
    Config,
    /// The log's files.
    Log,
}

impl DoorName {
    /// All of them, in the order in which one would look at them.
    pub const ALL: [Self; 6] = [
        Self::Runtime,
        Self::Master,
        Self::Stats,
        Self::Metrics,
        Self::Config,
        Self::Log,
    ];

    /// Its name in the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Master => "master",
            Self::Stats => Page::Stats.as_str(),
            Self::Metrics => Page::Metrics.as_str(),
            Self::Config => Artefact::Config.as_str(),
            Self::Log => Artefact::Log.as_str(),
        }
    }

    /// The door of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.as_str() == name)
    }

    /// What it leads to, for a person.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Runtime => "the Runtime API",
            Self::Master => "the master's socket",
            Self::Stats => "the statistics page",
            Self::Metrics => "the Prometheus exporter",
            Self::Config => "HAProxy's configuration files",
            Self::Log => "HAProxy's log files",
        }
    }

    /// The setting that would configure it.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Runtime => "HAPROXY_RUNTIME_URL",
            Self::Master => "HAPROXY_MASTER_SOCKET",
            Self::Stats => "HAPROXY_STATS_URL",
            Self::Metrics => "HAPROXY_METRICS_URL",
            Self::Config => "HAPROXY_CONFIG_PATH",
            Self::Log => "HAPROXY_LOG_PATH",
        }
    }
}

impl fmt::Display for DoorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The configured doors. Nothing is opened before it is needed.
#[derive(Debug)]
pub struct Doors {
    /// The Runtime API, and the master's socket; either may be missing.
    pub runtime: Arc<RuntimeApi>,
    /// The pages; either may be missing.
    pub pages: Pages,
    /// The files; there may be none.
    pub files: Granted,
}

impl Doors {
    /// The Runtime API, and nothing else.
    pub fn runtime_alone(runtime: RuntimeApi) -> Self {
        Self {
            pages: Pages::new(runtime.name().clone(), None, None, Source::Runtime),
            runtime: Arc::new(runtime),
            files: Granted::new(Vec::new(), Vec::new()),
        }
    }

    /// Whether this one was configured.
    pub fn has(&self, door: DoorName) -> bool {
        match door {
            DoorName::Runtime => self.runtime.door().is_some(),
            DoorName::Master => self.runtime.has_master(),
            DoorName::Stats => self.pages.configured(Page::Stats).is_some(),
            DoorName::Metrics => self.pages.configured(Page::Metrics).is_some(),
            DoorName::Config => self.files.has(Artefact::Config),
            DoorName::Log => self.files.has(Artefact::Log),
        }
    }

    /// Where statistics come from, the preferred first.
    pub fn sources(&self) -> Vec<Source> {
        let mut sources = vec![Source::Runtime, Source::Page];
        if self.pages.preferred() == Source::Page {
            sources.reverse();
        }
        sources.retain(|source| {
            self.has(match source {
                Source::Runtime => DoorName::Runtime,
                Source::Page => DoorName::Stats,
            })
        });
        sources
    }

    /// The names of those that were configured, in the order in which one would look at them.
    pub fn configured(&self) -> impl Iterator<Item = DoorName> {
        DoorName::ALL.into_iter().filter(|door| self.has(*door))
    }
}
