//! What an author of a tool module for `haproxy-mcp` writes against: the contract in `wit/`, with Rust's manners.
//!
//! A module is a table of tools and one line that exports it:
//!
//! ```ignore
//! use haproxy_mcp_sdk::{Access, Call, Failure, Outcome, Tool};
//!
//! const TOOLS: &[Tool] = &[Tool {
//!     name: "count_backends",
//!     title: "Count backends",
//!     description: "Counts the backends of this HAProxy.",
//!     input_schema: r#"{"type":"object","additionalProperties":false}"#,
//!     output_schema: r#"{"type":"object","properties":{"backends":{"type":"integer"}},"required":["backends"]}"#,
//!     access: Access::Read,
//!     toolset: "examples",
//!     destructive: false,
//!     idempotent: true,
//!     run: count,
//!     ..Tool::USUAL
//! }];
//!
//! fn count(call: &Call<'_>) -> Result<Outcome, Failure> {
//!     let text = call.instance().ask(&["show", "backend"])?.text()?;
//!     let backends = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
//!     Ok(Outcome::new(format!(r#"{{"backends":{backends}}}"#)).text(format!("{backends} backends")))
//! }
//!
//! haproxy_mcp_sdk::module! { name: "examples", tools: TOOLS }
//! ```
//!
//! A module has no sockets, files, environment or standard streams. What it may ask of HAProxy is what the
//! operator granted; a refusal arrives as an error like any other, and asking in other words changes nothing.

mod call;
mod change;
mod chunks;
mod doors;
mod failure;
mod files;
mod need;
mod pages;
mod tool;

pub use call::{BatchFailure, Call, Instance, Outcome};
pub use change::Change;
pub use chunks::{Body, Chunks, File, Readable, Reply};
pub use doors::Doors;
pub use failure::{Detail, Failure};
pub use files::Files;
pub use need::Need;
pub use pages::{Pages, Source};
pub use tool::{Access, Tool};

/// The generated bindings, for what the types above do not cover.
pub mod bindings {
    #![allow(
        missing_docs,
        reason = "generated from the contract, where every item has its documentation"
    )]
    wit_bindgen::generate!({
        world: "full-module",
        path: "../../wit",
        pub_export_macro: true,
    });
}

/// What `module!` expands to uses this; it is not part of the interface.
#[doc(hidden)]
pub mod glue {
    pub use crate::tool::{describe, run};
}

/// Exports a table of [`Tool`]s as a module. `name` is the module's own; its version is its crate's.
#[macro_export]
macro_rules! module {
    (name: $name:literal, tools: $tools:expr $(,)?) => {
        struct Exports;

        impl $crate::bindings::exports::haproxy::module::tools::Guest for Exports {
            fn describe() -> $crate::bindings::exports::haproxy::module::tools::ModuleDescription {
                $crate::glue::describe($name, env!("CARGO_PKG_VERSION"), $tools)
            }

            fn call(
                request: &$crate::bindings::haproxy::module::invocation::Request,
            ) -> Result<
                $crate::bindings::haproxy::module::invocation::Outcome,
                $crate::bindings::exports::haproxy::module::tools::ToolError,
            > {
                $crate::glue::run(request, $tools)
            }
        }

        $crate::bindings::export!(Exports with_types_in $crate::bindings);
    };
}
