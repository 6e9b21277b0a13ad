//! Every place of a configuration that has a secret, as real HAProxy accepts it, and what a module reads instead.

use std::process::Command;

use haproxy_mcp::redact::Configuration;
use haproxy_mcp_testkit::{Binary, certificates, on_each_version};

use crate::folder::Folder;

/// What a module reads of a text.
pub(crate) fn redacted(text: &[u8]) -> Vec<u8> {
    let mut configuration = Configuration::default();
    let mut out = Vec::new();
    configuration.push(text, &mut out);
    configuration.finish(&mut out);
    out
}

/// The same, of a text that is one.
pub(crate) fn shown(text: &str) -> String {
    String::from_utf8(redacted(text.as_bytes())).unwrap()
}

/// Where lines stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Global,
    Users,
    Frontend,
    Tcp,
    Backend,
    Check,
    Program,
}

impl Section {
    const ALL: [Self; 7] = [
        Self::Global,
        Self::Users,
        Self::Frontend,
        Self::Tcp,
        Self::Backend,
        Self::Check,
        Self::Program,
    ];

    fn head(self) -> &'static str {
        match self {
            Self::Global => "global\n",
            Self::Users => {
                "defaults\n    mode http\n    timeout connect 1s\n    timeout client 1s\n    timeout server 1s\nuserlist users\n"
            }
            Self::Frontend => "frontend fe\n",
            Self::Tcp => "backend be_tcp\n    mode tcp\n    option tcp-check\n",
            Self::Backend => "backend be\n",
            Self::Check => "backend be_check\n    option httpchk\n",
            Self::Program => "program p\n",
        }
    }
}

/// A line with a secret, its place, since when HAProxy has it, and the line as it is read.
#[derive(Clone, Copy)]
struct Case {
    section: Section,
    since: (u32, u32),
    until: (u32, u32),
    line: &'static str,
    read: &'static str,
}

const fn case(section: Section, line: &'static str, read: &'static str) -> Case {
    Case {
        section,
        since: (2, 6),
        until: (9, 9),
        line,
        read,
    }
}

const fn since(major: u32, minor: u32, case: Case) -> Case {
    Case {
        since: (major, minor),
        ..case
    }
}

const fn until(major: u32, minor: u32, case: Case) -> Case {
    Case {
        until: (major, minor),
        ..case
    }
}

use Section::{Backend, Check, Frontend, Global, Program, Tcp, Users};

/// Each secret has `S3cr3t` in it.
const CASES: &[Case] = &[
    // section "global"
    case(
        Global,
        "setenv DB_PASSWORD S3cr3t",
        "setenv DB_PASSWORD [redacted]",
    ),
    case(
        Global,
        "presetenv API_TOKEN 'S3cr3t S3cr3t'",
        "presetenv API_TOKEN '[redacted]'",
    ),
    case(Global, "setenv MYAUTH S3cr3t", "setenv MYAUTH [redacted]"),
    case(
        Global,
        "setenv OAUTHDBPASS S3cr3t",
        "setenv OAUTHDBPASS [redacted]",
    ),
    case(Global, "setenv AUTHOR Bob", "setenv AUTHOR Bob"),
    case(
        Global,
        r#"setenv "API${X-_K}EY" S3cr3t"#,
        r#"setenv "API${X-_K}EY" [redacted]"#,
    ),
    case(
        Global,
        r#"setenv "${PREFIX-DB}_HOST" S3cr3t"#,
        r#"setenv "${PREFIX-DB}_HOST" [redacted]"#,
    ),
    case(
        Global,
        "setenv KEY_FILE /etc/ssl/private/site.pem",
        "setenv KEY_FILE /etc/ssl/private/site.pem",
    ),
    case(
        Global,
        "setenv DATABASE postgres://bob:S3cr3t@db/site",
        "setenv DATABASE postgres://[redacted]@db/site",
    ),
    case(
        Global,
        "set-var proc.api_key str(S3cr3t)",
        "set-var proc.api_key [redacted]",
    ),
    case(
        Global,
        r#"set-var-fmt proc.token "S3cr3t%[date]""#,
        r#"set-var-fmt proc.token "[redacted]""#,
    ),
    case(
        Global,
        "set-var proc.boot_id int(42)",
        "set-var proc.boot_id int(42)",
    ),
    case(
        Global,
        "lua-load site.lua token S3cr3t mode fast key=S3cr3t",
        "lua-load site.lua token [redacted] mode fast key=[redacted]",
    ),
    case(
        Global,
        "lua-load-per-thread site.lua S3cr3tS3cr3tS3cr3t",
        "lua-load-per-thread site.lua [redacted]",
    ),
    case(Global, "cluster-secret S3cr3t", "cluster-secret [redacted]"),
    case(Global, "# anonkey S3cr3t", "# anonkey [redacted]"),
    since(3, 0, case(Global, "anonkey 12345678", "anonkey [redacted]")),
    since(
        3,
        4,
        case(
            Global,
            "ssl-passphrase-cmd /bin/echo --db S3cr3t",
            "ssl-passphrase-cmd /bin/echo [redacted] [redacted]",
        ),
    ),
    case(
        Global,
        r#".if streq("$API_TOKEN","S3cr3t")"#,
        r#".if streq("$API_TOKEN","[redacted]")"#,
    ),
    case(
        Global,
        r#".elif streq(S3cr3t,"$API_TOKEN")"#,
        r#".elif streq([redacted],"$API_TOKEN")"#,
    ),
    case(Global, ".endif", ".endif"),
    case(
        Global,
        r#".notice "token is S3cr3t""#,
        r#".notice "token [redacted]""#,
    ),
    case(
        Global,
        r#".notice "HAProxy $HAPROXY_VERSION starts""#,
        r#".notice "HAProxy $HAPROXY_VERSION starts""#,
    ),
    // section "userlist"
    case(
        Users,
        "user tiger password $6$k6y3o.eP$JlKBx9za9667qe4xHSwRv6J.C0/D7cV91S3cr3t groups g1",
        "user tiger password [redacted] groups g1",
    ),
    case(
        Users,
        "user scott insecure-password 'S3cr3t S3cr3t' groups g1,g2",
        "user scott insecure-password '[redacted]' groups g1,g2",
    ),
    case(
        Users,
        r"user xdb insecure-password S3cr3t\ \#S3cr3t",
        "user xdb insecure-password [redacted]",
    ),
    case(
        Users,
        r#"user env insecure-password "${XDB_PASSWORD}""#,
        r#"user env insecure-password "${XDB_PASSWORD}""#,
    ),
    case(
        Users,
        r#"user default insecure-password "${XDB_PASSWORD-S3cr3t}""#,
        r#"user default insecure-password "[redacted]""#,
    ),
    case(
        Users,
        r#"user a "insecure-${X-password}" S3cr3t"#,
        r#"user a "insecure-${X-password}" [redacted]"#,
    ),
    case(
        Users,
        r#"user "${NAME-bob}" insecure-password S3cr3t groups g1"#,
        r#"user "${NAME-bob}" insecure-password [redacted] groups g1"#,
    ),
    case(
        Users,
        "user hash insecure-password x#S3cr3t",
        "user hash insecure-password [redacted]#[redacted]",
    ),
    since(
        3,
        0,
        until(
            3,
            1,
            case(
                Users,
                r#"user joined insecure-"${EMPTY}" password S3cr3t"#,
                r#"user joined insecure-"${EMPTY}" [redacted] [redacted]"#,
            ),
        ),
    ),
    case(Users, "group g1", "group g1"),
    case(Users, "group g2", "group g2"),
    // the statistics page
    case(
        Frontend,
        "stats auth admin:S3cr3t",
        "stats auth admin:[redacted]",
    ),
    case(
        Frontend,
        r#"stats auth "ad min:S3:cr3t S3cr3t" # was: stats auth admin:S3cr3t"#,
        r#"stats auth "ad min:[redacted]" # was: stats auth admin:[redacted]"#,
    ),
    case(
        Frontend,
        r"stats  auth	admin:'S3cr3t'",
        r"stats  auth	admin:'[redacted]'",
    ),
    case(
        Frontend,
        r"stats auth admin:S3cr3t\ S3cr3t",
        "stats auth admin:[redacted]",
    ),
    case(
        Frontend,
        r#"stats auth "admin:${STATS_PASSWORD}""#,
        r#"stats auth "admin:${STATS_PASSWORD}""#,
    ),
    case(Frontend, "stats auth admin:", "stats auth admin:"),
    case(
        Frontend,
        "stats realm HAProxy\\ Statistics",
        "stats realm HAProxy\\ Statistics",
    ),
    case(
        Frontend,
        "#stats auth admin:S3cr3t",
        "#stats auth admin:[redacted]",
    ),
    // keywords that variables make
    case(
        Frontend,
        r#""${S-stats}" auth admin:S3cr3t"#,
        r#""${S-stats}" [redacted] [redacted]"#,
    ),
    case(
        Frontend,
        r#"stats "${S-auth}" admin:S3cr3t"#,
        r#"stats "${S-auth}" [redacted]"#,
    ),
    case(
        Frontend,
        r#"stats "au${EMPTY}th" admin:S3cr3t"#,
        r#"stats "au${EMPTY}th" [redacted]"#,
    ),
    since(
        3,
        0,
        until(
            3,
            1,
            case(
                Frontend,
                r#"stats "${EMPTY}" auth admin:S3cr3t"#,
                r#"stats "${EMPTY}" [redacted] [redacted]"#,
            ),
        ),
    ),
    case(
        Frontend,
        r#"stats auth "admin:${X-a"S3cr3t}""#,
        r#"stats auth "admin:[redacted]""#,
    ),
    case(
        Frontend,
        r#""${F-acl}" x hdr(x-key) S3cr3t"#,
        r#""${F-acl}" [redacted] [redacted] [redacted]"#,
    ),
    case(
        Frontend,
        r#"acl local src "${NET-127.0.0.0/8}" 10.0.0.0/8"#,
        r#"acl local src "${NET-127.0.0.0/8}" 10.0.0.0/8"#,
    ),
    case(
        Frontend,
        r#"http-request deny unless "${F-{}" hdr(x-key) S3cr3t }"#,
        r#"http-request deny unless "${F-{}" hdr(x-key) [redacted] }"#,
    ),
    case(
        Frontend,
        r#"http-request "set-${F-header}" X-Key S3cr3t"#,
        r#"http-request "set-${F-header}" [redacted] [redacted]"#,
    ),
    case(
        Frontend,
        r#"http-request set-header "X-${Y-Zone}" S3cr3t if { path /x }"#,
        r#"http-request set-header "X-${Y-Zone}" [redacted] if { path /x }"#,
    ),
    case(
        Frontend,
        r#"http-request set-header X-Zone "${ZONE-eu}" if { path /x }"#,
        r#"http-request set-header X-Zone "${ZONE-eu}" if { path /x }"#,
    ),
    // what is glued to a secret
    case(
        Frontend,
        "stats auth admin:pass#S3cr3t S3cr3t",
        "stats auth admin:[redacted]#[redacted]",
    ),
    case(
        Frontend,
        "stats auth admin:'pass'#S3cr3t",
        "stats auth admin:'[redacted]'#[redacted]",
    ),
    case(
        Frontend,
        "stats auth admin:#S3cr3t",
        "stats auth admin:#[redacted]",
    ),
    case(
        Frontend,
        "stats auth admin:pass # the page",
        "stats auth admin:[redacted] # the page",
    ),
    case(
        Frontend,
        r#"description "pw S3cr3t""#,
        r#"description "pw [redacted]""#,
    ),
    case(
        Frontend,
        "description pw S3cr3t",
        "description pw [redacted]",
    ),
    case(Frontend, "description the site", "description the site"),
    // constants that secrets are compared with
    case(
        Frontend,
        "http-request set-var(txn.ok) str(S3cr3t),secure_memcmp(txn.token)",
        "http-request set-var(txn.ok) str([redacted]),secure_memcmp(txn.token)",
    ),
    case(
        Frontend,
        "http-request set-var(txn.ok) str(S3cr3t),strcmp(txn.token)",
        "http-request set-var(txn.ok) str([redacted]),strcmp(txn.token)",
    ),
    case(
        Frontend,
        r#"http-request set-header X-Ok "%[str(S3cr3t),secure_memcmp(txn.token)]""#,
        r#"http-request set-header X-Ok "%[str([redacted]),secure_memcmp(txn.token)]""#,
    ),
    case(
        Frontend,
        "http-request set-var(txn.www) str(www),strcmp(txn.host)",
        "http-request set-var(txn.www) str(www),strcmp(txn.host)",
    ),
    // what clients send is compared with
    case(
        Frontend,
        "acl good req.hdr(x-api-key) -m str S3cr3t S3cr3t2",
        "acl good req.hdr(x-api-key) -m str [redacted] [redacted]",
    ),
    case(
        Frontend,
        r#"acl good hdr(authorization) "Basic S3cr3t""#,
        r#"acl good hdr(authorization) "[redacted]""#,
    ),
    case(
        Frontend,
        "acl given str(S3cr3t),secure_memcmp(txn.given)",
        "acl given str([redacted]),secure_memcmp(txn.given)",
    ),
    case(
        Frontend,
        "acl given http_auth_pass S3cr3t",
        "acl given http_auth_pass [redacted]",
    ),
    case(
        Frontend,
        "acl listed req.hdr(x-token) -i -f tokens.lst",
        "acl listed req.hdr(x-token) -i -f tokens.lst",
    ),
    case(
        Frontend,
        "acl known http_auth(users)",
        "acl known http_auth(users)",
    ),
    case(
        Frontend,
        "acl known http_auth_group(users) g1",
        "acl known http_auth_group(users) g1",
    ),
    case(
        Frontend,
        "http-request deny unless { req.cook(session) -m str S3cr3t } or { sc0_sess_rate gt 10 }",
        "http-request deny unless { req.cook(session) -m str [redacted] } or { sc0_sess_rate gt 10 }",
    ),
    case(
        Frontend,
        "http-request deny unless { req.hdr(authorization) -m found } { url_param(token),length ge 8 }",
        "http-request deny unless { req.hdr(authorization) -m found } { url_param(token),length ge 8 }",
    ),
    case(
        Frontend,
        "http-request auth realm site unless known",
        "http-request auth realm site unless known",
    ),
    // headers, cookies, variables
    case(
        Frontend,
        r#"http-request set-header Authorization "Basic S3cr3t" if { path /x }"#,
        r#"http-request set-header Authorization "[redacted]" if { path /x }"#,
    ),
    case(
        Frontend,
        r"http-request add-header X-Api-Key S3cr3t\ %[src]",
        "http-request add-header X-Api-Key [redacted]",
    ),
    case(
        Frontend,
        "http-request set-header X-Token %[req.hdr(x-token)] unless known",
        "http-request set-header X-Token %[req.hdr(x-token)] unless known",
    ),
    case(
        Frontend,
        "http-request set-header X-Real-IP %[src]",
        "http-request set-header X-Real-IP %[src]",
    ),
    case(
        Frontend,
        "http-request replace-header Cookie (.*)S3cr3t(.*) \\1S3cr3t\\2",
        "http-request replace-header Cookie [redacted] [redacted]",
    ),
    case(
        Frontend,
        r#"http-response set-header Set-Cookie "SID=S3cr3t; path=/""#,
        r#"http-response set-header Set-Cookie "[redacted]""#,
    ),
    case(
        Frontend,
        "http-after-response set-header Access-Control-Allow-Credentials true",
        "http-after-response set-header Access-Control-Allow-Credentials true",
    ),
    case(
        Frontend,
        "http-request set-var(txn.token) str(S3cr3t) if known",
        "http-request set-var(txn.token) [redacted] if known",
    ),
    case(
        Frontend,
        "http-request set-var(txn.token) req.hdr(authorization),lower",
        "http-request set-var(txn.token) req.hdr(authorization),lower",
    ),
    case(
        Frontend,
        "http-request set-var(sess.origin) src",
        "http-request set-var(sess.origin) src",
    ),
    case(
        Frontend,
        "http-request redirect location https://bob:S3cr3t@www.example.test/?api_key=S3cr3t&page=2 if known",
        "http-request redirect location https://[redacted]@www.example.test/?api_key=[redacted]&page=2 if known",
    ),
    case(
        Frontend,
        r#"http-request return status 200 content-type text/plain string "the token is S3cr3t" hdr X-Secret S3cr3t if { path /t }"#,
        r#"http-request return status 200 content-type text/plain string "the token is S3cr3t" hdr X-Secret [redacted] if { path /t }"#,
    ),
    case(
        Frontend,
        r#"http-request return status 200 content-type application/json string "{\"password\":\"S3cr3t\",\"x\":1}" if { path /j }"#,
        r#"http-request return status 200 content-type application/json string "{\"password\":\"[redacted]\",\"x\":1}" if { path /j }"#,
    ),
    case(
        Frontend,
        "http-request early-hint X-Auth S3cr3t if known",
        "http-request early-hint X-Auth [redacted] if known",
    ),
    case(
        Frontend,
        r#"log-format "%ci:%cp [%tr] %ft %b/%s %ST %{+Q}r token=%[var(txn.token)]""#,
        r#"log-format "%ci:%cp [%tr] %ft %b/%s %ST %{+Q}r token=%[var(txn.token)]""#,
    ),
    // converters
    case(
        Frontend,
        "http-request set-header X-Hash %[src,hmac(sha256,S3cr3tS3),hex]",
        "http-request set-header X-Hash %[src,hmac(sha256,[redacted]),hex]",
    ),
    case(
        Frontend,
        r#"http-request set-header X-Hash '%[src,hmac(sha256,"S3cr3tS3"),hex]'"#,
        "http-request set-header X-Hash '%[src,hmac(sha256,[redacted]),hex]'",
    ),
    case(
        Frontend,
        "http-request set-var(txn.plain) req.hdr(x),b64dec,aes_gcm_dec(128,txn.iv,S3cr3tS3cr3tS3cr3tS3MQ==,txn.tag)",
        "http-request set-var(txn.plain) req.hdr(x),b64dec,aes_gcm_dec(128,[redacted])",
    ),
    case(
        Frontend,
        "http-request set-var(txn.ok) http_auth_bearer,jwt_verify(HS256,S3cr3t)",
        "http-request set-var(txn.ok) http_auth_bearer,jwt_verify(HS256,[redacted])",
    ),
    case(
        Frontend,
        "http-request set-var(txn.ok) http_auth_bearer,jwt_verify(RS256,./public.pem)",
        "http-request set-var(txn.ok) http_auth_bearer,jwt_verify(RS256,./public.pem)",
    ),
    since(
        3,
        4,
        case(
            Frontend,
            "http-request set-header X-Plain %[http_auth_bearer,jwt_decrypt_secret(S3cr3t00)]",
            "http-request set-header X-Plain %[http_auth_bearer,jwt_decrypt_secret([redacted])]",
        ),
    ),
    case(
        Frontend,
        "capture request header Authorization len 64",
        "capture request header Authorization len 64",
    ),
    // options of bind
    case(
        Frontend,
        "bind unix@site.sock ssl crt ./site.pem ca-sign-file ./site.pem ca-sign-pass S3cr3t generate-certificates",
        "bind unix@site.sock ssl crt ./site.pem ca-sign-file ./site.pem ca-sign-pass [redacted] generate-certificates",
    ),
    since(
        3,
        3,
        case(
            Frontend,
            "bind 127.0.0.1:1,[::1]:1 tcp-md5sig S3cr3t",
            "bind 127.0.0.1:1,[::1]:1 tcp-md5sig [redacted]",
        ),
    ),
    case(
        Frontend,
        "use_backend %[str(S3cr3t),secure_memcmp(txn.token)]",
        "use_backend %[str([redacted]),secure_memcmp(txn.token)]",
    ),
    case(
        Frontend,
        "http-request redirect location http://auth:8080/x if known",
        "http-request redirect location http://auth:8080/x if known",
    ),
    case(
        Frontend,
        "use_backend be if known",
        "use_backend be if known",
    ),
    // backends
    case(
        Backend,
        "dynamic-cookie-key S3cr3t",
        "dynamic-cookie-key [redacted]",
    ),
    case(
        Backend,
        "cookie SESSIONID insert indirect nocache dynamic",
        "cookie SESSIONID insert indirect nocache dynamic",
    ),
    case(
        Backend,
        "server auth 127.0.0.1:8080 cookie auth-1 check",
        "server auth 127.0.0.1:8080 cookie auth-1 check",
    ),
    case(
        Backend,
        "server token auth:8080 check init-addr none",
        "server token auth:8080 check init-addr none",
    ),
    case(
        Backend,
        r"option httpchk GET /health?token=S3cr3t HTTP/1.1",
        r"option httpchk GET /health?token=[redacted] HTTP/1.1",
    ),
    until(
        3,
        0,
        case(
            Backend,
            r"option httpchk GET /health HTTP/1.1\r\nHost:\ www\r\nAuthorization:\ Basic\ S3cr3t\r\nX:\ y",
            r"option httpchk GET /health HTTP/1.1\r\nHost:\ www\r\nAuthorization:\ [redacted]\r\nX:\ y",
        ),
    ),
    // checks
    case(
        Check,
        "http-check connect addr 127.0.0.1 port 80",
        "http-check connect addr 127.0.0.1 port 80",
    ),
    case(
        Check,
        r#"http-check send meth POST uri /h?key=S3cr3t ver HTTP/1.1 hdr Authorization "Bearer S3cr3t" hdr Host www body "{\"token\":\"S3cr3t\"}""#,
        r#"http-check send meth POST uri /h?key=[redacted] ver HTTP/1.1 hdr Authorization "[redacted]" hdr Host www body "{\"token\":\"[redacted]\"}""#,
    ),
    case(
        Check,
        "http-check expect status 200",
        "http-check expect status 200",
    ),
    case(
        Check,
        "http-check connect addr 127.0.0.1 port 80",
        "http-check connect addr 127.0.0.1 port 80",
    ),
    case(
        Check,
        r#"http-check send meth POST uri / body "password:88888""#,
        r#"http-check send meth POST uri / body "password:[redacted]""#,
    ),
    case(
        Check,
        "http-check expect status 200",
        "http-check expect status 200",
    ),
    case(
        Check,
        "http-check connect addr 127.0.0.1 port 80",
        "http-check connect addr 127.0.0.1 port 80",
    ),
    case(
        Check,
        r#"http-check send meth POST uri / hdr "X-${Y-Key}" S3cr3t hdr Host www"#,
        r#"http-check send meth POST uri / hdr "X-${Y-Key}" [redacted] hdr Host www"#,
    ),
    case(
        Check,
        r#"http-check expect hdr name "x-token" value "S3cr3t""#,
        r#"http-check expect hdr name "x-token" value "[redacted]""#,
    ),
    case(
        Check,
        "http-check set-var(check.token) str(S3cr3t)",
        "http-check set-var(check.token) [redacted]",
    ),
    case(
        Tcp,
        r"tcp-check send AUTH\ S3cr3t\r\n",
        r"tcp-check send AUTH\ [redacted]",
    ),
    case(
        Tcp,
        r#"tcp-check send "AUTH default S3cr3t\r\n" comment "log in""#,
        r#"tcp-check send "AUTH [redacted]" comment "log in""#,
    ),
    case(
        Tcp,
        r"tcp-check send *2\r\n$4\r\nauth\r\n$6\r\nS3cr3t\r\n",
        r"tcp-check send *2\r\n$4\r\nauth\r\n[redacted]",
    ),
    case(
        Tcp,
        r"tcp-check send-lf PASS\ S3cr3t\r\n",
        r"tcp-check send-lf PASS\ [redacted]",
    ),
    case(
        Tcp,
        "tcp-check send-binary 53336372337453 comment hello",
        "tcp-check send-binary [redacted] comment hello",
    ),
    case(
        Tcp,
        r#"tcp-check send PING\r\n comment "pw S3cr3t""#,
        r#"tcp-check send PING\r\n comment "pw [redacted]""#,
    ),
    case(Tcp, r"tcp-check send PING\r\n", r"tcp-check send PING\r\n"),
    case(
        Tcp,
        "tcp-check expect string +PONG",
        "tcp-check expect string +PONG",
    ),
    // section "program", which newer versions have no more, or only when asked for
    until(
        3,
        2,
        case(
            Program,
            "command /bin/true --user bob --password S3cr3t -pS3cr3t --token=S3cr3t --port 80",
            "command /bin/true --user bob --password [redacted] -p[redacted] --token=[redacted] --port 80",
        ),
    ),
    until(
        3,
        2,
        case(
            Program,
            "command sh -c 'exec /bin/true --password S3cr3t'",
            "command sh -c 'exec /bin/true --password [redacted]'",
        ),
    ),
];

/// A public key, for what checks signatures with one.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA83vOm3lrxXiMEXNVjoqd
bZkcmu0W07wY8hUMULDVPK2KnYb4TSQBR50LqfJpLLNOtsnYYgQZ1idhbOTUaYq2
hpSBtPZcShk6WeM+NUtlKz7aBFWndMZrprkHq7zrATI6/c7yYr4dLyQmsjcMv1j1
XXYYqSbk7ma/3ENj894J+n+oubeHxaFR1CjGmNdqmxorKaxKJDxX6EPVcuGqKvBs
+0mnX/t2WgDZK/BmZe/MUpwHG77s2MqlWfbAu0JmeEAt9x0zpmwECRc/pm1snW25
wRVWQRTXmKVmPjDYBlH4k7V3g1g4hfDbe/yRLC8ItUGspxTJPj4Y71VKSl3ZeSq7
DwIDAQAB
-----END PUBLIC KEY-----
";

/// The configuration, as it is and as it is to be read.
fn texts(binary: &Binary) -> (String, String) {
    let (mut text, mut read) = (String::new(), String::new());
    for section in Section::ALL {
        let cases: Vec<&Case> = CASES
            .iter()
            .filter(|case| case.section == section)
            .filter(|case| binary.at_least(case.since.0, case.since.1))
            .filter(|case| !binary.at_least(case.until.0, case.until.1))
            .collect();
        if cases.is_empty() {
            continue;
        }
        for (out, line) in [(&mut text, 0), (&mut read, 1)] {
            out.push_str(section.head());
            for case in &cases {
                out.push_str("    ");
                out.push_str(if line == 0 { case.line } else { case.read });
                out.push('\n');
            }
        }
    }
    (text, read)
}

on_each_version! {
    fn what_haproxy_takes_for_a_secret_is_not_read(binary: &Binary) {
        let (text, read) = texts(binary);
        let folder = Folder::new();
        folder.write("haproxy.cfg", &text);
        folder.write("site.lua", "");
        folder.write("tokens.lst", "x\n");
        folder.write("site.pem", certificates::site());
        folder.write("public.pem", PUBLIC_KEY);
        let checked = Command::new(&binary.path)
            .args(["-W", "-c", "-f", "haproxy.cfg"])
            .current_dir(folder.path())
            .env("XDB_PASSWORD", "x")
            .env("STATS_PASSWORD", "x")
            .output()
            .unwrap();
        // The places are real ones.
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let shown = shown(&text);
        for (shown, read) in shown.lines().zip(read.lines()) {
            assert_eq!(shown, read);
        }
        assert_eq!(shown, read);
    }
}
