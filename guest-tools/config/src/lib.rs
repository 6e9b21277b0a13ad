//! HAProxy's configuration: what is written in it, and which risks are in it. The host replaces passwords and keys before
//! a module reads them.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod risks;
mod show;
mod source;
mod version;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[
    Tool {
        name: "show_config",
        title: "Show the configuration",
        description: "HAProxy's configuration files as they are on disk, which a running HAProxy may not have loaded yet: \
            whole where they are small, else a list of their sections; with `section` (`backend be_app`, `global`, \
            `frontend`) its lines, with `search` the lines that have a text in them. Passwords, keys and other secrets \
            are replaced.",
        input_schema: include_str!("../schema/show_config.input.json"),
        output_schema: include_str!("../schema/show_config.output.json"),
        access: Access::Read,
        toolset: "config",
        idempotent: true,
        doors: &["config"],
        run: show::show_config,
        ..Tool::USUAL
    },
    Tool {
        name: "explain_config_risks",
        title: "Risks of the configuration",
        description: "What is risky in HAProxy's configuration files and in the running HAProxy, the worst first: who may \
            use the Runtime API and the statistics page, passwords, TLS, certificates that expire soon, missing time-outs \
            and checks, lines with which HAProxy will not start. Each with the line, why it matters, and the line that \
            mends it.",
        input_schema: include_str!("../schema/explain_config_risks.input.json"),
        output_schema: include_str!("../schema/explain_config_risks.output.json"),
        access: Access::Read,
        toolset: "config",
        idempotent: true,
        doors: &["config"],
        run: risks::explain_config_risks,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "config", tools: TOOLS }
