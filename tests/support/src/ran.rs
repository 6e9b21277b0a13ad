//! The exact versions that a test run has used.
//!
//! Each label has one file, `target/haproxy-versions/<label>`, because the tests of one run are many processes.

use std::path::{Path, PathBuf};

use crate::binaries::Binary;

/// Notes that tests ran on `binary`.
pub(crate) fn record(binary: &Binary) {
    let Some(folder) = folder() else { return };
    std::fs::create_dir_all(&folder).expect("create the folder of versions that ran");
    let line = format!("{} {}\n", binary.version, std::env::consts::ARCH);
    // Written aside and moved, so that a reader never sees half a line.
    let aside = folder.join(format!(".{}.{}", binary.label, std::process::id()));
    std::fs::write(&aside, line).expect("write the version that ran");
    std::fs::rename(&aside, folder.join(binary.label)).expect("keep the version that ran");
}

/// The versions noted so far, oldest label first: label, exact version and processor (`3.4.7-1 x86_64`).
pub fn ran() -> Vec<(String, String)> {
    let Some(entries) = folder().and_then(|folder| std::fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    let mut seen: Vec<(String, String)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let label = entry.file_name().into_string().ok()?;
            let line = std::fs::read_to_string(entry.path()).ok()?;
            (!label.starts_with('.')).then(|| (label, line.trim().to_owned()))
        })
        .collect();
    seen.sort();
    seen
}

/// `target/haproxy-versions`, found from the test binary: `target/<profile>/deps/<test>`.
fn folder() -> Option<PathBuf> {
    let binary = std::env::current_exe().ok()?;
    let deps = binary.ancestors().find(|path| path.ends_with("deps"))?;
    Some(
        deps.parent()
            .and_then(Path::parent)?
            .join("haproxy-versions"),
    )
}
