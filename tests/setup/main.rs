//! `docs/haproxy-setup.md`: every block of configuration in it, on real HAProxy.
//!
//! [`verdict`] asks each version what it says of each block; what a block says that it serves is started and used.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says so on stderr"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and open sockets themselves"
)]

/// A whole configuration.
mod complete;
/// The guide, taken apart.
mod guide;
/// Pages, asked by hand.
mod http;
/// The log in a ring.
mod log;
/// The master's socket.
mod master;
/// The statistics page and the exporter.
mod page;
/// Where blocks are tried.
mod place;
/// The Runtime API from another machine.
mod remote;
/// Whatever is no configuration of HAProxy.
mod rest;
/// The Runtime API on this machine.
mod runtime;
/// A block at work.
mod site;
/// Firewall and files.
mod system;
/// `haproxy -c`.
mod verdict;
/// The Runtime API set up wrongly.
mod wrong;

/// For each `serve=NAME` of the guide, what is done with it, on each version.
macro_rules! served {
    ($($name:ident: $body:path,)*) => {
        const SERVED: &[&str] = &[$(stringify!($name)),*];
        mod served {
            $(haproxy_mcp_testkit::on_each_version! {
                fn $name(binary: &Binary) { $body(binary); }
            })*
        }
    };
}

served! {
    shortest: crate::runtime::shortest,
    complete: crate::complete::complete,
    runtime_unix: crate::runtime::runtime_unix,
    runtime_levels: crate::runtime::runtime_levels,
    runtime_limits: crate::runtime::runtime_limits,
    runtime_tcp: crate::runtime::runtime_tcp,
    mtls_server: crate::remote::mtls_server,
    mtls_client: crate::remote::mtls_client,
    master: crate::master::master_socket,
    page: crate::page::page,
    page_auth: crate::page::page_auth,
    page_users: crate::page::page_users,
    page_tls: crate::page::page_tls,
    page_client: crate::page::page_client,
    page_admin: crate::page::page_admin,
    page_path: crate::page::page_path,
    page_behind: crate::page::page_behind,
    page_shows: crate::page::page_shows,
    metrics: crate::page::metrics,
    one_port: crate::page::one_port,
    ring: crate::log::ring,
    container: crate::runtime::container,
    wrong_expose: crate::wrong::wrong_expose,
    wrong_open: crate::wrong::wrong_open,
    wrong_mode: crate::page::wrong_mode,
    wrong_ssl: crate::wrong::wrong_ssl,
    wrong_networks: crate::page::wrong_networks,
    wrong_localhost: crate::page::wrong_localhost,
    wrong_chroot: crate::remote::wrong_chroot,
    wrong_metrics: crate::page::wrong_metrics,
    wrong_hash: crate::page::wrong_hash,
    wrong_timeout: crate::wrong::wrong_timeout,
}

/// A block that says it serves is used, and nothing else is.
#[test]
fn what_the_guide_serves_is_what_is_used() {
    let mut named: Vec<String> = guide::configurations()
        .iter()
        .filter_map(|block| block.value("serve").map(str::to_owned))
        .collect();
    named.sort();
    let mut used: Vec<&str> = SERVED.to_vec();
    used.sort_unstable();
    assert_eq!(named, used);
}
