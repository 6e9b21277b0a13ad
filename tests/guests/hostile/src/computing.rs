//! Tools that use up what a guest has, or break a rule of WebAssembly.

use std::hint::black_box;

use haproxy_mcp_sdk::bindings::haproxy::module::runtime;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Deserialize;

pub fn spin(_call: &Call<'_>) -> Result<Outcome, Failure> {
    let mut rounds = 0_u64;
    loop {
        rounds = black_box(rounds.wrapping_add(1));
    }
}

pub fn memory(_call: &Call<'_>) -> Result<Outcome, Failure> {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1024 * 1024]));
    }
}

pub fn recurse(_call: &Call<'_>) -> Result<Outcome, Failure> {
    #[expect(unconditional_recursion, reason = "that is the point")]
    fn deeper(depth: u64) -> u64 {
        let frame = black_box([depth; 16]);
        deeper(depth + 1) + frame[3]
    }
    Ok(Outcome::new(format!("{{\"depth\":{}}}", deeper(0))))
}

#[derive(Deserialize)]
struct Trap {
    how: String,
}

pub fn trap(call: &Call<'_>) -> Result<Outcome, Failure> {
    match call.arguments::<Trap>()?.how.as_str() {
        "panic" => panic!("a panic"),
        "unreachable" => core::arch::wasm32::unreachable(),
        // SAFETY: none; the address is outside of the guest's memory, and the guest is to be ended for it.
        "out-of-bounds" => unsafe {
            let address = black_box(0xffff_fff0_usize) as *const u64;
            Ok(Outcome::new(format!(
                "{{\"read\":{}}}",
                address.read_volatile()
            )))
        },
        other => Err(Failure::invalid_argument(format!(
            "no such trap: `{other}`"
        ))),
    }
}

#[derive(Deserialize)]
struct Handle {
    handle: u32,
    kind: String,
}

pub fn forge_handle(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Handle { handle, kind } = call.arguments()?;
    // SAFETY: none; no such handle was given out, and the host is to notice.
    let read = unsafe {
        match kind.as_str() {
            "reply" => runtime::Reply::from_handle(handle).read(10).is_ok(),
            _ => runtime::Instance::from_handle(handle).version().is_ok(),
        }
    };
    Ok(Outcome::new(format!("{{\"read\":{read}}}")))
}
