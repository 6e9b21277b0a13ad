//! The demo's site: two backends, web servers for them in this process, and visitors, some of whom are unlucky.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinSet;

/// Between two visits.
const BETWEEN_VISITS: Duration = Duration::from_millis(200);

/// How long a slow page takes.
const SLOW: Duration = Duration::from_millis(150);

/// What one visit or one request may take; HAProxy's own limits are shorter.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a request's line and headers.
const REQUEST_BYTES: u64 = 16 * 1024;

/// The site around a HAProxy.
#[derive(Debug, Clone)]
pub(super) struct Site {
    folder: PathBuf,
    servers: [SocketAddr; 3],
}

/// HAProxy's Runtime API.
pub(super) fn admin_socket(folder: &Path) -> PathBuf {
    folder.join("admin.sock")
}

impl Site {
    /// Starts the web servers; HAProxy's sockets will be in `folder`.
    pub(super) async fn start(tasks: &mut JoinSet<()>, folder: &Path) -> io::Result<Self> {
        let mut servers = Vec::new();
        for _ in 0..3 {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            servers.push(listener.local_addr()?);
            tasks.spawn(serve(listener));
        }
        let servers = servers.try_into().map_err(|_| io::ErrorKind::Other)?;
        Ok(Self {
            folder: folder.to_owned(),
            servers,
        })
    }

    /// HAProxy's configuration. `shop3` is in maintenance, and nobody listens where `api2` is.
    pub(super) fn configuration(&self) -> String {
        let [shop1, shop2, api1] = self.servers;
        let admin = admin_socket(&self.folder);
        let (admin, web) = (admin.display(), self.web_socket());
        let web = web.display();
        format!(
            "\
global
    description \"a demo of haproxy-mcp\"
    node demo
    maxconn 200
    stats socket {admin} mode 600 level admin
    stats timeout 1m
    log ring@requests local0
ring requests
    description \"the latest requests\"
    format rfc5424
    maxlen 1024
    size 65536
defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    retries 1
frontend web
    bind unix@{web} mode 600
    use_backend api if {{ path_beg /api }}
    default_backend shop
backend shop
    balance roundrobin
    option httpchk GET /health
    server shop1 {shop1} check inter 1s weight 100
    server shop2 {shop2} check inter 1s weight 50
    server shop3 {shop2} disabled
backend api
    option httpchk GET /health
    server api1 {api1} check inter 1s
    server api2 127.0.0.1:1 check inter 1s fall 1
"
        )
    }

    /// Whether HAProxy serves visitors.
    pub(super) async fn is_open(&self) -> bool {
        self.get("/").await.is_ok_and(|status| !status.is_empty())
    }

    /// The visits that follow the first `number`, for as long as somebody waits for this.
    pub(super) async fn visitors(self, number: u64) {
        let mut ticks = tokio::time::interval(BETWEEN_VISITS);
        for number in number.. {
            ticks.tick().await;
            self.visit(number).await;
        }
    }

    /// One visit: most find a page; some a slow one, one that is broken, or send what is not HTTP.
    pub(super) async fn visit(&self, number: u64) {
        let path = match number % 50 {
            7 | 27 => "/checkout/broken",
            13 => "/api/slow",
            // A control character: HAProxy refuses it and keeps it for `show errors`.
            31 => "/search?q=\u{1}",
            other if other % 4 == 0 => "/api/stock",
            _ => "/",
        };
        if let Err(error) = self.get(path).await {
            tracing::debug!("a visit failed: {error}");
        }
    }

    fn web_socket(&self) -> PathBuf {
        self.folder.join("web.sock")
    }

    /// The first line of what HAProxy answers.
    async fn get(&self, path: &str) -> io::Result<String> {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: demo.example\r\nConnection: close\r\n\r\n");
        let visit = async {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is a visitor of the demo's own HAProxy, not the server"
            )]
            let mut connection = UnixStream::connect(self.web_socket()).await?;
            connection.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            // To its end: HAProxy counts a visitor who leaves early as an error.
            connection
                .take(REQUEST_BYTES)
                .read_to_end(&mut answer)
                .await?;
            let answer = String::from_utf8_lossy(&answer);
            Ok(answer.lines().next().unwrap_or_default().to_owned())
        };
        tokio::time::timeout(PATIENCE, visit).await?
    }
}

/// A web server: answers each connection's one request.
async fn serve(listener: TcpListener) {
    let mut requests = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((connection, _from)) => {
                    requests.spawn(async {
                        // A client that went away again is its own affair: health checks do so.
                        let _ = tokio::time::timeout(PATIENCE, answer(connection)).await;
                    });
                }
                Err(error) => {
                    tracing::debug!("a web server of the demo cannot accept: {error}");
                    tokio::time::sleep(SLOW).await;
                }
            },
            // What has ended is not kept.
            Some(_) = requests.join_next() => {}
        }
    }
}

async fn answer(connection: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(connection).take(REQUEST_BYTES);
    let mut request = String::new();
    reader.read_line(&mut request).await?;
    let mut header = String::new();
    while reader.read_line(&mut header).await? > "\r\n".len() {
        header.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let status = match path {
        "/checkout/broken" => "500 Internal Server Error",
        _ => "200 OK",
    };
    if path.ends_with("/slow") {
        tokio::time::sleep(SLOW).await;
    }
    let body = "a page of the demo\n";
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    reader
        .into_inner()
        .into_inner()
        .write_all(response.as_bytes())
        .await
}
