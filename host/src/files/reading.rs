//! An open file, whose secrets are replaced on the way to whoever reads it.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt};

use cap_std::fs::Metadata;

use super::error::FileError;
use super::granted::blocking;
use crate::policy::Artefact;
use crate::redact::{Configuration, Traffic};

/// Bytes that are read of a file at once.
const PIECE: usize = 64 * 1024;

/// An open file. It is read up to the size that it had when it was opened.
#[derive(Debug)]
pub struct OpenFile {
    name: String,
    path: String,
    size: u64,
    modified: u64,
    /// Away while a piece is read, and for good where reading was given up.
    reading: Option<Box<Reading>>,
    taken: u64,
}

impl OpenFile {
    pub(super) fn new(
        artefact: Artefact,
        name: String,
        path: String,
        file: cap_std::fs::File,
        found: &Metadata,
        last: Option<u64>,
    ) -> Self {
        let size = found.len();
        Self {
            name,
            path,
            size,
            modified: u64::try_from(cap_std::fs::MetadataExt::mtime(found)).unwrap_or(0),
            reading: Some(Box::new(Reading::new(
                artefact,
                file.into_std(),
                size,
                last,
            ))),
            taken: 0,
        }
    }

    /// Its name, as it was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes that it had when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Seconds since the Unix epoch when it was last changed.
    pub fn modified(&self) -> u64 {
        self.modified
    }

    /// Bytes of the file that were read by now, whatever became of them.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The next bytes, at most `max` of them (at least 1), with secrets replaced; empty only at the end. Reads no more
    /// than `allowed` bytes of the file for it: of a line that is too long to be looked at, nothing is given on.
    ///
    /// # Errors
    /// [`FileError::CutOff`] where the file has become shorter than it was, [`FileError::Exhausted`] where there was
    /// nothing to give on within what was allowed.
    pub async fn read(&mut self, max: usize, allowed: u64) -> Result<Vec<u8>, FileError> {
        let gone = || FileError::Unreadable {
            path: self.path.clone(),
            reason: "reading it was given up".to_owned(),
        };
        let mut reading = self.reading.take().ok_or_else(gone)?;
        let (reading, read) = blocking(move || {
            let read = reading.read(max.max(1), allowed);
            (reading, read)
        })
        .await
        .ok_or_else(gone)?;
        self.taken = reading.taken;
        let (position, reading) = (reading.position, self.reading.insert(reading));
        read.map_err(|stop| {
            let name = self.name.clone();
            match stop {
                Stop::Exhausted => FileError::Exhausted { name, allowed },
                Stop::CutOff => {
                    reading.broken = true;
                    FileError::CutOff { name, position }
                }
                Stop::System(error) => FileError::Unreadable {
                    path: self.path.clone(),
                    reason: error.to_string(),
                },
            }
        })
    }
}

/// Where the reading of a file is.
#[derive(Debug)]
struct Reading {
    file: File,
    /// Bytes that the file had when it was opened.
    size: u64,
    /// The next byte to be read.
    position: u64,
    taken: u64,
    redactor: Redactor,
    /// The line that is given on first begins behind the first line feed from this byte on.
    hidden_until: Option<u64>,
    /// What went through the redactor, and how much of it was given on.
    ready: Vec<u8>,
    given: usize,
    ended: bool,
    /// It was cut off.
    broken: bool,
}

/// Why a piece could not be read.
#[derive(Debug)]
enum Stop {
    Exhausted,
    CutOff,
    System(io::Error),
}

#[derive(Debug)]
enum Redactor {
    Configuration(Configuration),
    Traffic(Traffic),
}

impl Redactor {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Configuration(redactor) => redactor.push(piece, out),
            Self::Traffic(redactor) => redactor.push(piece, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Configuration(redactor) => redactor.finish(out),
            Self::Traffic(redactor) => redactor.finish(out),
        }
    }
}

impl Reading {
    fn new(artefact: Artefact, file: File, size: u64, last: Option<u64>) -> Self {
        // The line feed in front of the last bytes counts: behind it, a line begins with the first of them.
        let hidden_until = last.filter(|last| *last < size).map(|last| size - last - 1);
        let (redactor, position) = match artefact {
            // What stands before the end says what is secret in it: a private key has many lines.
            Artefact::Config => (Redactor::Configuration(Configuration::default()), 0),
            Artefact::Log => (
                Redactor::Traffic(Traffic::default()),
                hidden_until.unwrap_or(0),
            ),
        };
        Self {
            file,
            size,
            position,
            taken: 0,
            redactor,
            hidden_until,
            ready: Vec::new(),
            given: 0,
            ended: false,
            broken: false,
        }
    }

    fn read(&mut self, max: usize, allowed: u64) -> Result<Vec<u8>, Stop> {
        if self.broken {
            return Err(Stop::CutOff);
        }
        let mut left = allowed;
        while self.given == self.ready.len() && !self.ended {
            self.ready.clear();
            self.given = 0;
            let wanted = (self.size - self.position).min(PIECE as u64);
            if wanted == 0 {
                self.end();
            } else if left == 0 {
                return Err(Stop::Exhausted);
            } else {
                let piece = self.piece(wanted.min(left))?;
                left = left.saturating_sub(piece.len() as u64);
                self.pass_on(&piece);
            }
        }
        let end = self.ready.len().min(self.given.saturating_add(max));
        let bytes = self.ready.get(self.given..end).unwrap_or_default().to_vec();
        self.given = end;
        Ok(bytes)
    }

    /// The next piece of the file, which is still as long as it was.
    fn piece(&mut self, wanted: u64) -> Result<Vec<u8>, Stop> {
        let mut piece = vec![0; usize::try_from(wanted).unwrap_or(PIECE)];
        let read = loop {
            match self.file.read_at(&mut piece, self.position) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(Stop::System)?,
            }
        };
        let size = self.file.metadata().map_err(Stop::System)?.size();
        if read == 0 || size < self.size {
            return Err(Stop::CutOff);
        }
        piece.truncate(read);
        self.position += read as u64;
        self.taken += read as u64;
        Ok(piece)
    }

    fn pass_on(&mut self, piece: &[u8]) {
        let begin = self.position - piece.len() as u64;
        let Some(hidden_until) = self.hidden_until else {
            self.redactor.push(piece, &mut self.ready);
            return;
        };
        let from = usize::try_from(hidden_until.saturating_sub(begin)).unwrap_or(usize::MAX);
        let line_feed = piece
            .get(from..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
            .map_or(piece.len(), |at| from + at + 1);
        let (hidden, shown) = piece.split_at(line_feed);
        if matches!(self.redactor, Redactor::Configuration(_)) {
            self.redactor.push(hidden, &mut self.ready);
            self.ready.clear();
        }
        if hidden.last() == Some(&b'\n') && begin + line_feed as u64 > hidden_until {
            self.hidden_until = None;
        }
        self.redactor.push(shown, &mut self.ready);
    }

    fn end(&mut self) {
        self.redactor.finish(&mut self.ready);
        if self.hidden_until.is_some() {
            self.ready.clear();
        }
        self.ended = true;
    }
}
