//! The only place that turns bytes into machine code without compiling them, and that makes memory executable.
//!
//! The built-in modules run where they lie in the executable: nothing of them is copied, and what no call touches is
//! never read from the file.

#![expect(
    unsafe_code,
    reason = "wasmtime cannot check that machine code is harmless; that these bytes came out of our own compiler, and \
              that nobody writes to them, is for us to know"
)]

use std::ptr::NonNull;

use haproxy_mcp_builtin::{ARTIFACT_ALIGNMENT, Builtin};
use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::component::Component;
use wasmtime::{CustomCodeMemory, Engine};

/// Loads a built-in module. The engine must have [`InPlace`].
///
/// # Errors
/// Where it was compiled by another engine than this, which the build excludes: both take their settings from
/// `haproxy-mcp-engine`.
pub(super) fn builtin(engine: &Engine, module: &'static Builtin) -> wasmtime::Result<Component> {
    // SAFETY: `Builtin` values exist only in the table that the build script of `haproxy-mcp-builtin` wrote, whose
    // artifacts are the output of `Engine::precompile_component` in the same build; they are part of this executable
    // and nothing can have changed them since, short of changing the executable. They stay where they are as long as
    // the process lives, and nothing of this process writes there: they are a `static` without interior mutability.
    unsafe { Component::deserialize_raw(engine, NonNull::from(module.artifact)) }
}

/// Makes machine code executable where it lies: that of built-in modules in the executable, and that of modules that
/// were compiled now in wasmtime's own memory. Never writable and executable at once.
pub(super) struct InPlace;

impl CustomCodeMemory for InPlace {
    fn required_alignment(&self) -> usize {
        ARTIFACT_ALIGNMENT
    }

    fn publish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        let executable = MprotectFlags::READ | MprotectFlags::EXEC;
        // SAFETY: wasmtime calls this with code that it is about to run, which `builtin` gave it or which it has
        // compiled: whole pages of that, which nobody writes to from now on.
        unsafe { mprotect(code.cast_mut().cast(), length, executable) }?;
        Ok(())
    }

    fn unpublish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        // SAFETY: as above; nothing runs there any more. Nobody has to write there: wasmtime only gives it back.
        unsafe { mprotect(code.cast_mut().cast(), length, MprotectFlags::READ) }?;
        Ok(())
    }
}
