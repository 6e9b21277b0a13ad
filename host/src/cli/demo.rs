//! `haproxy-mcp demo`: an MCP server for a throw-away HAProxy.

use std::io::{self, Write};
use std::path::PathBuf;

use tokio::sync::watch;

use super::screen::Screen;
use super::serve::{self, ServeError};
use super::{Problem, signals, waiting};
use crate::config::{InstanceSettings, Settings};
use crate::demo::{Demo, DemoError};

/// Why the demo does not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// There is no HAProxy, or it does not start.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The server failed.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The system does not tell when to end.
    #[error("signals cannot be waited for: {0}")]
    Signals(#[from] io::Error),
}

impl Problem for RunError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Demo(error) => Some(error.hint()),
            Self::Serve(error) => error.hint(),
            Self::Signals(_) => None,
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Demo(error) => error.is_usage(),
            Self::Serve(error) => error.is_usage(),
            Self::Signals(_) => false,
        }
    }
}

/// Serves until the client goes or somebody ends the demo, and takes HAProxy along.
pub(super) async fn run(
    mut settings: Settings,
    program: Option<PathBuf>,
    folders: &[PathBuf],
    screen: Screen,
) -> Result<(), RunError> {
    // Before HAProxy runs, so that no signal leaves it behind.
    let ended = signals::end()?;
    let served = async {
        let (_sender, state) = watch::channel(String::new());
        let start = Demo::start(program, folders);
        let demo = waiting::shown(&screen, "starting HAProxy", state, start).await?;
        let door = demo.door();
        let where_it_is = door.to_string();
        settings.instance = InstanceSettings {
            name: "demo".to_owned(),
            door: Some(door),
            // What listens on this machine besides is not the demo's.
            master: None,
            stats: None,
            metrics: None,
            config: Vec::new(),
            log: Vec::new(),
            ..settings.instance
        };
        // Only advice: the server works as well without it.
        let _ = io::stderr().lock().write_all(
            format!(
                "note: a HAProxy for trying things out runs at {where_it_is}; it ends with this process\n"
            )
            .as_bytes(),
        );
        serve::run(settings).await?;
        Ok(())
    };
    tokio::select! {
        biased;
        () = ended => Ok(()),
        result = served => result,
    }
}
