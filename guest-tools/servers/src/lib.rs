//! Servers: in and out of service, weights, limits, checks, addresses; and servers that come and go at run time.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod add;
mod address;
mod agent;
mod del;
mod drain;
mod fqdn;
mod health;
mod keywords;
mod limit;
mod named;
mod page;
mod ramp;
mod seen;
mod state;
mod tls;
mod weight;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[
    Tool {
        name: "get_weight",
        title: "Weight of a server",
        description: "The weight of a server now, and as configured (`get weight`).",
        input_schema: include_str!("../schema/server.input.json"),
        output_schema: include_str!("../schema/get_weight.output.json"),
        access: Access::Read,
        toolset: "servers",
        idempotent: true,
        run: weight::get_weight,
        ..Tool::USUAL
    },
    Tool {
        name: "enable_server",
        title: "Put a server into service",
        description: "Ends the maintenance or draining of a server (`set server … state ready`), and reads it back. One \
            that is in maintenance because of the server that it tracks, or because its name does not resolve, \
            stays so. Lost at the next reload.",
        input_schema: include_str!("../schema/server.input.json"),
        output_schema: include_str!("../schema/state.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: state::enable_server,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "disable_server",
        title: "Put a server into maintenance",
        description: "Puts a server into maintenance (`set server … state maint`): no new sessions, no health checks; and \
            reads it back. Sessions that it has go on; drain_server waits for them. Lost at the next reload.",
        input_schema: include_str!("../schema/server.input.json"),
        output_schema: include_str!("../schema/state.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: state::disable_server,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "drain_server",
        title: "Drain a server",
        description: "Takes a server out of service gently: state drain, so that it gets no new sessions but those that \
            persist, and then waits until its sessions are gone or the time is over. Says how many are left; \
            with `maint` it goes into maintenance once it is empty. One that is in maintenance already stays \
            there. A call that is given up leaves it draining. Lost at the next reload.",
        input_schema: include_str!("../schema/drain_server.input.json"),
        output_schema: include_str!("../schema/drain_server.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        longest_seconds: 3600,
        run: drain::drain_server,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "set_server_state",
        title: "Take a server in or out of service",
        description: "Sets the state of a server and reads it back: ready (in service), drain (no new sessions but those \
            that persist; the others end by themselves), maint (in maintenance: no new sessions, no health \
            checks). drain_server waits until the sessions are gone. Lost at the next reload.",
        input_schema: include_str!("../schema/set_server_state.input.json"),
        output_schema: include_str!("../schema/state.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: state::set_server_state,
        doors: &["runtime", "stats"],
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
    Tool {
        name: "ramp_weight",
        title: "Change the weight of a server in steps",
        description: "Brings a server from its present weight to another in equal steps, with time between them, as after \
            a deployment. Stops by itself, at the weight then reached, when the server went down, or its 5xx \
            responses, failed connections (econ) and broken responses (eresp) grew by more than `max_errors` since \
            the step before, and says so; it does not go back, and does not wait for what the last step does. A call \
            that is given up stays at the weight of its last step. Lost at the next reload.",
        input_schema: include_str!("../schema/ramp_weight.input.json"),
        output_schema: include_str!("../schema/ramp_weight.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        longest_seconds: 3600,
        run: ramp::ramp_weight,
        ..Tool::USUAL
    },
    Tool {
        name: "set_maxconn_server",
        title: "Limit the connections of a server",
        description: "Sets how many connections a server gets at once (`set maxconn server`); further requests wait in its \
            queue. 0: no limit. Reads it back. Lost at the next reload.",
        input_schema: include_str!("../schema/set_maxconn_server.input.json"),
        output_schema: include_str!("../schema/set_maxconn_server.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: limit::set_maxconn_server,
        ..Tool::USUAL
    },
    Tool {
        name: "enable_health",
        title: "Start the health checks of a server",
        description: "Starts the health checks that a server is configured with, and reads it back. Lost at the next \
            reload.",
        input_schema: include_str!("../schema/server.input.json"),
        output_schema: include_str!("../schema/health.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: health::enable_health,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "disable_health",
        title: "Stop the health checks of a server",
        description: "Stops the health checks of a server, which keeps the state it has: one that fails later stays in \
            service. Reads it back. Lost at the next reload.",
        input_schema: include_str!("../schema/server.input.json"),
        output_schema: include_str!("../schema/health.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: health::disable_health,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "set_server_health",
        title: "Set the health of a server",
        description: "Makes HAProxy take a server for up, down or stopping, and reads it back. Where its health checks \
            run, the next ones decide again: disable_health first to keep it. Refused in maintenance. set_server_state is what takes a \
            server out of service. Lost at the next reload.",
        input_schema: include_str!("../schema/set_server_health.input.json"),
        output_schema: include_str!("../schema/set_server_health.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: health::set_server_health,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "enable_agent",
        title: "Start the agent checks of a server",
        description: "Starts the agent checks that a server is configured with, and reads it back. Lost at the next \
            reload.",
        input_schema: include_str!("../schema/server.input.json"),
        output_schema: include_str!("../schema/agent.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: agent::enable_agent,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "disable_agent",
        title: "Stop the agent checks of a server",
        description: "Stops asking the agent of a server, which keeps the state it has, and reads it back. Lost at the \
            next reload.",
        input_schema: include_str!("../schema/server.input.json"),
        output_schema: include_str!("../schema/agent.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: agent::disable_agent,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "set_server_agent",
        title: "Set what the agent of a server said",
        description: "Makes HAProxy take the agent of a server to have said up or down, and reads it back. Where its agent \
            checks run, the next one decides again. Lost at the next reload.",
        input_schema: include_str!("../schema/set_server_agent.input.json"),
        output_schema: include_str!("../schema/set_server_agent.output.json"),
        access: Access::Operate,
        toolset: "servers",
        idempotent: true,
        run: agent::set_server_agent,
        doors: &["runtime", "stats"],
        ..Tool::USUAL
    },
    Tool {
        name: "set_server_addr",
        title: "Change the address of a server",
        description: "Sends the new connections of a server to another IP address, or port, and reads it back. Sessions \
            under way stay where they are. Lost at the next reload.",
        input_schema: include_str!("../schema/set_server_addr.input.json"),
        output_schema: include_str!("../schema/set_server_addr.output.json"),
        access: Access::Admin,
        toolset: "servers",
        idempotent: true,
        run: address::set_server_addr,
        ..Tool::USUAL
    },
    Tool {
        name: "set_server_fqdn",
        title: "Change the host name of a server",
        description: "Changes the name under which HAProxy looks up the address of a server, one that has `resolvers`, and \
            reads the name back. Until the new name resolves the server may be in maintenance. Lost at the next \
            reload.",
        input_schema: include_str!("../schema/set_server_fqdn.input.json"),
        output_schema: include_str!("../schema/set_server_fqdn.output.json"),
        access: Access::Admin,
        toolset: "servers",
        idempotent: true,
        run: fqdn::set_server_fqdn,
        ..Tool::USUAL
    },
    Tool {
        name: "set_server_ssl",
        title: "Switch TLS to a server",
        description: "Has HAProxy speak TLS to a server or not, where its configuration has settings for it, and reads it \
            back. Not for servers that were added at run time. Lost at the next reload.",
        input_schema: include_str!("../schema/set_server_ssl.input.json"),
        output_schema: include_str!("../schema/set_server_ssl.output.json"),
        access: Access::Admin,
        toolset: "servers",
        idempotent: true,
        run: tls::set_server_ssl,
        ..Tool::USUAL
    },
    Tool {
        name: "add_server",
        title: "Add a server",
        description: "Adds a server to a backend whose balancing is dynamic (roundrobin, leastconn, …), in maintenance; \
            with `ready` puts it into service, its checks running. Reads back what HAProxy made of it as far as it \
            shows that (not `verify`, `ca_file`, `sni`, times of checks and `options`), and removes it again where \
            that is not what was asked for. Lost at the next reload: put it into the \
            configuration, too.",
        input_schema: include_str!("../schema/add_server.input.json"),
        output_schema: include_str!("../schema/add_server.output.json"),
        access: Access::Admin,
        toolset: "servers",
        idempotent: false,
        run: add::add_server,
        ..Tool::USUAL
    },
    Tool {
        name: "del_server",
        title: "Remove a server",
        description: "Removes a server: maintenance, wait until its sessions are gone, then `del server`. One that the \
            configuration refers to is refused and goes on serving; one that still has sessions when the time is \
            over gets its state back, and its health as far as no check decides it. What it was configured with is gone until the next reload, which brings a \
            server of the configuration back. A call that is given up may leave it in maintenance.",
        input_schema: include_str!("../schema/del_server.input.json"),
        output_schema: include_str!("../schema/del_server.output.json"),
        access: Access::Admin,
        toolset: "servers",
        destructive: true,
        idempotent: false,
        longest_seconds: 3600,
        run: del::del_server,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "servers", tools: TOOLS }
