//! What HAProxy has written down: messages that it could not parse, lines of its rings, and what it said while it
//! started. The host replaces secrets in what is read here.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod errors;
mod events;
mod startup;
mod tail;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[
    Tool {
        name: "show_errors",
        title: "Captured protocol errors",
        description: "The last request and the last response of each frontend and backend that HAProxy refused as \
            invalid HTTP (`show errors`): when, from whom, the message and the place at which HAProxy stopped. Use it \
            for unexplained 400 and 502 answers. Cookies, credentials and other secrets are replaced.",
        input_schema: include_str!("../schema/show_errors.input.json"),
        output_schema: include_str!("../schema/show_errors.output.json"),
        access: Access::Read,
        toolset: "logs",
        destructive: false,
        idempotent: true,
        run: errors::show_errors,
        ..Tool::USUAL
    },
    Tool {
        name: "show_events",
        title: "Recent lines of a ring",
        description: "Without ring: the rings and other sinks of events of this HAProxy (`show events`). With ring: \
            its newest lines, mostly log lines (where the configuration has `log ring@NAME`), newest last. Use filter \
            to find the lines of a client, server or status. Secrets are replaced.",
        input_schema: include_str!("../schema/show_events.input.json"),
        output_schema: include_str!("../schema/show_events.output.json"),
        access: Access::Read,
        toolset: "logs",
        destructive: false,
        idempotent: true,
        run: events::show_events,
        ..Tool::USUAL
    },
    Tool {
        name: "show_startup_logs",
        title: "Messages of HAProxy's start",
        description: "What HAProxy said while it started or was reloaded (`show startup-logs`): warnings and alerts \
            about its configuration. Use it after a reload, and to find settings that are ignored.",
        input_schema: include_str!("../schema/show_startup_logs.input.json"),
        output_schema: include_str!("../schema/show_startup_logs.output.json"),
        access: Access::Read,
        toolset: "logs",
        destructive: false,
        idempotent: true,
        run: startup::show_startup_logs,
        ..Tool::USUAL
    },
    Tool {
        name: "tail_log",
        title: "Last lines of the log file",
        description: "The last lines of HAProxy's log file that match: each with its parts as far as they are known \
            (time, frontend, backend, server, status, timers, how it ended), and counts of all that matched by status \
            and backend. Looks back as far as it takes, at most 44 MiB or some 1.5 s, and says how far. Secrets are replaced.",
        input_schema: include_str!("../schema/tail_log.input.json"),
        output_schema: include_str!("../schema/tail_log.output.json"),
        access: Access::Read,
        toolset: "logs",
        destructive: false,
        idempotent: true,
        doors: &["log"],
        run: tail::tail_log,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "logs", tools: TOOLS }
