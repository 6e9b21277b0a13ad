//! Each risk: a configuration that has it, and one that does not. HAProxy itself is asked, on every version, whether what
//! is said of them is so.

use haproxy_mcp_testkit::certificates;
use haproxy_mcp_testkit::checked::{Checked, check};
use haproxy_mcp_testkit::{Binary, newest};
use serde_json::{Value, json};

use super::Granted;
use crate::expected::rows;

/// What HAProxy says of the configuration that has the risk.
enum Says {
    /// Nothing: it takes it.
    Nothing,
    /// A warning with these words.
    Warns(&'static str),
    /// An alert with these words: it does not start.
    Refuses(&'static str),
    /// An alert with these words, from this version on.
    RefusesFrom(u32, u32, &'static str),
    /// A warning with these words, from this version on.
    WarnsFrom(u32, u32, &'static str),
}

/// What becomes of the configuration by the lines of the mend.
#[derive(Clone, Copy, PartialEq)]
enum Mend {
    /// They take the place of the line.
    Replaces,
    /// They come behind the line that begins the section.
    Added,
    /// Words that somebody has to fill in, or files that are not there.
    ByHand,
}

struct Case {
    id: &'static str,
    severity: &'static str,
    /// `@` stands for `defaults` that have all that a proxy needs.
    with: &'static str,
    without: &'static str,
    /// A part of the line that is shown.
    evidence: &'static str,
    says: Says,
    mend: Mend,
}

/// What is in all of these configurations, unless they have their own.
const GLOBAL: &str =
    "global\n    maxconn 100\n    uid 65534\n    gid 65534\n    chroot /\n    stats timeout 30s\n";
const DEFAULTS: &str = "defaults\n    mode http\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n";

/// A case whose lines belong to `global`.
macro_rules! global {
    ($id:literal, $severity:literal, $with:literal, $without:literal, $evidence:literal, $says:expr, $mend:ident) => {
        Case {
            id: $id,
            severity: $severity,
            with: concat!($with, "\n@frontend web\n    bind abns@a\n"),
            without: concat!($without, "\n@frontend web\n    bind abns@a\n"),
            evidence: $evidence,
            says: $says,
            mend: Mend::$mend,
        }
    };
}

/// A case whose lines belong to a proxy.
macro_rules! proxy {
    ($id:literal, $severity:literal, $with:literal, $without:literal, $evidence:literal, $says:expr, $mend:ident) => {
        Case {
            id: $id,
            severity: $severity,
            with: $with,
            without: $without,
            evidence: $evidence,
            says: $says,
            mend: Mend::$mend,
        }
    };
}

use Says::{Nothing, Refuses, RefusesFrom, Warns, WarnsFrom};

const IGNORED: &str = "'stats' statement ignored for frontend 'stats' as it requires HTTP mode";

#[rustfmt::skip]
const CASES: &[Case] = &[
    // -- the Runtime API --
    global!("runtime-api-on-network", "high", "stats socket ipv4@0.0.0.0:9999 level admin", "stats socket ipv4@127.0.0.1:9999 level admin", "0.0.0.0:9999", Nothing, Replaces),
    global!("runtime-api-on-network", "high", "stats socket *:9999 level user", "stats socket localhost:9999 level user", "*:9999", Nothing, Replaces),
    global!("runtime-api-on-network", "high", "stats socket :::9999", "stats socket ::1:9999", ":::9999", Nothing, Replaces),
    global!("runtime-api-on-network", "high", "stats socket ipv6@[2001:db8::1]:9999", "stats socket ipv6@[::1]:9999", "2001:db8", Nothing, Replaces),
    global!("runtime-api-on-network", "high", "stats socket /a.sock,192.0.2.1:9999 mode 660", "stats socket /a.sock,abns@x mode 660", "192.0.2.1", Nothing, Replaces),
    global!("runtime-api-on-network", "high", ".if defined(X)\nstats socket *:9999\n.endif", ".if defined(X)\nstats socket 127.0.0.1:9999\n.endif", "*:9999", Nothing, Replaces),
    global!("runtime-api-on-loopback", "low", "stats socket 127.0.0.1:9999 level admin", "stats socket /a.sock level admin mode 660", "127.0.0.1", Nothing, Replaces),
    global!("runtime-api-on-loopback", "low", "stats socket abns@runtime level admin", "stats socket unix@/a.sock level admin mode 660", "abns@runtime", Nothing, Replaces),
    global!("runtime-api-address-unknown", "info", "stats socket \"${API-127.0.0.1:9999}\"", "stats socket '/${API}'", "${API", Nothing, Replaces),
    global!("runtime-api-world-writable", "high", "stats socket /a.sock mode 666 level admin", "stats socket /a.sock mode 664 level admin", "mode 666", Nothing, Replaces),
    global!("runtime-api-world-writable", "high", "stats socket /a.sock level admin mode 0777", "stats socket /a.sock level admin mode 0775", "0777", Nothing, Replaces),
    global!("runtime-api-world-writable", "medium", "stats socket /a.sock mode 602", "stats socket /a.sock mode 600", "mode 602", Nothing, Replaces),
    global!("runtime-api-mode", "info", "stats socket /a.sock level admin", "stats socket /a.sock level admin mode 600", "/a.sock", Nothing, Replaces),
    global!("runtime-api-tls-ignored", "high", "stats socket *:9999 ssl crt site.pem verify required ca-file site.pem", "stats socket *:9999", "ssl crt", Nothing, Replaces),
    global!("runtime-api-tls-ignored", "medium", "stats socket /a.sock ssl crt site.pem", "stats socket /a.sock", "ssl crt", Nothing, Replaces),
    global!("runtime-api-password", "high", "stats socket 127.0.0.1:9999 level admin user admin password x", "stats socket 127.0.0.1:9999 level admin", "password [redacted]", Refuses("unknown user name 'admin'"), Replaces),
    global!("runtime-api-password", "high", "stats socket /a.sock mode 660 user root password x", "stats socket /a.sock mode 660 user root", "password [redacted]", Refuses("unknown keyword 'password'"), Replaces),
    global!("expose-fd-misunderstood", "low", "# Runtime API with HTTP wrapper\nstats socket /a.sock expose-fd listeners", "# for reloads\nstats socket /a.sock expose-fd listeners", "expose-fd", Nothing, Replaces),
    global!("expose-fd-misunderstood", "low", "stats socket /a.sock expose-fd listeners # prometheus-exporter", "stats socket /a.sock # prometheus-exporter", "expose-fd", Nothing, Replaces),
    global!("expose-fd-on-tcp", "info", "stats socket 127.0.0.1:9999 expose-fd listeners", "stats socket /a.sock expose-fd listeners", "expose-fd", Nothing, Replaces),
    global!("runtime-api-twice", "low", "stats socket 127.0.0.1:9999\nstats socket ipv4@127.0.0.1:9999", "stats socket 127.0.0.1:9999\nstats socket 127.0.0.1:9998", "127.0.0.1:9999", Nothing, ByHand),
    global!("runtime-api-twice", "medium", "stats socket /a.sock level user\nstats socket /a.sock level admin", "stats socket /a.sock level user\nstats socket /b.sock level admin", "level admin", Nothing, ByHand),
    global!("runtime-api-admin", "info", "stats socket /a.sock level admin", "stats socket /a.sock", "level admin", Nothing, Replaces),
    proxy!("runtime-api-timeout", "info", "global\n    stats socket /a.sock\n@frontend web\n    bind abns@a\n", "global\n    stats socket /a.sock\n    stats timeout 1m\n@frontend web\n    bind abns@a\n", "/a.sock", Nothing, Added),
    proxy!("runtime-api-timeout-short", "medium", "global\n    stats socket /a.sock\n    stats timeout 30\n@frontend web\n    bind abns@a\n", "global\n    stats socket /a.sock\n    stats timeout 30000\n@frontend web\n    bind abns@a\n", "stats timeout 30", Nothing, Replaces),
    // -- the statistics page --
    proxy!("stats-page-ignored", "medium", "frontend stats\n    bind :8404\n    timeout client 5s\n    stats enable\n    stats uri /stats\n", "frontend stats\n    mode http\n    bind :8404\n    timeout client 5s\n    stats enable\n    stats uri /stats\n", "stats enable", Warns(IGNORED), Added),
    proxy!("stats-page-ignored", "medium", "@frontend stats\n    mode tcp\n    bind :8404\n    stats uri /stats\n", "@frontend stats\n    bind :8404\n    stats uri /stats\n", "stats uri", Warns(IGNORED), ByHand),
    proxy!("stats-page-ignored", "info", "defaults\n    timeout client 5s\n    stats uri /stats\nfrontend stats\n    bind :8404\n", "defaults\n    timeout client 5s\n    mode http\n    stats uri /stats\nfrontend stats\n    bind :8404\n", "stats uri", Warns(IGNORED), Added),
    proxy!("stats-page-default-address", "low", "@frontend stats\n    bind abns@a\n    stats enable\n", "@frontend stats\n    bind abns@a\n    stats enable\n    stats uri /stats\n", "stats enable", Nothing, Added),
    proxy!("stats-page-without-password", "medium", "@frontend stats\n    bind *:8404\n    stats uri /stats\n", "@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats auth a:b\n", "stats uri", Nothing, Added),
    proxy!("stats-page-without-password", "medium", "@frontend web\n    bind *:80\n    default_backend app\nbackend app\n    stats uri /stats\n", "@frontend web\n    bind *:80\nbackend app\n    stats uri /stats\n", "stats uri", Nothing, Added),
    proxy!("stats-page-without-password", "low", "@frontend stats\n    bind *:8404\n    http-request deny unless { src 10.0.0.0/8 }\n    stats uri /stats\n", "@frontend stats\n    bind *:8404 ssl crt site.pem verify required ca-file site.pem\n    stats uri /stats\n", "stats uri", Nothing, Added),
    proxy!("stats-page-without-password", "info", "@frontend stats\n    bind 127.0.0.1:8404\n    stats uri /stats\n", "@frontend stats\n    bind 127.0.0.1:8404\n    stats uri /stats\n    stats http-request allow if { ssl_c_used }\n    stats http-request deny\n", "stats uri", Nothing, Added),
    proxy!("stats-password-not-inherited", "medium", "@    stats auth a:b\nfrontend stats\n    bind *:8404\n    stats uri /stats\n", "@    stats auth a:b\n    stats uri /stats\nfrontend stats\n    bind *:8404\n", "stats uri", Nothing, ByHand),
    proxy!("stats-admin-without-password", "high", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    acl internal_networks src 10.0.0.0/8 192.168.0.0/16\n    stats admin if internal_networks\n", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    acl internal_networks src 10.0.0.0/8 192.168.0.0/16\n    stats admin if internal_networks\n    stats auth a:b\n", "stats admin", Nothing, Added),
    proxy!("stats-admin-without-password", "high", "@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats admin if TRUE\n", "userlist users\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    acl known http_auth(users)\n    stats admin if known\n", "stats admin", Nothing, Added),
    proxy!("stats-admin-without-password", "medium", "@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats admin if LOCALHOST\n", "@frontend stats\n    bind *:8404\n    stats uri /stats\n", "stats admin", Nothing, Added),
    proxy!("stats-admin-without-password", "medium", "@frontend stats\n    bind 127.0.0.1:8404\n    stats uri /stats\n    stats admin if TRUE\n", "@frontend stats\n    bind 127.0.0.1:8404\n    stats uri /stats\n    stats admin if TRUE\n    stats auth a:b\n", "stats admin", Nothing, Added),
    proxy!("stats-admin-in-defaults", "high", "@    stats admin if TRUE\nfrontend stats\n    bind abns@a\n", "@frontend stats\n    bind abns@a\n    stats admin if TRUE\n", "stats admin", Refuses("'stats admin' not allowed in 'defaults' section"), ByHand),
    proxy!("stats-password-in-clear", "medium", "@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats auth a:b\n", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    stats auth a:b\n", "bind *:8404", Nothing, ByHand),
    proxy!("stats-password-in-clear", "info", "@frontend stats\n    bind 127.0.0.1:8404\n    stats uri /stats\n    stats auth a:b\n", "@frontend stats\n    bind /a.sock\n    stats uri /stats\n    stats auth a:b\n", "stats auth a:[redacted]", Nothing, ByHand),
    proxy!("exporter-open", "medium", "@frontend stats\n    bind *:8404\n    http-request use-service prometheus-exporter if { path /metrics }\n", "@frontend stats\n    bind 127.0.0.1:8404\n    http-request use-service prometheus-exporter if { path /metrics }\n", "prometheus-exporter", Nothing, Replaces),
    proxy!("exporter-open", "medium", "@frontend stats\n    bind *:8404\n    http-request use-service prometheus-exporter\n", "@frontend stats\n    bind *:8404\n    acl inside src 10.0.0.0/8\n    http-request use-service prometheus-exporter if inside\n", "prometheus-exporter", Nothing, Replaces),
    proxy!("exporter-ignored", "medium", "frontend stats\n    timeout client 5s\n    bind *:8404\n    http-request use-service prometheus-exporter if { path /metrics }\n", "@frontend stats\n    bind abns@a\n    http-request use-service prometheus-exporter if { path /metrics }\n", "prometheus-exporter", Warns("'http-request' rules ignored for frontend 'stats' as they require HTTP mode"), Added),
    proxy!("stats-admin-without-password", "medium", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request deny if { hdr(x) y }\n    stats admin if TRUE\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request auth unless { http_auth(u) }\n    stats admin if TRUE\n", "stats admin", Nothing, Added),
    proxy!("stats-admin-without-password", "high", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request deny if { src 192.0.2.1 }\n    stats admin if TRUE\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request allow if { http_auth(u) }\n    stats http-request auth\n    stats admin if TRUE\n", "stats admin", Nothing, Added),
    proxy!("stats-admin-without-password", "high", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request allow\n    stats http-request auth\n    stats admin if TRUE\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request auth if !{ http_auth(u) }\n    stats http-request allow\n    stats admin if TRUE\n", "stats admin", Nothing, Added),
    proxy!("stats-page-without-password", "low", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request auth unless { src 10.0.0.0/8 }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    http-request auth unless { http_auth(u) }\n", "stats uri", Nothing, Added),
    proxy!("stats-page-without-password", "medium", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request allow if { http_auth(u) }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request allow if { http_auth(u) }\n    stats http-request deny\n", "stats uri", Nothing, Added),
    proxy!("stats-page-without-password", "medium", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    acl known http_auth(u)\n    stats http-request allow if TRUE\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    acl known http_auth(u)\n    http-request auth realm x unless known\n", "stats uri", Nothing, Added),
    proxy!("stats-page-without-password", "medium", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    default_backend app\nbackend app\n    stats uri /stats\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    http-request auth unless { http_auth(u) }\n    default_backend app\nbackend app\n    stats uri /stats\n", "stats uri", Nothing, Added),
    proxy!("stats-password-cut", "medium", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    stats auth admin:x#y\n", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    stats auth admin:x #y\n", "stats auth admin:[redacted]#", Nothing, Replaces),
    proxy!("stats-password-and-rules", "high", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats auth a:b\n    stats http-request deny if { src 192.0.2.1 }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats auth a:b\n", "stats auth a:[redacted]", Refuses("can't be used at the same time"), Replaces),
    proxy!("stats-password-in-clear", "medium", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats http-request auth unless { http_auth(u) }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    stats http-request auth unless { http_auth(u) }\n", "stats http-request auth", Nothing, ByHand),
    proxy!("stats-password-in-clear", "medium", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    http-request auth unless { http_auth(u) }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind /a.sock\n    stats uri /stats\n    http-request auth unless { http_auth(u) }\n", "http-request auth", Nothing, ByHand),
    proxy!("exporter-open", "medium", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    http-request use-service prometheus-exporter if { path /metrics }\n    http-request auth unless { http_auth(u) }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    http-request auth unless { http_auth(u) }\n    http-request use-service prometheus-exporter if { path /metrics }\n", "prometheus-exporter", Nothing, Replaces),
    proxy!("exporter-open", "low", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    http-request deny if { path_beg /x }\n    http-request use-service prometheus-exporter if { path /metrics }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    http-request deny if !{ src 10.0.0.0/8 }\n    http-request use-service prometheus-exporter if { path /metrics }\n", "prometheus-exporter", Nothing, Replaces),
    proxy!("exporter-open", "medium", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    stats uri /stats\n    stats auth a:b\n    http-request use-service prometheus-exporter if { path /metrics }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind *:8404\n    http-request auth if !{ http_auth(u) }\n    stats uri /stats\n    http-request use-service prometheus-exporter if { path /metrics }\n", "prometheus-exporter", Nothing, Replaces),
    proxy!("exporter-beside-password", "low", "userlist u\n    user a password $5$x\n@frontend stats\n    bind 127.0.0.1:8404\n    stats uri /stats\n    stats auth a:b\n    http-request use-service prometheus-exporter if { path /metrics }\n", "userlist u\n    user a password $5$x\n@frontend stats\n    bind 127.0.0.1:8404\n    http-request auth unless { http_auth(u) }\n    stats uri /stats\n    http-request use-service prometheus-exporter if { path /metrics }\n", "prometheus-exporter", Nothing, Replaces),
    proxy!("stats-password-empty", "high", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    stats auth admin\n", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    stats auth admin:x\n", "stats auth [redacted]", Nothing, Replaces),
    proxy!("stats-password-empty", "high", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    stats auth admin: # later\n", "@frontend stats\n    bind *:8404 ssl crt site.pem\n    stats uri /stats\n    stats auth \"admin:$X\"\n", "stats auth admin:", Nothing, Replaces),
    // -- proxies --
    proxy!("timeout-missing", "medium", "frontend web\n    bind abns@a\n", "defaults\n    timeout client 5s\nfrontend web\n    bind abns@a\n", "frontend web", Warns("missing timeouts for frontend 'web'"), Added),
    proxy!("timeout-missing", "medium", "@frontend web\n    bind abns@a\n    timeout client 0\n", "@frontend web\n    bind abns@a\n", "frontend web", Warns("missing timeouts for frontend 'web'"), ByHand),
    proxy!("timeout-missing", "medium", "defaults\n    mode tcp\n    timeout client 5s\nlisten web\n    bind abns@a\n    server a 192.0.2.1:80\n", "defaults\n    mode tcp\n    timeout client 5s\n    timeout connect 5s\n    timeout tunnel 1h\nlisten web\n    bind abns@a\n    server a 192.0.2.1:80\n", "listen web", Warns("missing timeouts for proxy 'web'"), Added),
    proxy!("timeout-missing", "medium", "defaults d\n    timeout connect 5s\n    mode http\nbackend app from d\n    server a 192.0.2.1:80\nfrontend web from d\n    bind abns@a\n    timeout client 5s\n", "defaults d\n    timeout connect 5s\n    mode http\nbackend app from d\nfrontend web from d\n    bind abns@a\n    timeout client 5s\n", "backend app", Warns("missing timeouts for backend 'app'"), Added),
    proxy!("server-unchecked", "medium", "@listen web\n    bind abns@a\n    server a 192.0.2.1:80\n    server b 192.0.2.2:80\n", "@    default-server check\nlisten web\n    bind abns@a\n    server a 192.0.2.1:80\n    server b 192.0.2.2:80\n", "server a", Nothing, Added),
    proxy!("server-unchecked", "low", "@listen web\n    bind abns@a\n    default-server check\n    server a 192.0.2.1:80\n    server b 192.0.2.2:80 no-check\n", "@listen web\n    bind abns@a\n    server a 192.0.2.1:80 check\n    server b 192.0.2.2:80 track a\n", "server b", Nothing, ByHand),
    proxy!("server-unchecked", "info", "@listen web\n    bind abns@a\n    server a 192.0.2.1:80\n    default-server check\n", "@listen web\n    bind abns@a\n    default-server check\n    server a 192.0.2.1:80\n", "server a", Nothing, Added),
    proxy!("server-outside-chroot", "medium", "global\n    chroot /var/empty\n@listen web\n    bind abns@a\n    server a unix@/run/x.sock\n", "global\n    chroot /var/empty\n@listen web\n    bind abns@a\n    server a unix@/x.sock\n", "unix@/run/x.sock", Nothing, ByHand),
    proxy!("server-outside-chroot", "medium", "global\n    chroot /var/empty\n@listen web\n    bind abns@a\n    server a /var/empty/x.sock\n", "global\n    chroot /var/empty\n    stats socket /var/empty/run/x.sock\n@listen web\n    bind abns@a\n    server a unix@/run/x.sock\n", "/var/empty/x.sock", Nothing, Replaces),
    // -- TLS --
    proxy!("tls-server-unverified", "medium", "@listen web\n    bind abns@a\n    server a 192.0.2.1:443 check ssl verify none\n", "@listen web\n    bind abns@a\n    server a 192.0.2.1:443 check ssl verify required ca-file site.pem\n", "verify none", Nothing, ByHand),
    proxy!("tls-server-unverified", "info", "@listen web\n    bind abns@a\n    server a 127.0.0.1:443 check ssl verify none\n", "@listen web\n    bind abns@a\n    server a 127.0.0.1:443 check\n", "verify none", Nothing, ByHand),
    global!("tls-server-unverified", "medium", "ssl-server-verify none", "ssl-server-verify required", "ssl-server-verify", Nothing, Replaces),
    global!("tls-old", "medium", "ssl-default-bind-options ssl-min-ver TLSv1.0 no-tls-tickets", "ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets", "TLSv1.0", Nothing, Replaces),
    global!("tls-old", "medium", "ssl-default-server-options force-tlsv11", "ssl-default-server-options force-tlsv12", "force-tlsv11", Nothing, Replaces),
    proxy!("tls-old", "medium", "@listen web\n    bind :443 ssl crt site.pem ssl-min-ver TLSv1.1\n", "@listen web\n    bind :443 ssl crt site.pem no-sslv3\n", "TLSv1.1", Nothing, Replaces),
    proxy!("tls-old", "medium", "@listen web\n    bind :443 ssl crt site.pem ssl-max-ver TLSv1.1\n", "@listen web\n    bind :443 ssl crt site.pem ssl-max-ver TLSv1.2\n", "ssl-max-ver", Warns("Ambiguous configuration"), Replaces),
    global!("tls-newest-off", "low", "ssl-default-bind-options no-tlsv13 no-tls-tickets", "ssl-default-bind-options no-tls-tickets", "no-tlsv13", Nothing, Replaces),
    // -- the process --
    global!("protection-off", "low", "insecure-fork-wanted", "", "insecure-fork", Nothing, Replaces),
    global!("protection-off", "low", "insecure-setuid-wanted", "", "insecure-setuid", Nothing, Replaces),
    global!("protection-off", "info", "set-dumpable", "no set-dumpable", "set-dumpable", Nothing, Replaces),
    proxy!("protection-off", "medium", "@listen web\n    bind abns@a\n    option accept-invalid-http-request\n", "@listen web\n    bind abns@a\n    option httpclose\n", "accept-invalid", WarnsFrom(3, 2, "deprecated"), Replaces),
    proxy!("password-in-file", "low", "userlist users\n    user a insecure-password b groups c\n    group c\n@listen web\n    bind abns@a\n", "userlist users\n    user a password $5$x groups c\n    group c\n@listen web\n    bind abns@a\n", "insecure-password [redacted]", Nothing, ByHand),
    proxy!("process-user", "low", "global\n    maxconn 10\n    chroot /\n@listen web\n    bind abns@a\n", "global\n    maxconn 10\n    chroot /\n    uid 65534\n@listen web\n    bind abns@a\n", "global", Nothing, ByHand),
    proxy!("process-chroot", "info", "global\n    maxconn 10\n@listen web\n    bind abns@a\n", "global\n    maxconn 10\n    chroot /\n@listen web\n    bind abns@a\n", "global", Nothing, Added),
    proxy!("process-maxconn", "info", "global\n    chroot /\n@listen web\n    bind abns@a\n", "global\n    chroot /\n    maxconn 10\n@listen web\n    bind abns@a\n", "global", Nothing, Added),
    // -- keywords that are gone --
    global!("keyword-removed", "high", "nbproc 2", "nbthread 2", "nbproc", Refuses("nbproc is not supported any more"), Replaces),
    global!("keyword-removed", "high", "tune.chksize 100", "tune.bufsize 16384", "tune.chksize", Refuses("tune.chksize"), Replaces),
    global!("keyword-removed", "medium", "stats bind-process 1", "stats maxconn 10", "bind-process", RefusesFrom(3, 0, "'stats bind-process' is not supported anymore"), Replaces),
    proxy!("keyword-removed", "medium", "@listen web\n    bind abns@a\n    bind-process 1\n", "@listen web\n    bind abns@a\n", "bind-process", RefusesFrom(3, 0, "'bind-process' is not supported anymore"), Replaces),
    proxy!("keyword-removed", "medium", "@listen web\n    bind abns@a process 1\n", "@listen web\n    bind abns@a thread 1\n", "process 1", RefusesFrom(3, 0, "not supported anymore"), ByHand),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    option forceclose\n", "@listen web\n    bind abns@a\n    option httpclose\n", "forceclose", Refuses("option 'forceclose' is not supported any more"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    option http-tunnel\n", "@listen web\n    bind abns@a\n", "http-tunnel", Refuses("option 'http-tunnel' is not supported any more"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    option http_proxy\n", "@listen web\n    bind abns@a\n", "http_proxy", Refuses("option 'http_proxy' is not supported any more"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    appsession a len 1 timeout 1\n", "@listen web\n    bind abns@a\n", "appsession", Refuses("'appsession' is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    monitor-net 10.0.0.0/8\n", "@listen web\n    bind abns@a\n    monitor-uri /x\n", "monitor-net", Refuses("'monitor-net' doesn't exist anymore"), ByHand),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    mode health\n", "@listen web\n    bind abns@a\n    mode http\n", "mode health", Refuses("'mode health' doesn't exist anymore"), ByHand),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    grace 10s\n", "@listen web\n    bind abns@a\n", "grace", Refuses("the 'grace' keyword is not supported any more"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    block if TRUE\n", "@listen web\n    bind abns@a\n    http-request deny if TRUE\n", "block", Refuses("'block' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    reqadd X:\\ y\n", "@listen web\n    bind abns@a\n", "reqadd", Refuses("'reqadd' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    reqrep ^a b\n", "@listen web\n    bind abns@a\n", "reqrep", Refuses("'reqrep' directive is not supported anymore"), ByHand),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    reqidel ^X\n", "@listen web\n    bind abns@a\n", "reqidel", Refuses("'reqidel' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    reqdeny x\n", "@listen web\n    bind abns@a\n", "reqdeny", Refuses("'reqdeny' not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    reqiallow x\n", "@listen web\n    bind abns@a\n", "reqiallow", Refuses("'reqiallow' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    rspadd X:\\ y\n", "@listen web\n    bind abns@a\n", "rspadd", Refuses("'rspadd' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    rspidel ^X\n", "@listen web\n    bind abns@a\n", "rspidel", Refuses("'rspidel' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    rspirep a b\n", "@listen web\n    bind abns@a\n", "rspirep", Refuses("'rspirep' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    redispatch\n", "@listen web\n    bind abns@a\n    option redispatch\n", "redispatch", Refuses("'redispatch' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    contimeout 5000\n", "@listen web\n    bind abns@a\n", "contimeout", Refuses("'contimeout' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    clitimeout 5000\n", "@listen web\n    bind abns@a\n", "clitimeout", Refuses("'clitimeout' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "high", "@listen web\n    bind abns@a\n    srvtimeout 5000\n", "@listen web\n    bind abns@a\n", "srvtimeout", Refuses("'srvtimeout' directive is not supported anymore"), Replaces),
    proxy!("keyword-removed", "medium", "global\n    master-worker\nprogram p\n    command true\n@listen web\n    bind abns@a\n", "@listen web\n    bind abns@a\n", "program p", RefusesFrom(3, 2, "'program'"), ByHand),
    global!("keyword-leaving", "info", "master-worker", "", "master-worker", WarnsFrom(3, 4, "removed in 3.5"), ByHand),
    proxy!("keyword-leaving", "info", "@listen web\n    bind abns@a\n    dispatch 192.0.2.1:80\n", "@listen web\n    bind abns@a\n", "dispatch", WarnsFrom(3, 4, "removed in 3.5"), ByHand),
    proxy!("keyword-leaving", "info", "@listen web\n    bind abns@a\n    option transparent\n", "@listen web\n    bind abns@a\n", "transparent", WarnsFrom(3, 4, "removed in 3.5"), Replaces),
    proxy!("keyword-leaving", "info", "@listen web\n    bind abns@a\n    transparent\n", "@listen web\n    bind abns@a\n", "transparent", WarnsFrom(3, 4, "removed in 3.5"), Replaces),
    // -- lines that cannot be read --
    proxy!("line-unreadable", "high", "@listen web\n    bind abns@a\n    description \"a\n", "@listen web\n    bind abns@a\n    description \"a\"\n", "the quote at position 17", Refuses("unmatched quote"), ByHand),
    proxy!("line-unreadable", "high", "maxconn 10\n@listen web\n    bind abns@a\n", "global\n    maxconn 10\n@listen web\n    bind abns@a\n", "no section has begun", Refuses("out of section"), ByHand),
    proxy!("line-unreadable", "high", "@lsiten web\n    bind abns@a\n", "@listen web\n    bind abns@a\n", "no section `lsiten`", Refuses("lsiten"), ByHand),
    proxy!("line-unreadable", "medium", "@listen web\n    bind abns@a\n    description a \"\" b\n", "@listen web\n    bind abns@a\n    description a b\n", "empty word", RefusesFrom(3, 4, "is empty and marks the end"), ByHand),
];

/// The whole of a configuration. One that begins with a section of its own has no other `global`; lines before the first
/// section belong to `global`.
fn whole(text: &str) -> String {
    let text = text.replace('@', "\u{0}");
    // an address has an `@`, too
    let mut whole = String::new();
    for (place, part) in text.split('\u{0}').enumerate() {
        if place > 0 {
            whole.push_str(if whole.is_empty() || whole.ends_with('\n') {
                DEFAULTS
            } else {
                "@"
            });
        }
        whole.push_str(part);
    }
    let own = [
        "global", "defaults", "frontend", "listen", "userlist", "maxconn",
    ];
    if own.iter().any(|start| whole.starts_with(start)) {
        return whole;
    }
    GLOBAL.to_owned() + &whole
}

/// HAProxy's verdict, beside a certificate.
fn verdict(binary: &Binary, text: &str) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("site.pem"), certificates::site()).unwrap();
    let path = folder.path().join("haproxy.cfg");
    std::fs::write(&path, text).unwrap();
    check(binary, &[path])
}

/// The rows of all risks.
pub(super) fn found(granted: &Granted, arguments: &Value) -> Vec<Value> {
    let mut arguments = arguments.clone();
    arguments["limit"] = json!(500);
    let response = granted.server.call("explain_config_risks", arguments);
    let answer = response.answer();
    assert_eq!(answer.get("next_cursor"), None, "{answer}");
    rows(answer).map(|row| json!(row)).collect()
}

fn of<'r>(found: &'r [Value], case: &Case) -> Option<&'r Value> {
    found.iter().find(|risk| risk["id"] == case.id)
}

haproxy_mcp_testkit::on_each_version! {
    fn haproxy_says_what_is_said_of_it(binary: &Binary) {
        for case in CASES {
            let Checked { accepted, said } = verdict(binary, &whole(case.with));
            let (accepts, words) = match case.says {
                Warns(words) => (true, Some(words)),
                Refuses(words) => (false, Some(words)),
                RefusesFrom(major, minor, words) if binary.at_least(major, minor) => (false, Some(words)),
                WarnsFrom(major, minor, words) if binary.at_least(major, minor) => (true, Some(words)),
                Nothing | RefusesFrom(..) | WarnsFrom(..) => (true, None),
            };
            assert_eq!(accepted, accepts, "{}: {}\n{said}", case.id, case.with);
            if let Some(words) = words {
                assert!(said.contains(words), "{}: {}\n{said}", case.id, case.with);
            }
            let Checked { accepted, said } = verdict(binary, &whole(case.without));
            assert!(accepted, "{}: {}\n{said}", case.id, case.without);
            if let Some(words) = words {
                assert!(!said.contains(words), "{}: {}\n{said}", case.id, case.without);
            }
        }
    }
}

#[test]
fn each_risk_is_found_where_it_is_and_nowhere_else() {
    let granted = Granted::of("");
    for case in CASES {
        let with = whole(case.with);
        granted.write(with.as_bytes());
        let risks = found(&granted, &json!({}));
        let risk = of(&risks, case)
            .unwrap_or_else(|| panic!("{} is not found: {}\n{risks:#?}", case.id, case.with));
        assert_eq!(
            risk["severity"], case.severity,
            "{}: {}\n{risk:#}",
            case.id, case.with
        );
        let seen = risk["evidence"].as_array().unwrap();
        let shown = seen
            .iter()
            .find(|place| place["text"].as_str().unwrap().contains(case.evidence));
        let place = shown
            .unwrap_or_else(|| panic!("{} does not show `{}`: {risk:#}", case.id, case.evidence));
        // The line is where it says.
        let line = place["at"]
            .as_str()
            .unwrap()
            .strip_prefix("haproxy.cfg:")
            .unwrap();
        let line = with
            .lines()
            .nth(line.parse::<usize>().unwrap() - 1)
            .unwrap();
        if case.id != "line-unreadable" && !case.evidence.contains("[redacted]") {
            assert!(
                line.contains(case.evidence),
                "{}: {line}\n{risk:#}",
                case.id
            );
        }
        assert_eq!(
            place.get("conditional").is_some(),
            case.with.contains(".if"),
            "{risk:#}"
        );
        for key in ["title", "why"] {
            assert!(!risk[key].as_str().unwrap().is_empty(), "{risk:#}");
        }
        granted.write(whole(case.without).as_bytes());
        let risks = found(&granted, &json!({}));
        assert_eq!(of(&risks, case), None, "{}: {}", case.id, case.without);
    }
}

#[test]
fn the_mend_mends() {
    let granted = Granted::of("");
    let newest = newest();
    for case in CASES.iter().filter(|case| case.mend != Mend::ByHand) {
        let with = whole(case.with);
        granted.write(with.as_bytes());
        let risks = found(&granted, &json!({}));
        let risk = of(&risks, case).expect("the risk");
        let mend: Vec<&str> = risk["mend"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        let at = risk["evidence"][0]["at"].as_str().unwrap();
        let at: usize = at.rsplit_once(':').unwrap().1.parse().unwrap();
        let mut lines: Vec<&str> = with.lines().collect();
        match case.mend {
            Mend::Replaces => drop(lines.splice(at - 1..at, mend.iter().copied())),
            Mend::Added => {
                let begins = |line: &str| {
                    ["global", "defaults", "frontend", "backend", "listen"]
                        .iter()
                        .any(|kind| line.starts_with(kind))
                };
                let head = lines[..at].iter().rposition(|line| begins(line)).unwrap() + 1;
                drop(lines.splice(head..head, mend.iter().copied()));
            }
            Mend::ByHand => unreachable!(),
        }
        let mended = lines.join("\n") + "\n";
        granted.write(mended.as_bytes());
        let risks = found(&granted, &json!({}));
        assert_eq!(
            of(&risks, case),
            None,
            "{} is not mended by {mend:?}:\n{mended}",
            case.id
        );
        let checked = verdict(&newest, &mended);
        assert!(
            checked.accepted,
            "{}: HAProxy refuses {mend:?}: {}",
            case.id, checked.said
        );
    }
}

#[test]
fn the_worst_comes_first_and_can_be_asked_for_alone() {
    let text = "global\n    stats socket *:9999 level admin\n    stats socket /a.sock mode 666\nfrontend web\n    bind :80\n    stats uri /s\n";
    let granted = Granted::of(text);
    let response = granted.server.call("explain_config_risks", json!({}));
    let answer = response.answer();
    let order = ["high", "medium", "low", "info"];
    let severities: Vec<usize> = rows(answer)
        .map(|row| {
            order
                .iter()
                .position(|name| row["severity"] == *name)
                .unwrap()
        })
        .collect();
    assert!(severities.is_sorted(), "{severities:?}");
    for (least, name) in order.iter().enumerate() {
        let count = found(&granted, &json!({ "severity": name })).len();
        assert_eq!(
            count,
            severities
                .iter()
                .filter(|severity| **severity <= least)
                .count(),
            "{name}"
        );
        let of_this = severities
            .iter()
            .filter(|severity| **severity == least)
            .count();
        assert_eq!(answer["totals"][name], json!(of_this), "{answer}");
    }
    // A few at a time they are the same.
    let (mut paged, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let mut arguments = json!({ "limit": 2 });
        if !cursor.is_null() {
            arguments["cursor"] = cursor;
        }
        let response = granted.server.call("explain_config_risks", arguments);
        paged.extend(rows(response.answer()).map(|row| json!(row)));
        cursor = response.answer()["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(paged, found(&granted, &json!({})));
}

#[test]
fn a_sound_configuration_has_no_risk_to_speak_of() {
    let text = whole(
        "stats socket /run/haproxy/admin.sock mode 660 level operator\n@frontend web\n    bind :443 ssl crt site.pem\n    default_backend app\nbackend app\n    default-server check\n    server a 192.0.2.1:80\n    server b 192.0.2.2:80\nfrontend stats\n    bind 127.0.0.1:8404 ssl crt site.pem\n    stats uri /stats\n    http-request auth unless { http_auth(u) }\n    http-request use-service prometheus-exporter if { path /metrics }\nuserlist u\n    user a password $5$x\n",
    );
    let granted = Granted::of(&text);
    assert_eq!(found(&granted, &json!({})), Vec::<Value>::new());
    assert!(verdict(&newest(), &text).accepted);
}
