//! One command on one connection, from start to end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::dial::{self, Connection};
use super::endpoint::{Door, Endpoint};
use super::error::{ExecuteError, WireError};
use super::identity::Identity;
use super::reply::Reply;
use super::request::{Dialect, Request};
use super::stream::{Leash, Next, Stream};
use super::turn::Turns;
use crate::policy::{Door as Process, InstanceId, Permit, Probe};

/// Connections to one HAProxy at once. HAProxy gives 10 to all users of all its stats sockets together
/// (`stats maxconn`), and lets the eleventh wait without a word: most of them are left to others.
pub const MAX_CONNECTIONS: usize = 3;

/// How long a socket may be away while a reload or a restart replaces it, before it counts as gone. One second try
/// only: a HAProxy that is down is to be known soon.
pub(super) const REPLACEMENT_PAUSE: Duration = Duration::from_millis(100);

/// How long each part of asking may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until there is a connection, name resolution included.
    pub connect: Duration,
    /// From the command's last byte out to the reply's first byte in.
    pub first_byte: Duration,
    /// Everything, from the call to the reply's last byte.
    pub total: Duration,
}

/// What one call may take of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the reply.
    pub max_bytes: u64,
    /// When the call must have ended; [`Timeouts::total`] may end it earlier.
    pub deadline: Instant,
}

/// The Runtime API of one HAProxy. Shared by all calls; a connection exists only while a command is under way.
#[derive(Debug)]
pub struct RuntimeApi {
    name: InstanceId,
    /// Where commands go; `None` where only pages were configured.
    door: Option<Door>,
    /// The master's socket, where commands for workers go by another.
    pub(super) master: Option<Endpoint>,
    pub(super) timeouts: Timeouts,
    pub(super) slots: Arc<Semaphore>,
    /// How the master speaks; learnt at the first command.
    dialect: Mutex<Option<Dialect>>,
    turns: Turns,
    /// Who it is; learnt when first asked for.
    pub(super) known: Mutex<Option<Arc<Identity>>>,
}

impl RuntimeApi {
    /// The instance that the operator calls `name`, behind `door`, if there is one: without, each command fails with
    /// [`WireError::NotConfigured`]. Nothing is sent yet.
    pub fn new(name: InstanceId, door: impl Into<Option<Door>>, timeouts: Timeouts) -> Self {
        let door = door.into();
        let is_master = door.as_ref().is_some_and(|door| door.master);
        let dialect = (!is_master).then_some(Dialect::Worker);
        Self {
            name,
            door,
            master: None,
            timeouts,
            slots: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            dialect: Mutex::new(dialect),
            turns: Turns::default(),
            known: Mutex::new(None),
        }
    }

    /// The same, with commands for the master process sent to the master's own socket.
    #[must_use]
    pub fn with_master(mut self, master: Option<Endpoint>) -> Self {
        self.master = master;
        self
    }

    /// The operator's name for it.
    pub fn name(&self) -> &InstanceId {
        &self.name
    }

    /// The turns of calls that have a transaction with it.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Where commands go, if there is such a place.
    pub fn door(&self) -> Option<&Door> {
        self.door.as_ref()
    }

    /// Where commands go; the refusal, where there is no such place.
    pub(super) fn configured(&self) -> Result<&Door, WireError> {
        self.door().ok_or(WireError::NotConfigured)
    }

    /// Whether the master's socket is known.
    pub fn has_master(&self) -> bool {
        self.master.is_some() || self.speaks_to_master()
    }

    /// Whether commands go to the master's socket.
    pub(super) fn speaks_to_master(&self) -> bool {
        self.door().is_some_and(|door| door.master)
    }

    /// Sends the permitted command. Returns when the reply is known to be no refusal: for a message, after all of it
    /// was read and judged; for a dump, when it begins.
    ///
    /// A command for the master process goes to the master's socket; where only a worker's is known, it is refused
    /// before anything is sent.
    ///
    /// Nothing is sent twice: after the first byte went out, a failure is an error.
    pub async fn execute(
        &self,
        permit: Permit,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<Reply, ExecuteError> {
        if *permit.instance() != self.name {
            return Err(ExecuteError::WrongInstance {
                permitted: permit.instance().clone(),
                asked: self.name.clone(),
            });
        }
        if permit.door() == Process::Master && !self.speaks_to_master() {
            return self.execute_by_master(permit, bounds, cancel).await;
        }
        let leash = self.leash(&self.configured()?.endpoint, bounds, cancel);
        let slot = self.slot(&leash).await?;
        let dialect = self.dialect(&leash).await?;
        let kind = permit.reply_kind();
        let request = Request::new(permit, dialect);
        let numbered = request.numbered;
        let (stream, first) = self.ask(slot, leash, request).await?;
        let judged = Reply::judged(stream, first, kind, numbered).await;
        if matches!(judged, Err(ExecuteError::UnknownCommand { .. })) {
            // It may be another master by now.
            self.forget_dialect();
        }
        judged
    }

    /// A command for the master process, where commands for workers go by another socket.
    async fn execute_by_master(
        &self,
        permit: Permit,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Result<Reply, ExecuteError> {
        let Some(master) = &self.master else {
            return Err(ExecuteError::Wire(WireError::NeedsMaster {
                endpoint: self.configured()?.endpoint.to_string(),
            }));
        };
        let leash = self.leash(master, bounds, cancel);
        let slot = self.slot(&leash).await?;
        let kind = permit.reply_kind();
        let request = Request::new(permit, Dialect::Master);
        let numbered = request.numbered;
        let connection = self.connect(master, &leash).await?;
        let (stream, first) =
            Stream::open(connection, slot, leash, &self.timeouts, request).await?;
        Reply::judged(stream, first, kind, numbered).await
    }

    pub(super) fn leash(
        &self,
        endpoint: &Endpoint,
        bounds: Bounds,
        cancel: &CancellationToken,
    ) -> Leash {
        let begun = Instant::now();
        Leash {
            endpoint: endpoint.to_string(),
            begun,
            deadline: bounds.deadline.min(begun + self.timeouts.total),
            max_bytes: bounds.max_bytes,
            cancel: cancel.clone(),
        }
    }

    pub(super) async fn slot(&self, leash: &Leash) -> Result<OwnedSemaphorePermit, WireError> {
        let slots = Arc::clone(&self.slots);
        let slot = leash.hold(leash.deadline, slots.acquire_owned()).await?;
        // The semaphore is never closed.
        slot.and_then(Result::ok).ok_or_else(|| WireError::Busy {
            endpoint: leash.endpoint.clone(),
            limit: MAX_CONNECTIONS,
        })
    }

    pub(super) async fn ask(
        &self,
        slot: OwnedSemaphorePermit,
        leash: Leash,
        request: Request,
    ) -> Result<(Stream, Next), WireError> {
        let connection = self.connect(&self.configured()?.endpoint, &leash).await?;
        Stream::open(connection, slot, leash, &self.timeouts, request).await
    }

    async fn connect(&self, endpoint: &Endpoint, leash: &Leash) -> Result<Connection, WireError> {
        match self.dial(endpoint, leash).await {
            Err(WireError::Dial(error)) if error.is_passing() => {
                let left = leash.deadline.saturating_duration_since(Instant::now());
                if left <= REPLACEMENT_PAUSE {
                    return Err(error.into());
                }
                leash.hold(leash.deadline, sleep(REPLACEMENT_PAUSE)).await?;
                self.dial(endpoint, leash).await
            }
            connected => connected,
        }
    }

    async fn dial(&self, endpoint: &Endpoint, leash: &Leash) -> Result<Connection, WireError> {
        let dialing = dial::connect(endpoint, self.timeouts.connect, leash.deadline);
        // It keeps the deadline itself, and says more about it.
        let connected = leash.cancel.run_until_cancelled(dialing).await;
        Ok(connected.ok_or(WireError::Cancelled)??)
    }

    /// Asks the master for its worker's version, with severities: 3.0 and later pass the setting on and answer
    /// `[6]: 3.0.11`, 2.6 does not know it.
    async fn learn_dialect(&self, leash: &Leash) -> Result<Dialect, ExecuteError> {
        // A connection of its own, within the caller's slot: the caller has none yet.
        let spare = Arc::new(Semaphore::new(1));
        let slot = spare
            .acquire_owned()
            .await
            .map_err(|_| WireError::Cancelled)?;
        let probe = Permit::probe(&self.name, Probe::Version);
        let kind = probe.reply_kind();
        let request = Request::new(probe, Dialect::Master);
        let numbered = request.numbered;
        let (stream, first) = self.ask(slot, leash.clone(), request).await?;
        let dialect = match Reply::judged(stream, first, kind, numbered).await {
            Ok(reply) if reply.severity().is_some() => Dialect::Master,
            Ok(_) => {
                return Err(ExecuteError::Wire(WireError::NotHaproxy {
                    endpoint: leash.endpoint.clone(),
                    what: "its answer to `show version` has no severity".to_owned(),
                }));
            }
            Err(ExecuteError::UnknownCommand { .. }) => Dialect::PlainMaster,
            Err(error) => return Err(error),
        };
        self.remember_dialect(Some(dialect));
        Ok(dialect)
    }

    /// How to speak to it; asks where that is not known.
    pub(super) async fn dialect(&self, leash: &Leash) -> Result<Dialect, ExecuteError> {
        match self.known_dialect() {
            Some(dialect) => Ok(dialect),
            None => self.learn_dialect(leash).await,
        }
    }

    fn known_dialect(&self) -> Option<Dialect> {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the next command find out how the master speaks.
    pub(super) fn forget_dialect(&self) {
        if self.speaks_to_master() {
            self.remember_dialect(None);
        }
    }

    fn remember_dialect(&self, dialect: Option<Dialect>) {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = dialect;
    }
}
