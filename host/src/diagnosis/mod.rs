//! What the host sees of the configured doors.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::doors::{DoorName, Doors};
use crate::haproxy::Bounds;
use crate::policy::LookPermit;

/// Looks at one door.
#[expect(clippy::unused_async, reason = "it will wait")]
pub async fn look(
    _doors: &Doors,
    door: DoorName,
    _permit: LookPermit,
    _bounds: Bounds,
    _cancel: &CancellationToken,
) -> Value {
    json!({ "door": door.as_str() })
}
