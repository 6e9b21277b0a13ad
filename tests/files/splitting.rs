//! What is true of every configuration: that no planted secret comes out, that it does not matter how the text comes,
//! and that nothing in it is too much.

use std::fmt::Write as _;

use haproxy_mcp::redact::Configuration;
use proptest::prelude::*;

use crate::secrets::{redacted, shown};

fn through(pieces: &[&[u8]]) -> Vec<u8> {
    let mut configuration = Configuration::default();
    let mut out = Vec::new();
    for piece in pieces {
        configuration.push(piece, &mut out);
    }
    configuration.finish(&mut out);
    out
}

/// How a word may be written.
#[derive(Clone, Copy, Debug)]
enum Written {
    Plain,
    Single,
    Double,
    Escaped,
    Hexadecimal,
    Mixed,
}

impl Written {
    const ALL: [Self; 6] = [
        Self::Plain,
        Self::Single,
        Self::Double,
        Self::Escaped,
        Self::Hexadecimal,
        Self::Mixed,
    ];

    /// Of letters and digits, with blanks where quotes or escapes allow it.
    fn write(self, word: &str) -> String {
        let (head, tail) = word.split_at(word.len() / 2);
        match self {
            Self::Plain => word.to_owned(),
            Self::Single => format!("'{head} {tail}'"),
            Self::Double => format!("\"{head} {tail}\""),
            Self::Escaped => format!(r"{head}\ \#{tail}"),
            Self::Hexadecimal => hexadecimal(word),
            Self::Mixed => format!("\"{head}\"'{tail}'"),
        }
    }
}

/// Each byte as an escape.
fn hexadecimal(word: &str) -> String {
    let mut text = String::new();
    for byte in word.bytes() {
        write!(text, "\\x{byte:02x}").unwrap();
    }
    text
}

/// Where a secret can stand as a word of its own: `@` is the word.
const WORDS: [&str; 30] = [
    "user bob password @",
    "user bob insecure-password @ groups g1",
    "cluster-secret @",
    "dynamic-cookie-key @",
    "anonkey @",
    "setenv DB_PASSWORD @",
    "presetenv AWS_SECRET_ACCESS_KEY @",
    "bind :443 ssl ca-sign-pass @ alpn h2",
    "server s 10.0.0.1:80 tcp-md5sig @ check",
    "http-request set-header Authorization @ if { path /x }",
    "http-request add-header X-Api-Key @",
    "http-after-response set-header Set-Cookie @",
    "http-check send meth GET hdr X-Auth-Token @ hdr Host www",
    "http-check expect hdr name x-token value @",
    "http-request set-var-fmt(txn.secret) @ unless x",
    "set-var-fmt proc.token @",
    "acl ok req.hdr(x-api-key) -m str @",
    "acl ok req.cook(session) -i @ @",
    "http-request deny unless { http_auth_pass @ } or x",
    "http-request deny if !{ urlp(token) -m str @ }",
    "tcp-check send-binary @",
    "acme-vars @",
    "lua-load a.lua mode fast token @",
    "fcgi-param set-param DB_PASSWORD @",
    "\"${U-user}\" bob password @",
    "user bob \"insecure-${X-password}\" @ groups g1",
    "http-request \"set-${X-header}\" X-Key @",
    "setenv \"API${X-_K}EY\" @",
    "server s 10.0.0.1:80 \"tcp-${X-md5sig}\" @",
    "http-request deny unless \"${X-{}\" hdr(x-key) @ }",
];

/// Where it can be a part of a word: `@` is letters and digits.
const PARTS: [&str; 31] = [
    "stats auth admin:@",
    "stats auth \"ad min:@\"",
    "stats auth 'admin:x @'",
    "    #stats auth admin:@",
    "# old password: @",
    "# the secret is @",
    "description \"user: bob, password: @\"",
    "http-request set-var(txn.token) str(@)",
    "set-var proc.api_key str(\"@\")",
    "http-request set-header x %[src,hmac(sha256,@),hex]",
    "http-request set-header x '%[src,hmac(sha256,\"@\"),hex]'",
    "http-request set-var(txn.a) src,aes_gcm_enc(128,txn.nonce,@,txn.tag)",
    "http-request set-var(txn.a) http_auth_bearer,jwt_verify(\"HS512\",@)",
    "http-request set-var(txn.a) http_auth_bearer,jwt_verify(txn.alg,\"@\")",
    "acl ok str(@),secure_memcmp(txn.given)",
    "option httpchk GET /x?api_key=@&y=1 HTTP/1.1\\r\\nHost:\\ www",
    "option httpchk GET / HTTP/1.1\\r\\nAuthorization:\\ Basic\\ @\\r\\nHost:\\ www",
    "http-check send meth POST body \"{\\\"password\\\": \\\"@\\\", \\\"x\\\": 1}\"",
    "tcp-check send AUTH\\ default\\ @\\r\\n",
    "tcp-check send \"*2\\r\\n$4\\r\\nAUTH\\r\\n$9\\r\\n@\\r\\n\"",
    "http-request redirect location https://bob:@@www.example.test/x",
    ".if streq(\"$API_TOKEN\",@)",
    "command app --token=@ --port 80",
    "http-request set-query token=@&x=1",
    "command sh -c 'exec app --password @ --port 80'",
    ".elif streq(@,\"$API_TOKEN\")",
    "stats auth admin:x#@",
    "http-check send body \"password:@\"",
    "use_backend %[str(@),secure_memcmp(txn.given)]",
    ".notice \"the token is @\"",
    "stats \"${X-auth}\" admin:@",
];

/// Texts that are full of what is looked for.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let bits = prop::sample::select(vec![
        "stats auth ",
        "admin:pw",
        "user x password ",
        "setenv KEY ",
        "set-header Authorization ",
        "acl a hdr(token) ",
        "{ ",
        " }",
        " if ",
        "#",
        "\"",
        "'",
        "\\",
        "\\\"",
        "\\x4",
        "\\x41",
        " ",
        "\t",
        "\r",
        "\n",
        "\r\n",
        "hmac(a,",
        ")",
        "(",
        ",",
        "str(",
        "%[",
        "]",
        "${X}",
        "\"${X}\"",
        "\"${X-",
        "}",
        "$",
        ":",
        "=",
        "@",
        "//",
        "tcp-check send AUTH ",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "global",
        "eyJa.b",
        "Bearer ",
        "é",
        "secure_memcmp",
        ".if ",
        "command -p",
        "[redacted]",
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

/// How many quotes of a line are open at its end, as HAProxy counts them.
fn has_open_quote(line: &str) -> bool {
    let (mut open, mut escaped) = (None, false);
    for byte in line.bytes() {
        match (byte, open) {
            _ if escaped => escaped = false,
            (b'\\', None | Some(b'"')) => escaped = true,
            (b'#', None) => return false,
            (b'"' | b'\'', None) => open = Some(byte),
            (byte, Some(quote)) if byte == quote => open = None,
            _ => {}
        }
    }
    open.is_some()
}

proptest! {
    #[test]
    fn no_secret_comes_out_where_it_is_a_word(
        place in prop::sample::select(WORDS.to_vec()),
        secret in "[Q-V]{8,40}",
        written in prop::sample::select(Written::ALL.to_vec()),
        commented in any::<bool>(),
        indent in "[ \t]{0,4}",
    ) {
        let line = place.replace('@', &written.write(&secret));
        let line = format!("{indent}{}{line}", if commented { "# " } else { "" });
        let shown = shown(&format!("global\n{line}\nfrontend x\n"));
        let (head, tail) = secret.split_at(secret.len() / 2);
        for part in [head, tail, &hexadecimal(head), &hexadecimal(tail)] {
            prop_assert!(!shown.contains(part), "{shown}");
        }
        prop_assert!(shown.contains("[redacted]"), "{shown}");
        prop_assert!(shown.starts_with("global\n") && shown.ends_with("\nfrontend x\n"), "{shown}");
        // What is around it stays: the words in front of the secret, and quotes in pairs.
        let keyword = place.split(['@', ' ']).next().unwrap();
        prop_assert!(shown.contains(keyword), "{shown}");
        prop_assert!(!shown.lines().any(has_open_quote), "{shown}");
    }

    #[test]
    fn no_secret_comes_out_where_it_is_a_part(
        place in prop::sample::select(PARTS.to_vec()),
        secret in "[Q-V]{8,40}",
        commented in any::<bool>(),
    ) {
        // The first `@` of two is the secret's, the second is a URL's.
        let line = place.replacen('@', &secret, 1);
        let line = format!("{}{line}", if commented { "#" } else { "  " });
        let shown = shown(&format!("{line}\nfrontend x\n"));
        prop_assert!(!shown.contains(&secret[..8]) && !shown.contains(&secret[secret.len() - 8..]), "{shown}");
        prop_assert!(shown.contains("[redacted]"), "{shown}");
        prop_assert!(shown.ends_with("\nfrontend x\n"), "{shown}");
        prop_assert!(!shown.lines().any(has_open_quote), "{shown}");
    }

    /// Whatever was not closed, was escaped wrongly, or comes after what HAProxy would stop at.
    #[test]
    fn no_secret_comes_out_of_a_broken_line(
        before in "[a-z \"'#:=(){}]{0,12}",
        between in prop::sample::select(vec!["stats auth admin:", "user bob password ", "cluster-secret ", "password=", "Authorization: Bearer "]),
        secret in "[Q-V]{8,40}",
        after in "[a-z \"'\\\\#:=(){}]{0,12}",
    ) {
        // Without a quote in front of the keyword, or in a comment, it is a keyword.
        let line = format!("{before} {between}{secret}{after}\n");
        let shown = shown(&line);
        prop_assert!(!shown.contains(&secret[..8]), "{line}{shown}");
    }

    #[test]
    fn where_the_pieces_are_cut_does_not_matter(
        text in texts(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
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
        prop_assert_eq!(through(&pieces), redacted(&text));
        prop_assert_eq!(through(&single), redacted(&text));
    }

    /// Lines stay lines, so that what is found in them can be found in the file.
    #[test]
    fn lines_keep_their_numbers(text in texts()) {
        let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').count();
        prop_assert_eq!(lines(&redacted(&text)), lines(&text));
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = redacted(&bytes);
    }
}

#[test]
fn a_private_key_is_not_read_however_it_stands_there() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    for (text, read) in [
        (
            format!("a\n-----BEGIN PRIVATE KEY-----\n{body}\n{body}\n-----END PRIVATE KEY-----\nb\n"),
            "a\n-----BEGIN PRIVATE KEY-----\n[redacted]\n[redacted]\n-----END PRIVATE KEY-----\nb\n".to_owned(),
        ),
        (
            format!("  # -----BEGIN RSA PRIVATE KEY-----\r\n  # {body}\r\n  # -----END RSA PRIVATE KEY-----\r\n"),
            "  # -----BEGIN RSA PRIVATE KEY-----\r\n  # [redacted]\r\n  # -----END RSA PRIVATE KEY-----\r\n".to_owned(),
        ),
        (
            format!("x \"-----BEGIN EC PRIVATE KEY-----\\n{body}\\n-----END EC PRIVATE KEY-----\" y\n"),
            "x \"-----BEGIN EC PRIVATE KEY-----[redacted]-----END EC PRIVATE KEY-----\" y\n".to_owned(),
        ),
        // It never ends: the next section does.
        (
            format!("# -----BEGIN PRIVATE KEY-----\n# {body}\n\nfrontend x\n    bind :80\n"),
            "# -----BEGIN PRIVATE KEY-----\n# [redacted]\n\nfrontend x\n    bind :80\n".to_owned(),
        ),
        // What is no secret.
        (
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"),
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"),
        ),
    ] {
        assert_eq!(shown(&text), read);
    }
}

#[test]
fn a_line_that_is_too_long_is_dropped_as_a_whole() {
    let long = format!("stats auth admin:{}", "x".repeat(256 * 1024));
    assert_eq!(
        shown(&format!("global\n{long}\n{long}")),
        "global\n[redacted: the line is too long]\n[redacted: the line is too long]"
    );
}

/// Lines that hold as much as may be of what takes long to look at: each is done in about the time of the others.
#[test]
fn no_line_takes_long() {
    let length = 250_000;
    let plain = "x".repeat(length);
    let time = |text: &str| {
        let start = std::time::Instant::now();
        let _ = redacted(text.as_bytes());
        start.elapsed()
    };
    let usual = time(&plain).max(std::time::Duration::from_millis(20));
    for bit in [
        "#",
        "# ",
        "a ",
        "\"",
        "\"\" ",
        "'",
        "\\",
        ":",
        "=",
        "@",
        "a:b@",
        "//a@",
        "(",
        ")",
        "{ ",
        "hmac(",
        "hmac(a,",
        "hmac(a,b)",
        "str(",
        "acl ",
        "acl a b(token) ",
        "{ a(token) ",
        "password ",
        "password=",
        "stats auth ",
        "send ",
        "set-header a ",
        "Basic ",
        "eyJ.",
        "%",
        "%3D",
        "$",
        "${",
        "tcp-check send ",
        "tcp-check send auth ",
        "set-var(token) ",
        "lua-load ",
        ".if token ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "secure_memcmp",
        "command -u a: ",
        "a\r",
        "hdr name ",
        "\"${A}\"",
        "\"${A}\" ",
        "\"${A-b}\" ",
        "\"${A-",
        "\"$",
        "if \"${A}\" ",
        "{ \"${A}\" ",
        "acl x \"${A}\" ",
        "hdr name \"${A}\" ",
        "setenv \"${A}\" x if ",
        "str(a),strcmp(",
        ".notice token ",
        "tcp-check comment ",
        ".if a(token, ",
        "command 'token a' ",
    ] {
        let took = time(&bit.repeat(length / bit.len()));
        assert!(
            took < usual * 200,
            "`{bit}` took {took:?}, and {usual:?} is usual"
        );
    }
}
