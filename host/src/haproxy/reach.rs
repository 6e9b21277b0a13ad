//! What connecting comes to, address by address: for whoever wants to know why there is no connection.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::client::{Bounds, REPLACEMENT_PAUSE, RuntimeApi};
use super::dial::{self, Connection, DialError};
use super::endpoint::{Door, Endpoint};
use super::error::WireError;
use super::stream::Leash;

/// What connecting to one address came to. The connection is closed again; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address: `127.0.0.1:9999`, or a path.
    pub address: String,
    /// How long it took.
    pub took: Duration,
    /// The connection's other end.
    pub outcome: Result<Peer, WireError>,
}

/// Who was connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The process that began to listen, on a Unix socket where the kernel gives one.
    pub process: Option<i32>,
}

impl Attempt {
    /// Whether it may be another in a moment.
    fn is_passing(&self) -> bool {
        matches!(&self.outcome, Err(WireError::Dial(error)) if error.is_passing())
    }
}

impl RuntimeApi {
    /// Connects to each address of the door, to all at once as far as there may be as many connections.
    ///
    /// # Errors
    /// [`DialError::NotResolved`] where the host's name has no address, [`DialError::Timeout`] where that is not known in
    /// time; and [`WireError::Cancelled`].
    pub async fn reach(
        &self,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<Vec<Attempt>, WireError> {
        let endpoint = &self.configured()?.endpoint;
        let leash = self.leash(endpoint, bounds, cancel);
        let attempts = self.each(endpoint, &leash).await?;
        let soon = Instant::now() + REPLACEMENT_PAUSE;
        if !attempts.iter().all(Attempt::is_passing) || leash.deadline <= soon {
            return Ok(attempts);
        }
        leash.hold(leash.deadline, sleep(REPLACEMENT_PAUSE)).await?;
        self.each(endpoint, &leash).await
    }

    async fn each(&self, endpoint: &Endpoint, leash: &Leash) -> Result<Vec<Attempt>, WireError> {
        let (host, port, family) = match endpoint {
            Endpoint::Unix(path) => {
                let connecting = async |_| dial::unix(endpoint, path).await;
                let address = path.display().to_string();
                return Ok(vec![self.attempt(address, leash, connecting).await]);
            }
            Endpoint::Tcp { host, port, family } => (host, *port, *family),
        };
        let until = self.until(leash);
        let resolving = dial::resolve(endpoint, host, port, family);
        let addresses = leash.hold(until, resolving).await?;
        let addresses = addresses.ok_or_else(|| DialError::Timeout {
            endpoint: endpoint.to_string(),
            after: leash.begun.elapsed(),
        })??;
        let attempts = addresses.iter().map(async |address| {
            let one = std::slice::from_ref(address);
            let connecting = async |until| dial::tcp(endpoint, one, until).await;
            self.attempt(address.to_string(), leash, connecting).await
        });
        Ok(join_all(attempts).await)
    }

    async fn attempt(
        &self,
        address: String,
        leash: &Leash,
        connecting: impl AsyncFnOnce(Instant) -> Result<Connection, DialError>,
    ) -> Attempt {
        let slot = self.slot(leash).await;
        let (begun, until) = (Instant::now(), self.until(leash));
        let outcome = match &slot {
            Ok(_) => leash.hold(until, connecting(until)).await,
            Err(error) => Err(error.clone()),
        };
        let took = begun.elapsed();
        let outcome = outcome.and_then(|connected| {
            let connected = connected.unwrap_or_else(|| {
                Err(DialError::Timeout {
                    endpoint: leash.endpoint.clone(),
                    after: took,
                })
            });
            // The connection closes here, before its slot is given back.
            Ok(connected.map(|connection| Peer {
                process: connection.listener(),
            })?)
        });
        Attempt {
            address,
            took,
            outcome,
        }
    }

    /// Until when a connection must have come about that is begun now.
    fn until(&self, leash: &Leash) -> Instant {
        leash.deadline.min(Instant::now() + self.timeouts.connect)
    }

    /// The master's socket, where it is known.
    pub fn master(&self) -> Option<&Endpoint> {
        match self.door() {
            Some(door) if door.master => Some(&door.endpoint),
            _ => self.master.as_ref(),
        }
    }

    /// The same HAProxy through this door alone, with the same time-outs, and within the same number of connections.
    #[must_use]
    pub fn through(&self, door: Door) -> Self {
        let mut through = Self::new(self.name().clone(), door, self.timeouts);
        through.slots = Arc::clone(&self.slots);
        through
    }

    /// How long one command may take in all.
    pub const fn time_to_answer(&self) -> Duration {
        self.timeouts.total
    }
}
