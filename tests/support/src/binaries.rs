//! The HAProxy versions that the tests run on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The versions that every statement about HAProxy is tested on: `tests/support/get-haproxy all` has them.
pub const LABELS: [&str; 4] = ["2.6", "3.0", "3.2", "3.4"];

/// One HAProxy on this machine.
#[derive(Clone, Debug)]
pub struct Binary {
    /// Its major and minor version: one of [`LABELS`].
    pub label: &'static str,
    /// The file to run.
    pub path: PathBuf,
    /// Its exact version as it says itself: `3.4.7-1`.
    pub version: String,
}

impl Binary {
    /// Major and minor version as numbers, to compare with: `binary.at_least(3, 0)`.
    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        let mut parts = self
            .label
            .split('.')
            .map(|part| part.parse::<u32>().unwrap());
        (parts.next().unwrap(), parts.next().unwrap()) >= (major, minor)
    }
}

/// All versions that are here, oldest first. A missing one panics under `CI`, and is named on stderr elsewhere.
pub fn versions() -> Vec<Binary> {
    LABELS.iter().filter_map(|label| version(label)).collect()
}

/// The newest version that is here, for a test that is not about versions.
pub fn newest() -> Binary {
    LABELS
        .iter()
        .rev()
        .find_map(|label| find(label))
        .unwrap_or_else(|| panic!("no HAProxy is here: {ADVICE}"))
}

/// The version with this label; `None` when it is not here, which is an error under `CI` and loud elsewhere.
pub fn version(label: &str) -> Option<Binary> {
    let found = find(label);
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "HAProxy {label} is not here: {ADVICE}"
        );
        eprintln!(
            "\n!!! SKIPPED: HAProxy {label} is not here, so nothing was tested on it; {ADVICE}\n"
        );
    }
    found
}

/// Runs `body` on each version that is here; a failure names the version.
///
/// Prefer [`on_each_version!`](crate::on_each_version), which makes each version a test of its own.
pub fn for_each_version(body: impl Fn(&Binary)) {
    for binary in versions() {
        on(&binary, || body(&binary));
    }
}

/// Runs `body` and, should it panic, says on which version.
pub fn on<T>(binary: &Binary, body: impl FnOnce() -> T) -> T {
    struct Named<'a>(&'a Binary);
    impl Drop for Named<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!(
                    "!!! failed on HAProxy {} ({})",
                    self.0.version,
                    self.0.path.display()
                );
            }
        }
    }
    let _named = Named(binary);
    body()
}

/// Defines a module of tests, one for each HAProxy version: `name::v2_6`, `name::v3_0`, …. `Binary` needs no import.
///
/// ```ignore
/// on_each_version! {
///     fn reads_info(binary: &Binary) { … }
///     async fn reads_info_async(binary: &Binary) { … } // needs `tokio` in the calling crate
/// }
/// ```
#[macro_export]
macro_rules! on_each_version {
    () => {};
    ($(#[$meta:meta])* fn $name:ident($binary:ident: &Binary) $body:block $($rest:tt)*) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "the body uses what its file imports")]
            use super::*;
            fn body($binary: &$crate::Binary) $body
            #[test]
            fn v2_6() { $crate::binaries::run("2.6", body); }
            #[test]
            fn v3_0() { $crate::binaries::run("3.0", body); }
            #[test]
            fn v3_2() { $crate::binaries::run("3.2", body); }
            #[test]
            fn v3_4() { $crate::binaries::run("3.4", body); }
        }
        $crate::on_each_version! { $($rest)* }
    };
    ($(#[$meta:meta])* async fn $name:ident($binary:ident: &Binary) $body:block $($rest:tt)*) => {
        $crate::on_each_version! {
            $(#[$meta])*
            fn $name($binary: &Binary) {
                ::tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap()
                    .block_on(async $body)
            }
        }
        $crate::on_each_version! { $($rest)* }
    };
}

/// What [`on_each_version!`](crate::on_each_version) calls: `body` on the version `label`, if it is here.
pub fn run(label: &str, body: impl FnOnce(&Binary)) {
    if let Some(binary) = version(label) {
        on(&binary, || body(&binary));
    }
}

const ADVICE: &str = "run `tests/support/get-haproxy all`";

/// Looked up once for each label in a process: asking a binary for its version takes milliseconds.
fn find(label: &str) -> Option<Binary> {
    static FOUND: [OnceLock<Option<Binary>>; LABELS.len()] =
        [const { OnceLock::new() }; LABELS.len()];
    let index = LABELS.iter().position(|known| *known == label)?;
    FOUND[index].get_or_init(|| look(LABELS[index])).clone()
}

fn look(label: &'static str) -> Option<Binary> {
    let path = cache()?.join("haproxy").join(label).join("haproxy");
    let version = exact_version(&path)?;
    assert!(
        version.starts_with(&format!("{label}.")),
        "{} should be HAProxy {label} and says it is {version}",
        path.display()
    );
    let binary = Binary {
        label,
        path,
        version,
    };
    crate::ran::record(&binary);
    Some(binary)
}

/// `${HAPROXY_MCP_CACHE:-$HOME/.cache/haproxy-mcp}`, as in `get-haproxy`.
fn cache() -> Option<PathBuf> {
    match std::env::var_os("HAPROXY_MCP_CACHE") {
        Some(folder) if !folder.is_empty() => Some(PathBuf::from(folder)),
        _ => Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/haproxy-mcp")),
    }
}

/// From the first line of `haproxy -v`: `HAProxy version 3.4.7-1 2026/10/14 - https://haproxy.org/`.
fn exact_version(path: &Path) -> Option<String> {
    let output = Command::new(path).arg("-v").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines()
        .next()?
        .strip_prefix("HAProxy version ")?
        .split_whitespace()
        .next()
        .map(str::to_owned)
}
