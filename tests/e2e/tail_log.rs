//! The log file's last lines, by what stands in the file.

use std::fs::{self, File, FileTimes};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use haproxy_mcp_testkit::mcp::{McpServer, McpServerBuilder};
use haproxy_mcp_testkit::schemas::refused_by;
use haproxy_mcp_testkit::{Binary, Haproxy, newest, until};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::arguments::schemas;
use crate::cases::{has_shape, listed};
use crate::expected::{rows, text};

/// The program with this log, and nothing else.
fn with_log(path: &Path) -> McpServerBuilder {
    McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .args(["--toolsets", "all"])
        .env("HAPROXY_LOG_PATH", path)
        // a HAProxy that nobody asks
        .env("HAPROXY_METRICS_URL", "http://127.0.0.1:1/metrics")
}

fn serve(path: &Path) -> McpServer {
    let server = with_log(path).start();
    server.stateless();
    server
}

/// A frontend that logs to HAProxy's output, which is a file.
const LOGGED: &str = "
frontend fe_logged
    mode http
    bind {page}
    log stdout len 4096 format rfc5424 local0
    option httplog
    capture request header Authorization len 64
    http-request deny if { path /deny }
    use_backend be_empty if { path /none }
    default_backend be_app
";

fn visit(address: SocketAddr, path: &str) {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s3cr3t-bearer\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}

/// A HAProxy that has logged visits, and the lines of them in its file.
fn visited(binary: &Binary) -> (Haproxy, Vec<String>) {
    let haproxy = Haproxy::builder(binary).with(LOGGED).start();
    let address = haproxy.page_address();
    for number in 0..30 {
        visit(
            address,
            &format!("/visit-{number}?api_key=s3cr3t-query&page={number}"),
        );
    }
    for path in ["/fail", "/fail", "/fail", "/none", "/none", "/deny"] {
        visit(address, path);
    }
    // HAProxy writes a line when a visit has ended, which is after the visitor has his answer.
    let lines = until("all lines to be written", || {
        let output = haproxy.output();
        let lines: Vec<String> = output
            .lines()
            .filter(|line| line.contains(" fe_logged "))
            .map(str::to_owned)
            .collect();
        if lines.len() == 36 {
            Ok(lines)
        } else {
            Err(output)
        }
    });
    (haproxy, lines)
}

fn lines(answer: &Value) -> Vec<String> {
    rows(answer).map(|row| text(row, "line")).collect()
}

fn hidden(line: &str) -> String {
    line.replace("s3cr3t-query", "[redacted]")
        .replace("s3cr3t-bearer", "[redacted]")
}

haproxy_mcp_testkit::on_each_version! {
    fn lines_of_a_real_log_are_found_by_what_they_say(binary: &Binary) {
        let (haproxy, written) = visited(binary);
        let server = serve(&haproxy.folder().join("output"));
        let ask = |arguments: Value| {
            let response = server.call("tail_log", arguments);
            let said = response.message.to_string();
            assert!(!said.contains("s3cr3t"), "{said}");
            response.answer().clone()
        };
        let all = ask(json!({ "frontend": "fe_logged", "lines": 100 }));
        let plain: Vec<String> = written.iter().map(|line| hidden(line)).collect();
        assert_eq!(lines(&all), plain);
        assert_eq!(all["matched"], 36);
        assert_eq!(all["counts"]["kinds"], json!({ "http": 36 }));
        assert_eq!(all["counts"]["status"], json!({ "2xx": 30, "4xx": 1, "5xx": 5 }));
        assert_eq!(all["counts"]["backends"], json!({ "be_app": 33, "be_empty": 2, "fe_logged": 1 }));
        assert_eq!(all["searched"]["whole"], true);
        let size = fs::metadata(haproxy.folder().join("output")).unwrap().len();
        assert_eq!((&all["searched"]["bytes"], &all["searched"]["of_bytes"]), (&json!(size), &json!(size)));
        // field by field, by another way of taking a line apart
        for (row, line) in rows(&all).zip(&written) {
            let (prefix, message) = line.split_once(" - - ").unwrap();
            let words: Vec<&str> = message.split(' ').collect();
            assert!(prefix.ends_with(&format!("haproxy {}", haproxy.info("Pid"))), "{line}");
            assert_eq!(text(row, "client"), words[0]);
            assert_eq!(text(row, "frontend"), words[2]);
            assert_eq!(format!("{}/{}", text(row, "backend"), text(row, "server")), words[3]);
            let timers: Vec<String> = ["TR", "Tw", "Tc", "Tr", "Ta"]
                .map(|name| row["timers"][name].to_string())
                .to_vec();
            assert_eq!(timers.join("/"), words[4], "{line}");
            assert_eq!(row["status"].to_string(), words[5]);
            assert_eq!(text(row, "termination"), words[9]);
            assert_eq!(text(row, "request"), hidden(message.split('"').nth(1).unwrap()));
            let stamp = prefix.split(' ').nth(1).unwrap();
            assert_eq!(text(row, "time"), stamp);
            assert!(text(row, "at").ends_with('Z'), "{row:?}");
        }

        let few = ask(json!({}));
        assert!(few.to_string().len() < 8_000, "{few}");
        let shown = lines(&few);
        assert!(shown.len() > 5 && plain.ends_with(&shown), "{shown:?}");
        assert_eq!(few["left_out"]["lines"], few["matched"].as_u64().unwrap() - shown.len() as u64);
        let of_status = |status: &str| ask(json!({ "status": status, "lines": 100 }));
        let with = |part: &str| -> Vec<String> {
            plain.iter().filter(|line| line.contains(part)).cloned().collect()
        };
        assert_eq!(lines(&of_status("500")), with(" 500 "));
        assert_eq!(lines(&of_status("500,503")).len(), 5);
        assert_eq!(lines(&of_status("5xx")).len(), 5);
        assert_eq!(lines(&of_status("403")), with("/deny"));
        assert_eq!(lines(&ask(json!({ "backend": "be_empty" }))), with("/none"));
        assert_eq!(lines(&ask(json!({ "server": "<NOSRV>" }))).len(), 3);
        let server_of = with("be_app/app2 ");
        assert_eq!(ask(json!({ "backend": "be_app", "server": "app2" }))["matched"], server_of.len());
        assert_eq!(lines(&ask(json!({ "text": "VISIT-7?" }))), with("/visit-7?"));
        assert_eq!(lines(&ask(json!({ "lines": 2, "text": "fe_logged" }))), plain[34..]);
        // of what the host has replaced, nothing can be asked
        assert_eq!(ask(json!({ "text": "s3cr3t" }))["matched"], 0);

        assert_eq!(ask(json!({ "since": "1h", "frontend": "fe_logged" }))["matched"], 36);
        assert_eq!(ask(json!({ "until": "1h" }))["matched"], 0);
        let tenth = text(rows(&all).nth(10).unwrap(), "at");
        let since = ask(json!({ "since": tenth, "frontend": "fe_logged", "lines": 100 }));
        let expected: Vec<String> = rows(&all)
            .filter(|row| text(row, "at") >= tenth)
            .map(|row| text(row, "line"))
            .collect();
        assert_eq!(lines(&since), expected);
        let logged = server.stderr();
        assert!(!logged.contains("s3cr3t"), "{logged}");
    }
}

/// A frontend that logs a cookie, as its visitor sends it.
const COOKIES: &str = "
frontend fe_logged
    mode http
    bind {page}
    log stdout len 4096 format rfc5424 local0
    option httplog
    capture cookie LANG len 60
    capture request header User-Agent len 60
    default_backend be_app
";

haproxy_mcp_testkit::on_each_version! {
    fn a_visitor_cannot_forge_how_his_visit_ended(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).with(COOKIES).start();
        let visits = [
            ("LANG=x", "x", Some("----"), Some("GET /0 HTTP/1.1")),
            ("LANG=x - sQ-- 1/1/0/0/7 9/9", "x", None, Some("GET /1 HTTP/1.1")),
            ("LANG=x - sQ-- 1/1/0/0/7 9/9 \"GET /f HTTP/1.1\"", "x", None, None),
            ("LANG=x", "- sQ-- 1/1/0/0/7 9/9 \"GET /f", Some("----"), Some("GET /3 HTTP/1.1")),
            ("LANG=x {", "} - sQ-- 1/1/0/0/7 9/9", Some("----"), Some("GET /4 HTTP/1.1")),
        ];
        for (number, (cookie, agent, _, _)) in visits.iter().enumerate() {
            let mut connection = TcpStream::connect(haproxy.page_address()).unwrap();
            write!(
                connection,
                "GET /{number} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            // one after the other, so that the lines are in this order
            until("the line to be written", || {
                let output = haproxy.output();
                let lines = output.lines().filter(|line| line.contains(" fe_logged ")).count();
                (lines > number).then_some(()).ok_or(output)
            });
        }
        let server = serve(&haproxy.folder().join("output"));
        let response = server.call("tail_log", json!({ "frontend": "fe_logged" }));
        let answer = response.answer();
        assert_eq!(answer["matched"], visits.len(), "{answer}");
        for (row, (cookie, _, termination, request)) in rows(answer).zip(visits) {
            assert!(text(row, "line").contains(&format!(" {cookie} ")), "{row:?}");
            assert_eq!(row["status"], 200, "{row:?}");
            assert_eq!(row.get("termination"), termination.map(|text| json!(text)).as_ref(), "{row:?}");
            assert_eq!(row.get("request"), request.map(|text| json!(text)).as_ref(), "{row:?}");
            assert_eq!(row.get("retries"), None, "{row:?}");
        }
    }
}

/// A folder of logs.
struct Logs(TempDir);

impl Logs {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that was changed last at this time.
    fn write(&self, name: &str, content: impl AsRef<[u8]>, modified: SystemTime) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, content).unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_times(FileTimes::new().set_modified(modified))
            .unwrap();
        path
    }
}

/// A line that a daemon writes, in the time of this machine.
fn line(time: &str, number: u64, status: u16) -> String {
    format!(
        "{time} lb1 haproxy[7]: 192.0.2.{}:4000 [25/Nov/2026:01:00:00.000] fe be_{}/s1 0/0/0/1/1 {status} 10 - - ---- \
         1/1/0/0/0 0/0 \"GET /{number} HTTP/1.1\"\n",
        number % 250,
        number % 3
    )
}

/// 2026-11-25T12:00:00Z
fn noon() -> SystemTime {
    at(1_795_608_000)
}

/// A time in seconds since 1970.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn notes(answer: &Value) -> String {
    answer["notes"].to_string()
}

#[test]
fn rotated_files_are_named_and_read_when_asked_for() {
    let logs = Logs::new();
    let old: String = (0..5)
        .map(|number| line("Nov 25 10:00:00", number, 200))
        .collect();
    let new: String = (5..10)
        .map(|number| line("Nov 25 11:59:59", number, 200))
        .collect();
    logs.write("haproxy.log", &new, noon());
    logs.write("haproxy.log.1", &old, noon() - Duration::from_secs(7_000));
    logs.write(
        "haproxy.log.2.gz",
        b"\x1f\x8b\x08\0",
        noon() + Duration::from_secs(9),
    );
    let server = serve(logs.0.path());
    let ask = |arguments: Value| server.call("tail_log", arguments);

    let answer = ask(json!({})).answer().clone();
    assert_eq!(
        (&answer["file"], &answer["matched"]),
        (&json!("haproxy.log"), &json!(5))
    );
    assert_eq!(
        answer["files"],
        json!(["haproxy.log.1", "haproxy.log.2.gz"])
    );
    assert!(
        notes(&answer).contains("in another file of the log"),
        "{answer}"
    );
    assert_eq!(ask(json!({ "lines": 5 })).answer().get("notes"), None);

    let answer = ask(json!({ "file": "haproxy.log.1", "lines": 3 }))
        .answer()
        .clone();
    assert_eq!(lines(&answer), old.lines().skip(2).collect::<Vec<_>>());
    let since = ask(json!({ "since": "2026-11-25T09:00:00Z" }))
        .answer()
        .clone();
    assert_eq!(since["matched"], 5);
    assert!(
        notes(&since).contains("the file begins at Nov 25 11:59:59"),
        "{since}"
    );

    for (file, code, near) in [
        ("haproxy.lgo", "not-found", "haproxy.log"),
        ("../haproxy.log", "not-found", "haproxy.log"),
        ("haproxy.log.2.gz", "invalid-argument", ""),
    ] {
        let response = ask(json!({ "file": file }));
        let error = response.error();
        has_shape(error);
        assert_eq!(
            (&error["code"], &error["details"]["argument"]),
            (&json!(code), &json!("/file")),
            "{error}"
        );
        assert!(error.to_string().contains(near), "{error}");
    }
}

#[test]
fn what_is_empty_or_does_not_match_is_an_answer() {
    let logs = Logs::new();
    let path = logs.write("empty.log", "", noon());
    let answer = serve(&path)
        .call("tail_log", json!({ "since": "1h" }))
        .answer()
        .clone();
    assert_eq!(
        (&answer["matched"], &answer["rows"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(answer["searched"]["whole"], true);

    let path = logs.write(
        "one.log",
        line("Nov 25 11:59:59", 1, 200) + "no line of ours\n",
        noon(),
    );
    let server = serve(&path);
    let answer = server
        .call("tail_log", json!({ "backend": "be_11" }))
        .answer()
        .clone();
    assert_eq!(answer["matched"], 0);
    assert!(notes(&answer).contains("did you mean be_1?"), "{answer}");
    assert!(
        notes(&answer).contains("1 lines have another format"),
        "{answer}"
    );
    let other = server
        .call("tail_log", json!({ "text": "no LINE" }))
        .answer()
        .clone();
    assert_eq!(
        other["rows"],
        json!([{ "kind": "other", "line": "no line of ours" }])
    );
    for (argument, value) in [
        ("since", "yesterday"),
        ("until", "5 minutes"),
        ("since", "2026-02-30"),
    ] {
        let response = server.call("tail_log", json!({ argument: value }));
        has_shape(response.error());
        assert_eq!(
            response.error()["details"]["argument"],
            format!("/{argument}")
        );
    }
}

#[test]
fn a_log_that_cannot_be_read_is_told() {
    let logs = Logs::new();
    let response = serve(&logs.at("absent.log")).call("tail_log", json!({}));
    has_shape(response.error());
    assert_eq!(response.code(), "unreachable");
    assert_eq!(
        response.error()["details"]["reason"],
        "not-found",
        "{}",
        response.message
    );
    fs::create_dir(logs.at("folder")).unwrap();
    let response = serve(&logs.at("folder")).call("tail_log", json!({}));
    has_shape(response.error());
    assert_eq!(response.code(), "not-found", "{}", response.message);
    // Who may read everything is told nothing of this kind.
    if rustix::process::geteuid().is_root() {
        return;
    }
    let path = logs.write("mine.log", "x\n", noon());
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let response = serve(&path).call("tail_log", json!({}));
    has_shape(response.error());
    assert_eq!(
        response.error()["details"]["reason"],
        "permission-denied",
        "{}",
        response.message
    );
}

#[test]
fn odd_bytes_are_shown_and_long_lines_are_cut() {
    let logs = Logs::new();
    let mut content = b"\0\0\0one \x1b[31m\xff\xfe two\n".to_vec();
    content.extend_from_slice("\u{202e}right\n".as_bytes());
    content.extend_from_slice(&b"y".repeat(100_000));
    content.extend_from_slice(b"\r\n\nlast, which is still written");
    let path = logs.write("odd.log", content, noon());
    let answer = serve(&path)
        .call("tail_log", json!({ "lines": 9 }))
        .answer()
        .clone();
    let shown = lines(&answer);
    assert_eq!(shown[0], "\\x00\\x00\\x00one \\x1b[31m\\xff\\xfe two");
    assert!(
        !shown[1].contains('\u{202e}') && shown[1].ends_with("right"),
        "{}",
        shown[1]
    );
    assert_eq!(
        (shown[2].len(), &answer["rows"][2]["cut"]),
        (1_003, &json!(100_001))
    );
    assert_eq!(shown[3], "last, which is still written");
    assert_eq!((answer["matched"].as_u64(), shown.len()), (Some(4), 4));
}

#[test]
fn the_search_goes_back_as_far_as_it_takes_and_says_how_far() {
    let logs = Logs::new();
    let mut content = line("Nov 25 08:00:00", 0, 503);
    for number in 1..10_000_u64 {
        let (hour, minute) = (8 + number / 2_600, number % 2_600 / 50);
        content += &line(&format!("Nov 25 {hour:02}:{minute:02}:00"), number, 200);
    }
    let size = content.len() as u64;
    assert!((1 << 20..2 << 20).contains(&size));
    let path = logs.write("long.log", &content, noon());
    let server = serve(&path);
    let ask = |arguments: Value| server.call("tail_log", arguments).answer().clone();

    let near = ask(json!({ "lines": 5 }));
    assert_eq!(
        lines(&near),
        content.lines().skip(9_995).collect::<Vec<_>>()
    );
    assert_eq!(
        (&near["searched"]["whole"], &near["searched"]["of_bytes"]),
        (&json!(false), &json!(size))
    );
    assert_eq!(near["searched"]["bytes"], 256 << 10);

    let far = ask(json!({ "status": "5xx" }));
    assert_eq!(lines(&far), [content.lines().next().unwrap()]);
    assert_eq!(
        (&far["searched"]["whole"], &far["searched"]["lines"]),
        (&json!(true), &json!(10_000))
    );
    assert_eq!(far["searched"]["from"], "Nov 25 08:00:00");

    // the beginning of the time that is asked for is reached before the beginning of the file
    let since = ask(json!({ "since": "2026-11-25T11:30:00", "status": "5xx" }));
    assert_eq!(
        (&since["matched"], &since["searched"]["whole"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(since.get("notes"), None, "{since}");
    let hour =
        ask(json!({ "since": "2026-11-25 09:00", "until": "2026-11-25 09:59:59", "lines": 1 }));
    let expected = content
        .lines()
        .filter(|line| line.starts_with("Nov 25 09:"))
        .count();
    assert_eq!(hour["matched"], expected);
    assert_eq!(hour["left_out"]["lines"], expected - 1);
}

#[test]
fn a_file_that_is_larger_than_a_search_is_not_claimed_to_be_searched() {
    let logs = Logs::new();
    let path = logs.at("sparse.log");
    let file = File::create(&path).unwrap();
    // what `copytruncate` leaves where the daemon goes on at its old place
    file.set_len(100 << 20).unwrap();
    drop(file);
    let tail: String = (0..3)
        .map(|number| line("Nov 25 11:59:59", number, 200))
        .collect();
    File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(format!("\n{tail}").as_bytes())
        .unwrap();
    let answer = serve(&path)
        .call("tail_log", json!({ "text": "haproxy" }))
        .answer()
        .clone();
    assert_eq!(lines(&answer), tail.lines().collect::<Vec<_>>());
    // as far as there was time, and no further than that
    let searched = answer["searched"]["bytes"].as_u64().unwrap();
    assert!((256 << 10..=44 << 20).contains(&searched), "{answer}");
    assert_eq!(answer["searched"]["whole"], false);
    assert!(
        notes(&answer).contains("older lines were not looked at"),
        "{answer}"
    );
}

#[test]
fn times_are_taken_by_the_clock_of_the_log() {
    let logs = Logs::new();
    // a machine two hours ahead of UTC, over New Year's Eve
    let midnight = at(1_798_754_400); // 2026-12-31T22:00:00Z
    let message = |time: &str| format!("{time} lb1 haproxy[7]: Server be/s1 is UP.\n");
    let content: String = [
        "Dec 30 12:00:00",
        "Dec 31 23:30:00",
        "Dec 31 23:59:00",
        "Jan  1 00:00:00",
    ]
    .map(message)
    .concat();
    let path = logs.write("local.log", content, midnight);
    let server = serve(&path);
    let matched = |arguments: Value| {
        let answer = server.call("tail_log", arguments).answer().clone();
        assert_eq!(
            answer["searched"]["zone"],
            "+02:00, by when the file was last changed"
        );
        answer["matched"].as_u64()
    };
    assert_eq!(matched(json!({ "since": "2026-12-31T21:45:00Z" })), Some(2));
    assert_eq!(matched(json!({ "since": "2026-12-31T23:45:00" })), Some(2));
    assert_eq!(matched(json!({ "since": "2027-01-01" })), Some(1));
    assert_eq!(matched(json!({ "until": "2026-12-31 12:00" })), Some(1));

    // nothing says which zone it is
    let path = logs.write(
        "copied.log",
        message("Nov 25 09:00:00"),
        noon() + Duration::from_secs(400),
    );
    let answer = serve(&path)
        .call("tail_log", json!({ "since": "2026-11-25T08:59:00Z" }))
        .answer()
        .clone();
    assert_eq!(answer["searched"]["zone"], "unknown, taken as UTC");
    assert_eq!(answer["rows"][0].get("at"), None, "{answer}");

    let path = logs.write(
        "zoned.log",
        message("2026-11-25T14:00:00.5+05:30"),
        noon() + Duration::from_secs(400),
    );
    let answer = serve(&path)
        .call("tail_log", json!({ "since": "2026-11-25T08:30:00Z" }))
        .answer()
        .clone();
    assert_eq!(
        (&answer["matched"], answer["searched"].get("zone")),
        (&json!(1), None)
    );
    assert_eq!(answer["rows"][0]["at"], "2026-11-25T08:30:00Z");
}

/// Whenever it happens, nothing is claimed that is not so: an answer that says that it looked at all of the file has
/// all of one of the files, and one that has the old file says that there is a new one.
#[test]
fn a_log_that_is_rotated_while_it_is_read_is_never_claimed_to_be_complete() {
    let content: String = (0..12_000)
        .map(|number| line("Nov 25 11:00:00", number, 200))
        .collect();
    for truncates in [true, true, true, false, false, false] {
        let logs = Logs::new();
        let path = logs.write("busy.log", &content, noon());
        let server = serve(&path);
        let pending = server.begin("tail_log", json!({ "text": "GET", "status": "503" }));
        until("the log to be read", || is_open(server.pid(), &path));
        if truncates {
            let file = File::options().write(true).open(&path).unwrap();
            file.set_len(0).unwrap();
        } else {
            fs::rename(&path, logs.at("busy.log.1")).unwrap();
            fs::write(&path, line("Nov 25 11:59:59", 1, 200)).unwrap();
        }
        let response = server.finish(pending);
        let answer = response.answer();
        let lines = answer["searched"]["lines"].as_u64().unwrap();
        if answer["searched"]["whole"] == json!(true) {
            // opened before or after: the old file, the new one, or the one that was emptied
            assert!([12_000, 1, 0].contains(&lines), "{answer}");
            assert_eq!(
                lines == 12_000,
                notes(answer).contains("was replaced"),
                "{answer}"
            );
        } else {
            assert!(
                truncates && notes(answer).contains("cut off while it was read"),
                "{answer}"
            );
            assert!(lines < 12_000, "{answer}");
        }
    }
}

/// Whether a process has a file open.
fn is_open(process: u32, path: &Path) -> Result<(), String> {
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let open = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let open: Vec<PathBuf> = open.collect();
    if open.iter().any(|open| open == path) {
        Ok(())
    } else {
        Err(format!("{open:?}"))
    }
}

#[test]
fn it_is_listed_where_there_is_a_log() {
    let logs = Logs::new();
    let path = logs.write("one.log", line("Nov 25 11:59:59", 1, 200), noon());
    let server = serve(&path);
    assert!(listed(&server).contains(&"tail_log".to_owned()));
    let schema = &schemas(&server)["tail_log"];
    let mut refused = refused_by(schema, &json!({ "lines": 5 }));
    for status in ["6xx", "5x", "500,", "abc", "-2", "5xx 4xx", "1000"] {
        refused.push((json!({ "status": status }), "/status".to_owned()));
    }
    for (arguments, pointer) in refused {
        let response = server.call("tail_log", arguments);
        let error = response.error();
        has_shape(error);
        assert_eq!(
            error["details"]["violations"][0]["pointer"],
            json!(pointer),
            "{error}"
        );
    }
    assert_eq!(
        server
            .call("tail_log", json!({ "status": "-1,2xx,404" }))
            .answer()["matched"],
        1
    );

    let haproxy = Haproxy::start(&newest());
    let without = crate::serve(&haproxy);
    assert!(!listed(&without).contains(&"tail_log".to_owned()));
    let said = without.call("tail_log", json!({})).message.to_string();
    assert!(said.contains("HAPROXY_LOG_PATH"), "{said}");
}
