//! The readers of HAProxy's replies, on what real ones answered and on what none would.
//!
//! The files under `tests/fixtures/replies/<version>/` are replies of HAProxy 2.6.12, 3.0.11, 3.2.26 and 3.4.7 with
//! the same configuration, byte by byte; those of `show threads` with one of two threads and one frontend.
//! What that configuration does not have (odd keys, programs, certificates with everything, …) comes from small ones of
//! the same versions, and the test that reads it says how.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads its fixtures"
)]

mod backends;
mod cache;
mod certificates;
mod crt_lists;
mod dates;
mod fixtures;
mod info;
mod log_lines;
mod logs;
mod maps;
mod metrics;
mod ocsp;
mod peers;
mod process;
mod processes;
mod resolvers;
mod servers_conn;
mod servers_state;
mod sessions;
mod stat;
mod stat_properties;
mod stat_table;
mod stats_file;
mod tables;
mod weight;
