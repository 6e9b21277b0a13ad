//! HAProxy's pages, from outside: real HAProxy, and sockets that follow a script.

mod actions;
mod answers;
mod endings;
mod look;
mod messages;
mod reading;
mod secrets;
mod trust;
mod trust_server;

use std::time::Duration;

use haproxy_mcp::haproxy::Bounds;
use haproxy_mcp::haproxy::pages::{
    ActError, Body, Credentials, PageDoor, PageError, PageFacts, PageUrl, Pages, Source,
};
use haproxy_mcp::policy::{
    Access, ActPermit, Authority, Grant, InstanceId, Page, PagePermit, Parameter, decide_action,
    decide_page,
};
use haproxy_mcp_testkit::{DEADLINE, ScriptedSocket};
use tokio_util::sync::CancellationToken;

use crate::asking::{bounds, name};

/// How long one request may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// A page at this address, with the credentials that stand in it.
pub(crate) fn door(address: &str) -> PageDoor {
    let (url, credentials) = PageUrl::split(address).unwrap();
    PageDoor {
        url,
        credentials,
        ca_file: None,
        client: None,
        timeout: TIMEOUT,
    }
}

pub(crate) fn stats_at(address: &str) -> Pages {
    stats(door(address))
}

pub(crate) fn stats(door: PageDoor) -> Pages {
    Pages::new(name(), Some(door), None, Source::Page)
}

pub(crate) fn metrics_at(address: &str) -> Pages {
    Pages::new(name(), None, Some(door(address)), Source::Page)
}

/// Permission for everything.
fn grant() -> Grant {
    Grant::all(Access::Admin).with_pages(&Page::ALL)
}

fn authority(grant: &Grant) -> Authority<'_> {
    Authority {
        server: Access::Admin,
        module: grant,
        tool: Access::Admin,
    }
}

/// A permit for a page with these parameters: `csv`, `scope=be_app`.
pub(crate) fn permit(page: &str, parameters: &[&str]) -> PagePermit {
    let parameters: Vec<Parameter> = parameters
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, value)) => Parameter {
                name: name.to_owned(),
                value: Some(value.to_owned()),
            },
            None => Parameter {
                name: (*text).to_owned(),
                value: None,
            },
        })
        .collect();
    decide_page(&authority(&grant()), page, &parameters).unwrap()
}

pub(crate) fn csv() -> PagePermit {
    permit("stats", &["csv"])
}

pub(crate) fn action(action: &str, backend: &str, servers: &[&str]) -> ActPermit {
    action_for(&name(), action, backend, servers)
}

pub(crate) fn action_for(
    instance: &InstanceId,
    action: &str,
    backend: &str,
    servers: &[&str],
) -> ActPermit {
    let servers: Vec<String> = servers.iter().map(|&server| server.to_owned()).collect();
    decide_action(&authority(&grant()), instance, action, backend, &servers).unwrap()
}

pub(crate) async fn open(pages: &Pages, permit: PagePermit) -> Result<Body, PageError> {
    pages
        .open(permit, bounds(), &CancellationToken::new())
        .await
}

/// All of a page.
pub(crate) async fn read(pages: &Pages, permit: PagePermit) -> Result<String, PageError> {
    read_within(pages, permit, bounds()).await
}

pub(crate) async fn read_within(
    pages: &Pages,
    permit: PagePermit,
    bounds: Bounds,
) -> Result<String, PageError> {
    let mut body = pages
        .open(permit, bounds, &CancellationToken::new())
        .await?;
    let mut text = Vec::new();
    loop {
        let piece = body.read(64 * 1024).await?;
        if piece.is_empty() {
            return Ok(String::from_utf8(text).unwrap());
        }
        text.extend(piece);
    }
}

pub(crate) async fn act(pages: &Pages, permit: ActPermit) -> Result<(), ActError> {
    pages.act(permit, bounds(), &CancellationToken::new()).await
}

/// What a page that is configured is like.
pub(crate) async fn look(pages: &Pages, page: Page) -> PageFacts {
    let cancel = CancellationToken::new();
    pages.look(page, bounds(), &cancel).await.unwrap()
}

pub(crate) fn with_credentials(mut door: PageDoor, user: &str, password: &str) -> PageDoor {
    door.credentials = Some(Credentials {
        user: user.to_owned(),
        password: haproxy_mcp::secret::Secret::new(password),
    });
    door
}

/// Code, message and hint as an operator reads them.
pub(crate) fn told(error: &PageError) -> String {
    format!(
        "{}\n{error}\n{}",
        error.code(),
        error.hint().unwrap_or_default()
    )
}

/// Asks until it has come about, and lets the connections of this test go on meanwhile.
pub(crate) async fn comes_about(what: &str, mut probe: impl FnMut() -> Result<(), String>) {
    let begun = std::time::Instant::now();
    while let Err(seen) = probe() {
        assert!(
            begun.elapsed() < DEADLINE,
            "waited {DEADLINE:?} for {what}; last seen: {seen}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// So many connections are open, as the other side sees it.
pub(crate) async fn are_open(server: &ScriptedSocket, connections: usize) {
    comes_about("the other side to see the end", || {
        let open = server.open_now();
        if open == connections {
            Ok(())
        } else {
            Err(format!("{open} open"))
        }
    })
    .await;
}
