#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

fn through(pieces: &[&[u8]]) -> Vec<u8> {
    let mut redactor = Traffic::default();
    let mut out = Vec::new();
    for piece in pieces {
        redactor.push(piece, &mut out);
    }
    redactor.finish(&mut out);
    out
}

fn shown(text: &str) -> String {
    String::from_utf8(through(&[text.as_bytes()])).unwrap()
}

/// As HAProxy dumps a message: its escapes, and lines of at most 80 characters.
fn dumped(message: &[u8]) -> String {
    let mut text = String::new();
    let mut line_start = 0;
    let mut at = 0;
    while at < message.len() {
        let mark = if at == line_start { ' ' } else { '+' };
        let mut line = format!("  {at:05}{mark} ");
        while let Some(byte) = message.get(at) {
            let escaped = match byte {
                b'\r' => "\\r".to_owned(),
                b'\n' => "\\n".to_owned(),
                b'\t' => "\\t".to_owned(),
                0x1b => "\\e".to_owned(),
                b'\\' => "\\\\".to_owned(),
                b' '..=b'~' => char::from(*byte).to_string(),
                other => format!("\\x{other:02X}"),
            };
            if line.len() + escaped.len() > 79 {
                break;
            }
            line.push_str(&escaped);
            at += 1;
            if *byte == b'\n' {
                line_start = at;
                break;
            }
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[test]
fn a_dumped_message_loses_its_secrets_and_nothing_else() {
    let head = "Total events captured on [22/Nov/2026:13:26:32.499] : 1\n \n\
        [22/Nov/2026:13:26:31.255] frontend fe (#2): invalid request\n  \
        backend <NONE> (#-1), server <NONE> (#-1), event #0, src 127.0.0.1:48176\n  \
        len 226, wraps at 16344, error at position 202\n  H1 chunk len 0 bytes, H1 body len 0 bytes :\n  \n";
    let cookie = "a".repeat(200);
    let message = format!(
        "GET /a?b=1&password=hunter2&c=3 HTTP/1.1\r\nHost: x\r\nCookie: sid=s3cr3t; {cookie}\r\n\
         Authorization: Bearer abcdef\r\n\tfolded secret\r\nX-Api-Key: k3y\r\nAccept: */*\r\nBad Header: 1\r\n\r\n"
    );
    let text = format!("{head}{}", dumped(message.as_bytes()));
    let expected = format!(
        "{head}  00000  GET /a?b=1&password=[redacted]&c=3 HTTP/1.1\\r\\n\n  00042  Host: x\\r\\n\n  \
         00051  Cookie:[redacted]\\r\\n\n  00273  Authorization:[redacted]\\r\\n\n  00303  [redacted]\\r\\n\n  \
         00319  X-Api-Key:[redacted]\\r\\n\n  00335  Accept: */*\\r\\n\n  00348  Bad Header: 1\\r\\n\n  00363  \\r\\n\n"
    );
    assert_eq!(shown(&text), expected);
}

/// Such a header is why HAProxy dumps the message.
#[test]
fn the_value_of_a_broken_header_is_secret_all_the_same() {
    for header in [
        "Cookie : sid=s3cr3t",
        "Coo kie: sid=s3cr3t",
        "Cookie\u{1}: sid=s3cr3t",
        "Coo\u{1}kie: sid=s3cr3t",
        "COOKIE\\: s3cr3t",
        "Cookie sid=s3cr3t",
        "Cookie s3cr3t",
        " Authorization Basic s3cr3t",
        "Authoriz\tation= s3cr3t",
        "Set-Cookie;s3cr3t",
        "X-My-Session-Id: s3cr3t",
        "x_auth: s3cr3t",
        "Proxy-Authorization: Digest username=\"x\", response=\"s3cr3t\"",
    ] {
        let text = dumped(format!("GET / HTTP/1.1\r\n{header}\r\n\r\n").as_bytes());
        let shown = shown(&text);
        assert!(!shown.contains("s3cr3t"), "{header}: {shown}");
        assert!(shown.contains("GET / HTTP/1.1\\r\\n"), "{shown}");
    }
}

#[test]
fn log_lines_lose_their_secrets() {
    for (line, expected) in [
        (
            r#"<134>fe be/s 0/0 200 "GET /a?token=abc&x=1 HTTP/1.1""#,
            r#"<134>fe be/s 0/0 200 "GET /a?token=[redacted]&x=1 HTTP/1.1""#,
        ),
        (
            r#""GET /a?access_token=a%20b HTTP/1.1" 200"#,
            r#""GET /a?access_token=[redacted] HTTP/1.1" 200"#,
        ),
        (
            r#""GET /a?next=%2Fx%3Ftok%65n%3Dabc HTTP/1.1""#,
            r#""GET /a?next=%2Fx%3Ftok%65n%3D[redacted] HTTP/1.1""#,
        ),
        (
            r#""GET http://me:pw@host/x HTTP/1.1""#,
            r#""GET http://[redacted]@host/x HTTP/1.1""#,
        ),
        (
            r#""CONNECT me:p=w@host:443 HTTP/1.1""#,
            r#""CONNECT [redacted]@host:443 HTTP/1.1""#,
        ),
        ("{Bearer abc.def|x} 200", "{Bearer [redacted]|x} 200"),
        ("jwt eyJhbGci.eyJzdWIi.c2ln 200", "jwt [redacted] 200"),
        (
            r#"{"status":200,"cookie":"a=b\"c; d","ua":"x"}"#,
            r#"{"status":200,"cookie":"[redacted]","ua":"x"}"#,
        ),
        (
            r#"{"log":"{\"password\": \"a b\", \"x\": 1}"}"#,
            r#"{"log":"{\"password\": \"[redacted]\", \"x\": 1}"}"#,
        ),
        ("cookie=a=b; c=d rest", "cookie=[redacted]"),
        ("PHPSESSID=abc; x=1", "PHPSESSID=[redacted]; x=1"),
        ("key=", "key="),
    ] {
        assert_eq!(shown(line), expected);
        assert_eq!(shown(&format!("{line}\n")), format!("{expected}\n"));
    }
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    for text in [
        "<134>Nov 22 13:26:00 localhost haproxy[25918]: unix:2 [22/Nov/2026:13:26:00.470] fe fe/<NOSRV> \
         0/-1/-1/-1/0 200 49 - - LR-- 2/2/0/0/0 0/0 \"GET /a?page=2&monkey=1 HTTP/1.1\"\n",
        "Server be_app/app1 is UP, reason: Layer7 check passed, code: 200, check duration: 1ms. 3 active.\n",
        "Keep-Alive: timeout=5\n\n  \n",
        "0x7f0: proto=tcpv4 src=127.0.0.1:1 fe=fe be=be srv=s ts=00 age=0s calls=1 rq[f=80,i=0] exp=10s\n",
        "mail to someone@example.com\n",
        "",
        "\n",
        "no end",
    ] {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn a_line_that_is_too_long_is_dropped_as_a_whole() {
    let long = "x".repeat(LINE_BYTES + 1);
    assert_eq!(
        shown(&format!("a\n{long}\nb\n")),
        "a\n[redacted: the line is too long]\nb\n"
    );
    let half = "y".repeat(LINE_BYTES / 2 + 10);
    let text = format!("  00000  {half}\n  90000+ {half}\n  99999  b\\n\n");
    assert_eq!(
        shown(&text),
        "  00000  [redacted: the line is too long]\n  99999  b\\n\n"
    );
}

/// Texts that are full of what is looked for.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let bits = prop::sample::select(vec![
        "  00010  ",
        "  00020+ ",
        "\n",
        "\\r\\n\n",
        "Cookie",
        ": ",
        "=",
        "token",
        "\"",
        "\\\"",
        "\\",
        "%3D",
        "@",
        "//",
        "u:p",
        " ",
        "\t",
        "Bearer ",
        "eyJa.b",
        "; ",
        "&",
        "é",
        "HTTP/1.1",
        "\\x0",
        "x",
    ]);
    prop::collection::vec(
        prop_oneof![
            9 => bits.prop_map(|bit| bit.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..4),
        ],
        0..60,
    )
    .prop_map(|bits| bits.concat())
}

proptest! {
    #[test]
    fn where_the_pieces_are_cut_does_not_matter(text in texts(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&text[from..cut]);
            from = cut;
        }
        pieces.push(&text[from..]);
        let single: Vec<&[u8]> = text.chunks(1).collect();
        prop_assert_eq!(through(&pieces), through(&[&text]));
        prop_assert_eq!(through(&single), through(&[&text]));
    }

    /// However long the header, and wherever HAProxy wraps it.
    #[test]
    fn no_part_of_a_secret_comes_out_of_a_dump(
        header in prop::sample::select(vec!["Cookie: a=", "authorization: Basic ", "Set-Cookie: x=", "Proxy-Authorization:", "X-API-KEY: ", "Cook ie:"]),
        before in "[ -9;-~]{0,90}",
        secret in "[Q-V]{12,200}",
    ) {
        let text = dumped(format!("POST /x HTTP/1.1\r\nHost: {before}\r\n{header}{before}{secret}\r\n\r\n").as_bytes());
        let out = through(&[text.as_bytes()]);
        let quiet: Vec<u8> = out.iter().copied().filter(u8::is_ascii_uppercase).collect();
        for part in secret.as_bytes().windows(12) {
            let clear = before.as_bytes().windows(12).any(|window| window == part);
            prop_assert!(clear || !contains(&quiet, part), "{}", String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn no_secret_of_a_query_comes_out(
        name in prop::sample::select(vec!["token", "password", "api_key", "client_secret", "sessionid", "Key", "x%2Dauth"]),
        secret in "[Q-V]{8,40}[a-z.~_;,!*()$%/+-]{0,6}[Q-V]{8}",
        dump in any::<bool>(),
    ) {
        let line = format!("GET /a?x=1&{name}={secret}&y=2 HTTP/1.1\r\n");
        let text = if dump { dumped(line.as_bytes()) } else { format!("fe be/s 200 \"{}\"\n", line.trim_end()) };
        let out = String::from_utf8(through(&[text.as_bytes()])).unwrap();
        prop_assert!(!out.contains(&secret[..8]) && !out.contains(&secret[secret.len() - 8..]), "{out}");
        prop_assert!(out.contains("&y=2 HTTP/1.1"), "{out}");
    }
}
