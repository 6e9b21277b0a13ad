//! MCP over standard input and output. Nothing else is ever written to standard output.

use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::service::{QuitReason, ServerInitializeError};
use rmcp::transport::io::stdio_pipes;
use tokio::io::AsyncRead;

use super::Server;
use super::transport::{Transport, Written};

/// How long the end waits for a client that does not read what it was told.
const LAST_WAIT: Duration = Duration::from_secs(1);

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

/// Serves one client until it closes standard input, or until `ended`. Calls that are then under way are cancelled, and
/// waited for: what they leave open in HAProxy is taken back, and what they did is recorded.
pub async fn serve(server: Server, ended: impl Future<Output = ()>) -> Result<(), ServeError> {
    let (reader, writer) = stdio_pipes();
    let (transport, written) = Transport::new(reader, writer);
    let outcome = tokio::select! {
        biased;
        outcome = Box::pin(converse(server.clone(), transport)) => outcome,
        () = ended => {
            tracing::info!("asked to end");
            Ok(())
        }
    };
    server.end().await;
    finish(written).await;
    outcome
}

async fn converse<R>(server: Server, transport: Transport<R>) -> Result<(), ServeError>
where
    R: AsyncRead + Unpin + Send + 'static,
{
    let running = match server.serve(transport).await {
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

/// Waits until what was said is written.
async fn finish(mut written: Written) {
    match tokio::time::timeout(LAST_WAIT, &mut written).await {
        Ok(Ok(Ok(()))) => {}
        // A client that has gone reads nothing.
        Ok(Ok(Err(error))) => tracing::debug!("the client did not read everything: {error}"),
        Ok(Err(error)) => tracing::error!("writing ended abnormally: {error}"),
        Err(_) => {
            tracing::debug!("the client did not read everything in time");
            written.abort();
        }
    }
}
