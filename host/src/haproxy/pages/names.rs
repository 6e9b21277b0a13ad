//! Names of hosts, for the HTTP library: resolved where all are, by [`dial`](crate::haproxy::dial).

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use crate::haproxy::dial::{self, DialError};
use crate::haproxy::endpoint::{AddressFamily, Endpoint};

/// Resolves the names of pages.
#[derive(Debug)]
pub(super) struct Names;

/// Why a name has no address.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct NotResolved(pub(super) String);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            // The library puts in the port of the address.
            let (port, family) = (0, AddressFamily::Any);
            let endpoint = Endpoint::Tcp {
                host: host.clone(),
                port,
                family,
            };
            match dial::resolve(&endpoint, &host, port, family).await {
                Ok(addresses) => {
                    let addresses: Addrs = Box::new(addresses.into_iter());
                    Ok(addresses)
                }
                Err(DialError::NotResolved { reason, .. }) => Err(NotResolved(reason).into()),
                Err(error) => Err(NotResolved(error.to_string()).into()),
            }
        })
    }
}
