//! HAProxy with a configuration just as it is written: nothing is added to it, and it may fail to start.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::binaries::Binary;
use crate::haproxy::end;
use crate::wait::until;

/// A running HAProxy; ended when dropped.
#[derive(Debug)]
pub struct Verbatim {
    child: Option<Child>,
    output: PathBuf,
}

impl Verbatim {
    /// Runs `config` with these arguments besides, and waits until `ready`. Its folder is the working directory, and
    /// gets the file of what is printed.
    ///
    /// # Errors
    /// What it printed, if it ended before it was ready.
    pub fn start(
        binary: &Binary,
        config: &Path,
        arguments: &[String],
        mut ready: impl FnMut() -> Result<(), String>,
    ) -> Result<Self, String> {
        let output = config.with_extension("output");
        let log = File::create(&output).expect("create HAProxy's output file");
        let child = Command::new(&binary.path)
            .args(arguments)
            .arg("-f")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("share the output file"))
            .stderr(log)
            .current_dir(config.parent().unwrap_or(Path::new("/")))
            .spawn()
            .expect("start HAProxy");
        let mut running = Self {
            child: Some(child),
            output,
        };
        let ended = until("HAProxy to be ready", || {
            if running.ended() {
                return Ok(true);
            }
            ready().map(|()| false)
        });
        if ended {
            return Err(running.output());
        }
        Ok(running)
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    fn ended(&mut self) -> bool {
        self.child
            .as_mut()
            .is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }
}

impl Drop for Verbatim {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("!!! HAProxy printed:\n{}", self.output());
        }
        if let Some(child) = self.child.take() {
            end(child);
        }
    }
}
