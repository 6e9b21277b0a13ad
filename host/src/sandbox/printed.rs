//! What a guest prints. It never reaches the standard streams of this process: stdout is the MCP transport.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

use super::limits::PRINTED_BYTES;
use crate::visible::visible;

/// The first [`PRINTED_BYTES`] of what a guest printed, and how much there was.
#[derive(Clone, Default)]
pub(super) struct Printed(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    dropped: usize,
}

impl Printed {
    /// A standard stream for a guest. Writing to it always succeeds, so that a print does not end a guest.
    pub(super) fn stream(&self) -> PrintedStream {
        PrintedStream(self.clone())
    }

    /// Writes what was printed so far to the log, on one line, and forgets it.
    pub(super) fn log(&self, module: &str, tool: &str) {
        if let Some((text, dropped)) = self.take() {
            let text = visible(&text, PRINTED_BYTES);
            tracing::info!(target: "module", module, tool, dropped, "printed: {text}");
        }
    }

    /// What was printed so far, and how many bytes more were dropped; empties it.
    fn take(&self) -> Option<(String, usize)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes.is_empty() {
            return None;
        }
        let bytes = std::mem::take(&mut kept.bytes);
        Some((
            String::from_utf8_lossy(&bytes).into_owned(),
            std::mem::take(&mut kept.dropped),
        ))
    }

    fn write(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = PRINTED_BYTES.saturating_sub(kept.bytes.len());
        let (fits, rest) = bytes.split_at(room.min(bytes.len()));
        kept.bytes.extend_from_slice(fits);
        kept.dropped = kept.dropped.saturating_add(rest.len());
    }
}

/// One standard stream of a guest.
pub(super) struct PrintedStream(Printed);

impl IsTerminal for PrintedStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for PrintedStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(PrintedStream(self.0.clone()))
    }
}

impl AsyncWrite for PrintedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
