//! `haproxy-mcp serve`, and `haproxy-mcp` alone: an MCP server on standard input and output.

use crate::config::Settings;
use std::io::{self, IsTerminal, Write};

/// Said to a person who starts the server by hand and would otherwise see nothing at all.
const NOTE_ON_A_TERMINAL: &str = "\
note: this is an MCP server; it waits for a client that speaks JSON-RPC on standard input (end with Ctrl-D)
hint: start it from an MCP client's configuration; `haproxy-mcp --help` shows how
";

/// Serves until the client goes.
#[expect(clippy::unused_async, reason = "what it waits for is not built in yet")]
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    if io::stdin().is_terminal() {
        // Only advice: the server works as well without it.
        let _ = io::stderr().lock().write_all(NOTE_ON_A_TERMINAL.as_bytes());
    }
    tracing::info!(
        instance = settings.instance.name,
        door = %settings.instance.door,
        access = %settings.access,
        "starting"
    );
    // crate::mcp::stdio::serve(…): the parts between the settings and the protocol are put together here.
    anyhow::bail!("serving is not built in yet")
}
