//! Why HAProxy cannot be reached, or not as well as it should: the facts that the host collects about the configured
//! doors, what HAProxy's configuration says where it was granted, and what follows from both.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod config;
mod examine;
mod facts;
mod finding;
mod knowledge;
mod log;
mod page;
mod permission;
mod silent;
mod socket;
#[cfg(test)]
mod tests;
mod url;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[Tool {
    name: "doctor",
    title: "Why HAProxy cannot be reached",
    description: "Looks at every configured way to HAProxy (Runtime API, master socket, statistics page, exporter, \
        configuration, log): what is wrong, why it matters, and the exact line or command that mends it. Use it \
        whenever HAProxy is unreachable or refuses. Changes nothing.",
    input_schema: include_str!("../schema/doctor.input.json"),
    output_schema: include_str!("../schema/doctor.output.json"),
    access: Access::Read,
    toolset: "doctor",
    destructive: false,
    idempotent: true,
    // each door may take its whole time-out
    longest_seconds: 300,
    doors: &[],
    run: examine::doctor,
    ..Tool::USUAL
}];

haproxy_mcp_sdk::module! { name: "doctor", tools: TOOLS }
