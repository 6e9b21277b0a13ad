//! The operator's credentials are seen by the page and by nobody else.

use std::io;
use std::sync::{Arc, Mutex};

use haproxy_mcp::haproxy::pages::{PageDoor, Pages};
use haproxy_mcp::policy::Page;
use haproxy_mcp_testkit::certificates::Authority;
use haproxy_mcp_testkit::{Gate, Haproxy, ScriptedSocket, Step, newest};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;

use super::answers::{answer, once, url};
use super::{act, action, csv, door, open, read, read_within, stats, with_credentials};
use crate::asking::{at_most, bounds, pass};

const USER: &str = "operator-name";
const PASSWORD: &str = "correct:horse battery";
/// Both, as the header has them.
const TOKEN: &str = "b3BlcmF0b3ItbmFtZTpjb3JyZWN0OmhvcnNlIGJhdHRlcnk=";

fn known(address: &str) -> PageDoor {
    with_credentials(door(address), USER, PASSWORD)
}

fn at(server: &ScriptedSocket) -> Pages {
    stats(known(&url(server)))
}

#[track_caller]
fn assert_silent(what: &str, text: &str) {
    for secret in [USER, PASSWORD, TOKEN, "correct:horse", "horse%20battery"] {
        assert!(!text.contains(secret), "{what}: {text}");
    }
}

/// Answers that are no page, and repeat what was asked wherever they can.
fn echoes() -> Vec<String> {
    let echo = format!("{USER}:{PASSWORD} {TOKEN} {PASSWORD}");
    let encoded = "operator-name%3Acorrect%3Ahorse%20battery";
    let path = format!("/{USER}:{PASSWORD}/{TOKEN}/{encoded}/{PASSWORD}");
    let header = |name: &str, value: &str| format!("{name}: {value}");
    vec![
        answer(
            "401 Unauthorized",
            &["WWW-Authenticate: Basic realm=\"x\""],
            "",
        ),
        answer(
            "401 x",
            &[&header(
                "WWW-Authenticate",
                &format!("Basic realm=\"{echo}\""),
            )],
            "",
        ),
        answer(
            "401 x",
            &[&header("WWW-Authenticate", &format!("Basic realm={TOKEN}"))],
            "",
        ),
        answer(
            "401 x",
            &[&header(
                "WWW-Authenticate",
                &format!("Basic realm=\"{encoded}\""),
            )],
            "",
        ),
        answer(
            "302 Found",
            &[&header("Location", &format!("http://other.example{path}"))],
            "",
        ),
        answer(
            "302 Found",
            &[&header("Location", &format!("{path}?{TOKEN}"))],
            "",
        ),
        answer(
            "302 Found",
            &[&header("Location", &format!("http://{TOKEN}/"))],
            "",
        ),
        answer(
            "303 See Other",
            &[&header("Location", &format!("/stats;st={echo}"))],
            "",
        ),
        answer(
            "303 See Other",
            &[&header("Location", &format!("/stats;st={TOKEN}"))],
            "",
        ),
        answer(
            "303 See Other",
            &[&header(
                "Location",
                &format!("http://other.example/;st={encoded}"),
            )],
            "",
        ),
        answer("200 OK", &[&header("Content-Encoding", &echo)], ""),
        answer(
            "404 Not Found",
            &[&header("Server", &echo), &header("Content-Type", &echo)],
            "",
        ),
        answer("403 Forbidden", &[], &echo),
        answer("404 Not Found", &[], &echo),
        answer("500 x", &[], &echo),
        answer("418 x", &[], &echo),
        answer(
            "302 Found",
            &[&format!(
                "Location: http://{USER}:correct%3Ahorse%20battery@other.example/?{TOKEN}"
            )],
            "",
        ),
        answer("302 Found", &["Location: /stats"], ""),
        answer("200 OK", &["Content-Encoding: gzip"], &echo),
        answer("200 OK", &[], &echo),
        answer("200 OK", &["Content-Type: text/html"], &echo),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n# pxname {echo}"),
        format!("{echo}\r\n\r\n"),
        String::new(),
    ]
}

/// Every failure, with all that can be said of it.
#[tokio::test]
async fn no_failure_tells_of_them() {
    let mut codes = Vec::new();
    for text in echoes() {
        let server = if text.starts_with("HTTP/1.1 30") || text.starts_with("HTTP/1.1 40") {
            super::answers::server(&text)
        } else {
            once(&text)
        };
        let pages = at(&server);
        let error = read(&pages, csv()).await.unwrap_err();
        codes.push(error.code());
        assert_silent(
            error.code(),
            &format!("{error} {error:?} {error:#?} {:?}", error.hint()),
        );
        let error = act(&pages, action("drain", "be_app", &["app1"]))
            .await
            .unwrap_err();
        assert_silent(
            error.code(),
            &format!("{error} {error:?} {:?}", error.hint()),
        );
        assert_silent("pages", &format!("{pages:?} {pages:#?}"));
        let facts = super::look(&pages, Page::Stats).await;
        let written = serde_json::to_string(&facts).unwrap();
        assert_silent("facts", &format!("{facts:?} {written}"));
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 11, "{codes:?}");
    for address in [
        "http://127.0.0.1:1/stats",
        "http://nosuch.invalid/stats",
        "https://127.0.0.1:1/stats",
    ] {
        let error = read(&stats(known(address)), csv()).await.unwrap_err();
        assert_silent(
            error.code(),
            &format!("{error} {error:?} {:?}", error.hint()),
        );
    }
}

/// Where they stood is still to be seen.
#[tokio::test]
async fn what_a_head_repeats_of_them_is_replaced() {
    let realm = format!("WWW-Authenticate: Basic realm=\"for {USER}:{PASSWORD} \\\"only\\\"\"");
    let named = format!("Server: {PASSWORD}/1.0");
    let server = super::answers::server(&answer("401 x", &[&realm, &named], ""));
    let pages = at(&server);
    let facts = super::look(&pages, Page::Stats).await;
    assert_eq!(facts.realm.as_deref(), Some("for [redacted] \"only\""));
    assert_eq!(facts.server.as_deref(), Some("[redacted]/1.0"));
    // It is asked for as it stands there, and shown without them.
    let location = format!("Location: /{TOKEN}");
    let sent_on = answer("302 Found", &[&location], "");
    let other = answer(
        "302 Found",
        &[&format!("Location: http://other.example/{TOKEN}/x")],
        "",
    );
    let server = ScriptedSocket::tcp_each(
        vec![vec![Step::ReadHead, Step::send(&sent_on)]],
        vec![Step::ReadHead, Step::send(&other)],
    );
    let pages = at(&server);
    let error = read(&pages, csv()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`http://other.example/[redacted]/x`"),
        "{error}"
    );
    assert!(server.received()[1].starts_with(&format!("GET /{TOKEN} ")));
}

/// A page that shows the request that it got, cut anywhere.
#[tokio::test]
async fn what_a_page_repeats_of_them_is_replaced() {
    let table = format!("# pxname,svname,\nfe,{TOKEN},{USER}:{PASSWORD},\nbe,{PASSWORD},{USER},\n");
    let whole = answer("200 OK", &[], &table);
    let expected = format!("# pxname,svname,\nfe,[redacted],[redacted],\nbe,[redacted],{USER},\n");
    let (pages, _server) = {
        let server = super::answers::server(&whole);
        (at(&server), server)
    };
    assert_eq!(read(&pages, csv()).await.unwrap(), expected);
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::SendBytewise(whole.clone().into_bytes()),
    ]);
    assert_eq!(read(&at(&server), csv()).await.unwrap(), expected);
    // A reader that takes little at once sees no more.
    let mut body = open(&pages, csv()).await.unwrap();
    let mut text = Vec::new();
    loop {
        let piece = body.read(3).await.unwrap();
        assert!(piece.len() <= 3);
        if piece.is_empty() {
            break;
        }
        text.extend(piece);
    }
    assert_eq!(text, expected.as_bytes());
    assert_silent("body", &format!("{body:?}"));
}

/// What begins like a secret at the end of what came in time is not given out.
#[tokio::test(start_paused = true)]
async fn half_a_secret_is_not_given_out() {
    let sent = Gate::new();
    let server = ScriptedSocket::tcp(vec![
        Step::ReadHead,
        Step::send(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n# pxname,{}",
            &PASSWORD[..18]
        )),
        Step::Reached(sent.clone()),
        Step::Hang,
    ]);
    let pages = at(&server);
    let (opened, ()) = tokio::join!(open(&pages, csv()), pass(&sent));
    let mut body = opened.unwrap();
    assert_eq!(body.read(1000).await.unwrap(), b"# pxname,");
    assert!(body.read(1000).await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn nothing_of_them_is_in_facts() {
    let haproxy = Haproxy::builder(&newest())
        .page(&format!("    stats auth {USER}:correct:horse\\ battery"))
        .start();
    let pages = stats(known(&haproxy.page_url("/stats")));
    let facts = pages
        .look(Page::Stats, bounds(), &CancellationToken::new())
        .await
        .unwrap();
    assert!(facts.recognised, "{facts:?}");
    assert_silent(
        "facts",
        &format!("{facts:?} {}", serde_json::to_string(&facts).unwrap()),
    );
}

/// Lines of the log, kept.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Also where every library says all that it can, over HTTP/2, where headers are logged one by one.
#[tokio::test]
async fn nothing_of_them_is_logged() {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(kept.clone())
        .finish();
    let _logged = tracing::subscriber::set_default(subscriber);
    let authority = Authority::new("Page CA");
    let issued = authority.issue(1, &["localhost"], 90);
    let haproxy = Haproxy::builder(&newest())
        .file("page.pem", &issued.pem())
        .file("ca.pem", &authority.pem())
        .page_bound(
            "ssl crt page.pem alpn h2",
            &format!("    stats admin if TRUE\n    stats auth {USER}:correct:horse\\ battery"),
        )
        .start();
    let address = format!("https://localhost:{}/stats", haproxy.page_address().port());
    let pages = stats(PageDoor {
        ca_file: Some(haproxy.folder().join("ca.pem")),
        ..known(&address)
    });
    assert!(read(&pages, csv()).await.unwrap().contains("be_app,app1"));
    act(&pages, action("drain", "be_app", &["app1"]))
        .await
        .unwrap();
    assert!(read_within(&pages, csv(), at_most(10)).await.is_err());
    let lines = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(lines.contains("h2"), "nothing was logged");
    assert_silent("log", &lines);
}

/// Which page the test below asks for, in a process of its own.
const TARGET: &str = "HAPROXY_MCP_TEST_TARGET";

/// A proxy that the environment names gets no request, and so no credentials.
#[test]
fn the_environment_sends_nobody_elsewhere() {
    let page = super::answers::server(&answer("200 OK", &[], "# pxname,svname,\n"));
    let proxy = super::answers::server(&answer("200 OK", &[], "# pxname,svname,\n"));
    let mut asking = std::process::Command::new(std::env::current_exe().unwrap());
    asking
        .args([
            "--exact",
            "pages::secrets::asks_where_it_is_told",
            "--ignored",
        ])
        .env(TARGET, url(&page));
    for variable in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "all_proxy",
        "ALL_PROXY",
    ] {
        asking.env(variable, format!("http://{}", proxy.address()));
    }
    let output = asking.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{printed}"
    );
    assert_eq!((page.connections(), proxy.connections()), (1, 0));
}

#[tokio::test]
#[ignore = "a part of the one above"]
async fn asks_where_it_is_told() {
    let target = std::env::var(TARGET).unwrap();
    assert!(read(&stats(known(&target)), csv()).await.is_ok());
}
