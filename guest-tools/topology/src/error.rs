//! What can go wrong while a table is read.

use haproxy_mcp_sdk::Failure;
use haproxy_replies::cache::CacheError;
use haproxy_replies::peers::PeersError;
use haproxy_replies::resolvers::ResolversError;
use haproxy_replies::servers_conn::ServersConnError;
use haproxy_replies::servers_state::ServersStateError;
use haproxy_replies::stat::StatError;

/// HAProxy's reply could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TableError {
    #[error(transparent)]
    Stat(#[from] StatError),
    #[error(transparent)]
    State(#[from] ServersStateError),
    #[error(transparent)]
    Connections(#[from] ServersConnError),
    #[error(transparent)]
    Resolvers(#[from] ResolversError),
    #[error(transparent)]
    Peers(#[from] PeersError),
    #[error(transparent)]
    Cache(#[from] CacheError),
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::unparsable(error.to_string())
    }
}
