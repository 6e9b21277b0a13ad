//! The statistics page and the exporter.

use std::net::SocketAddr;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::system::Connections;
use crate::haproxy::Bounds;
use crate::haproxy::pages::{PageDoor, PageFacts, Pages};
use crate::policy::Page;

/// Facts about a page.
#[derive(Debug, Serialize)]
pub(super) struct Facts {
    #[serde(flatten)]
    page: PageFacts,
    /// The connections that there are on this machine, where there is no answer in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<Connections>,
}

/// Of a page that is configured.
pub(super) async fn look(
    pages: &Pages,
    page: Page,
    bounds: Bounds,
    cancel: &CancellationToken,
) -> Option<Facts> {
    let facts = pages.look(page, bounds, cancel).await?;
    let silent = facts
        .error
        .as_ref()
        .is_some_and(|error| matches!(error.code, "first-byte-timeout" | "total-timeout"));
    let address = pages.configured(page).filter(|_| silent).and_then(address);
    Some(Facts {
        connections: address.map(Connections::of_address),
        page: facts,
    })
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
