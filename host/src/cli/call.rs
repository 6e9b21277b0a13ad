//! `haproxy-mcp call TOOL`: one call of one tool, through the same door as a client's.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::arguments::{self, ArgumentError};
use super::screen::{self, Screen};
use super::table::{self, Style};
use super::{Problem, serve, signals, waiting};
use crate::catalogue::{
    Answer, Caller, Catalogue, CatalogueError, Refused, Tool, Unlisted, selection,
};
use crate::config::Settings;
use crate::mcp::error_object;
use crate::sandbox::{Progress, ProgressSink};
use crate::visible::visible;

/// Who asks, for the audit: whoever started this process.
const PRINCIPAL: &str = "command-line";

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people; the default on a terminal
    Table,
    /// For programs; the default elsewhere
    Json,
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) tool: String,
    pub(super) words: Vec<String>,
    pub(super) json: Option<String>,
    pub(super) format: Option<Format>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// There is no catalogue of tools.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// No tool has this name.
    #[error("unknown tool: `{name}`")]
    UnknownTool {
        /// The name.
        name: String,
        /// Names that are near.
        near: Vec<String>,
    },
    /// The operator excluded the tool.
    #[error("this tool is excluded by the settings: `{0}`")]
    Excluded(String),
    /// The arguments cannot be read.
    #[error(transparent)]
    Arguments(#[from] ArgumentError),
    /// The tool, its module or the host refuses.
    #[error("{}", .0.failure().message)]
    Refused(Refused),
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl Problem for CallError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Catalogue(error) => error.hint(),
            Self::UnknownTool { near, .. } if near.is_empty() => {
                "`haproxy-mcp tools --toolsets all` lists all tools".to_owned()
            }
            Self::UnknownTool { near, .. } => {
                let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
                format!("did you mean {}?", near.join(" or "))
            }
            Self::Excluded(_) => {
                "take it out of `exclude_tools` in the settings file, or of what sets that"
                    .to_owned()
            }
            Self::Arguments(error) => error.hint(),
            Self::Refused(refused) => return refused.failure().hint,
            Self::Write(_) => return None,
        })
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Catalogue(_)
            | Self::UnknownTool { .. }
            | Self::Excluded(_)
            | Self::Arguments(_) => true,
            Self::Refused(refused) => {
                matches!(refused, Refused::Arguments(_) | Refused::Repeated(_))
            }
            Self::Write(_) => false,
        }
    }
}

/// Calls and prints. Whatever the settings list, every tool can be called that they do not exclude.
pub(super) async fn run(
    settings: Settings,
    request: Request,
    screen: Screen,
) -> Result<ExitCode, CallError> {
    let selection = settings.selection.clone().every();
    let catalogue = serve::catalogue(&settings, &selection).await?;
    let tool = find(&catalogue, &request.tool)?;
    let arguments = match &request.json {
        Some(text) => arguments::from_json(text)?,
        None => arguments::from_words(&request.words, tool)?,
    };
    let format = request.format.unwrap_or(if screen.terminal {
        Format::Table
    } else {
        Format::Json
    });
    match call(&catalogue, tool, arguments, &screen).await {
        Ok(answer) => {
            screen::print(&written(&answer, format, screen))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refused) => {
            if format == Format::Json {
                let error = Map::from_iter([(
                    "error".to_owned(),
                    Value::Object(error_object(refused.failure())),
                )]);
                screen::print(&pretty(&Value::Object(error)))?;
            }
            Err(CallError::Refused(refused))
        }
    }
}

pub(super) fn find<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a Tool, CallError> {
    if let Some(tool) = catalogue.tool(name) {
        return Ok(tool);
    }
    match catalogue.unlisted(name) {
        Some(Unlisted::NotChosen) => return Err(CallError::Excluded(name.to_owned())),
        Some(Unlisted::AboveCeiling { needs }) => {
            let refused = catalogue.refuse(name, needs, PRINCIPAL);
            return Err(CallError::Refused(refused));
        }
        Some(Unlisted::NoDoor { doors }) => {
            let tool = name.to_owned();
            return Err(CallError::Refused(Refused::NoDoor { tool, doors }));
        }
        None => {}
    }
    let known = catalogue.tools().iter().map(|tool| &*tool.name);
    Err(CallError::UnknownTool {
        name: visible(name, 80).into_owned(),
        near: selection::near(name, known),
    })
}

/// Waits for the answer; an interrupt from the keyboard, or another wish that this process ends, cancels the call, so
/// that it can clean up.
pub(super) async fn call(
    catalogue: &Catalogue,
    tool: &Tool,
    arguments: Map<String, Value>,
    screen: &Screen,
) -> Result<Answer, Refused> {
    let cancel = CancellationToken::new();
    let (sender, state) = watch::channel(String::new());
    let progress: ProgressSink = Arc::new(move |progress: Progress| {
        let Progress {
            done,
            total,
            message,
        } = progress;
        let far = if total > 0 {
            format!("{done} of {total}")
        } else {
            done.to_string()
        };
        // Nobody looks at it once the answer is there.
        let _ = sender.send(format!("{far} {message}"));
    });
    let caller = Caller {
        cancel: cancel.clone(),
        progress: Some(progress),
        principal: PRINCIPAL,
    };
    let call = waiting::shown(
        screen,
        &tool.name,
        state,
        catalogue.call(tool, arguments, caller),
    );
    let mut call = Box::pin(call);
    // Where there are no signals, the call goes on to its end.
    if let Ok(ended) = signals::end() {
        tokio::select! {
            biased;
            result = &mut call => return result,
            () = ended => cancel.cancel(),
        }
    }
    call.await
}

fn written(answer: &Answer, format: Format, screen: Screen) -> String {
    match (format, answer.structured.as_object()) {
        (Format::Table, Some(structured)) => {
            let style = Style {
                width: screen.width,
                colours: screen.colours,
            };
            let mut text = style.paragraph(&answer.text);
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&table::render(structured, style));
            text
        }
        _ => pretty(&answer.structured),
    }
}

/// JSON with a line feed at its end.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
