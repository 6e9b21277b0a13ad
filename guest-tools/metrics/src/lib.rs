//! The Prometheus exporter, for an assistant: what it has, and what its series say.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod choice;
mod exporter;
mod missing;
mod outline;
mod series;
mod show;
mod summable;
mod sums;
mod value;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[Tool {
    name: "show_metrics",
    title: "Metrics of the Prometheus exporter",
    description: "What HAProxy's Prometheus exporter says. Without arguments: its families of metrics. With family or \
        labels: their series. With sum or by: series added up, such as responses by backend and code (family \
        backend_http_responses, by [proxy, code]); not states, averages, maxima, limits, weights or percentages. For what only the exporter has, or to compare with a dashboard; \
        show_stat has the same counters by server.",
    input_schema: include_str!("../schema/show_metrics.input.json"),
    output_schema: include_str!("../schema/show_metrics.output.json"),
    access: Access::Read,
    toolset: "metrics",
    destructive: false,
    idempotent: true,
    doors: &["metrics"],
    run: show::show_metrics,
    ..Tool::USUAL
}];

haproxy_mcp_sdk::module! { name: "metrics", tools: TOOLS }
