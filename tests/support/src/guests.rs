//! Modules that misbehave, from `tests/guests`: compiled once, on first use.
//!
//! Cargo decides what is to be compiled again; a lock keeps the many processes of a test run from asking it at the
//! same time, and under `cargo nextest` only the first of a run asks at all.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use wit_component::ComponentEncoder;

/// Core modules, which are encoded as components here: they import nothing but the contract.
const CORE: [&str; 3] = ["hostile", "reaching", "described"];
const CORE_TARGET: &str = "wasm32-unknown-unknown";

/// Those that the toolchain makes components of, with all that its standard library imports.
const WASI: [&str; 1] = ["wasi"];
const WASI_TARGET: &str = "wasm32-wasip2";

/// What stands before the word that says how a copy of a module behaves, and how long both are together.
const PLACE: &[u8] = b"this copy behaves: ";
const PLACE_LENGTH: usize = 64;

/// The component of this package of `tests/guests`, as it is compiled.
pub fn path(name: &str) -> PathBuf {
    built().join(format!("{name}.wasm"))
}

/// A copy of `described` or `wasi` that misbehaves as `word` says. The file has the package's name, and with it the
/// module its key.
pub fn behaving(name: &str, word: &str) -> PathBuf {
    let mut bytes = std::fs::read(path(name)).expect("read a compiled guest");
    let start = bytes
        .windows(PLACE.len())
        .position(|window| window == PLACE)
        .unwrap_or_else(|| panic!("`{name}` has no place for a behaviour"));
    let place = &mut bytes[start + PLACE.len()..start + PLACE_LENGTH];
    assert!(word.len() <= place.len(), "a shorter word than `{word}`");
    place.fill(b' ');
    place[..word.len()].copy_from_slice(word.as_bytes());
    keep(&built().join(word).join(format!("{name}.wasm")), &bytes)
}

/// The component that `tests/guests/components/<name>.wat` spells out.
pub fn component(name: &str) -> PathBuf {
    let text = workspace().join("components").join(format!("{name}.wat"));
    let text = std::fs::read_to_string(&text)
        .unwrap_or_else(|error| panic!("read {}: {error}", text.display()));
    written(name, &text)
}

/// The component of this text.
pub fn written(name: &str, text: &str) -> PathBuf {
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("`{name}`: {error}"));
    keep(
        &built().join("written").join(format!("{name}.wasm")),
        &bytes,
    )
}

/// A file of these bytes, whatever they are.
pub fn bytes(name: &str, bytes: &[u8]) -> PathBuf {
    keep(&built().join("written").join(format!("{name}.wasm")), bytes)
}

/// The folder of compiled components.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = target_folder();
        std::fs::create_dir_all(&target).expect("create the guests' target folder");
        let lock = File::create(target.join(".lock")).expect("create the guests' lock file");
        lock.lock().expect("wait for who compiles the guests");
        let components = target.join("components");
        std::fs::create_dir_all(&components).expect("create the folder of components");
        // A run of nextest is many processes; cargo takes a moment even where there is nothing to do.
        let run = std::env::var("NEXTEST_RUN_ID").ok();
        let ran = target.join(".run");
        if run.is_none() || std::fs::read_to_string(&ran).ok() != run {
            build(&target, &components);
            if let Some(run) = run {
                std::fs::write(&ran, run).expect("note the run that compiled the guests");
            }
        }
        components
    })
}

fn build(target: &Path, components: &Path) {
    let folder = cargo(target, CORE_TARGET, &CORE);
    for name in CORE {
        let core =
            std::fs::read(folder.join(format!("guest_{name}.wasm"))).expect("read a core module");
        let component = ComponentEncoder::default()
            .validate(true)
            .module(&core)
            .and_then(|mut encoder| encoder.encode())
            .unwrap_or_else(|error| panic!("encode `{name}` as a component: {error:#}"));
        keep(&components.join(format!("{name}.wasm")), &component);
    }
    let folder = cargo(target, WASI_TARGET, &WASI);
    for name in WASI {
        let component =
            std::fs::read(folder.join(format!("guest_{name}.wasm"))).expect("read a component");
        keep(&components.join(format!("{name}.wasm")), &component);
    }
}

/// Compiles these packages; gives the folder where they are.
fn cargo(target_folder: &Path, target: &str, names: &[&str]) -> PathBuf {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(workspace())
        .args([
            "build",
            "--quiet",
            "--release",
            "--locked",
            "--target",
            target,
            "--target-dir",
        ])
        .arg(target_folder);
    for name in names {
        cargo.args(["-p", &format!("guest-{name}")]);
    }
    // What the outer cargo set is meant for the tests.
    for (name, _) in std::env::vars_os() {
        let outer = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_") && name != "CARGO_HOME" && !name.starts_with("CARGO_NET_")
                || [
                    "RUSTFLAGS",
                    "RUSTC_WRAPPER",
                    "RUSTC_WORKSPACE_WRAPPER",
                    "RUSTC",
                    "RUSTDOC",
                ]
                .contains(&name)
        });
        if outer {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().expect("run cargo for the guests");
    assert!(
        output.status.success(),
        "the guests did not compile; if the target is missing: `rustup target add {target}`\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    target_folder.join(target).join("release")
}

/// Writes a file where it is not there with these bytes already. Another process never sees half of it.
fn keep(path: &Path, bytes: &[u8]) -> PathBuf {
    if std::fs::read(path).is_ok_and(|kept| kept == bytes) {
        return path.to_owned();
    }
    let folder = path.parent().expect("a file in a folder");
    std::fs::create_dir_all(folder).expect("create a folder for a guest");
    let aside = path.with_extension(std::process::id().to_string());
    std::fs::write(&aside, bytes).expect("write a guest");
    std::fs::rename(&aside, path).expect("keep a guest");
    path.to_owned()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests")
}

/// `target/test-guests`, found from the test binary: `target/<profile>/deps/<test>`.
fn target_folder() -> PathBuf {
    let binary = std::env::current_exe().expect("the path of the test");
    binary
        .ancestors()
        .find(|path| path.ends_with("deps"))
        .and_then(Path::parent)
        .and_then(Path::parent)
        .expect("a test binary where cargo puts it")
        .join("test-guests")
}
