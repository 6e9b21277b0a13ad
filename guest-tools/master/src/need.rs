//! What a command of the master needs, so that a refusal can say it.

use haproxy_mcp_sdk::{Failure, Instance, Need, Reply};

/// Sends a command to the master. A refusal for want of the level says how its socket gets more.
pub(crate) fn ask(need: &Need, instance: &Instance) -> Result<Reply, Failure> {
    need.ask(instance, &[]).map_err(|failure| {
        let level = need.level.unwrap_or("admin");
        if failure.rejection() == Some("permission-denied") {
            let command = need.command.join(" ");
            failure.hint(format!(
                "`{command}` takes a master's socket of level `{level}` or higher: start HAProxy with \
                 `-S /path,level,{level}`"
            ))
        } else {
            failure
        }
    })
}
