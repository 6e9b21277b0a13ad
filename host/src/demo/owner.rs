//! The only place that runs a program and writes files, and for `demo` only: HAProxy itself, in a folder of
//! temporary files that it removes again.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the owner of the demo's program and of its files"
)]

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::DemoError;
use crate::visible::visible;

/// Bytes of a folder's path: a Unix socket's path has 107 at most, and HAProxy appends to it while it binds.
const PATH_BYTES: usize = 70;

/// Folders that are tried before giving up: somebody may have taken the name.
const ATTEMPTS: u32 = 100;

/// Bytes that are read of what HAProxy printed.
const OUTPUT_BYTES: u64 = 4_096;

/// Characters of it that are shown.
const OUTPUT_CHARACTERS: usize = 600;

/// How long HAProxy may take to end when asked.
const END: Duration = Duration::from_secs(2);

/// How often it is looked whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Whether a file can be run.
pub(super) fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0)
}

/// A folder that only this user can enter; removed when dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new folder among the temporary files.
    pub(super) fn create() -> io::Result<Self> {
        let mut parent = std::env::temp_dir();
        if parent.as_os_str().len() > PATH_BYTES {
            parent = PathBuf::from("/tmp");
        }
        let mut attempt = 0;
        loop {
            let name = format!("haproxy-mcp-demo-{}-{attempt}", std::process::id());
            let path = parent.join(name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!("cannot remove `{}`: {error}", self.0.display());
        }
    }
}

/// HAProxy, running; ended when dropped.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    program: PathBuf,
    // Removed after HAProxy has ended.
    folder: Folder,
}

impl Running {
    /// Starts `program` with this configuration, in the foreground, as one process.
    pub(super) fn start(
        program: PathBuf,
        folder: Folder,
        configuration: &str,
    ) -> Result<Self, DemoError> {
        let file = folder.path().join("haproxy.cfg");
        fs::write(&file, configuration).map_err(DemoError::Folder)?;
        let output = File::create(folder.path().join("output")).map_err(DemoError::Folder)?;
        let errors = output.try_clone().map_err(DemoError::Folder)?;
        let child = Command::new(&program)
            .arg("-db")
            .arg("-f")
            .arg(&file)
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|source| DemoError::Run {
                program: program.clone(),
                source,
            })?;
        Ok(Self {
            child,
            program,
            folder,
        })
    }

    /// The folder of its files.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether it still runs.
    pub(super) fn check(&mut self) -> Result<(), DemoError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(DemoError::Ended {
                program: self.program.clone(),
                status,
                output: self.output(),
            }),
            Err(source) => Err(DemoError::Run {
                program: self.program.clone(),
                source,
            }),
        }
    }

    /// What to say of one that serves nobody.
    pub(super) fn silent(&self) -> DemoError {
        DemoError::Silent {
            program: self.program.clone(),
            output: self.output(),
        }
    }

    /// What it has printed, on one line.
    fn output(&self) -> String {
        let mut text = Vec::new();
        let read = File::open(self.folder.path().join("output"))
            .and_then(|file| file.take(OUTPUT_BYTES).read_to_end(&mut text));
        match read {
            Ok(0) => "it printed nothing".to_owned(),
            Ok(_) => {
                let text = String::from_utf8_lossy(&text);
                let lines: Vec<&str> = text.lines().map(str::trim).collect();
                visible(&lines.join(" "), OUTPUT_CHARACTERS).into_owned()
            }
            Err(error) => format!("what it printed cannot be read: {error}"),
        }
    }

    /// Asked to end, it stops at once; a process that does not is killed.
    fn end(&mut self) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid
            && self.child.try_wait()?.is_none()
        {
            kill_process(pid, Signal::TERM)?;
            let start = Instant::now();
            while start.elapsed() < END {
                if self.child.try_wait()?.is_some() {
                    return Ok(());
                }
                std::thread::sleep(LOOK_AGAIN);
            }
        }
        self.child.kill()?;
        self.child.wait().map(|_status| ())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!("cannot end HAProxy, process {}: {error}", self.child.id());
        }
    }
}
