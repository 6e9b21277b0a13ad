//! From bytes to a module that can be called: compile or load, import gate, link, describe.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use haproxy_mcp_builtin::Builtin;
use haproxy_mcp_engine::{DescriptionError, ModuleDescription};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use super::artifact;
use super::bindings::haproxy::module as contract;
use super::call;
use super::engine::Ticker;
use super::error::{Ended, LoadError};
use super::limits::{self, Limits};
use super::state::CallState;
use crate::policy::Grant;
use crate::visible::visible;

/// The contract's package, and the versions of it that this host links: those that wasmtime holds for compatible.
const CONTRACT: &str = "haproxy:module/";
const CONTRACT_TRACK: &str = "0.1.";

/// The interfaces of the contract that every module has: none of them reaches HAProxy by itself, but for `runtime`, of
/// which each command is asked about.
const ALWAYS: &[&str] = &["types", "invocation", "clock", "progress", "log", "runtime"];

/// Whether a grant has anything of this interface.
fn has(grant: &Grant, interface: &str) -> bool {
    match interface {
        "pages" => !grant.pages.is_empty(),
        "files" => !grant.files.is_empty(),
        "diagnostics" => grant.diagnostics,
        other => ALWAYS.contains(&other),
    }
}

/// Packages of WASI 0.2 that languages import unasked. What is linked is empty: no arguments, environment or
/// folders, sockets that refuse, standard streams that end in the log. Clock and random are readable.
const EMPTY_WASI: &[&str] = &[
    "wasi:cli/",
    "wasi:io/",
    "wasi:clocks/",
    "wasi:random/",
    "wasi:filesystem/",
    "wasi:sockets/",
];

/// Characters of wasmtime's reason not to compile a module.
const REASON_CHARACTERS: usize = 500;

/// A module that is ready for calls.
pub(super) struct Linked {
    pub(super) pre: InstancePre<CallState>,
}

/// A module that was read from a file.
pub(super) struct FromFile {
    pub(super) linked: Linked,
    pub(super) description: ModuleDescription,
    /// SHA-256 of the file, with `sha256:` in front.
    pub(super) digest: String,
}

/// Loads a built-in module. It gets the contract and nothing else: no WASI at all.
pub(super) fn builtin(engine: &Engine, module: &'static Builtin) -> Result<Linked, LoadError> {
    let component = artifact::builtin(engine, module).map_err(|error| LoadError::Contract {
        key: module.family.to_owned(),
        reason: format!("{error:#}"),
    })?;
    let mut linker = Linker::new(engine);
    link_contract(&mut linker).map_err(|error| LoadError::Engine(format!("{error:#}")))?;
    link(&linker, &component, module.family)
}

/// Loads a module from a file and asks it what it offers.
pub(super) async fn file(
    engine: &Engine,
    ticker: &Ticker,
    key: &Arc<str>,
    path: &Path,
    grant: &Grant,
) -> Result<FromFile, LoadError> {
    let bytes = read(path)?;
    let component = compile(engine, key, &bytes)?;
    gate(&component, engine, key, grant)?;
    let mut linker = Linker::new(engine);
    link_contract(&mut linker)
        .and_then(|()| wasmtime_wasi::p2::add_to_linker_async(&mut linker))
        .map_err(|error| LoadError::Engine(format!("{error:#}")))?;
    let module = link(&linker, &component, key)?;

    let description = describe(&module, &component, ticker, key).await?;
    let again = describe(&module, &component, ticker, key).await?;
    if description != again {
        return Err(LoadError::Inconstant {
            key: key.to_string(),
        });
    }
    Ok(FromFile {
        linked: module,
        description,
        digest: format!("sha256:{:x}", Sha256::digest(&bytes)),
    })
}

/// Reads a module file that the operator named.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place that reads module files; the path is the operator's"
)]
fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    // A pipe or a device has no size, and need have no end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("it is not a regular file")));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .map_err(failed)?
        .take(limits::MODULE_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limits::MODULE_FILE_BYTES {
        return Err(LoadError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

fn compile(engine: &Engine, key: &str, bytes: &[u8]) -> Result<Component, LoadError> {
    let not_a_component = |reason| LoadError::NotAComponent {
        key: key.to_owned(),
        reason,
    };
    // Eight bytes: the magic, then version and layer (Component Model, binary format, "Component Definitions").
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => {}
        Some([0, b'a', b's', b'm', ..]) => return Err(not_a_component("it is a core module")),
        _ => return Err(not_a_component("it does not begin like one")),
    }
    Component::from_binary(engine, bytes).map_err(|error| LoadError::Compile {
        key: key.to_owned(),
        reason: visible(&format!("{error:#}"), REASON_CHARACTERS).into_owned(),
    })
}

/// Refuses a module that imports more than it may be granted.
fn gate(component: &Component, engine: &Engine, key: &str, grant: &Grant) -> Result<(), LoadError> {
    for (import, _) in component.component_type().imports(engine) {
        let granted = match import.strip_prefix(CONTRACT) {
            Some(rest) => rest.split_once('@').is_some_and(|(interface, version)| {
                version.starts_with(CONTRACT_TRACK) && has(grant, interface)
            }),
            None => EMPTY_WASI.iter().any(|package| import.starts_with(package)),
        };
        if !granted {
            return Err(LoadError::Import {
                key: key.to_owned(),
                import: import.to_owned(),
            });
        }
    }
    Ok(())
}

fn link_contract(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    type Own = HasSelf<CallState>;
    contract::types::add_to_linker::<_, Own>(linker, |state| state)?;
    contract::invocation::add_to_linker::<_, Own>(linker, |state| state)?;
    contract::clock::add_to_linker::<_, Own>(linker, |state| state)?;
    contract::progress::add_to_linker::<_, Own>(linker, |state| state)?;
    contract::log::add_to_linker::<_, Own>(linker, |state| state)?;
    contract::runtime::add_to_linker::<_, Own>(linker, |state| state)?;
    // A module that is not granted one of these does not import it: see `gate`. Each use is asked about besides.
    contract::pages::add_to_linker::<_, Own>(linker, |state| state)?;
    contract::files::add_to_linker::<_, Own>(linker, |state| state)?;
    contract::diagnostics::add_to_linker::<_, Own>(linker, |state| state)
}

fn link(linker: &Linker<CallState>, component: &Component, key: &str) -> Result<Linked, LoadError> {
    let pre = linker
        .instantiate_pre(component)
        .map_err(|error| LoadError::Contract {
            key: key.to_owned(),
            reason: format!("{error:#}"),
        })?;
    Ok(Linked { pre })
}

/// Asks a fresh instance for its description: nothing granted, little time.
async fn describe(
    linked: &Linked,
    component: &Component,
    ticker: &Ticker,
    key: &Arc<str>,
) -> Result<ModuleDescription, LoadError> {
    let _running = ticker.guest();
    let state = CallState::new(Arc::clone(key), Limits::DESCRIBE, None);
    let deadline = state.deadline;
    let printed = state.printed.clone();
    let cpu = state.meter.cpu.clone();
    let guest = cpu.measure(async {
        let mut store = call::store(linked, state);
        let instance = linked
            .pre
            .instantiate_async(&mut store)
            .await
            .map_err(DescriptionError::Trap)?;
        ModuleDescription::ask_async(&mut store, component, &instance).await
    });
    let described = tokio::select! {
        biased;
        described = guest => described,
        () = tokio::time::sleep_until(deadline) => {
            let ended = Ended::WallClock { limit: limits::DESCRIBE_WALL_CLOCK };
            Err(DescriptionError::Trap(ended.into()))
        }
    };
    printed.log(key, "describe");
    described.map_err(|source| match source {
        DescriptionError::Trap(error) => {
            let ended = call::why(&error);
            // Names of functions are the module's own words.
            let details = format!("{error:#}");
            let details = visible(&details, limits::LOG_LINE_CHARACTERS);
            tracing::warn!(module = &**key, "module ended: {ended}: {details}");
            LoadError::Ended {
                key: key.to_string(),
                ended,
            }
        }
        source => LoadError::Describe {
            key: key.to_string(),
            source,
        },
    })
}
