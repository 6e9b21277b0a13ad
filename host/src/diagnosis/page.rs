//! The statistics page and the exporter.

use std::net::SocketAddr;

use serde::Serialize;

use super::Look;
use super::system::Connections;
use crate::doors::Doors;
use crate::haproxy::pages::{PageDoor, PageFacts};
use crate::haproxy::{AddressFamily, Door, Endpoint, RuntimeApi, Timeouts, WireError};
use crate::policy::{Page, Probe};
use crate::visible::visible;

/// Facts about a page.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    #[serde(flatten)]
    page: PageFacts,
    /// The connections that there are on this machine, where there is no answer in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<Connections>,
    /// `runtime` where no HTTP is spoken there, but what the Runtime API speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers_as: Option<&'static str>,
    /// What it says instead, where that is neither HTTP nor the Runtime API.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
}

/// Of a page that is configured.
pub(super) async fn look(doors: &Doors, page: Page, look: &Look<'_>) -> Option<Facts> {
    let facts = doors.pages.look(page, look.bounds, look.cancel).await?;
    let door = doors.pages.configured(page)?;
    let code = facts.error.as_ref().map_or("", |error| error.code);
    let silent = matches!(code, "first-byte-timeout" | "total-timeout");
    let other = matches!(code, "not-http" | "interrupted");
    let (answers_as, says) = if other {
        as_runtime(doors, page, door, look).await
    } else {
        (None, None)
    };
    let connections = match address(door).filter(|_| silent) {
        Some(address) => look.see(move || Connections::of_address(address)).await,
        None => None,
    };
    Some(Facts {
        connections,
        answers_as,
        says,
        page: facts,
    })
}

/// Whether a Runtime API is where a page should be; else what is said there.
async fn as_runtime(
    doors: &Doors,
    page: Page,
    door: &PageDoor,
    look: &Look<'_>,
) -> (Option<&'static str>, Option<String>) {
    let url = door.url.as_url();
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return (None, None);
    };
    let endpoint = Endpoint::Tcp {
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        family: AddressFamily::Any,
    };
    let timeouts = Timeouts {
        connect: door.timeout,
        first_byte: door.timeout,
        total: door.timeout,
    };
    let door = Door {
        endpoint,
        master: false,
    };
    let Ok(_slot) = doors.pages.slot(page, look.bounds, look.cancel).await else {
        return (None, None);
    };
    let api = RuntimeApi::new(doors.runtime.name().clone(), door, timeouts);
    match api.probe(Probe::Version, look.bounds, look.cancel).await {
        Ok(_) => (Some("runtime"), None),
        Err(WireError::NotHaproxy { what, .. }) => (None, Some(visible(&what, 200).into_owned())),
        Err(_) => (None, None),
    }
}

/// The address of a page, where it is one and not a name.
fn address(door: &PageDoor) -> Option<SocketAddr> {
    let url = door.url.as_url();
    let host = url.host_str()?.trim_matches(['[', ']']);
    Some(SocketAddr::new(
        host.parse().ok()?,
        url.port_or_known_default()?,
    ))
}
