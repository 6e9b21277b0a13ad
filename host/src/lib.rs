//! `haproxy-mcp`: an MCP server for operating HAProxy, whose tools cannot do what they were not granted.
//!
//! Arrows run one way: [`mcp`] → [`catalogue`] → [`sandbox`] → { [`policy`], [`haproxy`], [`files`] }; [`config`] feeds all at
//! start. [`policy`] says yes or no and does nothing else; [`haproxy`] knows nothing of WebAssembly or MCP.

pub mod audit;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod demo;
pub mod diagnosis;
pub mod doors;
pub mod facts;
pub mod files;
pub mod haproxy;
pub mod log;
pub mod mcp;
pub mod policy;
pub mod redact;
pub mod sandbox;
pub mod secret;
pub mod visible;
