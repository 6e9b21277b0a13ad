//! Tools that take long.

use haproxy_mcp_sdk::bindings::haproxy::module::clock;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Sleep {
    milliseconds: u32,
}

/// Says between which two points of the clock it waited.
pub fn sleep(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Sleep { milliseconds } = call.arguments()?;
    let from = clock::monotonic();
    clock::sleep(milliseconds)?;
    Ok(Outcome::new(
        json!({ "from": from, "to": clock::monotonic() }).to_string(),
    ))
}

/// Waits for a long time, deaf to the host, and computes a little where the host does not let it wait.
pub fn stay(call: &Call<'_>) -> Result<Outcome, Failure> {
    call.progress(1, 2, "stays");
    let end = clock::monotonic() + 50_000_000_000;
    while clock::monotonic() < end {
        let _deaf = clock::sleep(20);
    }
    Ok(Outcome::new("{}".to_owned()))
}

pub fn heed(call: &Call<'_>) -> Result<Outcome, Failure> {
    let end = clock::monotonic() + 50_000_000_000;
    while clock::monotonic() < end && !call.cancelled() {
        clock::sleep(20)?;
    }
    Ok(Outcome::new(
        json!({ "cancelled": call.cancelled() }).to_string(),
    ))
}
