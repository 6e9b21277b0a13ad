//! What a server takes of the machine's memory.

use haproxy_mcp_testkit::{Haproxy, newest, until};

use crate::cases::all_succeed;
use crate::serve;

/// The pages of what only the start and the first calls have run through are given back, and come back when needed.
#[test]
fn a_server_that_is_asked_nothing_becomes_small_again() {
    let haproxy = Haproxy::start(&newest());
    let server = serve(&haproxy);
    for _ in 0..2 {
        all_succeed(&server);
        until("memory is given back", || {
            let (resident, peak) = server.memory();
            if resident < peak / 3 * 2 {
                Ok(())
            } else {
                Err(format!("{resident} of {peak} bytes"))
            }
        });
    }
}
