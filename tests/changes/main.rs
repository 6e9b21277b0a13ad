//! Every tool that changes something: what it says is what HAProxy's raw socket says, and what it may not do is not done.
//!
//! [`cases`] has for each of them a HAProxy that has what it changes, a call that succeeds and one that HAProxy refuses;
//! what must hold for all of them is asked of all of them ([`every`]). What is particular to a family stands in the
//! family's file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the owners named in clippy.toml are the host's; a test starts programs and opens sockets itself"
)]

/// The audit: every change and every refusal, and where nobody can write it down.
mod audit;
/// Backends that come and go, and whether frontends may use them.
mod backends;
/// For every tool that changes something: a success and a refusal.
mod cases;
/// Certificates, with what goes with them: replaced whole or not at all.
mod certificates;
/// What is asked of every one of them, on every version of HAProxy.
mod every;
/// Frontends: whether they take connections, and how many.
mod frontends;
/// Maps and ACLs: single entries, prepared versions, whole contents.
mod maps;
/// The master: reloads that succeed, fail, and are lost sight of.
mod master;
/// Changes through the statistics page.
mod page;
/// The process: counters that begin anew, limits.
mod process;
/// Servers: weights, states, limits, checks, addresses, and those that come and go.
mod servers;
/// Sessions, and how they are ended.
mod sessions;
/// Stick tables: entries one by one, and whole tables.
mod tables;
/// Visitors who stay, for what is done to their sessions.
mod visitors;
