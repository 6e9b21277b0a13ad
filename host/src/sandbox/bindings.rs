//! The host's side of the contract, generated from `wit/`.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated; every item is documented in the contract"
)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "full-module",
    imports: { default: async | trappable },
    exports: { default: async },
    with: {
        "haproxy:module/runtime.instance": super::interfaces::runtime::InstanceHandle,
        "haproxy:module/runtime.reply": super::interfaces::reply::OpenReply,
        "haproxy:module/pages.body": super::interfaces::pages::OpenPage,
        "haproxy:module/files.file": crate::files::OpenFile,
        "haproxy:module/invocation.request": super::interfaces::invocation::Request,
        "haproxy:module/invocation.outcome": super::interfaces::invocation::Outcome,
    },
});
