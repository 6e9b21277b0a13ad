//! Whom we trust, and who we are: files of certificates → how TLS is spoken with a page.
//!
//! There is no way to have a certificate go unchecked.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

use super::door::{ClientCertificate, PageDoor};

/// Bytes of a file of certificates; that of all authorities of a system has 230,000.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// What is offered in the handshake (RFC 7301), the better one first.
const PROTOCOLS: [&str; 2] = ["h2", "http/1.1"];

/// A file that the operator named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustFile {
    /// Certificates of authorities.
    Authorities,
    /// Our own certificate.
    Certificate,
    /// Its key.
    Key,
}

/// Why a page cannot be asked by TLS: what the operator named for it is of no use.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TrustError {
    /// It is not there, no file, or not for us to read.
    #[error("{} `{}` cannot be read: {reason}", .file.what(), .path.display())]
    Unreadable {
        /// Which file.
        file: TrustFile,
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// What was looked for is not in it.
    #[error("{} `{}` holds no {} in PEM", .file.what(), .path.display(), .file.content())]
    Empty {
        /// Which file.
        file: TrustFile,
        /// Where it is.
        path: PathBuf,
    },
    /// It is in it, and broken.
    #[error("{} `{}` cannot be understood: {reason}", .file.what(), .path.display())]
    Invalid {
        /// Which file.
        file: TrustFile,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key is not that of the certificate, or of a kind that TLS does not use.
    #[error("the client certificate `{}` cannot be used with the key `{}`: {reason}", .certificate.display(), .key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No authority was named, and the system has none.
    #[error("this machine knows no certificate authority")]
    NoAuthorities,
    /// TLS itself is not to be had.
    #[error("TLS cannot be set up: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
}

impl TrustFile {
    const fn what(self) -> &'static str {
        match self {
            Self::Authorities => "the CA file",
            Self::Certificate => "the file of the client certificate",
            Self::Key => "the file of the client certificate's key",
        }
    }

    const fn content(self) -> &'static str {
        match self {
            Self::Authorities | Self::Certificate => "certificate",
            Self::Key => "private key",
        }
    }

    const fn setting(self) -> &'static str {
        match self {
            Self::Authorities => "HAPROXY_STATS_CA_FILE",
            Self::Certificate => "HAPROXY_STATS_CLIENT_CERT",
            Self::Key => "HAPROXY_STATS_CLIENT_KEY",
        }
    }
}

impl TrustError {
    /// A stable code, lower case and hyphenated.
    pub fn code(&self) -> &'static str {
        use TrustFile::{Authorities, Certificate, Key};
        match self {
            Self::Unreadable { file, .. } => match file {
                Authorities => "ca-file-unreadable",
                Certificate => "client-certificate-unreadable",
                Key => "client-key-unreadable",
            },
            Self::Empty { file, .. } => match file {
                Authorities => "ca-file-empty",
                Certificate => "client-certificate-empty",
                Key => "client-key-empty",
            },
            Self::Invalid { file, .. } => match file {
                Authorities => "ca-file-invalid",
                Certificate => "client-certificate-invalid",
                Key => "client-key-invalid",
            },
            Self::Unusable { .. } => "client-certificate-unusable",
            Self::NoAuthorities => "no-authorities",
            Self::Unavailable { .. } => "tls-unavailable",
        }
    }

    /// What to do about it, where something can be done.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unreadable { file, .. } => format!(
                "see whether `{}` names a file that the user of this server may read",
                file.setting()
            ),
            Self::Empty {
                file: TrustFile::Key,
                path,
            } => format!(
                "a key with a passphrase cannot be read: `openssl pkey -in {}` writes it without one, into a file that only the user of this server may read",
                path.display()
            ),
            Self::Empty { path, .. } => format!(
                "the file must hold `-----BEGIN CERTIFICATE-----`; `openssl x509 -inform der -in {} -out FILE.pem` makes it of one in DER",
                path.display()
            ),
            Self::Invalid {
                file: TrustFile::Key,
                path,
                ..
            } => format!(
                "`openssl pkey -in {} -noout` says whether it is whole",
                path.display()
            ),
            Self::Invalid { path, .. } => format!(
                "`openssl x509 -in {} -noout -text` shows whether it is whole",
                path.display()
            ),
            Self::Unusable { .. } => {
                "the first certificate of the file must be the one that the key belongs to: `openssl x509 -pubkey -noout` and `openssl pkey -pubout` print the same for both".to_owned()
            }
            Self::NoAuthorities => {
                "name the file of the authority that signed the page's certificate with `HAPROXY_STATS_CA_FILE`, or install the system's (`ca-certificates`)".to_owned()
            }
            Self::Unavailable { .. } => return None,
        })
    }
}

/// How TLS is spoken with this page: by ring, TLS 1.2 and 1.3, HTTP/2 where the page can. Reads the named files and the
/// system's (`SSL_CERT_FILE`, `SSL_CERT_DIR`, else the usual places); of an address of `http` none. Blocks.
pub(super) fn tls(door: &PageDoor) -> Result<ClientConfig, TrustError> {
    let is_https = door.url.as_url().scheme() == "https";
    let roots = match &door.ca_file {
        _ if !is_https => RootCertStore::empty(),
        Some(path) => named_authorities(path)?,
        None => authorities_of_the_system()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TrustError::Unavailable {
            reason: error.to_string(),
        })?
        .with_root_certificates(roots);
    let mut config = match &door.client {
        Some(client) if is_https => {
            let (chain, key) = ourselves(client)?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| TrustError::Unusable {
                    certificate: client.certificate.clone(),
                    key: client.key.clone(),
                    reason: error.to_string(),
                })?
        }
        _ => config.with_no_client_auth(),
    };
    // In a session that is resumed no certificate is shown, so that one that expired meanwhile would not be seen.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = PROTOCOLS.map(|name| name.as_bytes().to_vec()).to_vec();
    Ok(config)
}

fn named_authorities(path: &Path) -> Result<RootCertStore, TrustError> {
    let file = TrustFile::Authorities;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file, path)? {
        roots
            .add(certificate)
            .map_err(|error| TrustError::Invalid {
                file,
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
    }
    Ok(roots)
}

/// What of them cannot be read is left out, as everywhere on the system.
fn authorities_of_the_system() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (used, _) = roots.add_parsable_certificates(found.certs);
    if used == 0 {
        return Err(TrustError::NoAuthorities);
    }
    Ok(roots)
}

fn ourselves(
    client: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TrustError> {
    let chain = certificates(TrustFile::Certificate, &client.certificate)?;
    let (file, path) = (TrustFile::Key, &client.key);
    let text = content(file, path)?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| broken(file, path, &error))?;
    Ok((chain, key))
}

fn certificates(file: TrustFile, path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let text = content(file, path)?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| broken(file, path, &error))?;
    if certificates.is_empty() {
        return Err(broken(file, path, &pem::Error::NoItemsFound));
    }
    Ok(certificates)
}

fn broken(file: TrustFile, path: &Path, error: &pem::Error) -> TrustError {
    let path = path.to_owned();
    match error {
        pem::Error::NoItemsFound => TrustError::Empty { file, path },
        // Of a key, the error could repeat a line.
        _ if file == TrustFile::Key => TrustError::Invalid {
            file,
            path,
            reason: "not in PEM".to_owned(),
        },
        error => TrustError::Invalid {
            file,
            path,
            reason: error.to_string(),
        },
    }
}

/// The only place that opens files of certificates and keys.
fn content(file: TrustFile, path: &Path) -> Result<Vec<u8>, TrustError> {
    let unreadable = |reason: String| TrustError::Unreadable {
        file,
        path: path.to_owned(),
        reason,
    };
    let read = || -> io::Result<Vec<u8>> {
        // A named pipe would block here, before it could be seen to be none of these files.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the only place that reads files of certificates"
        )]
        let opened = File::open(path)?;
        let mut content = Vec::new();
        opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut content)?;
        Ok(content)
    };
    let content = read().map_err(|error| unreadable(error.to_string()))?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(unreadable(format!("larger than {MAX_FILE_BYTES} bytes")));
    }
    Ok(content)
}
