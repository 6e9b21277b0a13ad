//! Backends that come and go at run time, and whether frontends may use them: from HAProxy 3.4.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod existence;
mod named;
mod publishing;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[
    Tool {
        name: "publish_backend",
        title: "Let frontends use a backend",
        description: "Lets frontends send sessions to a backend (`publish backend`, from 3.4), and reads it back. One that \
            was added at run time is not published at first. Lost at the next reload.",
        input_schema: include_str!("../schema/backend.input.json"),
        output_schema: include_str!("../schema/publishing.output.json"),
        access: Access::Operate,
        toolset: "backends",
        idempotent: true,
        run: publishing::publish_backend,
        ..Tool::USUAL
    },
    Tool {
        name: "unpublish_backend",
        title: "Have frontends not use a backend",
        description: "Has frontends pass over a backend (`unpublish backend`, from 3.4), and reads it back: rules that name \
            it are skipped, sessions under way go on. publish_backend takes it back. Lost at the next reload.",
        input_schema: include_str!("../schema/backend.input.json"),
        output_schema: include_str!("../schema/publishing.output.json"),
        access: Access::Operate,
        toolset: "backends",
        idempotent: true,
        run: publishing::unpublish_backend,
        ..Tool::USUAL
    },
    Tool {
        name: "add_backend",
        title: "Add a backend",
        description: "Adds a backend without servers, set up as a `defaults` section that has a name (`add backend`, from \
            3.4), and reads it back. Then add_server, and publish_backend once it may be used. Lost at the next reload: \
            put it into the configuration, too.",
        input_schema: include_str!("../schema/add_backend.input.json"),
        output_schema: include_str!("../schema/add_backend.output.json"),
        access: Access::Admin,
        toolset: "backends",
        idempotent: false,
        run: existence::add_backend,
        ..Tool::USUAL
    },
    Tool {
        name: "del_backend",
        title: "Remove a backend",
        description: "Removes a backend that is not published and has no servers (`del backend`, from 3.4), once its last \
            sessions are gone. HAProxy refuses those that its configuration refers to. What it was set up with is gone \
            until the next reload, which brings a backend of the configuration back.",
        input_schema: include_str!("../schema/del_backend.input.json"),
        output_schema: include_str!("../schema/del_backend.output.json"),
        access: Access::Admin,
        toolset: "backends",
        destructive: true,
        idempotent: false,
        longest_seconds: 3_600,
        run: existence::del_backend,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "backends", tools: TOOLS }
