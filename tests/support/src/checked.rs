//! What HAProxy says of a configuration without running it: `haproxy -c`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::binaries::Binary;

/// HAProxy's verdict.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Whether it would start.
    pub accepted: bool,
    /// What it said: notices, warnings, alerts.
    pub said: String,
}

/// Asks this version for its verdict on these files, in this order. Files that they name are looked for beside the
/// first one.
pub fn check<P: AsRef<Path>>(binary: &Binary, files: &[P]) -> Checked {
    let mut command = Command::new(&binary.path);
    command.arg("-c");
    for file in files {
        command.arg("-f").arg(file.as_ref());
    }
    if let Some(folder) = files.first().and_then(|file| file.as_ref().parent()) {
        command.current_dir(folder);
    }
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("run `haproxy -c`");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Checked {
        accepted: output.status.success(),
        said,
    }
}
