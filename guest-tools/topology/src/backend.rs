//! `show_backend`, the names of all backends, and `get_backend`, one of them.

use haproxy_listing::Key;
use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_replies::backends::BackendsReader;
use haproxy_replies::stat::ObjectType;
use serde::{Deserialize, Serialize};

use crate::arguments::Asked;
use crate::columns::{is_zero, number, text, written};
use crate::proxy::{self, Kind, Proxy};
use crate::states::States;

/// The tool.
pub(crate) fn show_backend(call: &Call<'_>) -> Result<Outcome, Failure> {
    #[derive(Serialize)]
    struct Name {
        name: String,
    }
    let asked: Asked = call.arguments()?;
    let part = asked.part("show_backend")?;
    let mut page = part.page();
    let mut reader = BackendsReader::default();
    call.instance()
        .ask(&["show", "backend"])?
        .for_each(|chunk| {
            reader
                .push(chunk, |name| {
                    let name = String::from_utf8_lossy(name);
                    if part.holds([&*name]) {
                        page.offer(Key::Absent, || Name {
                            name: name.into_owned(),
                        });
                    }
                })
                .map_err(Failure::unparsable)
        })?;
    reader.finish().map_err(Failure::unparsable)?;
    let written = part.write(&page.finish())?;
    let line = written.line("backends");
    Ok(Outcome::of(&written.alone())?.text(line))
}

/// A backend, with the columns of those of its servers that are not up.
pub(crate) const BACKEND: Kind = Kind {
    proxy: ObjectType::Backend,
    member: ObjectType::Server,
    columns: &[
        "svname",
        "status",
        "check_status",
        "check_code",
        "last_chk",
        "lastchg",
    ],
    healthy: false,
    hint: "list_backends lists the backends, list_frontends the frontends",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneBackend {
    backend: Option<String>,
    name: Option<String>,
}

/// The tool.
pub(crate) fn get_backend(call: &Call<'_>) -> Result<Outcome, Failure> {
    let backend = match call.arguments()? {
        OneBackend {
            backend: Some(name),
            name: None,
        }
        | OneBackend {
            backend: None,
            name: Some(name),
        } => name,
        OneBackend { backend: None, .. } => {
            return Err(wrong("the name of the backend is missing").hint("give it as `backend`"));
        }
        OneBackend { .. } => {
            return Err(wrong("`backend` and `name` are two names of one argument")
                .hint("leave out `name`"));
        }
    };
    let proxy = proxy::read(&call.instance(), &backend, BACKEND)?;
    let (structured, line) = answer(&backend, &proxy)?;
    Ok(Outcome::new(structured).text(line))
}

fn wrong(message: &str) -> Failure {
    Failure::invalid_argument(message).argument("/backend")
}

/// The backend, and a line for a person.
pub(crate) fn answer(name: &str, proxy: &Proxy<'_>) -> serde_json::Result<(String, String)> {
    #[derive(Serialize)]
    struct One<'a, S: Serialize, L: Serialize> {
        backend: &'a str,
        status: &'a str,
        servers: States,
        not_up: Vec<L>,
        stat: S,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<LeftOut>,
    }
    #[derive(Serialize)]
    struct LeftOut {
        columns: usize,
        #[serde(skip_serializing_if = "is_zero")]
        servers: u64,
        hint: &'static str,
    }
    let fields = proxy.fields.as_deref().unwrap_or_default();
    let status = text(fields, "status");
    let one = One {
        backend: name,
        status,
        servers: proxy.states,
        not_up: proxy
            .members
            .iter()
            .map(|server| written(server, &[]))
            .collect(),
        stat: written(fields, &["status"]),
        left_out: (proxy.hidden > 0 || proxy.further > 0).then_some(LeftOut {
            columns: proxy.hidden,
            servers: proxy.further,
            hint: "show_stat with proxy and fields [\"all\"] shows the counters of TLS, HTTP/1, HTTP/2 and QUIC; \
                list_servers all servers",
        }),
    };
    let line = format!(
        "backend {name} is {status} with {}; {} sessions now, {} queued",
        proxy.states.line(),
        number(fields, "scur"),
        number(fields, "qcur"),
    );
    Ok((serde_json::to_string(&one)?, line))
}
