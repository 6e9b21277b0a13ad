//! Code that runs while the module is instantiated. wit-component makes a start function of `_initialize`.

use std::hint::black_box;

use haproxy_mcp_sdk::bindings::haproxy::module::{clock, runtime};

use crate::behaviour;

#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    match behaviour::word() {
        "spin-start" => spin(),
        // While the module is being described it may not wait: so it knows when it is called.
        "spin-start-of-call" if clock::sleep(0).is_ok() => spin(),
        "trap-start" => core::arch::wasm32::unreachable(),
        "memory-start" => {
            let mut kept = Vec::new();
            loop {
                kept.push(black_box(vec![1_u8; 1024 * 1024]));
            }
        }
        "write-start" => {
            let words = ["set", "server", "be_app/app1", "state", "maint"].map(str::to_owned);
            let command = runtime::Command {
                words: words.to_vec(),
                payload: Vec::new(),
            };
            let _refused = runtime::current().execute(&command);
        }
        _ => {}
    }
}

pub fn spin() -> ! {
    let mut rounds = 0_u64;
    loop {
        rounds = black_box(rounds.wrapping_add(1));
    }
}
