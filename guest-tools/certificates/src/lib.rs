//! Certificates: `show_acme_status`.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod acme;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[Tool {
    name: "show_acme_status",
    title: "Certificates from ACME",
    description: "The certificates that HAProxy itself gets by ACME, for example from Let's Encrypt (`acme status`, \
        from 3.2; the stats socket must be of level admin): state, when each expires and when it is renewed. Use it \
        to see whether a renewal failed or is due.",
    input_schema: include_str!("../schema/show_acme_status.input.json"),
    output_schema: include_str!("../schema/show_acme_status.output.json"),
    access: Access::Read,
    toolset: "certificates",
    destructive: false,
    idempotent: true,
    run: acme::show_acme_status,
    ..Tool::USUAL
}];

haproxy_mcp_sdk::module! { name: "certificates", tools: TOOLS }
