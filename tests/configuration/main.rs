//! The reader of configuration files, compared with `haproxy -c` of four versions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's; a test writes files itself"
)]

/// Any bytes.
mod any_input;
/// Files and sections, and what is wrong with them.
mod sections;
/// The words of a line.
mod words;

use std::path::PathBuf;

use haproxy_mcp_testkit::Binary;
use haproxy_mcp_testkit::checked::{Checked, check};

/// HAProxy's verdict on files with these contents, and their names in it.
fn verdict(binary: &Binary, files: &[(&str, &[u8])]) -> Checked {
    let folder = tempfile::tempdir().expect("a folder for the configuration");
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, content)| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).expect("write a configuration");
            path
        })
        .collect();
    let mut checked = check(binary, &paths);
    let prefix = format!("{}/", folder.path().display());
    checked.said = checked.said.replace(&prefix, "");
    checked
}
