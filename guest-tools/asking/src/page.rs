//! The statistics page: the same table as `show stat`, over HTTP.
//!
//! What it does not have is a selection: `scope=` takes a part of a proxy's name, of which HAProxy looks at the first 20
//! characters or so, and passes over one with characters that no name has. So it is given to make the page shorter, and
//! every row is looked at. A page with `stats scope` in the configuration hides other proxies.

use haproxy_mcp_sdk::{Chunks, Failure, Pages, Readable};
use haproxy_replies::names::{LISTED, Nearest, Suggestion};
use haproxy_replies::stat::{
    Columns, Consumer, ObjectType, OfTypes, ProxySearch, Row, StatError, StatReader,
};

/// Reads the page to its end: all rows, or those of the proxies whose name holds `proxy` and perhaps others.
pub fn of_page<C: Consumer>(
    pages: Pages,
    proxy: Option<&str>,
    consumer: C,
    told: impl Fn(C::Error) -> Failure,
) -> Result<C, Failure> {
    let scope = proxy.map(|proxy| ("scope", Some(proxy)));
    let parameters: Vec<_> = std::iter::once(("csv", None)).chain(scope).collect();
    read(&pages.open("stats", &parameters)?, consumer, told)
}

/// Reads a table to its end.
pub fn read<R: Readable, C: Consumer>(
    chunks: &Chunks<R>,
    consumer: C,
    told: impl Fn(C::Error) -> Failure,
) -> Result<C, Failure> {
    let mut reader = StatReader::new(consumer);
    chunks.for_each(|chunk| reader.push(chunk).map_err(&told))?;
    reader.finish().map_err(told)
}

/// Does something with a server through the page's form. A refusal says what to do next.
pub fn act_on_page(pages: Pages, action: &str, backend: &str, server: &str) -> Result<(), Failure> {
    pages.act(action, backend, &[server]).map_err(|failure| {
        let hint = match failure.rejection() {
            None => return failure,
            Some("denied-by-page") => {
                "the page takes changes only where the section that it is in has `stats admin if …` in HAProxy's \
                 configuration, with a condition that holds for this server; or give the Runtime API (HAPROXY_RUNTIME_URL)"
            }
            Some("nothing-done") => {
                "the server has nothing that this changes: no such check is configured or enabled, or it follows the \
                 server that it tracks; see get_server"
            }
            Some("no-such-object") => {
                "it was removed just now: list_servers lists the servers of a backend"
            }
            Some("partly-done") => {
                "the page did only a part of it: read what is there now with get_server before anything is asked again"
            }
            Some("too-large") => {
                "the form must fit into one buffer of HAProxy (`tune.bufsize`): name fewer servers at once"
            }
            Some("invalid-method") => {
                "is it the address of HAProxy's statistics page, with nothing between that changes requests? See \
                 HAPROXY_STATS_URL"
            }
            Some(_) => "the page's verdict says what is wrong; get_server shows how the server is set",
        };
        failure.hint(hint)
    })
}

/// What the page shows of one server, or which names are near.
pub fn server_of_page<C: Consumer<Error = StatError>>(
    pages: Pages,
    backend: &str,
    server: &str,
    consumer: C,
) -> Result<C, Failure> {
    let search = ServerSearch {
        backend,
        server,
        inner: consumer,
        width: 0,
        is_backend: false,
        found: false,
        nearest: Nearest::new(server, LISTED),
    };
    let read = of_page(pages, Some(backend), search, Failure::unparsable)?;
    if read.found {
        return Ok(read.inner);
    }
    if !read.is_backend {
        return Err(no_such_on_page(pages, ObjectType::Backend, backend)?);
    }
    let suggestion = read.nearest.suggest();
    Err(
        Failure::not_found(format!("backend `{backend}` has no server: `{server}`"))
            .hint(suggestion.hint("list_servers lists the servers of a backend"))
            .argument_among("/server", suggestion.names()),
    )
}

/// The failure for the name of a frontend or backend that the page does not show, with those that are near.
pub fn no_such_on_page(pages: Pages, kind: ObjectType, name: &str) -> Result<Failure, Failure> {
    let types = [kind];
    let search = OfTypes::new(&types, ProxySearch::new(name));
    let read = of_page(pages, None, search, Failure::unparsable)?;
    // It may be there by now.
    let suggestion = read.into_inner().finish().err().unwrap_or_default();
    let what = kind.name();
    Ok(hidden(
        Failure::not_found(format!("the statistics page shows no {what}: `{name}`")),
        &suggestion,
        &format!("list_{what}s lists those that it shows"),
    )
    .argument_among(&format!("/{what}"), suggestion.names()))
}

/// Says which names are near, or else this, and that the page may hide what is meant.
pub fn hidden(failure: Failure, suggestion: &Suggestion, otherwise: &str) -> Failure {
    let hint = suggestion.hint(otherwise);
    let end = if hint.ends_with('?') { "" } else { "." };
    failure.hint(format!(
        "{hint}{end} A page with `stats scope` in HAProxy's configuration does not show all proxies"
    ))
}

/// Looks for the row of a server of a backend.
struct ServerSearch<'a, C> {
    backend: &'a str,
    server: &'a str,
    inner: C,
    /// How many fields the consumer asked for; the name of the row stands behind them.
    width: usize,
    /// Whether there is such a backend.
    is_backend: bool,
    found: bool,
    nearest: Nearest,
}

impl<C: Consumer<Error = StatError>> Consumer for ServerSearch<'_, C> {
    type Error = StatError;

    fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
        let mut wanted = self.inner.columns(columns)?;
        self.width = wanted.len();
        for name in ["pxname", "svname", "type"] {
            wanted.push(columns.require(name)?);
        }
        Ok(wanted)
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
        if row.field(self.width) != self.backend.as_bytes() {
            return Ok(());
        }
        match ObjectType::read(row.field(self.width + 2)) {
            Some(ObjectType::Backend) => self.is_backend = true,
            Some(ObjectType::Server) => {
                self.is_backend = true;
                let name = row.field(self.width + 1);
                if name == self.server.as_bytes() {
                    self.found = true;
                    return self.inner.row(&row.first(self.width));
                }
                self.nearest.offer(name);
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const PAGE: &[u8] =
        b"# pxname,svname,scur,type,\nshop,FRONTEND,1,0,\nshop,app1,2,2,\nshop,app2,3,2,\n\
        shop,BACKEND,4,1,\nshop2,app1,5,2,\nweb,FRONTEND,6,0,\nweb,sock-1,7,3,\n";

    /// The sessions of each row that it gets.
    #[derive(Default)]
    struct Sessions(Vec<String>);

    impl Consumer for Sessions {
        type Error = StatError;

        fn columns(&mut self, columns: &Columns) -> Result<Vec<usize>, StatError> {
            Ok(vec![columns.require("scur")?])
        }

        fn row(&mut self, row: &Row<'_>) -> Result<(), StatError> {
            let fields = row.fields().map(|field| String::from_utf8_lossy(field));
            self.0.push(fields.collect());
            Ok(())
        }
    }

    fn search(backend: &'static str, server: &'static str) -> ServerSearch<'static, Sessions> {
        let mut reader = StatReader::new(ServerSearch {
            backend,
            server,
            inner: Sessions::default(),
            width: 0,
            is_backend: false,
            found: false,
            nearest: Nearest::new(server, LISTED),
        });
        reader.push(PAGE).unwrap();
        reader.finish().unwrap()
    }

    #[test]
    fn a_server_is_looked_for_in_its_own_backend() {
        let found = search("shop", "app1");
        assert!(found.found);
        assert_eq!(found.inner.0, ["2"]);
        let missing = search("shop", "app3");
        assert!(missing.is_backend && !missing.found && missing.inner.0.is_empty());
        assert_eq!(missing.nearest.suggest().near, ["app1", "app2"]);
        let no_backend = search("web", "sock-1");
        assert!(!no_backend.is_backend && !no_backend.found);
        assert!(!search("sho", "app1").is_backend);
    }
}
