//! MCP over standard input and output. Nothing else is ever written to standard output.

use rmcp::ServiceExt;
use rmcp::service::{QuitReason, ServerInitializeError};
use rmcp::transport::io::stdio_pipes;

use super::Server;
use super::repeated::MarkRepeated;

/// Why serving ended other than by the client's leaving.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The first messages were not MCP.
    #[error("the client did not begin with MCP: {0}")]
    Begin(Box<ServerInitializeError>),
    /// The task that serves ended abnormally.
    #[error("serving ended abnormally: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Serves one client until it closes standard input.
pub async fn serve(server: Server) -> Result<(), ServeError> {
    let (reader, writer) = stdio_pipes();
    let running = match server.serve((MarkRepeated::new(reader), writer)).await {
        Ok(running) => running,
        // A client that leaves before it begins has not done anything wrong.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(ServeError::Begin(Box::new(error))),
    };
    match running.waiting().await? {
        QuitReason::JoinError(error) => Err(error.into()),
        reason => {
            tracing::debug!(?reason, "the client left");
            Ok(())
        }
    }
}
