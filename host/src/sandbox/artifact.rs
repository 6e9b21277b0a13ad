//! The only place that turns bytes into machine code without compiling them.

#![expect(
    unsafe_code,
    reason = "wasmtime cannot check that machine code is harmless; that these bytes came out of our own compiler is for us to know"
)]

use haproxy_mcp_builtin::Builtin;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Loads a built-in module.
///
/// # Errors
/// Where it was compiled by another engine than this, which the build excludes: both take their settings from
/// `haproxy-mcp-engine`.
pub(super) fn builtin(engine: &Engine, module: &'static Builtin) -> wasmtime::Result<Component> {
    // SAFETY: `Builtin` values exist only in the table that the build script of `haproxy-mcp-builtin` wrote, whose
    // artifacts are the output of `Engine::precompile_component` in the same build; they are part of this executable
    // and nothing can have changed them since, short of changing the executable.
    unsafe { Component::deserialize(engine, module.artifact) }
}
