//! Servers: in and out of service, weights, limits, checks, addresses; and servers that come and go at run time.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod named;
mod weight;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[
    Tool {
        name: "get_weight",
        title: "Weight of a server",
        description: "The weight of a server now, and as configured (`get weight`).",
        input_schema: include_str!("../schema/get_weight.input.json"),
        output_schema: include_str!("../schema/get_weight.output.json"),
        access: Access::Read,
        toolset: "servers",
        idempotent: true,
        run: weight::get_weight,
        ..Tool::USUAL
    },
    Tool {
        name: "set_weight",
        title: "Set the weight of a server",
        description: "Sets the share of new sessions that a server gets among its backend's, from 0 to 256, and reads it \
            back. Weight 0 takes no new sessions except those that persist. Lost at the next reload.",
        input_schema: include_str!("../schema/set_weight.input.json"),
        output_schema: include_str!("../schema/set_weight.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: weight::set_weight,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "servers", tools: TOOLS }
