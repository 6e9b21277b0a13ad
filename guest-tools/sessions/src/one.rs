//! `shutdown_session`.

use std::time::Duration;

use haproxy_mcp_sdk::{Call, Change, Failure, Need, Outcome};
use serde::{Deserialize, Serialize};

use crate::RUNTIME_API;
use crate::detail::{Named, look, unknown};

const SHUTDOWN: Need = Need {
    command: &["shutdown", "session"],
    since: None,
    level: Some("admin"),
};

/// How long a session may take to end: HAProxy tells it to, and it ends when its task next runs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(20);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    session: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    session: &'a str,
    #[serde(flatten)]
    change: Change<Option<Named>>,
}

/// The tool.
pub(crate) fn shutdown_session(call: &Call<'_>) -> Result<Outcome, Failure> {
    let Arguments { session } = call.arguments()?;
    let instance = call.instance();
    let Some((before, _)) = look(&instance, &session)? else {
        return Err(unknown(&session));
    };
    if before.frontend.as_deref() == Some(RUNTIME_API) {
        // what had this id has ended, and a connection of this server's own got it
        return Err(unknown(&session));
    }
    if let Err(failure) = SHUTDOWN.ask(&instance, &[&session]) {
        return Err(if failure.rejection() == Some("no-such-session") {
            unknown(&session)
        } else {
            failure
        });
    }
    let since = call.monotonic();
    let after = loop {
        let after = look(&instance, &session)?
            .map(|(named, _)| named)
            .filter(|named| named.is(&before));
        if after.is_none() || call.monotonic().saturating_sub(since) > PATIENCE {
            break after;
        }
        call.sleep(PAUSE)?;
    };
    let gone = after.is_none();
    let source = before.source.clone().unwrap_or_else(|| "-".to_owned());
    let change = Change::confirmed(
        Some(before),
        after,
        gone,
        &format!("no session `{session}`"),
    )?;
    let line = format!("{session} from {source}: ended");
    let answer = Answer {
        session: &session,
        change,
    };
    Ok(Outcome::of(&answer)?.text(line))
}
