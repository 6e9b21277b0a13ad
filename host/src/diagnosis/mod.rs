//! What the host sees of the configured doors: facts, and no conclusions. It looks at nothing that was not configured,
//! changes nothing, and gives no secret away; what the facts mean is for a module to say.
//!
//! # Layout
//! - `socket`: the Runtime API and the master's socket
//! - `page`: the statistics page and the exporter
//! - `granted`: the files of the configuration and of the log
//! - `path`: what lies at a path, who owns it, and what this process may do with it
//! - `system`: the few files in which the system says who is who, who listens and who waits
//!
//! # What a look gives
//! `door`, its name; `address`, where it is; `access`, the most that this server allows its tools (what a door has to
//! be good for), and what the types of the door's file name. A fact that could not be found out, and one that does not
//! apply, is left out.

mod granted;
mod page;
mod path;
mod socket;
mod system;

use serde::Serialize;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::doors::{DoorName, Doors};
use crate::haproxy::Bounds;
use crate::policy::{Artefact, LookPermit, Page};

/// Looks at one door; takes no longer than the door's time-out, nor than `bounds` allow.
pub async fn look(
    doors: &Doors,
    door: DoorName,
    permit: LookPermit,
    bounds: Bounds,
    cancel: &CancellationToken,
) -> Value {
    let mut facts = Map::new();
    facts.insert("door".to_owned(), door.as_str().into());
    facts.insert("access".to_owned(), permit.ceiling().as_str().into());
    let seen = match door {
        DoorName::Runtime => socket::look_at_runtime(&doors.runtime, bounds, cancel)
            .await
            .map(object),
        DoorName::Master => socket::look_at_master(&doors.runtime, bounds, cancel)
            .await
            .map(object),
        DoorName::Stats => page::look(doors, Page::Stats, bounds, cancel)
            .await
            .map(object),
        DoorName::Metrics => page::look(doors, Page::Metrics, bounds, cancel)
            .await
            .map(object),
        DoorName::Config => Some(object(granted::look(&doors.files, Artefact::Config).await)),
        DoorName::Log => Some(object(granted::look(&doors.files, Artefact::Log).await)),
    };
    facts.extend(seen.unwrap_or_default());
    Value::Object(facts)
}

/// Facts as an object of JSON.
fn object(facts: impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(facts) {
        Ok(Value::Object(object)) => object,
        // All of them are structures of texts and numbers.
        _ => Map::new(),
    }
}
