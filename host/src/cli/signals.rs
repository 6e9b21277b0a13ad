//! The signals by which this process is asked to end.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Ends when the process is asked to end: by whoever runs it, from the keyboard, or because the terminal is gone. From
/// now on that no longer ends the process by itself.
///
/// # Errors
/// Where signals cannot be waited for.
pub(super) fn end() -> io::Result<impl Future<Output = ()>> {
    let mut ends = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
    ]
    .map(signal)
    .into_iter()
    .collect::<Result<Vec<_>, _>>()?;
    Ok(async move {
        let waits = ends.iter_mut().map(|end| Box::pin(end.recv()));
        futures_util::future::select_all(waits).await;
    })
}
