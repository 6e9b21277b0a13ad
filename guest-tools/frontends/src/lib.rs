//! Frontends: whether they take connections, and how many.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod limit;
mod listening;
mod named;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[
    Tool {
        name: "set_maxconn_frontend",
        title: "Limit the connections of a frontend",
        description: "Sets how many connections a frontend takes at once (`set maxconn frontend`); further ones wait in the \
            kernel. HAProxy takes more than its global limit and does not reach it. Reads it back. Lost at the next \
            reload.",
        input_schema: include_str!("../schema/set_maxconn_frontend.input.json"),
        output_schema: include_str!("../schema/frontend.output.json"),
        access: Access::Operate,
        toolset: "frontends",
        idempotent: true,
        run: limit::set_maxconn_frontend,
        ..Tool::USUAL
    },
    Tool {
        name: "enable_frontend",
        title: "Have a frontend take connections",
        description: "Has a frontend that was disabled take connections again, and reads it back. One that was shut down \
            stays so until the next reload.",
        input_schema: include_str!("../schema/frontend.input.json"),
        output_schema: include_str!("../schema/frontend.output.json"),
        access: Access::Operate,
        toolset: "frontends",
        idempotent: true,
        run: listening::enable_frontend,
        ..Tool::USUAL
    },
    Tool {
        name: "disable_frontend",
        title: "Have a frontend take no connections",
        description: "Has a frontend stop taking connections, and reads it back: clients are refused, sessions under way go \
            on. enable_frontend takes it back. Lost at the next reload.",
        input_schema: include_str!("../schema/frontend.input.json"),
        output_schema: include_str!("../schema/frontend.output.json"),
        access: Access::Operate,
        toolset: "frontends",
        idempotent: true,
        run: listening::disable_frontend,
        ..Tool::USUAL
    },
    Tool {
        name: "shutdown_frontend",
        title: "Shut a frontend down for good",
        description: "Shuts a frontend down: it takes no connections any more, and gives up its addresses and ports. Cannot \
            be taken back: only a reload or restart of HAProxy brings it back; disable_frontend is what can be undone. \
            Reads it back; sessions under way go on.",
        input_schema: include_str!("../schema/frontend.input.json"),
        output_schema: include_str!("../schema/frontend.output.json"),
        access: Access::Admin,
        toolset: "frontends",
        destructive: true,
        idempotent: true,
        run: listening::shutdown_frontend,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "frontends", tools: TOOLS }
