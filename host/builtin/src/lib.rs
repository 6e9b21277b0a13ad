//! The built-in modules: machine code, made when the binary was built, and what each describes.

use std::borrow::Cow;

use haproxy_mcp_engine::{ModuleDescription, ToolDescription, WantedAccess};

/// A module that the binary carries.
pub struct Builtin {
    /// The family of tools, which is the module's key.
    pub family: &'static str,
    /// SHA-256 of the component, with `sha256:` in front.
    pub digest: &'static str,
    /// The interfaces that the component imports: all that it can reach.
    pub imports: &'static [&'static str],
    /// Its description; known when the binary was built, so that nothing has to run, or be read, to list its tools.
    pub description: ModuleDescription,
    /// The component, compiled for this machine's architecture by the engine of `haproxy-mcp-engine`. It begins at a
    /// page of its own: its code is run where it lies.
    pub artifact: &'static [u8],
}

/// Alignment of an artifact, in bytes: a page, of whatever size this architecture has them.
pub const ARTIFACT_ALIGNMENT: usize = align_of::<Paged<()>>();

#[cfg_attr(target_arch = "x86_64", repr(C, align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C, align(65536)))]
struct Paged<T>(T);

/// All of them, in the order in which their tools are listed.
pub static MODULES: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/modules.rs"));
