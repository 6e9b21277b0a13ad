//! The exporter's page, read once.

use haproxy_mcp_sdk::{Call, Failure};
use haproxy_replies::metrics::{Family, MetricsError, MetricsReader, Sample};

/// What makes an exporter of an address.
const HINT: &str = "`HAPROXY_METRICS_URL` must be the address of HAProxy's Prometheus exporter: \
    `http-request use-service prometheus-exporter if { path /metrics }` in a frontend with `mode http`, before any rule \
    that answers or routes `/metrics` elsewhere";

/// What the exporter is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) scope: Option<&'a str>,
    /// The whole name of a family.
    pub(crate) family: Option<&'a str>,
}

impl<'a> Ask<'a> {
    /// What is enough for a family of this name, whole or a part: its own scope, and nothing else where it may be
    /// whole.
    pub(crate) fn about(family: Option<&'a str>, scope: Option<&'a str>) -> Self {
        const SCOPES: [(&str, &str); 6] = [
            ("haproxy_process_", "global"),
            ("haproxy_frontend_", "frontend"),
            ("haproxy_backend_", "backend"),
            ("haproxy_server_", "server"),
            ("haproxy_listener_", "listener"),
            ("haproxy_sticktable_", "sticktable"),
        ];
        let own = family.and_then(|family| {
            SCOPES
                .into_iter()
                .find(|(start, _)| family.starts_with(start))
                .map(|(_, scope)| scope)
        });
        let whole = |name: &&str| {
            name.starts_with("haproxy_")
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        Self {
            scope: scope.or(own),
            family: family.filter(whole),
        }
    }
}

/// Reads the page, and hands each series to `each`. How many there were.
pub(crate) fn read(
    call: &Call<'_>,
    ask: Ask<'_>,
    mut each: impl FnMut(&Family, &Sample<'_>),
) -> Result<u64, Failure> {
    let parameters: Vec<(&str, Option<&str>)> = [("scope", ask.scope), ("metrics", ask.family)]
        .into_iter()
        .filter(|(_, value)| value.is_some())
        .collect();
    let mut reader = MetricsReader::default();
    let mut series = 0_u64;
    call.pages()
        .open("metrics", &parameters)?
        .for_each(|chunk| {
            reader
                .push::<MetricsError>(chunk, |family, sample| {
                    series += 1;
                    each(family, sample);
                    Ok(())
                })
                .map_err(|error| no_metrics(&error))
        })?;
    reader.finish().map_err(|error| no_metrics(&error))?;
    // The exporter has nothing to say of what is not configured, but of a process always.
    if series == 0 && parameters.is_empty() {
        return Err(Failure::unparsable("the page is empty").hint(HINT));
    }
    Ok(series)
}

fn no_metrics(error: &MetricsError) -> Failure {
    Failure::unparsable(format!("the page is not an exporter's: {error}")).hint(HINT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_asked_for_than_is_enough() {
        let about = |family, scope| {
            let ask = Ask::about(family, scope);
            (ask.scope, ask.family)
        };
        let name = "haproxy_server_status";
        assert_eq!(about(Some(name), None), (Some("server"), Some(name)));
        assert_eq!(
            about(Some(name), Some("backend")),
            (Some("backend"), Some(name))
        );
        assert_eq!(about(Some("server_status"), None), (None, None));
        assert_eq!(about(Some("haproxy_ü"), None), (None, None));
        let other = "haproxy_resolver_sent";
        assert_eq!(about(Some(other), None), (None, Some(other)));
        assert_eq!(about(None, Some("global")), (Some("global"), None));
    }
}
