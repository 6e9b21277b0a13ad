//! The configuration text: a small site with the irregularities of a real one.
//!
//! | proxy | what it is |
//! |---|---|
//! | `fe_http` | frontend, HTTP; `/api…` to the second backend, all else to `be_app`; uses [`FILES`] |
//! | `fe_http` too | on `tls.sock` with TLS, where nobody comes: the certificate `site.pem` (see [`crate::certificates::site`]) |
//! | `fe_disabled` | frontend, `disabled` in the configuration: HAProxy drops it and lists it nowhere |
//! | `fe_tcp` | frontend and backend `be_tcp` in TCP mode |
//! | `be_app` | `app1`, `app2` up (checked), `app_maint` in maintenance, `app_dead` down (checked, nobody listens); a stick table of the visitors of `fe_http` |
//! | `be:api-v1.2_x` | a backend with every odd character that a name may have; servers `api.1`, `api:2`, `API_3-b` |
//! | `shop` | frontend **and** backend of one name, before 3.3 (refused since): then the backend is `shop_be` |
//! | `be_empty` | a backend without servers |
//! | `be_many` | only with `servers(n)`: `s1` … `sn`, unchecked |

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

/// Everything that the default configuration names.
#[derive(Debug)]
pub(crate) struct Topology<'a> {
    pub(crate) admin_unix: &'a Path,
    pub(crate) admin_mode: &'a str,
    pub(crate) admin_level: &'a str,
    pub(crate) admin_tcp: &'a [SocketAddr],
    pub(crate) http: SocketAddr,
    pub(crate) tcp: SocketAddr,
    pub(crate) shop: SocketAddr,
    pub(crate) disabled: SocketAddr,
    pub(crate) origins: [SocketAddr; 2],
    pub(crate) many: usize,
}

/// Files in HAProxy's folder, by the names that it has for them: a map of hosts, and an ACL of paths that are denied.
pub const FILES: [(&str, &str); 2] = [
    (
        "hosts.map",
        "# host backend\nwww.example.test be_app\nshop.example.test shop\n",
    ),
    ("blocked.acl", "/blocked\n/secret\n"),
];

/// The name of the backend with the odd characters.
pub const ODD_BACKEND: &str = "be:api-v1.2_x";

/// The `global` section and `defaults` that any configuration needs: what [`text`] opens with.
pub(crate) fn head(site: &Topology<'_>) -> String {
    let mut text = String::from("global\n");
    // Without it a second HAProxy would quietly share a port instead of failing on it.
    text.push_str("    noreuseport\n");
    text.push_str("    node testnode\n    description \"a site for tests\"\n    maxconn 4000\n    nbthread 2\n");
    text.push_str("    set-var proc.site str(testsite)\n");
    let (unix, mode, level) = (site.admin_unix.display(), site.admin_mode, site.admin_level);
    let _ = writeln!(
        text,
        "    stats socket {unix} mode {mode} level {level} expose-fd listeners"
    );
    for address in site.admin_tcp {
        let family = if address.is_ipv4() { "ipv4" } else { "ipv6" };
        let (ip, port) = (address.ip(), address.port());
        let _ = writeln!(text, "    stats socket {family}@{ip}:{port} level {level}");
    }
    text.push_str("    stats timeout 1m\n");
    text.push_str(
        "defaults\n    mode http\n    timeout connect 2s\n    timeout client 10s\n    timeout server 10s\n    retries 1\n",
    );
    text
}

pub(crate) fn text(site: &Topology<'_>) -> String {
    let Topology {
        http,
        tcp,
        shop,
        disabled,
        origins: [first, second],
        many,
        ..
    } = site;
    let dead = "127.0.0.1:1";
    let mut text = head(site);
    let _ = write!(
        text,
        "
frontend fe_http
    bind {http} name http1
    bind unix@tls.sock name tls1 ssl crt site.pem
    http-request track-sc0 src table be_app
    http-request set-var(txn.host) hdr(host),map(hosts.map)
    http-request deny if {{ path -f blocked.acl }}
    use_backend {ODD_BACKEND} if {{ path_beg /api }}
    default_backend be_app
frontend fe_disabled
    bind {disabled}
    disabled
    default_backend be_app
frontend fe_tcp
    mode tcp
    bind {tcp}
    default_backend be_tcp
frontend shop
    bind {shop}
.if version_before(3.3)
    default_backend shop
backend shop
.else
    default_backend shop_be
backend shop_be
.endif
    server cart {first}
backend be_app
    balance roundrobin
    stick-table type ip size 1k expire 10m store gpc0,gpt0,http_req_cnt,http_req_rate(10s),bytes_out_cnt
    option httpchk GET /health
    default-server inter 200ms fall 1 rise 1
    server app1 {first} check weight 100 maxconn 100
    server app2 {second} check weight 50
    server app_maint {second} disabled
    server app_dead {dead} check
backend {ODD_BACKEND}
    server api.1 {first} weight 10
    server api:2 {second} backup
    server API_3-b {second} disabled
backend be_tcp
    mode tcp
    server t1 {first}
backend be_empty
"
    );
    if *many > 0 {
        text.push_str("backend be_many\n");
        for index in 1..=*many {
            let _ = writeln!(
                text,
                "    server s{index} 127.0.0.1:{}",
                1024 + index % 60_000
            );
        }
    }
    text
}
