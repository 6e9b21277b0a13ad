//! TLS with real HAProxy: whom we trust, who we are, and each way in which trust fails.

use std::path::Path;

use haproxy_mcp::haproxy::pages::{ActError, ClientCertificate, PageDoor, PageError};
use haproxy_mcp_testkit::certificates::{Authority, Issued};
use haproxy_mcp_testkit::{Binary, DEADLINE, Haproxy, newest, on_each_version};
use rustls::HandshakeKind;

use super::answers::answer;
use super::trust_server::TlsServer;
use super::{act, action, csv, door, permit, read, stats, stats_at};

/// A page with TLS, with the certificate `page.pem`; the files are those of [`Haproxy::folder`].
fn with_tls(binary: &Binary, certificate: &str, authority: &Authority, bound: &str) -> Haproxy {
    Haproxy::builder(binary)
        .config("backend be_app\n    server app1 127.0.0.1:1\n")
        .file("page.pem", certificate)
        .file("ca.pem", &authority.pem())
        .page_bound(
            &format!("ssl crt page.pem {bound}"),
            "    stats admin if TRUE",
        )
        .start()
}

/// The page at this host, trusted by `ca.pem`.
fn at(haproxy: &Haproxy, host: &str) -> PageDoor {
    let port = haproxy.page_address().port();
    PageDoor {
        ca_file: Some(haproxy.folder().join("ca.pem")),
        ..door(&format!("https://{host}:{port}/stats"))
    }
}

fn client(folder: &Path, name: &str, issued: &Issued) -> ClientCertificate {
    let (certificate, key) = (
        folder.join(format!("{name}.crt")),
        folder.join(format!("{name}.key")),
    );
    std::fs::write(&certificate, &issued.certificate).unwrap();
    std::fs::write(&key, &issued.key).unwrap();
    ClientCertificate { certificate, key }
}

async fn failure(door: PageDoor) -> PageError {
    read(&stats(door), csv()).await.unwrap_err()
}

/// What a page with this certificate comes to.
async fn failure_of(certificate: &Issued, authority: &Authority) -> PageError {
    let haproxy = with_tls(&newest(), &certificate.pem(), authority, "");
    failure(at(&haproxy, "127.0.0.1")).await
}

const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

on_each_version! {
    async fn a_private_authority_is_enough(binary: &Binary) {
        let authority = Authority::new("Page CA");
        let issued = authority.issue(1, &NAMES, 90);
        let haproxy = with_tls(binary, &issued.pem(), &authority, "alpn h2,http/1.1");
        for host in ["127.0.0.1", "localhost"] {
            let pages = stats(at(&haproxy, host));
            // Also after a handshake before.
            for _ in 0..3 {
                let table = read(&pages, csv()).await.unwrap();
                assert!(table.starts_with("# pxname") && table.contains("\nbe_app,app1,"));
            }
            act(&pages, action("maint", "be_app", &["app1"])).await.unwrap();
            assert!(haproxy.raw_text("show stat").contains(",MAINT,"));
            act(&pages, action("ready", "be_app", &["app1"])).await.unwrap();
        }
    }

    async fn a_page_of_http_1_alone(binary: &Binary) {
        let authority = Authority::new("Page CA");
        let issued = authority.issue(1, &NAMES, 90);
        let haproxy = with_tls(binary, &issued.pem(), &authority, "alpn http/1.1");
        assert!(read(&stats(at(&haproxy, "localhost")), csv()).await.unwrap().starts_with("# pxname"));
    }

    async fn a_page_of_tls_1_2_alone(binary: &Binary) {
        let authority = Authority::new("Page CA");
        let issued = authority.issue(1, &NAMES, 90);
        let haproxy = with_tls(binary, &issued.pem(), &authority, "ssl-max-ver TLSv1.2");
        assert!(read(&stats(at(&haproxy, "localhost")), csv()).await.unwrap().starts_with("# pxname"));
    }

    async fn a_client_certificate(binary: &Binary) {
        let (authority, stranger) = (Authority::new("Page CA"), Authority::new("Stranger"));
        let issued = authority.issue(1, &NAMES, 90);
        for version in ["ssl-min-ver TLSv1.3", "ssl-max-ver TLSv1.2"] {
            let bound = format!("verify required ca-file ca.pem {version}");
            let haproxy = with_tls(binary, &issued.pem(), &authority, &bound);
            let folder = haproxy.folder();
            let ours = client(folder, "ours", &authority.issue_client(2, &["ops"], 30));
            let door = PageDoor { client: Some(ours), ..at(&haproxy, "localhost") };
            assert!(read(&stats(door), csv()).await.unwrap().starts_with("# pxname"));

            let theirs = client(folder, "theirs", &stranger.issue_client(3, &["ops"], 30));
            let door = PageDoor { client: Some(theirs), ..at(&haproxy, "localhost") };
            assert_eq!(failure(door).await.code(), "client-certificate-refused", "{version}");

            let error = failure(at(&haproxy, "localhost")).await;
            // TLS 1.2 has no word for it: the hint names it beside others.
            let expected = if version.contains("1.3") { "client-certificate-required" } else { "tls-failed" };
            assert_eq!(error.code(), expected, "{version}: {error}");
            assert!(error.hint().unwrap().contains("client certificate") || error.hint().unwrap().contains("CLIENT_CERT"));
        }
    }

    async fn plain_http_where_tls_is_spoken(binary: &Binary) {
        let authority = Authority::new("Page CA");
        let issued = authority.issue(1, &NAMES, 90);
        for bound in ["", "alpn h2", "verify required ca-file ca.pem"] {
            let haproxy = with_tls(binary, &issued.pem(), &authority, bound);
            let error = read(&stats_at(&haproxy.page_url("/stats")), csv()).await.unwrap_err();
            assert_eq!(error.code(), "tls-expected", "{bound}: {error}");
            let error = act(&stats_at(&haproxy.page_url("/stats")), action("maint", "be_app", &["app1"])).await.unwrap_err();
            assert_eq!(error.code(), "tls-expected", "{bound}: {error}");
        }
    }

    async fn tls_where_plain_http_is_spoken(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).page("").start();
        let address = haproxy.page_url("/stats").replace("http:", "https:");
        let authority = Authority::new("Page CA");
        std::fs::write(haproxy.folder().join("ca.pem"), authority.pem()).unwrap();
        let door = PageDoor { ca_file: Some(haproxy.folder().join("ca.pem")), ..door(&address) };
        let error = failure(door).await;
        assert_eq!(error.code(), "not-tls");
        assert!(error.hint().unwrap().contains("http://"));
    }
}

#[tokio::test]
async fn an_authority_that_is_another() {
    let (authority, stranger) = (Authority::new("Page CA"), Authority::new("Stranger"));
    let error = failure_of(&stranger.issue(1, &NAMES, 90), &authority).await;
    assert_eq!(error.code(), "certificate-unknown-authority");
    assert!(error.hint().unwrap().contains("ca.pem"), "{error}");
}

#[tokio::test]
async fn the_authorities_of_the_system_do_not_know_a_private_one() {
    let authority = Authority::new("Page CA");
    let issued = authority.issue(1, &NAMES, 90);
    let haproxy = with_tls(&newest(), &issued.pem(), &authority, "");
    let door = PageDoor {
        ca_file: None,
        ..at(&haproxy, "localhost")
    };
    let error = failure(door).await;
    // A machine may have none at all.
    assert!(
        ["certificate-unknown-authority", "no-authorities"].contains(&error.code()),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("HAPROXY_STATS_CA_FILE"));
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new("Page CA");
    let issued = authority.issue(1, &["lb.example.test", "*.lb.example.test", "10.1.2.3"], 90);
    let error = failure_of(&issued, &authority).await;
    assert_eq!(error.code(), "certificate-name");
    let text = error.to_string();
    for name in [
        "`127.0.0.1`",
        "`lb.example.test`",
        "`*.lb.example.test`",
        "`10.1.2.3`",
    ] {
        assert!(text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_without_names() {
    let authority = Authority::new("Page CA");
    // As a client's: a subject, and no `subjectAltName`.
    let issued = authority.issue(1, &[], 90);
    let error = failure_of(&issued, &authority).await;
    assert_eq!(error.code(), "certificate-name");
    assert!(error.to_string().contains("it holds none"), "{error}");
}

#[tokio::test]
async fn a_certificate_out_of_its_time() {
    let authority = Authority::new("Page CA");
    let expired = failure_of(&authority.issue_between(1, &NAMES, -10..-1), &authority).await;
    assert_eq!(expired.code(), "certificate-expired");
    assert!(expired.to_string().contains(" on 20"), "{expired}");
    let early = failure_of(&authority.issue_between(2, &NAMES, 1..10), &authority).await;
    assert_eq!(early.code(), "certificate-not-valid-yet");
    assert!(early.to_string().contains(" before 20"), "{early}");
}

#[tokio::test]
async fn a_certificate_for_another_purpose() {
    let authority = Authority::new("Page CA");
    let error = failure_of(&authority.issue_client(1, &["127.0.0.1"], 30), &authority).await;
    assert!(
        ["certificate-invalid", "certificate-name"].contains(&error.code()),
        "{error}"
    );
}

/// What `openssl req -x509` makes, unless told otherwise.
#[tokio::test]
async fn a_self_signed_certificate_of_an_authority() {
    let authority = Authority::for_host("127.0.0.1");
    let haproxy = with_tls(&newest(), &authority.with_key(), &authority, "");
    let error = failure(at(&haproxy, "127.0.0.1")).await;
    assert_eq!(error.code(), "certificate-is-authority");
    assert!(error.hint().unwrap().contains("CA:FALSE"), "{error}");
}

/// Each file that is of no use, by its code. Nothing is asked then: nobody listens at the address.
#[tokio::test]
async fn files_that_are_of_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Page CA");
    let (ours, other) = (
        authority.issue_client(1, &["ops"], 30),
        authority.issue_client(2, &["ops"], 30),
    );
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    let shortened = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let ca = write("ca.pem", authority.pem().as_bytes());
    for (path, code) in [
        (folder.path().join("nosuch.pem"), "ca-file-unreadable"),
        (folder.path().to_owned(), "ca-file-unreadable"),
        (write("empty.pem", b""), "ca-file-empty"),
        (write("der", &[0x30, 0x82, 1, 0]), "ca-file-empty"),
        (write("key.pem", ours.key.as_bytes()), "ca-file-empty"),
        (write("broken.pem", broken.as_bytes()), "ca-file-invalid"),
        (write("cut.pem", shortened.as_bytes()), "ca-file-invalid"),
        (
            write("large.pem", &vec![b'a'; 5 << 20]),
            "ca-file-unreadable",
        ),
    ] {
        let door = PageDoor {
            ca_file: Some(path.clone()),
            ..door("https://127.0.0.1:1/stats")
        };
        let error = failure(door).await;
        assert_eq!(error.code(), code, "{}: {error}", path.display());
        assert!(
            error.to_string().contains(&*path.to_string_lossy()),
            "{error}"
        );
    }
    let certificate = write("ours.pem", ours.certificate.as_bytes());
    let key = write("ours.key", ours.key.as_bytes());
    let encrypted = ours.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let encrypted = write("encrypted.key", encrypted.as_bytes());
    let other = write("other.key", other.key.as_bytes());
    let bad = write(
        "bad.key",
        b"-----BEGIN PRIVATE KEY-----\ns3cret!\n-----END PRIVATE KEY-----\n",
    );
    let nowhere = folder.path().join("nosuch.key");
    for (certificate, key, code) in [
        (&nowhere, &key, "client-certificate-unreadable"),
        (&key, &key, "client-certificate-empty"),
        (&certificate, &nowhere, "client-key-unreadable"),
        (&certificate, &certificate, "client-key-empty"),
        (&certificate, &encrypted, "client-key-empty"),
        (&certificate, &bad, "client-key-invalid"),
        (&certificate, &other, "client-certificate-unusable"),
    ] {
        let door = PageDoor {
            ca_file: Some(ca.clone()),
            client: Some(ClientCertificate {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            ..door("https://127.0.0.1:1/stats")
        };
        let error = failure(door).await;
        assert_eq!(
            error.code(),
            code,
            "{}, {}: {error}",
            certificate.display(),
            key.display()
        );
        assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("s3cret"));
    }
}

/// A file that is mended is read at the next request; nothing is remembered of a failure.
#[tokio::test]
async fn a_file_that_comes_later() {
    let authority = Authority::new("Page CA");
    let issued = authority.issue(1, &NAMES, 90);
    let haproxy = with_tls(&newest(), &issued.pem(), &authority, "");
    let late = haproxy.folder().join("late.pem");
    let pages = stats(PageDoor {
        ca_file: Some(late.clone()),
        ..at(&haproxy, "localhost")
    });
    assert_eq!(
        read(&pages, csv()).await.unwrap_err().code(),
        "ca-file-unreadable"
    );
    std::fs::write(&late, authority.pem()).unwrap();
    assert!(read(&pages, permit("stats", &["csv", "up"])).await.is_ok());
}

/// The page of a server, trusted by a file of this authority.
fn trusting(server: &TlsServer, authority: &Authority, folder: &Path) -> PageDoor {
    let ca_file = folder.join("ca.pem");
    std::fs::write(&ca_file, authority.pem()).unwrap();
    PageDoor {
        ca_file: Some(ca_file),
        ..door(&server.url())
    }
}

/// It is looked at in each handshake: none is left out for the sake of one before.
#[tokio::test]
async fn a_certificate_that_expires_between_requests() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Page CA");
    let issued = authority.issue_for_seconds(1, &NAMES, 4);
    let table = answer("200 OK", &[], "# pxname,svname,\n");
    let server = TlsServer::start(&[&issued], &table).await;
    let pages = stats(trusting(&server, &authority, folder.path()));
    let begun = std::time::Instant::now();
    let error = loop {
        match read(&pages, csv()).await {
            Ok(_) => assert!(begun.elapsed() < DEADLINE, "it is still trusted"),
            Err(error) => break error,
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(error.code(), "certificate-expired", "{error}");
    let visits = server.visits();
    assert!(visits.len() > 1, "{visits:?}");
    for visit in visits {
        assert_eq!(visit.handshake, HandshakeKind::Full);
    }
}

/// A certificate that comes when an action was read does not say that it was not read.
#[tokio::test]
async fn an_action_that_was_read_and_a_certificate_that_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, stranger) = (Authority::new("Page CA"), Authority::new("Stranger"));
    let (trusted, strange) = (
        authority.issue(1, &NAMES, 90),
        stranger.issue(1, &NAMES, 90),
    );
    for (text, code) in [
        ("", "certificate-unknown-authority"),
        ("garbage\r\n\r\n", "certificate-unknown-authority"),
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "certificate-unknown-authority",
        ),
    ] {
        let server = TlsServer::start(&[&trusted, &strange], text).await;
        let pages = stats(trusting(&server, &authority, folder.path()));
        let error = act(&pages, action("maint", "be_app", &["app1"]))
            .await
            .unwrap_err();
        assert_eq!(error.code(), code, "{text}");
        assert!(
            error
                .to_string()
                .ends_with("; whether the action was taken is not known"),
            "{error}"
        );
        let ActError::Page(error) = error else {
            panic!("{error:?}");
        };
        assert!(
            matches!(&error, PageError::OutcomeUnknown { .. }),
            "{error:?}"
        );
        assert!(error.is_interruption() && !error.is_timeout());
        let visits = server.visits();
        assert_eq!(visits.len(), 1);
        assert!(
            visits[0].request.ends_with("action=maint&b=be_app"),
            "{visits:?}"
        );
    }
    // Where it was never trusted, nothing was sent.
    let server = TlsServer::start(&[&strange], "").await;
    let pages = stats(trusting(&server, &authority, folder.path()));
    let error = act(&pages, action("maint", "be_app", &["app1"]))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "certificate-unknown-authority");
    assert!(
        matches!(error, ActError::Page(PageError::Handshake(_))),
        "{error:?}"
    );
    assert!(server.visits().is_empty());
}
