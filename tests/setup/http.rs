//! A client for pages that shares no code with the one under test: HTTP/1.0 by hand, over TLS where wanted.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use haproxy_mcp_testkit::DEADLINE;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Who asks, and how.
#[derive(Clone, Default)]
pub(crate) struct Client {
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    authorization: Option<String>,
    /// Sent before the request.
    preface: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Page {
    /// The value of a header; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    /// The proxies and servers of a CSV: `app/a1`.
    pub(crate) fn rows(&self) -> Vec<String> {
        assert!(self.body.starts_with("# pxname,svname,"), "{self:?}");
        self.lines()
            .map(|columns| format!("{}/{}", columns[0], columns[1]))
            .collect()
    }

    /// The status of one of them.
    pub(crate) fn status_of(&self, row: &str) -> String {
        self.lines()
            .find(|columns| format!("{}/{}", columns[0], columns[1]) == row)
            .unwrap_or_else(|| panic!("{row}: {self:?}"))[17]
            .to_owned()
    }

    fn lines(&self) -> impl Iterator<Item = Vec<&str>> {
        let lines = self.body.lines().skip(1).filter(|line| !line.is_empty());
        lines.map(|line| line.split(',').collect())
    }
}

impl Client {
    /// Over TLS to a server of this name that this authority vouches for, perhaps with a certificate of one's own.
    pub(crate) fn tls(name: &str, authority: &Path, own: Option<&Path>) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(authority).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => config.with_no_client_auth(),
            Some(own) => {
                let chain = CertificateDer::pem_file_iter(own)
                    .unwrap()
                    .map(Result::unwrap);
                config
                    .with_client_auth_cert(
                        chain.collect(),
                        PrivateKeyDer::from_pem_file(own).unwrap(),
                    )
                    .unwrap()
            }
        };
        let name = ServerName::try_from(name.to_owned()).unwrap();
        Self {
            tls: Some((Arc::new(config), name)),
            authorization: None,
            preface: String::new(),
        }
    }

    /// The same with a user and a password.
    pub(crate) fn user(&self, user: &str, password: &str) -> Self {
        Self {
            authorization: Some(base64(&format!("{user}:{password}"))),
            ..self.clone()
        }
    }

    /// The same with this line in front of each request.
    pub(crate) fn prefaced(&self, preface: &str) -> Self {
        Self {
            preface: preface.to_owned(),
            ..self.clone()
        }
    }

    /// A connection, with TLS where that is wanted.
    pub(crate) fn connect(&self, address: SocketAddr) -> std::io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        Ok(match &self.tls {
            None => Box::new(stream),
            Some((config, name)) => {
                let connection = ClientConnection::new(Arc::clone(config), name.clone())
                    .map_err(std::io::Error::other)?;
                Box::new(StreamOwned::new(connection, stream))
            }
        })
    }

    /// Gets a page; a panic where there is none.
    #[track_caller]
    pub(crate) fn get(&self, address: SocketAddr, path: &str) -> Page {
        self.try_get(address, path)
            .unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// Gets a page.
    pub(crate) fn try_get(&self, address: SocketAddr, path: &str) -> std::io::Result<Page> {
        self.exchange(address, &format!("GET {path} HTTP/1.0\r\n"), "")
    }

    /// Posts a form.
    #[track_caller]
    pub(crate) fn post(&self, address: SocketAddr, path: &str, form: &str) -> Page {
        let head = format!(
            "POST {path} HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            form.len()
        );
        self.exchange(address, &head, form)
            .unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    fn exchange(&self, address: SocketAddr, head: &str, body: &str) -> std::io::Result<Page> {
        let authorization = self
            .authorization
            .as_ref()
            .map_or(String::new(), |it| format!("Authorization: Basic {it}\r\n"));
        let mut stream = self.connect(address)?;
        stream.write_all(format!("{}{head}{authorization}\r\n{body}", self.preface).as_bytes())?;
        stream.flush()?;
        let mut reply = Vec::new();
        match stream.read_to_end(&mut reply) {
            // HTTP/1.0 ends with the connection; TLS wants to be told, and HAProxy does not always.
            Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => return Err(error),
            _ => {}
        }
        let reply = String::from_utf8_lossy(&reply).into_owned();
        let (head, body) = reply
            .split_once("\r\n\r\n")
            .ok_or_else(|| std::io::Error::other(format!("no answer: {reply:?}")))?;
        let chunked = head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked");
        let body = if chunked {
            whole(body)
        } else {
            body.to_owned()
        };
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Ok(Page {
            status: status.ok_or_else(|| std::io::Error::other(format!("no status: {head:?}")))?,
            head: head.to_owned(),
            body,
        })
    }
}

/// A body that came in chunks, which HAProxy sends to a client of HTTP/1.0 as well.
fn whole(chunks: &str) -> String {
    let mut body = String::new();
    let mut rest = chunks;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or_else(|_| panic!("not a size: {size}"));
        if size == 0 {
            break;
        }
        let (chunk, after) = after.split_at(size);
        body.push_str(chunk);
        rest = after
            .strip_prefix("\r\n")
            .unwrap_or_else(|| panic!("no end of a chunk: {after}"));
    }
    body
}

/// A connection.
pub(crate) trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| {
            bits << 8 | usize::from(group.get(at).copied().unwrap_or(0))
        });
        for digit in 0..4 {
            let shown = DIGITS[bits >> (18 - 6 * digit) & 63];
            encoded.push(if digit > group.len() {
                '='
            } else {
                char::from(shown)
            });
        }
    }
    encoded
}

#[test]
fn credentials_are_encoded() {
    for (text, encoded) in [
        ("a:b", "YTpi"),
        ("a:bc", "YTpiYw=="),
        ("a:bcd", "YTpiY2Q="),
        ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ] {
        assert_eq!(base64(text), encoded);
    }
}
