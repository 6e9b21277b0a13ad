//! What connecting comes to, address by address: for whoever wants to know why there is no connection.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout_at};

use super::client::{REPLACEMENT_PAUSE, RuntimeApi};
use super::dial::{self, Connection, DialError};
use super::endpoint::{Door, Endpoint};

/// What connecting to one address came to. The connection is closed again; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address: `127.0.0.1:9999`, or a path.
    pub address: String,
    /// How long it took.
    pub took: Duration,
    /// The connection's other end.
    pub outcome: Result<Peer, DialError>,
}

/// Who was connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The process that began to listen, on a Unix socket where the kernel gives one.
    pub process: Option<i32>,
}

/// Connects to each address of the endpoint, to all at once, for at most `within`.
///
/// # Errors
/// [`DialError::NotResolved`] where the host's name has no address, [`DialError::Timeout`] where that is not known in
/// time.
pub async fn reach(endpoint: &Endpoint, within: Duration) -> Result<Vec<Attempt>, DialError> {
    let until = Instant::now() + within;
    let attempts = each(endpoint, within, until).await?;
    let passing = |attempt: &Attempt| matches!(&attempt.outcome, Err(error) if error.is_passing());
    if !attempts.iter().all(passing) || until <= Instant::now() + REPLACEMENT_PAUSE {
        return Ok(attempts);
    }
    sleep(REPLACEMENT_PAUSE).await;
    each(endpoint, within, until).await
}

async fn each(
    endpoint: &Endpoint,
    within: Duration,
    until: Instant,
) -> Result<Vec<Attempt>, DialError> {
    let (host, port, family) = match endpoint {
        Endpoint::Unix(path) => {
            let connecting = dial::unix(endpoint, path);
            let address = path.display().to_string();
            return Ok(vec![attempt(endpoint, address, until, connecting).await]);
        }
        Endpoint::Tcp { host, port, family } => (host, *port, *family),
    };
    let addresses = timeout_at(until, dial::resolve(endpoint, host, port, family))
        .await
        .map_err(|_| DialError::Timeout {
            endpoint: endpoint.to_string(),
            after: within,
        })??;
    let attempts = addresses.iter().map(async |address| {
        let one = std::slice::from_ref(address);
        let connecting = dial::tcp(endpoint, one, until);
        attempt(endpoint, address.to_string(), until, connecting).await
    });
    Ok(join_all(attempts).await)
}

async fn attempt(
    endpoint: &Endpoint,
    address: String,
    until: Instant,
    connecting: impl Future<Output = Result<Connection, DialError>>,
) -> Attempt {
    let begun = Instant::now();
    let connected = timeout_at(until, connecting).await;
    let took = begun.elapsed();
    let outcome = match connected {
        Ok(connected) => connected.map(|connection| Peer {
            process: connection.listener(),
        }),
        Err(_) => Err(DialError::Timeout {
            endpoint: endpoint.to_string(),
            after: took,
        }),
    };
    Attempt {
        address,
        took,
        outcome,
    }
}

impl RuntimeApi {
    /// The master's socket, where it is known.
    pub fn master(&self) -> Option<&Endpoint> {
        match self.door() {
            Some(door) if door.master => Some(&door.endpoint),
            _ => self.master.as_ref(),
        }
    }

    /// The same HAProxy through this door alone, with the same time-outs, and connections of its own.
    #[must_use]
    pub fn through(&self, door: Door) -> Self {
        Self::new(self.name().clone(), door, self.timeouts)
    }

    /// How long connecting may take.
    pub const fn time_to_connect(&self) -> Duration {
        self.timeouts.connect
    }

    /// How long one command may take in all.
    pub const fn time_to_answer(&self) -> Duration {
        self.timeouts.total
    }
}
