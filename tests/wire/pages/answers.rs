//! What else may listen at a page's address, and answer: sockets that follow a script.

use haproxy_mcp::haproxy::pages::{ActError, MAX_REDIRECTS, PageError};
use haproxy_mcp::policy::Page;
use haproxy_mcp_testkit::{ScriptedSocket, Step};

use super::{
    act, action, comes_about, csv, door, metrics_at, permit, read, stats, stats_at,
    with_credentials,
};

const TABLE: &str = "# pxname,svname,\nfe,FRONTEND,\n";

/// A server that answers each request with this.
pub(super) fn server(answer: &str) -> ScriptedSocket {
    ScriptedSocket::tcp(vec![Step::ReadHead, Step::send(answer)])
}

/// A server that answers one request with this, and has nothing to say to others.
pub(super) fn once(answer: &str) -> ScriptedSocket {
    let answered = vec![Step::ReadHead, Step::send(answer)];
    ScriptedSocket::tcp_each(vec![answered], vec![Step::Close])
}

pub(super) fn url(server: &ScriptedSocket) -> String {
    format!("http://{}/stats", server.address())
}

/// An answer with these lines in its head.
pub(super) fn answer(status: &str, headers: &[&str], body: &str) -> String {
    let first = format!("HTTP/1.1 {status}");
    let head = [&[first.as_str()], headers].concat().join("\r\n");
    format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

async fn of_stats(answer: &str) -> Result<String, PageError> {
    let server = once(answer);
    read(&stats_at(&url(&server)), csv()).await
}

async fn of_metrics(answer: &str) -> Result<String, PageError> {
    let server = once(answer);
    read(&metrics_at(&url(&server)), permit("metrics", &[])).await
}

#[tokio::test]
async fn statistics_are_known_by_their_first_bytes() {
    for kind in [
        "text/plain",
        "text/csv",
        "text/plain; charset=utf-8",
        "application/octet-stream",
    ] {
        let kind = format!("Content-Type: {kind}");
        assert_eq!(
            of_stats(&answer("200 OK", &[&kind], TABLE)).await.unwrap(),
            TABLE
        );
    }
    assert_eq!(
        of_stats(&answer("200 OK", &[], TABLE)).await.unwrap(),
        TABLE
    );
    for (headers, body, seen) in [
        (&["Content-Type: text/html"][..], TABLE, "a page of HTML"),
        (
            &["Content-Type: Text/HTML; charset=utf-8"],
            "<html>",
            "a page of HTML",
        ),
        (
            &[],
            "<!DOCTYPE html>\n<title>",
            "it begins with `<!DOCTYPE html>\\u{a}<title>`",
        ),
        (&[], "", "nothing at all"),
        (&[], "# p", "it begins with `# p`"),
        (
            &["Content-Type: application/json"],
            "{\"a\": 1}",
            "it begins with `{\"a\": 1}`",
        ),
        (
            &[],
            "\u{1b}[31m\u{202e}x",
            "it begins with `\\u{1b}[31m\\u{202e}x`",
        ),
    ] {
        let error = of_stats(&answer("200 OK", headers, body))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "not-statistics", "{body}");
        assert!(error.to_string().ends_with(seen), "{error}");
        assert!(error.hint().unwrap().contains("stats uri"));
    }
}

#[tokio::test]
async fn metrics_are_known_by_their_first_bytes() {
    for body in [
        "# HELP haproxy_up x\nhaproxy_up 1\n",
        "# TYPE haproxy_up gauge\nhaproxy_up 1\n",
        "haproxy_up 1\n",
    ] {
        assert_eq!(
            of_metrics(&answer("200 OK", &[], body)).await.unwrap(),
            body
        );
    }
    for (headers, body) in [
        (&["Content-Type: text/html"][..], "# HELP"),
        (&[], "<html>"),
        (&[], "go_gc_duration_seconds 1\n"),
        (&[], "hapro"),
        (&[], "# HELP"),
        (&[], "# HELP go_gc_duration_seconds x\n"),
        (&[], "# this is a robots file\n"),
    ] {
        let error = of_metrics(&answer("200 OK", headers, body))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "not-metrics", "{body}");
    }
}

/// A comment or nothing at all is no exporter, unless a parameter may have left nothing.
#[tokio::test]
async fn what_is_not_haproxys_is_no_exporter() {
    for body in [
        "",
        "# HELP go_gc_duration_seconds x\n",
        "# this is a robots file\n",
        "# HELP hapro",
    ] {
        let server = server(&answer("200 OK", &[], body));
        let pages = metrics_at(&url(&server));
        let facts = super::look(&pages, Page::Metrics).await;
        assert!(!facts.recognised, "{body}");
        assert_eq!(facts.error.unwrap().code, "not-metrics", "{body}");
        let all = read(&pages, permit("metrics", &[])).await;
        assert_eq!(all.unwrap_err().code(), "not-metrics", "{body}");
        let chosen = read(&pages, permit("metrics", &["scope=server"])).await;
        assert_eq!(chosen.is_ok(), body.is_empty(), "{chosen:?}");
    }
}

/// However the bytes come: one by one, and in chunks of any size.
#[tokio::test]
async fn in_pieces_it_is_the_same() {
    let table = TABLE.repeat(20);
    let whole = answer("200 OK", &["Refresh: 10"], &table);
    let server = ScriptedSocket::tcp(vec![Step::ReadHead, Step::SendBytewise(whole.into_bytes())]);
    assert_eq!(read(&stats_at(&url(&server)), csv()).await.unwrap(), table);
    for size in [1, 2, 7, 8, 9, 100, table.len()] {
        let chunks: Vec<String> = table
            .as_bytes()
            .chunks(size)
            .map(|chunk| {
                let text = std::str::from_utf8(chunk).unwrap();
                format!("{:x}\r\n{text}\r\n", chunk.len())
            })
            .collect();
        let chunks = chunks.concat();
        let text =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
        assert_eq!(of_stats(&text).await.unwrap(), table, "chunks of {size}");
        let server =
            ScriptedSocket::tcp(vec![Step::ReadHead, Step::SendBytewise(text.into_bytes())]);
        assert_eq!(
            read(&stats_at(&url(&server)), csv()).await.unwrap(),
            table,
            "chunks of {size}"
        );
    }
    // Without a length, up to the end.
    let text = format!("HTTP/1.0 200 OK\r\n\r\n{table}");
    assert_eq!(of_stats(&text).await.unwrap(), table);
}

#[tokio::test]
async fn each_status_has_its_meaning() {
    for (status, code) in [
        ("201 Created", "unexpected-status"),
        ("204 No Content", "unexpected-status"),
        ("206 Partial Content", "unexpected-status"),
        ("300 Multiple Choices", "unexpected-status"),
        ("302 Found", "unexpected-status"),
        ("304 Not Modified", "unexpected-status"),
        ("400 Bad Request", "unexpected-status"),
        ("401 Unauthorized", "unauthorized"),
        ("403 Forbidden", "forbidden"),
        ("404 Not Found", "not-found"),
        ("405 Method Not Allowed", "unexpected-status"),
        ("407 Proxy Authentication Required", "unexpected-status"),
        ("429 Too Many Requests", "unexpected-status"),
        ("500 Internal Server Error", "unavailable"),
        ("502 Bad Gateway", "unavailable"),
        ("503 Service Unavailable", "unavailable"),
        ("504 Gateway Timeout", "unavailable"),
        ("599 x", "unavailable"),
        ("999 x", "unexpected-status"),
    ] {
        let error = of_stats(&answer(status, &[], TABLE)).await.unwrap_err();
        assert_eq!(error.code(), code, "{status}");
        assert!(
            error
                .to_string()
                .contains(status.split(' ').next().unwrap()),
            "{error}"
        );
        assert!(!error.is_timeout() && !error.is_interruption() && !error.is_exhaustion());
    }
}

#[tokio::test]
async fn the_place_that_is_guarded_is_named() {
    for (challenge, realm) in [
        (
            "Basic realm=\"HAProxy Statistics\"",
            "401, realm `HAProxy Statistics`",
        ),
        ("basic REALM=ops, charset=\"UTF-8\"", "401, realm `ops`"),
        ("Digest realm=\"a\u{7}b\", nonce=\"s\"", "401)"),
        ("Negotiate", "401)"),
    ] {
        let challenge = format!("WWW-Authenticate: {challenge}");
        // A control character in a head is no HTTP.
        let result = of_stats(&answer("401 Unauthorized", &[&challenge], "")).await;
        let error = result.unwrap_err();
        if error.code() == "not-http" {
            assert!(challenge.contains('\u{7}'));
        } else {
            assert!(error.to_string().contains(realm), "{error}");
        }
    }
}

#[tokio::test]
async fn what_is_compressed_is_refused() {
    for encoding in ["gzip", "br", "GZIP", "x-unknown", "identity, gzip"] {
        let header = format!("Content-Encoding: {encoding}");
        let error = of_stats(&answer("200 OK", &[&header], TABLE))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "content-encoding");
        assert!(error.to_string().contains(encoding), "{error}");
    }
    let header = "Content-Encoding: identity";
    assert_eq!(
        of_stats(&answer("200 OK", &[header], TABLE)).await.unwrap(),
        TABLE
    );
}

/// What is asked, to the byte.
#[tokio::test]
async fn a_request_says_no_more_than_it_must() {
    let server = server(&answer("200 OK", &["Set-Cookie: a=b"], TABLE));
    let pages = stats(with_credentials(door(&url(&server)), "ops", "s3cret"));
    for _ in 0..2 {
        read(&pages, permit("stats", &["csv", "scope=be_app"]))
            .await
            .unwrap();
    }
    let received = server.received();
    let expected = format!(
        "GET /stats;csv;scope=be_app;norefresh HTTP/1.1\r\nauthorization: Basic b3BzOnMzY3JldA==\r\naccept: */*\r\nuser-agent: haproxy-mcp/{}\r\nhost: {}\r\n\r\n",
        env!("CARGO_PKG_VERSION"),
        server.address(),
    );
    // Each on a connection of its own.
    assert_eq!(received, [expected.clone(), expected]);
}

#[tokio::test]
async fn a_form_is_sent_as_a_form() {
    let answer = answer("303 See Other", &["Location: /stats;st=DONE"], "");
    let server = ScriptedSocket::tcp(vec![Step::ReadHead, Step::send(&answer), Step::Hang]);
    act(
        &stats_at(&url(&server)),
        action("drain", "be_app", &["app1", "a:2"]),
    )
    .await
    .unwrap();
    comes_about("the whole request", || {
        let received = server.received().concat();
        let lower = received.to_ascii_lowercase();
        let whole = lower.starts_with("post /stats http/1.1\r\n")
            && lower.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n")
            && lower.contains("\r\ncontent-length: 34\r\n")
            && received.ends_with("\r\n\r\ns=app1&s=a:2&action=drain&b=be_app");
        if whole { Ok(()) } else { Err(received) }
    })
    .await;
}

/// To the same origin three times, as it is written there, and with our credentials.
#[tokio::test]
async fn what_sends_on_is_followed_within_the_origin() {
    let hops: Vec<Vec<Step>> = ["/a;csv", "b?c=d", ";up"]
        .iter()
        .zip(["301 Moved", "307 Temporary Redirect", "303 See Other"])
        .map(|(location, status)| {
            let location = format!("Location: {location}");
            vec![Step::ReadHead, Step::send(answer(status, &[&location], ""))]
        })
        .collect();
    assert_eq!(hops.len(), MAX_REDIRECTS);
    let last = vec![Step::ReadHead, Step::send(answer("200 OK", &[], TABLE))];
    let server = ScriptedSocket::tcp_each(hops, last);
    let pages = stats(with_credentials(door(&url(&server)), "ops", "s3cret"));
    assert_eq!(read(&pages, csv()).await.unwrap(), TABLE);
    let received = server.received();
    let asked: Vec<&str> = received
        .iter()
        .map(|head| head.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(asked, ["/stats;csv;norefresh", "/a;csv", "/b?c=d", "/;up"]);
    assert!(
        received
            .iter()
            .all(|head| head.contains("authorization: Basic "))
    );
    assert!(!received.concat().to_ascii_lowercase().contains("referer"));
}

#[tokio::test]
async fn a_circle_is_left() {
    let server = server(&answer("302 Found", &["Location: /stats"], ""));
    let error = read(&stats_at(&url(&server)), csv()).await.unwrap_err();
    assert_eq!(error.code(), "too-many-redirects");
    assert_eq!(server.connections(), MAX_REDIRECTS + 1);
}

/// No other host, port or scheme is asked, and what the error says of it is no secret.
#[tokio::test]
async fn another_origin_is_named_and_not_asked() {
    let other = server(&answer("200 OK", &[], TABLE));
    let elsewhere = other.address();
    for (location, target) in [
        (
            format!("http://{elsewhere}/stats?token=s3cret#s3cret"),
            format!("http://{elsewhere}/stats"),
        ),
        (
            format!("http://ops:s3cret@{elsewhere}/stats"),
            format!("http://{elsewhere}/stats"),
        ),
        (format!("//{elsewhere}/x"), format!("http://{elsewhere}/x")),
        (
            "https://127.0.0.1/stats".to_owned(),
            "https://127.0.0.1/stats".to_owned(),
        ),
        (
            "file:///etc/passwd".to_owned(),
            "file:///etc/passwd".to_owned(),
        ),
    ] {
        let header = format!("Location: {location}");
        let server = server(&answer("302 Found", &[&header], ""));
        let pages = stats(with_credentials(
            door(&url(&server)),
            "ops",
            "another s3cret",
        ));
        for error in [
            read(&pages, csv()).await.unwrap_err(),
            match act(&pages, action("drain", "be", &["a"]))
                .await
                .unwrap_err()
            {
                ActError::Page(error) => error,
                other => panic!("{other}"),
            },
        ] {
            assert_eq!(error.code(), "redirected", "{location}");
            let text = format!("{error} {} {error:?}", error.hint().unwrap());
            assert!(text.contains(&format!("`{target}`")), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
    assert_eq!(other.connections(), 0);
}

/// An address that is none is no place to go to.
#[tokio::test]
async fn a_location_that_cannot_be_read() {
    for location in ["http://", "http://[::1", "\u{e4}"] {
        let header = format!("Location: {location}");
        let error = of_stats(&answer("302 Found", &[&header], ""))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "unexpected-status", "{location}");
    }
}

/// Whatever is no verdict and no refusal leaves open what was done.
#[tokio::test]
async fn verdicts_that_haproxy_does_not_say() {
    for (status, location, code) in [
        ("303 See Other", "/stats;st=UNKN", "unexpected-verdict"),
        ("303 See Other", "/stats;st=", "unexpected-verdict"),
        ("303 See Other", "/stats", "unexpected-verdict"),
        ("303 See Other", "/stats;st=\u{e4}", "unexpected-verdict"),
        ("303 See Other", "/stats;st=IVAL", "invalid-method"),
        ("303 See Other", "/stats;up;st=DONE;norefresh", "ok"),
        // Behind a proxy that does not translate it.
        ("303 See Other", "https://lb.example/stats;st=DONE", "ok"),
        (
            "303 See Other",
            "http://lb.example/stats;st=DENY",
            "denied-by-page",
        ),
        (
            "303 See Other",
            "http://lb.example/stats;st=UNKN",
            "unexpected-verdict",
        ),
        ("303 See Other", "http://lb.example/login", "redirected"),
        (
            "301 Moved",
            "https://lb.example/stats;st=DONE",
            "redirected",
        ),
        ("302 Found", "/stats;st=DONE", "redirected"),
        ("307 Temporary Redirect", "/login", "redirected"),
        ("204 No Content", "/", "unexpected-status"),
        ("304 Not Modified", "/", "unexpected-status"),
        ("400 Bad Request", "/", "unexpected-status"),
        ("408 Request Timeout", "/", "unexpected-status"),
        ("409 Conflict", "/", "unexpected-status"),
        ("500 Internal Server Error", "/", "unavailable"),
        ("504 Gateway Timeout", "/", "unavailable"),
        ("401 Unauthorized", "/stats;st=DONE", "unauthorized"),
        ("200 OK", "/stats;st=DONE", "unexpected-verdict"),
        ("403 Forbidden", "/stats;st=DONE", "forbidden"),
        ("404 Not Found", "/", "not-found"),
        ("405 Method Not Allowed", "/", "unexpected-status"),
        ("502 Bad Gateway", "/", "unavailable"),
        ("503 Service Unavailable", "/", "unavailable"),
    ] {
        let header = format!("Location: {location}");
        let server = once(&answer(status, &[&header], ""));
        let outcome = act(&stats_at(&url(&server)), action("drain", "be", &["a"])).await;
        let seen = outcome.as_ref().map_or_else(ActError::code, |()| "ok");
        assert_eq!(seen, code, "{status} {location}");
        let is_refusal = ["401", "403", "404", "503"].contains(&&status[..3]);
        let is_known = is_refusal || ["ok", "invalid-method", "denied-by-page"].contains(&code);
        let text = outcome
            .as_ref()
            .map_or_else(ToString::to_string, |()| String::new());
        assert_eq!(
            text.ends_with("is not known"),
            !is_known,
            "{status}: {text}"
        );
        let unknown = match &outcome {
            Err(ActError::Page(error @ PageError::OutcomeUnknown { .. })) => {
                error.is_interruption()
            }
            _ => false,
        };
        assert_eq!(unknown, !is_known, "{status} {location}");
        let is_within = location.starts_with('/');
        assert!(
            !(is_within && text.contains("configured")) || is_refusal,
            "{text}"
        );
    }
}

/// Longer than an address can be in HTTP.
#[tokio::test]
async fn a_request_that_cannot_be_made() {
    let server = server(&answer("200 OK", &[], TABLE));
    let pages = stats_at(&format!("{}/{}", url(&server), "a".repeat(70_000)));
    let error = read(&pages, csv()).await.unwrap_err();
    assert_eq!(error.code(), "invalid-request");
    assert!(!error.is_interruption() && !error.is_timeout());
    let error = act(&pages, action("drain", "be", &["a"]))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "invalid-request");
    assert!(!error.to_string().contains("is not known"));
    assert_eq!(server.connections(), 0);
}

/// What a web server says that wants TLS, and does not speak it here.
#[tokio::test]
async fn a_bad_request_is_not_taken_for_tls_without_tls() {
    let server = once(&answer(
        "400 Bad Request",
        &[],
        "plain HTTP request sent to HTTPS port",
    ));
    let error = read(&stats_at(&url(&server)), csv()).await.unwrap_err();
    assert_eq!(error.code(), "unexpected-status");
}
