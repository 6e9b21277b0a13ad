//! `haproxy-mcp serve`, and `haproxy-mcp` alone: an MCP server on standard input and output.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Problem, signals};
use crate::audit::Audit;
use crate::catalogue::selection::Selection;
use crate::catalogue::{Catalogue, CatalogueError};
use crate::config::{InstanceSettings, Settings, Transport};
use crate::doors::Doors;
use crate::files::Granted;
use crate::haproxy::pages::Pages;
use crate::haproxy::{RuntimeApi, Timeouts};
use crate::mcp::{Server, stdio};
use crate::policy::InstanceId;

/// Said to a person who starts the server by hand and would otherwise see nothing at all.
const NOTE_ON_A_TERMINAL: &str = "\
note: this is an MCP server; it waits for a client that speaks JSON-RPC on standard input (end with Ctrl-D)
hint: start it from an MCP client's configuration; `haproxy-mcp --help` shows how
";

/// The longest that connecting, or the wait for a reply's first byte, may take of the time for one command. HAProxy
/// answers within milliseconds; whoever waits longer waits for a machine that is away or a socket without a place.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServeError {
    /// There is no catalogue of tools; a file given as a module is the usual cause.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// Nobody could ask this process to end.
    #[error("signals cannot be waited for: {0}")]
    Signals(io::Error),
    /// The transport failed.
    #[error(transparent)]
    Stdio(#[from] stdio::ServeError),
}

impl Problem for ServeError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Catalogue(error) => Some(error.hint()),
            Self::Signals(_) | Self::Stdio(_) => None,
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            // A module's file, a choice of tools or the audit's file: all of them are given.
            Self::Catalogue(_) => true,
            Self::Signals(_) | Self::Stdio(_) => false,
        }
    }
}

/// Serves until the client goes or somebody ends this process. HAProxy is not asked anything before a tool is called.
pub(super) async fn run(settings: Settings) -> Result<(), ServeError> {
    if io::stdin().is_terminal() {
        // Only advice: the server works as well without it.
        let _ = io::stderr().lock().write_all(NOTE_ON_A_TERMINAL.as_bytes());
    }
    let instance = &settings.instance;
    tracing::info!(
        instance = instance.name,
        runtime = instance.door.as_ref().map(display),
        master = instance.master.as_ref().map(display),
        stats = instance.stats.as_ref().map(|page| display(&page.url)),
        metrics = instance.metrics.as_ref().map(|page| display(&page.url)),
        config = listed(&instance.config),
        log = listed(&instance.log),
        access = %settings.access,
        "starting"
    );
    let catalogue = catalogue(&settings, &settings.selection).await?;
    let server = Server::new(catalogue);
    match settings.transport {
        Transport::Stdio => {
            let ended = signals::end().map_err(ServeError::Signals)?;
            stdio::serve(server, ended).await?;
        }
    }
    Ok(())
}

/// Paths in the form in which settings take them, where there are any.
fn listed(paths: &[PathBuf]) -> Option<String> {
    let texts = paths.iter().map(|path| path.to_string_lossy());
    (!paths.is_empty()).then(|| texts.collect::<Vec<_>>().join(","))
}

/// The tools of these settings that `selection` chooses.
pub(super) async fn catalogue(
    settings: &Settings,
    selection: &Selection,
) -> Result<Catalogue, CatalogueError> {
    let doors = Arc::new(doors(&settings.instance));
    let audit = match &settings.audit_file {
        Some(path) => Audit::to_file(path)?,
        None => Audit::to_standard_error(),
    };
    let modules = &settings.modules;
    Catalogue::load(doors, settings.access, selection, modules, audit).await
}

/// The ways to HAProxy that these settings name.
fn doors(settings: &InstanceSettings) -> Doors {
    Doors {
        runtime: Arc::new(runtime_api(settings)),
        pages: Pages::new(
            InstanceId::new(settings.name.as_str()),
            settings.stats.clone(),
            settings.metrics.clone(),
            settings.statistics_from,
        ),
        files: Granted::new(settings.config.clone(), settings.log.clone()),
    }
}

fn runtime_api(settings: &InstanceSettings) -> RuntimeApi {
    let timeouts = Timeouts {
        connect: settings.timeout.min(LONGEST_WAIT),
        first_byte: settings.timeout.min(LONGEST_WAIT),
        total: settings.timeout,
    };
    RuntimeApi::new(
        InstanceId::new(settings.name.as_str()),
        settings.door.clone(),
        timeouts,
    )
    .with_master(settings.master.clone())
}
