//! `haproxy-mcp tools`: what a client would see.

use serde_json::Value;

use super::call::{CallError, pretty};
use super::screen::{self, Screen};
use super::serve;
use super::table::Style;
use crate::catalogue::{Tool, manual};
use crate::config::Settings;

/// How tools are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A line for each
    Table,
    /// What clients get, with access and toolset
    Json,
    /// A reference with all arguments and answers, in Markdown
    Md,
}

/// Lists the tools that these settings choose. HAProxy is not asked anything.
pub(super) async fn run(
    settings: Settings,
    format: Format,
    screen: Screen,
) -> Result<(), CallError> {
    let catalogue = serve::catalogue(&settings, &settings.selection).await?;
    let tools = catalogue.tools();
    let text = match format {
        Format::Table => table(tools, screen),
        Format::Json => pretty(&Value::Array(tools.iter().map(manual::document).collect())),
        Format::Md => manual::reference(tools),
    };
    Ok(screen::print(&text)?)
}

fn table(tools: &[Tool], screen: Screen) -> String {
    let style = Style {
        width: screen.width,
        colours: screen.colours,
    };
    let rows = tools.iter().map(|tool| {
        vec![
            tool.name.clone(),
            tool.toolset.clone(),
            tool.access.to_string(),
            tool.title.clone(),
        ]
    });
    style.rows(&["tool", "toolset", "access", "title"], rows.collect())
}
