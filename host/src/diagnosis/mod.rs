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

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::doors::{DoorName, Doors};
use crate::files::blocking;
use crate::haproxy::Bounds;
use crate::policy::{Artefact, LookPermit, Page};

/// How long looking at files may take, which have no time-out of their own.
const FILES_WITHIN: Duration = Duration::from_secs(5);

/// How long it may take after that to see what the system says of a door that did not answer. It says so at once, unless
/// the path of a socket leads over a share of a network that is away.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// What a look may take, begun when this was made.
#[derive(Debug)]
struct Look<'a> {
    begun: Instant,
    /// The end of all asking.
    bounds: Bounds,
    /// The end of all.
    end: Instant,
    cancel: &'a CancellationToken,
}

impl<'a> Look<'a> {
    fn new(bounds: Bounds, within: Duration, cancel: &'a CancellationToken) -> Self {
        let begun = Instant::now();
        let asked = begun + within;
        Self {
            begun,
            end: bounds.deadline.min(asked + AFTERWARDS),
            bounds: Bounds {
                deadline: bounds.deadline.min(asked),
                ..bounds
            },
            cancel,
        }
    }

    /// Waits for it until the end of all asking.
    async fn hold<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let held = timeout_at(self.bounds.deadline, work);
        self.cancel.run_until_cancelled(held).await?.ok()
    }

    /// Sees what the system says, which may have to wait for a disk. A thread that waits for good is left behind.
    async fn see<T: Send + 'static>(&self, look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let held = timeout_at(self.end, blocking(look));
        self.cancel.run_until_cancelled(held).await?.ok()?
    }
}

/// Looks at one door; takes no longer than the door's time-out (of files, 5 seconds) and half a second, nor than `bounds`
/// allow.
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
    let page = |page| doors.pages.configured(page).map(|door| door.timeout);
    let within = match door {
        DoorName::Runtime | DoorName::Master => doors.runtime.time_to_answer(),
        DoorName::Stats => page(Page::Stats).unwrap_or_default(),
        DoorName::Metrics => page(Page::Metrics).unwrap_or_default(),
        DoorName::Config | DoorName::Log => FILES_WITHIN,
    };
    let look = Look::new(bounds, within, cancel);
    let seen = match door {
        DoorName::Runtime => socket::look_at_runtime(&doors.runtime, &look)
            .await
            .map(object),
        DoorName::Master => socket::look_at_master(&doors.runtime, &look)
            .await
            .map(object),
        DoorName::Stats => page::look(doors, Page::Stats, &look).await.map(object),
        DoorName::Metrics => page::look(doors, Page::Metrics, &look).await.map(object),
        DoorName::Config => Some(object(
            granted::look(&doors.files, Artefact::Config, &look).await,
        )),
        DoorName::Log => Some(object(
            granted::look(&doors.files, Artefact::Log, &look).await,
        )),
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
