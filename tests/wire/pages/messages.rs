//! Every failure as an operator reads it: code, message, hint.

use std::time::Duration;

use haproxy_mcp::haproxy::pages::{
    ActError, AnswerError, ConnectError, HandshakeError, PageError, TrustError, TrustFile,
};
use haproxy_mcp::policy::{InstanceId, Page};

use super::answers::{answer, once};
use super::{act, action, stats_at, told};

const URL: &str = "http://lb:8404/stats";
const TLS: &str = "https://lb:8404/stats";

/// All of them, one below the other.
fn all<E: Into<PageError>>(errors: impl IntoIterator<Item = E>) -> String {
    let told: Vec<String> = errors
        .into_iter()
        .map(|error| told(&error.into()))
        .collect();
    told.join("\n\n")
}

#[test]
fn of_connections() {
    let url = || URL.to_owned();
    let told = all([
        ConnectError::Refused { url: url() },
        ConnectError::NotResolved {
            url: url(),
            reason: "no address".to_owned(),
        },
        ConnectError::Unreachable {
            url: url(),
            reason: "No route to host (os error 113)".to_owned(),
        },
        ConnectError::Timeout {
            url: url(),
            after: Duration::from_secs(5),
        },
        ConnectError::Failed {
            url: url(),
            reason: "Too many open files (os error 24)".to_owned(),
        },
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn of_files() {
    let path = || "/etc/haproxy-mcp/page.pem".into();
    let files = [
        TrustFile::Authorities,
        TrustFile::Certificate,
        TrustFile::Key,
    ];
    let mut errors = Vec::new();
    for file in files {
        errors.push(TrustError::Unreadable {
            file,
            path: path(),
            reason: "No such file or directory (os error 2)".to_owned(),
        });
        errors.push(TrustError::Empty { file, path: path() });
        errors.push(TrustError::Invalid {
            file,
            path: path(),
            reason: "not in PEM".to_owned(),
        });
    }
    errors.extend([
        TrustError::Unusable {
            certificate: path(),
            key: path(),
            reason: "keys may not be consistent: KeyMismatch".to_owned(),
        },
        TrustError::NoAuthorities,
        TrustError::Unavailable {
            reason: "no suites".to_owned(),
        },
    ]);
    let told = all(errors);
    insta::assert_snapshot!(told);
}

#[test]
fn of_handshakes() {
    let url = || TLS.to_owned();
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    let many: Vec<String> = (0..14)
        .map(|index| format!("h{index}.example.test"))
        .collect();
    let told = all([
        HandshakeError::UnknownAuthority {
            url: url(),
            ca_file: None,
        },
        HandshakeError::UnknownAuthority {
            url: url(),
            ca_file: Some("/etc/haproxy-mcp/ca.pem".into()),
        },
        HandshakeError::Name {
            url: url(),
            host: "lb".to_owned(),
            names: names(&["www.example.test", "10.0.0.1"]),
        },
        HandshakeError::Name {
            url: url(),
            host: "lb".to_owned(),
            names: names(&[]),
        },
        HandshakeError::Name {
            url: url(),
            host: "lb".to_owned(),
            names: many,
        },
        HandshakeError::Expired {
            url: url(),
            since: Some("2026-11-24 00:00 UTC".to_owned()),
        },
        HandshakeError::Expired {
            url: url(),
            since: None,
        },
        HandshakeError::NotValidYet {
            url: url(),
            from: Some("2026-11-24 00:00 UTC".to_owned()),
        },
        HandshakeError::NotValidYet {
            url: url(),
            from: None,
        },
        HandshakeError::IsAuthority { url: url() },
        HandshakeError::InvalidCertificate {
            url: url(),
            reason: "BadSignature".to_owned(),
        },
        HandshakeError::ClientRequired { url: url() },
        HandshakeError::ClientRefused {
            url: url(),
            reason: "UnknownCA".to_owned(),
        },
        HandshakeError::NotTls { url: url() },
        HandshakeError::Failed {
            url: url(),
            reason: "received fatal alert: HandshakeFailure".to_owned(),
        },
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn of_answers() {
    let url = || URL.to_owned();
    let metrics = || "http://lb:8404/metrics".to_owned();
    let told = all([
        AnswerError::Unauthorized {
            url: url(),
            realm: Some("HAProxy Statistics".to_owned()),
            sent: false,
        },
        AnswerError::Unauthorized {
            url: url(),
            realm: None,
            sent: true,
        },
        AnswerError::Forbidden { url: url() },
        AnswerError::NotFound {
            url: url(),
            page: Page::Stats,
        },
        AnswerError::NotFound {
            url: metrics(),
            page: Page::Metrics,
        },
        AnswerError::Unavailable {
            url: url(),
            page: Page::Stats,
            status: 503,
        },
        AnswerError::Unavailable {
            url: metrics(),
            page: Page::Metrics,
            status: 503,
        },
        AnswerError::Unavailable {
            url: url(),
            page: Page::Stats,
            status: 502,
        },
        AnswerError::UnexpectedStatus {
            url: url(),
            status: 400,
        },
        AnswerError::UnexpectedStatus {
            url: url(),
            status: 204,
        },
        AnswerError::Redirected {
            url: url(),
            target: "https://lb:8443/stats".to_owned(),
        },
        AnswerError::ActionRedirected {
            url: url(),
            target: "http://lb:8404/login".to_owned(),
        },
        AnswerError::UnexpectedVerdict {
            url: url(),
            word: None,
        },
        AnswerError::TooManyRedirects {
            url: url(),
            limit: 3,
        },
        AnswerError::ContentEncoding {
            url: url(),
            encoding: "gzip".to_owned(),
        },
        AnswerError::NotStatistics {
            url: url(),
            seen: "a page of HTML".to_owned(),
        },
        AnswerError::NotMetrics {
            url: metrics(),
            seen: "it begins with `# px`".to_owned(),
        },
    ]);
    insta::assert_snapshot!(told);
}

#[test]
fn of_endings() {
    let url = || URL.to_owned();
    let after = Duration::from_secs(5);
    let told = all([
        PageError::NotConfigured { page: Page::Stats },
        PageError::NotConfigured {
            page: Page::Metrics,
        },
        PageError::FirstByteTimeout { url: url(), after },
        PageError::TotalTimeout {
            url: url(),
            after,
            received: 1234,
        },
        PageError::Interrupted {
            url: url(),
            received: 0,
        },
        PageError::Interrupted {
            url: url(),
            received: 1234,
        },
        PageError::Reset {
            url: url(),
            received: 1234,
        },
        PageError::NotHttp {
            url: url(),
            what: "invalid HTTP version parsed".to_owned(),
        },
        PageError::TlsExpected { url: url() },
        PageError::TooLarge {
            url: url(),
            limit: 4_000_000,
        },
        PageError::Busy {
            url: url(),
            limit: 3,
        },
        PageError::OutcomeUnknown {
            cause: Box::new(PageError::FirstByteTimeout { url: url(), after }),
        },
        PageError::InvalidRequest { url: url() },
        PageError::OutcomeUnknown {
            cause: Box::new(PageError::TlsExpected { url: url() }),
        },
        PageError::OutcomeUnknown {
            cause: Box::new(PageError::Reset {
                url: url(),
                received: 0,
            }),
        },
        PageError::Cancelled,
    ]);
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn of_verdicts() {
    let mut texts = Vec::new();
    for word in ["PART", "ERRP", "DENY", "NONE", "EXCD", "IVAL", "UNKN", ""] {
        let location = match word {
            "" => "Location: /stats".to_owned(),
            word => format!("Location: /stats;st={word}"),
        };
        let server = once(&answer("303 See Other", &[&location], ""));
        let url = format!("http://{}/stats", server.address());
        let error = act(&stats_at(&url), action("drain", "be_app", &["app1"]))
            .await
            .unwrap_err();
        let text = format!(
            "{}\n{error}\n{}",
            error.code(),
            error.hint().unwrap_or_default()
        );
        texts.push(text.replace(&url, URL));
    }
    let other = ActError::WrongInstance {
        permitted: InstanceId::new("edge"),
        asked: InstanceId::new("lb"),
    };
    texts.push(format!("{}\n{other}", other.code()));
    let told = texts.join("\n\n");
    insta::assert_snapshot!(told);
}
