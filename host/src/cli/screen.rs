//! What a command for people writes to: standard output for the answer, standard error for everything else. No other
//! file writes an answer.

use std::io::{self, IsTerminal, Write};

use crate::config::Environment;

/// What is known of both streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    /// Columns that a line of the answer may have; none where nothing limits them.
    pub(super) width: Option<usize>,
    /// Whether the answer goes to a terminal.
    pub(super) terminal: bool,
    /// Whether the answer may have colours.
    pub(super) colours: bool,
    /// Columns of the terminal on standard error; none where it is not one.
    pub(super) progress: Option<usize>,
}

/// Where a terminal does not say how wide it is.
const USUAL_WIDTH: usize = 80;

impl Screen {
    /// The streams of this process. `COLUMNS` comes before what the terminal says.
    pub(super) fn new(environment: &Environment) -> Self {
        let terminal = io::stdout().is_terminal();
        let said = environment.columns();
        let width = said
            .or_else(|| terminal.then(|| columns(terminal_size::terminal_size_of(io::stdout()))));
        let progress = io::stderr().is_terminal().then(|| {
            said.unwrap_or_else(|| columns(terminal_size::terminal_size_of(io::stderr())))
        });
        Self {
            width,
            terminal,
            colours: terminal && environment.colours(),
            progress,
        }
    }
}

fn columns(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    match size {
        // A pseudo-terminal that nobody gave a size says 0.
        Some((terminal_size::Width(columns), _)) if columns > 0 => columns.into(),
        _ => USUAL_WIDTH,
    }
}

/// Writes the answer. A reader that has seen enough and closed the pipe is no failure.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
