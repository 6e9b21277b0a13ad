//! The built-in modules: machine code, made when the binary was built, and what each describes.

/// A module that the binary carries.
pub struct Builtin {
    /// The family of tools, which is the module's key.
    pub family: &'static str,
    /// SHA-256 of the component, with `sha256:` in front.
    pub digest: &'static str,
    /// The interfaces that the component imports: all that it can reach.
    pub imports: &'static [&'static str],
    /// Its description, as JSON; known when the binary was built, so that nothing has to run to list its tools.
    pub description: &'static str,
    /// The component, compiled for this machine's architecture by the engine of `haproxy-mcp-engine`.
    pub artifact: &'static [u8],
}

/// All of them, in the order in which their tools are listed.
pub static MODULES: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/modules.rs"));
