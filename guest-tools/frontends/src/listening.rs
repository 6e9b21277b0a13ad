//! `enable_frontend`, `disable_frontend` and `shutdown_frontend`: whether a frontend takes connections.

use haproxy_mcp_sdk::{Call, Change, Failure, Instance, Need, Outcome};

use crate::named::{Named, admin};

const ENABLE: Need = admin(&["enable", "frontend"]);
const DISABLE: Need = admin(&["disable", "frontend"]);
const SHUTDOWN: Need = admin(&["shutdown", "frontend"]);

pub(crate) fn enable_frontend(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &ENABLE, &["OPEN", "FULL"], |named, instance| {
        named.ask(instance, &ENABLE, &[])
    })
}

pub(crate) fn disable_frontend(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &DISABLE, &["PAUSED"], |named, instance| {
        named.ask(instance, &DISABLE, &[])
    })
}

/// From 3.0 on, a process that hands its sockets over at a reload (`expose-fd listeners`) keeps those of a frontend that
/// was shut down: the kernel goes on taking connections that nobody serves. It refuses them where the frontend was
/// disabled before.
pub(crate) fn shutdown_frontend(call: &Call<'_>) -> Result<Outcome, Failure> {
    switch(call, &SHUTDOWN, &["STOP"], |named, instance| {
        match named.ask(instance, &DISABLE, &[]) {
            Err(failure) if failure.rejection() != Some("shut-down") => return Err(failure),
            _ => {}
        }
        named.ask(instance, &SHUTDOWN, &[])
    })
}

fn switch(
    call: &Call<'_>,
    need: &Need,
    wanted: &[&str],
    act: fn(&Named, &Instance) -> Result<(), Failure>,
) -> Result<Outcome, Failure> {
    let named: Named = call.arguments()?;
    let instance = call.instance();
    let change = Change::made(
        || named.seen(&instance),
        |_| act(&named, &instance),
        |after| wanted.contains(&after.status.as_str()),
        &format!("`{} {}`", need.command.join(" "), named.frontend),
    )?;
    let line = format!(
        "frontend {}: {} → {}",
        named.frontend, change.before.status, change.after.status
    );
    named.answer(&change, line)
}
