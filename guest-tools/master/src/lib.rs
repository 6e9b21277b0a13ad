//! The master process: its workers, what it said while it started, and reloads.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod need;
mod processes;
mod reload;
mod startup;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[
    Tool {
        name: "show_proc",
        title: "Processes of the master",
        description: "The master process and its workers (`show proc`, on the master's socket): numbers, uptime, \
            version, how many reloads there were and how many of the last ones failed, and old workers that still \
            serve connections from before a reload.",
        input_schema: include_str!("../schema/show_proc.input.json"),
        output_schema: include_str!("../schema/show_proc.output.json"),
        access: Access::Read,
        toolset: "master",
        idempotent: true,
        run: processes::show_proc,
        ..Tool::USUAL
    },
    Tool {
        name: "show_master_startup_logs",
        title: "Messages of the last start or reload",
        description: "What the master and its new worker said at the last start or reload (`show startup-logs` on the \
            master's socket, from 2.7), also of a reload that failed: use it to learn why. show_startup_logs has what \
            the worker that serves said.",
        input_schema: include_str!("../schema/show_master_startup_logs.input.json"),
        output_schema: include_str!("../schema/show_master_startup_logs.output.json"),
        access: Access::Read,
        toolset: "master",
        idempotent: true,
        run: startup::show_master_startup_logs,
        ..Tool::USUAL
    },
    Tool {
        name: "reload_haproxy",
        title: "Reload HAProxy",
        description: "Has the master read the configuration files anew and replace its worker (`reload`), and waits \
            until the new one serves or the reload failed; then the old one goes on. Says what HAProxy said meanwhile. \
            Cannot be taken back: all that was changed at run time (states, weights, added servers, map entries, \
            certificates) is lost unless the files have it, and counters begin anew. Open connections stay with the \
            old worker.",
        input_schema: include_str!("../schema/reload_haproxy.input.json"),
        output_schema: include_str!("../schema/reload_haproxy.output.json"),
        access: Access::Admin,
        toolset: "master",
        destructive: true,
        longest_seconds: 660,
        run: reload::reload_haproxy,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "master", tools: TOOLS }
