//! `show_backend`, the names of all backends, and `get_backend`, one of them.

use haproxy_asking::{Origin, SaidBy, from_any, of_page};
use haproxy_listing::{Key, Listed, Page, Part};
use haproxy_mcp_sdk::{Call, Failure, Instance, Outcome};
use haproxy_replies::backends::BackendsReader;
use haproxy_replies::stat::{Columns, Consumer, ObjectType, OfTypes, Row, StatError};
use serde::{Deserialize, Serialize};

use crate::arguments::Asked;
use crate::columns::{is_zero, number, text, without_algorithm, written};
use crate::proxy::{self, Kind, Proxy};
use crate::states::States;

/// The tool.
pub(crate) fn show_backend(call: &Call<'_>) -> Result<Outcome, Failure> {
    #[derive(Serialize)]
    struct Answer {
        #[serde(flatten)]
        listed: Listed<()>,
        #[serde(flatten)]
        said: SaidBy,
    }
    let asked: Asked = call.arguments()?;
    let part = asked.part("show_backend")?;
    let (page, origin) = from_any(call, |origin| match origin {
        Origin::Runtime(instance) => listed(instance, &part),
        Origin::Page(pages) => {
            let names = OfTypes::new(&[ObjectType::Backend], Names::new(&part));
            Ok(of_page(*pages, None, names, Failure::unparsable)?
                .into_inner()
                .page)
        }
    })?;
    let written = part.write(&page.finish())?;
    let line = origin.line(written.line("backends"));
    let answer = Answer {
        listed: written.alone(),
        said: origin.said(None),
    };
    Ok(Outcome::of(&answer)?.text(line))
}

/// The names as `show backend` lists them.
fn listed(instance: &Instance, part: &Part) -> Result<Page<Name>, Failure> {
    let mut names = Names::new(part);
    let mut reader = BackendsReader::default();
    instance.ask(&["show", "backend"])?.for_each(|chunk| {
        reader
            .push(chunk, |name| names.offer(name))
            .map_err(Failure::unparsable)
    })?;
    reader.finish().map_err(Failure::unparsable)?;
    Ok(names.page)
}

#[derive(Serialize)]
struct Name {
    name: String,
}

/// Names while they are read; each row is a backend.
struct Names<'p> {
    part: &'p Part,
    page: Page<Name>,
}

impl<'p> Names<'p> {
    fn new(part: &'p Part) -> Self {
        Self {
            part,
            page: part.page(),
        }
    }

    fn offer(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name);
        if self.part.holds([&*name]) {
            self.page.offer(Key::Absent, || Name {
                name: name.into_owned(),
            });
        }
    }
}

impl Consumer for Names<'_> {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        Ok(vec![columns.require("pxname")?])
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        self.offer(row.field(0));
        Ok(())
    }
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
    let (proxy, origin) = proxy::read(call, &backend, BACKEND)?;
    let said = origin.said(without_algorithm(&origin, proxy.fields.iter()));
    let (structured, line) = answer(&backend, &proxy, &said)?;
    Ok(Outcome::new(structured).text(origin.line(line)))
}

fn wrong(message: &str) -> Failure {
    Failure::invalid_argument(message).argument("/backend")
}

/// The backend, and a line for a person.
pub(crate) fn answer(
    name: &str,
    proxy: &Proxy<'_>,
    said: &SaidBy,
) -> serde_json::Result<(String, String)> {
    #[derive(Serialize)]
    struct One<'a, S: Serialize, L: Serialize> {
        backend: &'a str,
        status: &'a str,
        servers: States,
        not_up: Vec<L>,
        stat: S,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<LeftOut>,
        #[serde(flatten)]
        said: &'a SaidBy,
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
        said,
    };
    let line = format!(
        "backend {name} is {status} with {}; {} sessions now, {} queued",
        proxy.states.line(),
        number(fields, "scur"),
        number(fields, "qcur"),
    );
    Ok((serde_json::to_string(&one)?, line))
}
