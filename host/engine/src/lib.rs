//! The one wasmtime configuration, and what a module says of itself.
//!
//! A module that was compiled ahead of time loads only into an engine with the same settings. So the build script
//! that compiles the built-in modules and the binary that loads them both take their settings from here.

mod description;

pub use description::{DescriptionError, ModuleDescription, ToolDescription, WantedAccess};

use wasmtime::Config;

/// The interface that every module exports, with the version that this build speaks.
pub const TOOLS_INTERFACE: &str = "haproxy:module/tools@0.1.0";

/// Stack of a guest, in bytes. Deep recursion ends in a trap; nothing of ours needs more than a tenth of this.
pub const WASM_STACK: usize = 512 * 1024;

/// Settings that are part of compiled code: the same when a module is compiled and when it is loaded.
///
/// `target` is the triple to compile for, without the features of the processor at hand; `None` where nothing is
/// compiled ahead of time.
///
/// # Errors
/// Where wasmtime does not know the target.
pub fn configuration(target: Option<&str>) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    if let Some(target) = target {
        config.target(target)?;
    }
    config
        .wasm_component_model(true)
        // The deadline of a guest that spins.
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK);
    Ok(config)
}
