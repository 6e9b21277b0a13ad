//! A server that speaks TLS, and whose certificate may be another one at the next connection.

use std::sync::{Arc, Mutex};

use haproxy_mcp_testkit::certificates::Issued;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What came on a connection.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) handshake: HandshakeKind,
    pub(super) request: String,
}

/// Answers one request on each connection. Ends with the test's runtime.
#[derive(Debug)]
pub(super) struct TlsServer {
    port: u16,
    visits: Arc<Mutex<Vec<Visit>>>,
}

impl TlsServer {
    /// With one of these certificates at each connection, and the last one at all others.
    pub(super) async fn start(certificates: &[&Issued], answer: &str) -> Self {
        let configurations: Vec<_> = certificates.iter().map(|issued| with(issued)).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let visits = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&visits), answer.to_owned());
        tokio::spawn(async move {
            let mut at = 0;
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let configuration = Arc::clone(&configurations[at.min(configurations.len() - 1)]);
                at += 1;
                let (kept, answer) = (Arc::clone(&kept), answer.clone());
                tokio::spawn(async move {
                    // Whoever ends it in the handshake has seen what he wanted.
                    let _ = serve(connection, configuration, &answer, &kept).await;
                });
            }
        });
        Self { port, visits }
    }

    /// The address of a page there.
    pub(super) fn url(&self) -> String {
        format!("https://127.0.0.1:{}/stats", self.port)
    }

    /// The requests that came in whole.
    pub(super) fn visits(&self) -> Vec<Visit> {
        self.visits.lock().unwrap().clone()
    }
}

async fn serve(
    connection: TcpStream,
    configuration: Arc<ServerConfig>,
    answer: &str,
    visits: &Mutex<Vec<Visit>>,
) -> std::io::Result<()> {
    let mut stream = TlsAcceptor::from(configuration).accept(connection).await?;
    let mut request = Vec::new();
    while !is_whole(&request) {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let visit = Visit {
        handshake: stream.get_ref().1.handshake_kind().unwrap(),
        request: String::from_utf8(request).unwrap(),
    };
    visits.lock().unwrap().push(visit);
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

fn is_whole(request: &[u8]) -> bool {
    let request = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, content)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    content.len() >= length.map_or(0, |length| length.parse().unwrap())
}

fn with(issued: &Issued) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_slice_iter(issued.certificate.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(configuration)
}
