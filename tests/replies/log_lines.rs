//! Lines of HAProxy's log, as it writes them and as syslog daemons do.
//!
//! `log_local.txt` and the like are what one configuration logged in one run of each version, in HAProxy's formats
//! `local`, `rfc5424`, `timed` and `iso`: every kind of traffic, of refused connection and of message about a server.

use haproxy_replies::log_lines::{KEPT, Kind, Line, LogReader, Moment, Timers, offset_between};
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

fn text(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(String::new, |bytes| {
        String::from_utf8_lossy(bytes).into_owned()
    })
}

fn read(line: &str) -> Line<'_> {
    Line::read(line.as_bytes())
}

/// What is left of a line when all that was read of it is put together again, in HAProxy's own format.
fn again(line: &Line<'_>) -> String {
    let Timers {
        request,
        queue,
        connect,
        response,
        total,
    } = line.timers;
    let number = |number: Option<i64>| number.unwrap().to_string();
    let head = format!(
        "{} [{}] {}{} {}/{}",
        text(line.client),
        text(line.accepted.map(|stamp| stamp.written)),
        text(line.frontend),
        if line.tls { "~" } else { "" },
        text(line.backend),
        text(line.server)
    );
    let [process, frontend, backend, server] = line.connections.unwrap();
    let [in_server, in_backend] = line.queues.unwrap();
    let tail = format!(
        "{} {process}/{frontend}/{backend}/{server}/{}{} {in_server}/{in_backend}",
        text(line.termination),
        if line.redispatched { "+" } else { "" },
        line.retries.unwrap()
    );
    let bytes = line.bytes.unwrap();
    if line.kind == Kind::Tcp {
        let timers = [queue, connect, total].map(number).join("/");
        return format!("{head} {timers} {bytes} {tail}");
    }
    let timers = [request, queue, connect, response, total]
        .map(number)
        .join("/");
    let captured = line
        .captured
        .map_or_else(String::new, |captured| format!(" {}", text(Some(captured))));
    let behind = line
        .text
        .map_or_else(String::new, |behind| format!(" {}", text(Some(behind))));
    format!(
        "{head} {timers} {} {bytes} COOKIES {tail}{captured} \"{}\"{behind}",
        number(line.status),
        text(line.request)
    )
}

/// The line without its cookies, and without the signs that say that more was to come.
fn without_cookies(message: &str) -> String {
    let words: Vec<&str> = message.split(' ').collect();
    // client, time, frontend, server, timers, status, bytes, two cookies
    if words[4].split('/').count() != 5 {
        return message.to_owned();
    }
    let timers = words[4].replace('+', "");
    let bytes = words[6].replace('+', "");
    format!(
        "{} {timers} {} {bytes} COOKIES {}",
        words[..4].join(" "),
        words[5],
        words[9..].join(" ")
    )
}

#[test]
fn every_line_of_every_version_is_understood() {
    for version in VERSIONS {
        let bytes = reply(version, "log_local");
        let lines = String::from_utf8(bytes).unwrap();
        for written in lines.lines() {
            let line = read(written);
            let message = text(Some(line.message));
            assert!(
                written.ends_with(&message) || written.ends_with(' '),
                "{written}"
            );
            let (priority, rest) = written.strip_prefix('<').unwrap().split_once('>').unwrap();
            assert_eq!(
                line.priority
                    .map(|priority| priority.to_string())
                    .as_deref(),
                Some(priority)
            );
            assert_eq!(
                text(line.logged.map(|stamp| stamp.written)),
                rest[..15],
                "{written}"
            );
            let pid = rest[15..]
                .strip_prefix(" haproxy[")
                .unwrap()
                .split_once("]: ")
                .unwrap()
                .0;
            assert_eq!(line.pid.map(|pid| pid.to_string()).as_deref(), Some(pid));
            assert_eq!((text(line.program).as_str(), line.host), ("haproxy", None));

            let expected = if message.starts_with("Connect from") {
                Kind::Connection
            } else if message.contains("- - [") {
                if message.contains("\"TCP \"") {
                    Kind::Tcp
                } else {
                    Kind::Http
                }
            } else if ["fe_https/1: ", "fe_proxied/1: "]
                .iter()
                .any(|refused| message.contains(refused))
            {
                Kind::Refused
            } else if message.contains("] fe_") {
                if message.contains("] fe_tcp") {
                    Kind::Tcp
                } else {
                    Kind::Http
                }
            } else if message.contains("erver be_checked/") {
                Kind::Server
            } else if ["Proxy ", "Paused ", "Resumed ", "Stopping "]
                .iter()
                .any(|start| message.starts_with(start))
            {
                Kind::Proxy
            } else {
                // `log-format` of the site's own
                assert!(
                    message.starts_with('{') || message.contains("{www.site.test}"),
                    "{written}"
                );
                Kind::Other
            };
            assert_eq!(line.kind, expected, "{written}");
            if matches!(expected, Kind::Http | Kind::Tcp) && !message.contains("- - [") {
                assert_eq!(again(&line), without_cookies(&message), "{version}");
            }
            if expected == Kind::Other {
                assert_eq!(line.text, Some(line.message));
            }
        }
    }
}

#[test]
fn the_other_formats_say_the_same() {
    for version in VERSIONS {
        let local = String::from_utf8(reply(version, "log_local")).unwrap();
        let said: Vec<String> = local
            .lines()
            .map(|line| text(Some(read(line).message)))
            .collect();
        for (format, host) in [("rfc5424", Some("lb1")), ("timed", None), ("iso", None)] {
            let other = String::from_utf8(reply(version, &format!("log_{format}"))).unwrap();
            let mut found = 0;
            for written in other.lines() {
                let line = read(written);
                assert!(
                    said.contains(&text(Some(line.message))),
                    "{format}: {written}"
                );
                found += 1;
                let (stamp, plain) = (
                    line.logged.unwrap(),
                    &written[written.find("2026-").unwrap()..],
                );
                assert_eq!(text(Some(stamp.written)), plain[..32], "{written}");
                assert_eq!(stamp.moment(0).unwrap().offset, Some(0), "{written}");
                assert_eq!(line.host.map(|host| text(Some(host))).as_deref(), host);
                assert_eq!(line.pid.is_some(), host.is_some(), "{written}");
                assert_eq!(line.priority.is_some(), format != "iso", "{written}");
            }
            assert_eq!(found, 45, "{version} {format}");
        }
    }
}

#[test]
fn prefixes_of_daemons_journals_and_runtimes() {
    let message = "Proxy fe started.";
    for (prefix, host, pid, stamp) in [
        (
            "Nov 25 00:01:02 lb-1 haproxy[123]: ",
            "lb-1",
            Some(123),
            "Nov 25 00:01:02",
        ),
        (
            "Nov  5 00:01:02 lb-1 haproxy[123]: ",
            "lb-1",
            Some(123),
            "Nov  5 00:01:02",
        ),
        (
            "Nov 25 00:01:02.123456 lb-1 haproxy[123]: ",
            "lb-1",
            Some(123),
            "Nov 25 00:01:02.123456",
        ),
        (
            "2026-11-25T00:01:02.123456+01:00 lb-1 haproxy[123]: ",
            "lb-1",
            Some(123),
            "2026-11-25T00:01:02.123456+01:00",
        ),
        (
            "2026-11-25T00:01:02+0100 lb-1 haproxy[123]: ",
            "lb-1",
            Some(123),
            "2026-11-25T00:01:02+0100",
        ),
        (
            "2026-11-25 00:01:02,5 lb-1 haproxy: ",
            "lb-1",
            None,
            "2026-11-25 00:01:02,5",
        ),
        (
            "Nov 25 00:01:02 127.0.0.1 my-haproxy.2[9]: ",
            "127.0.0.1",
            Some(9),
            "Nov 25 00:01:02",
        ),
        (
            "2026-11-25T00:01:02.123456789Z <134>Nov 25 01:01:02 haproxy[8]: ",
            "",
            Some(8),
            "2026-11-25T00:01:02.123456789Z",
        ),
        (
            "2026-11-25T00:01:02.1Z stdout F <134>Nov 25 01:01:02 haproxy[8]: ",
            "",
            Some(8),
            "2026-11-25T00:01:02.1Z",
        ),
        (
            "<134>1 2026-11-25T00:01:02Z lb-1 haproxy 7 id [a b=\"]\\\"[\"][c] ",
            "lb-1",
            Some(7),
            "2026-11-25T00:01:02Z",
        ),
        ("<134>1 - - haproxy - - - \u{feff}", "", None, ""),
        ("haproxy[5]: ", "", Some(5), ""),
        ("<134>", "", None, ""),
        ("", "", None, ""),
    ] {
        let written = format!("{prefix}{message}");
        let line = read(&written);
        assert_eq!(text(Some(line.message)), message, "{written}");
        assert_eq!(
            (text(line.host).as_str(), line.pid),
            (host, pid),
            "{written}"
        );
        assert_eq!(
            text(line.logged.map(|stamp| stamp.written)),
            stamp,
            "{written}"
        );
        assert_eq!(line.kind, Kind::Proxy, "{written}");
    }
    // words that only look like a prefix
    for written in [
        "<999>x",
        "<134x",
        "Nov 31x 00:01:02 a",
        "2026-13-25T00:01:02Z a",
        "1 2 3",
        "see: haproxy",
        "1 - - - -",
    ] {
        assert_eq!(text(Some(read(written).message)), written);
    }
}

#[test]
fn fields_of_traffic() {
    let line = read(
        "Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 \
         10/0/30/69/+109 200 +2750 sid=a b - SC+ND 1/2/3/4/+5 6/7 {1wt.eu|a b} {} \"GET /index.html HTTP/1.1\"",
    );
    // a termination state is what stands before the connections, whatever the cookies hold
    assert_eq!(text(line.termination), "SC+ND");
    assert_eq!(
        (line.connections, line.retries, line.redispatched),
        (Some([1, 2, 3, 4]), Some(5), true)
    );
    assert_eq!(
        (line.queues, text(line.captured).as_str()),
        (Some([6, 7]), "{1wt.eu|a b} {}")
    );
    assert_eq!((line.timers.total, line.bytes), (Some(109), Some(2750)));

    let line = read(
        "10.0.0.1 - - [25/Nov/2026:01:09:07 -0330] \"GET /x HTTP/1.1\" 200 96 \"\" \"\" 48980 250 \"fe_clf~\" \"be_app\" \
         \"app1\" 1 2 3 4 5 --NI 1 2 3 4 +5 6 7 \"a b\" \"\" \"agent\" ",
    );
    assert_eq!(line.kind, Kind::Http);
    assert_eq!(
        (
            text(line.frontend).as_str(),
            line.tls,
            text(line.server).as_str()
        ),
        ("fe_clf", true, "app1")
    );
    assert_eq!(
        (text(line.client).as_str(), text(line.client_port).as_str()),
        ("10.0.0.1", "48980")
    );
    assert_eq!(
        (line.status, line.bytes, text(line.request).as_str()),
        (Some(200), Some(96), "GET /x HTTP/1.1")
    );
    let numbers = [
        line.timers.request,
        line.timers.queue,
        line.timers.connect,
        line.timers.response,
        line.timers.total,
    ];
    assert_eq!(numbers, [1, 2, 3, 4, 5].map(Some));
    assert_eq!(
        (
            line.connections,
            line.retries,
            line.redispatched,
            line.queues
        ),
        (Some([1, 2, 3, 4]), Some(5), true, Some([6, 7]))
    );
    assert_eq!(text(line.captured), "\"agent\"");
    assert_eq!(
        line.accepted.unwrap().moment(0).unwrap().utc(0),
        1_795_581_547
    );

    // other programs' common log
    let line =
        read("10.0.0.1 - - [25/Nov/2026:01:09:07 +0000] \"GET /x HTTP/1.1\" 404 12 \"-\" \"curl\"");
    assert_eq!(
        (line.kind, line.status, line.frontend),
        (Kind::Http, Some(404), None)
    );

    // HAProxy cuts a line at `log … len`
    let line = read(
        "10.0.1.2:1 [06/Feb/2009:12:14:14.655] fe be/<NOSRV> -1/-1/-1/-1/0 -1 0 - - CR-- 1/1/0/0/0 0/0 \"GET /aaaa",
    );
    assert_eq!(
        (line.cut, line.status, text(line.server).as_str()),
        (true, Some(-1), "<NOSRV>")
    );
    assert_eq!(text(line.request), "GET /aaaa");

    for other in [
        "10.0.1.2:1 [06/Feb/2009:12:14:14.655] fe be/s 1/2/3/4/5 200 \"GET / HTTP/1.1\"",
        "10.0.1.2:1 [06/Feb/2009:12:14:14.655] fe be 1/2/3/4/5 200 0 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
        "10.0.1.2:1 [06/Feb/2009:12:14] fe be/s 1/2/3 0 -- 1/1/0/0/0 0/0",
        "10.0.1.2:1 [06/Feb/2009:12:14:14.655] fe be/s 1/2 0 -- 1/1/0/0/0 0/0",
        "Connect from somewhere",
        "Server be_app is DOWN",
        "backend be_app is fine",
        "",
    ] {
        let line = read(other);
        assert_eq!(
            (line.kind, line.frontend, line.client),
            (Kind::Other, None, None),
            "{other}"
        );
        assert_eq!(text(line.text), other);
    }
}

/// HAProxy writes a cookie as the client sent it, and quotes and braces of a header as their numbers.
#[test]
#[expect(clippy::too_many_lines, reason = "a line for each forgery")]
fn a_client_cannot_forge_how_its_request_ended() {
    let line_with = |cookie: &str, behind: &str| {
        format!(
            "10.0.1.2:1 [06/Feb/2009:12:14:14.655] fe be/s 0/0/0/1/1 200 9 {cookie} - SD-- 1/2/3/4/5 6/7 {behind}"
        )
    };
    let request = "\"GET /true HTTP/1.1\"";
    let forged = "- sQ-- 1/1/0/0/7 9/9";
    // HAProxy's own alone could stand there
    for (cookie, behind, captured) in [
        ("x", request.to_owned(), ""),
        ("{x \u{7f}'y", format!("{{a}} {{b}} {request}"), "{a} {b}"),
        ("x 1/1/0/0/7 y", request.to_owned(), ""),
        (
            "x",
            format!("{{a {forged} b}} {request}"),
            "{a - sQ-- 1/1/0/0/7 9/9 b}",
        ),
        (
            "x",
            format!("{{a}} {{{forged} b}} {request}"),
            "{a} {- sQ-- 1/1/0/0/7 9/9 b}",
        ),
        (
            "x",
            format!("{request} 0/0/0/0/0 -/TLSv1.3/TLS_AES_128_GCM_SHA256"),
            "",
        ),
    ] {
        let written = line_with(cookie, &behind);
        let line = read(&written);
        assert_eq!(text(line.termination), "SD--", "{written}");
        assert_eq!(line.connections, Some([1, 2, 3, 4]), "{written}");
        assert_eq!(
            (line.retries, line.queues),
            (Some(5), Some([6, 7])),
            "{written}"
        );
        assert_eq!(text(line.captured), captured, "{written}");
        assert_eq!(text(line.request), "GET /true HTTP/1.1", "{written}");
    }
    // either could be
    for (cookie, behind, seen) in [
        (
            format!("x {forged}"),
            request.to_owned(),
            "GET /true HTTP/1.1",
        ),
        (
            format!("x {forged} {forged} y"),
            request.to_owned(),
            "GET /true HTTP/1.1",
        ),
        (
            format!("x {forged} {{"),
            format!("{{a}} {request}"),
            "GET /true HTTP/1.1",
        ),
        (
            format!("x {forged} \"GET /forged HTTP/1.1\""),
            request.to_owned(),
            "",
        ),
        (
            format!("x {forged} {{y}} \"GET /forged HTTP/1.1"),
            request.to_owned(),
            "",
        ),
        (
            "x \"GET /forged HTTP/1.1\"".to_owned(),
            request.to_owned(),
            "",
        ),
        (
            "x".to_owned(),
            format!("{request} 0/0/0/0/0 x {forged} \"y"),
            "",
        ),
    ] {
        let written = line_with(&cookie, &behind);
        let line = read(&written);
        assert_eq!(
            (line.kind, line.status, line.bytes),
            (Kind::Http, Some(200), Some(9)),
            "{written}"
        );
        assert_eq!(text(line.server), "s", "{written}");
        assert_eq!(
            (line.termination, line.connections),
            (None, None),
            "{written}"
        );
        assert_eq!(
            (line.retries, line.queues, line.redispatched),
            (None, None, false),
            "{written}"
        );
        assert_eq!(text(line.request), seen, "{written}");
    }
    // Nothing that a client sent stands before it in a line on a connection.
    let line = read(
        "10.0.1.2:1 [06/Feb/2009:12:14:14.655] fe be/s 0/0/1 9 SD 1/2/3/4/5 6/7 - sQ 1/1/0/0/7 9/9",
    );
    assert_eq!(
        (text(line.termination).as_str(), line.retries),
        ("SD", Some(5))
    );
    // cut within it
    for (end, queues) in [
        ("1/2/3/4/5 6/7", Some([6, 7])),
        ("1/2/3/4/5 6/", None),
        ("1/2/3/4/5 6", None),
    ] {
        let written =
            format!("10.0.1.2:1 [06/Feb/2009:12:14:14.655] fe be/s 0/0/0/1/1 200 9 - - SD-- {end}");
        let line = read(&written);
        assert_eq!(
            (text(line.termination).as_str(), line.retries),
            ("SD--", Some(5)),
            "{written}"
        );
        assert_eq!(line.queues, queues, "{written}");
    }
}

#[test]
fn messages_about_servers_and_proxies() {
    for (written, kind, proxy, backend, server) in [
        (
            "Server be/s:1 is DOWN, reason: Layer4 timeout, check duration: 2001ms. 1 active",
            Kind::Server,
            "",
            "be",
            "s:1",
        ),
        (
            "Backup Server be/s1 is UP. 1 active",
            Kind::Server,
            "",
            "be",
            "s1",
        ),
        (
            "Health check for backup server be/s1 failed, reason: x",
            Kind::Server,
            "",
            "be",
            "s1",
        ),
        (
            "Agent check for server be/s1 succeeded",
            Kind::Server,
            "",
            "be",
            "s1",
        ),
        (
            "backend be has no server available!",
            Kind::Proxy,
            "",
            "be",
            "",
        ),
        (
            "Proxy fe stopped (cumulated conns: FE: 1, BE: 0).",
            Kind::Proxy,
            "fe",
            "",
            "",
        ),
        ("Paused frontend fe.http.", Kind::Proxy, "fe.http", "", ""),
    ] {
        let line = read(written);
        assert_eq!(line.kind, kind, "{written}");
        assert_eq!(
            (
                text(line.proxy).as_str(),
                text(line.backend).as_str(),
                text(line.server).as_str()
            ),
            (proxy, backend, server),
            "{written}"
        );
        assert_eq!(text(line.text), written);
    }
}

#[test]
fn moments_are_of_the_year_that_fits() {
    // 2026-11-25T01:00:00Z
    let today = 1_795_568_400;
    for (written, expected) in [
        ("Nov 25 00:59:59 x haproxy[1]: m", "2026-11-25T00:59:59"),
        // zones may put it into the next day
        ("Nov 26 13:00:00 x haproxy[1]: m", "2026-11-26T13:00:00"),
        ("Dec  1 00:00:00 x haproxy[1]: m", "2025-12-01T00:00:00"),
        ("Jan  1 00:00:00 x haproxy[1]: m", "2026-01-01T00:00:00"),
        ("Feb 29 12:00:00 x haproxy[1]: m", "2024-02-29T12:00:00"),
        (
            "2031-02-03T04:05:06.7-02:30 x haproxy[1]: m",
            "2031-02-03T04:05:06-02:30",
        ),
    ] {
        let stamp = read(written).logged.unwrap();
        assert_eq!(stamp.moment(today).unwrap().iso(), expected, "{written}");
        assert_eq!(stamp.has_year(), written.starts_with('2'));
    }
    // on New Year's Eve, a line of the new year in a zone that is ahead, and one of the old year read in the new one
    let eve = 1_798_761_000; // 2026-12-31T23:50:00Z
    let new = read("Jan  1 00:10:00 x haproxy[1]: m").logged.unwrap();
    assert_eq!(new.moment(eve).unwrap().iso(), "2027-01-01T00:10:00");
    let old = read("Dec 31 23:59:59 x haproxy[1]: m").logged.unwrap();
    assert_eq!(
        old.moment(eve + 3_600).unwrap().iso(),
        "2026-12-31T23:59:59"
    );
}

#[test]
fn moments_that_people_write() {
    let read = |text: &str| Moment::read(text.as_bytes());
    for (text, expected) in [
        ("2026-11-25T01:09:06.5+01:00", "2026-11-25T01:09:06+01:00"),
        ("2026-11-25T01:09:06Z", "2026-11-25T01:09:06Z"),
        ("2026-11-25 01:09", "2026-11-25T01:09:00"),
        ("2026-11-25T01:09-05", "2026-11-25T01:09:00-05:00"),
        ("2026-11-25", "2026-11-25T00:00:00"),
    ] {
        assert_eq!(
            read(text).map(Moment::iso).as_deref(),
            Some(expected),
            "{text}"
        );
    }
    for text in [
        "",
        "now",
        "2026-11",
        "2026-11-31",
        "2026-11-25T",
        "2026-11-25T25:00",
        "2026-11-25T01:09:06Zx",
        "2026-11-25Z",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    let moment = read("2026-11-25T01:00:00+01:00").unwrap();
    assert_eq!(
        (moment.utc(0), moment.utc(7_200)),
        (1_795_564_800, 1_795_564_800)
    );
    assert_eq!(
        read("2026-11-25T01:00:00").unwrap().utc(3_600),
        1_795_564_800
    );
}

#[test]
fn the_zone_of_a_log_is_seen_by_its_last_change() {
    let changed = 1_795_564_800;
    for (local, expected) in [
        (changed, Some(0)),
        (changed + 3_600, Some(3_600)),
        (changed + 3_600 - 58, Some(3_600)),
        (changed - 5 * 3_600 + 60, Some(-5 * 3_600)),
        (changed + 20_700, Some(20_700)),
        (changed - 61, None),
        (changed + 450, None),
        (changed + 15 * 3_600, None),
        (i64::MIN, None),
        (i64::MAX, None),
    ] {
        assert_eq!(offset_between(local, changed), expected, "{local}");
    }
}

/// The lines of these pieces: text, length, and whether the end was there.
fn lines(pieces: &[&[u8]]) -> Vec<(Vec<u8>, u64, bool)> {
    let mut reader = LogReader::default();
    let mut all = Vec::new();
    for piece in pieces {
        reader.push(piece, |line| {
            all.push((line.bytes.to_vec(), line.length, line.ended));
        });
    }
    reader.finish(|line| all.push((line.bytes.to_vec(), line.length, line.ended)));
    all
}

#[test]
fn a_line_without_end_keeps_its_beginning_alone() {
    let long = vec![b'x'; 3 * KEPT];
    let whole = [long.as_slice(), b"\nnext\n"].concat();
    for pieces in [vec![whole.as_slice()], whole.chunks(1_000).collect()] {
        let lines = lines(&pieces);
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (lines[0].0.len(), lines[0].1, lines[0].2),
            (KEPT, 3 * KEPT as u64, true)
        );
        assert_eq!(lines[1], (b"next".to_vec(), 4, true));
    }
    assert_eq!(
        lines(&[b"a\n", b"b"]),
        [(b"a".to_vec(), 1, true), (b"b".to_vec(), 1, false)]
    );
    assert_eq!(lines(&[]), []);
}

proptest! {
    #[test]
    fn the_pieces_of_a_file_do_not_matter(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        pieces.push(&bytes[from..]);
        let read = lines(&pieces);
        let joined: Vec<u8> = read
            .iter()
            .flat_map(|(line, _, ended)| line.iter().copied().chain(ended.then_some(b'\n')))
            .collect();
        prop_assert_eq!(joined, bytes);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        head in prop::sample::select(vec![
            "", "<134>", "<134>1 2026-11-25T01:09:05Z h p 1 - ", "Nov 25 00:01:02 ", "2026-11-25T00:01:02", "1 - - - ",
            "10.0.0.1:1 [25/Nov/2026:01:09:06.246] ", "10.0.0.1:1 [25/Nov/2026:01:09:06.246] fe be/s 1/2/3/4/5 200 ",
            "10.0.0.1:1 [25/Nov/2026:01:09:06.246] fe be/s 1/2/3 5 -- 1/1/0/0/0 0/0 ",
            "10.0.0.1 - - [25/Nov/2026:01:09:06 +0000] \"GET\" 200 1 \"\" \"\" 1 2 \"f\" \"b\" \"s\" 1 2 3 4 5 ",
            "Connect from ", "Server ", "Health check for server ", "backend ", "Proxy ", "Paused frontend ",
        ]),
        bytes in prop::collection::vec(prop_oneof![
            prop::sample::select(b"[]<>/:\"-+ .,{}|0123456789Zabs~T".to_vec()), any::<u8>()
        ], 0..120),
        today in any::<i64>(),
    ) {
        let mut line = head.as_bytes().to_vec();
        line.extend(bytes);
        let read = Line::read(&line);
        // what is read stands in the line
        for part in [read.client, read.frontend, read.backend, read.server, read.request, read.captured, read.text]
            .into_iter()
            .flatten()
        {
            prop_assert!(part.is_empty() || line.windows(part.len()).any(|window| window == part));
        }
        for stamp in [read.logged, read.accepted].into_iter().flatten() {
            if let Some(moment) = stamp.moment(today) {
                let _ = (moment.iso(), moment.utc(today));
            }
        }
        let _ = (read.severity(), Moment::read(&line));
        let _ = offset_between(today, today.wrapping_mul(3));
    }

    /// A line that HAProxy could write, and its parts.
    #[test]
    fn what_is_written_is_read(
        client in "[0-9a-f.:]{1,20}:[0-9]{1,5}",
        names in prop::array::uniform3("[A-Za-z0-9_.:-]{1,12}"),
        timers in prop::array::uniform5(-1_i64..100_000),
        status in prop_oneof![Just(-1_i64), 100_i64..600],
        bytes in any::<u32>(),
        cookies in prop::array::uniform2("-|[a-z=0-9]{1,8}"),
        termination in "[-A-Za-z]{4}",
        counts in prop::array::uniform7(0_u64..10_000),
        captured in prop::option::of("\\{[a-z |.]{0,12}\\}"),
        request in "[A-Z]{1,6} /[!#-~]{0,20} HTTP/1\\.1|<BADREQ>",
        tls in any::<bool>(),
    ) {
        let [frontend, backend, server] = &names;
        let [a, b, c, d, r, q1, q2] = counts;
        let written = format!(
            "{client} [25/Nov/2026:01:09:06.246] {frontend}{} {backend}/{server} {} {status} {bytes} {} {} {termination} \
             {a}/{b}/{c}/{d}/{r} {q1}/{q2}{} \"{request}\"",
            if tls { "~" } else { "" },
            timers.map(|timer| timer.to_string()).join("/"),
            cookies[0],
            cookies[1],
            captured.as_ref().map_or_else(String::new, |captured| format!(" {captured}")),
        );
        let line = read(&written);
        prop_assert_eq!(line.kind, Kind::Http);
        prop_assert_eq!(
            (text(line.client), text(line.frontend), text(line.backend), text(line.server)),
            (client, frontend.clone(), backend.clone(), server.clone())
        );
        prop_assert_eq!(line.status, Some(status));
        prop_assert_eq!((line.bytes, text(line.termination)), (Some(u64::from(bytes)), termination));
        prop_assert_eq!((line.tls, line.cut, line.timers.total), (tls, false, Some(timers[4])));
        prop_assert_eq!(line.captured.map(|captured| text(Some(captured))), captured);
        prop_assert_eq!((text(line.request), line.text), (request, None));
    }
}
