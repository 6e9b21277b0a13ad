//! The Runtime API on a Unix socket and on the loopback: who may use it, what its levels allow, its limits.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use haproxy_mcp_testkit::Binary;

use crate::guide;
use crate::http::Client;
use crate::site::Site;

pub(crate) fn shortest(binary: &Binary) {
    let site = Site::start(binary, "shortest");
    let socket = "/run/haproxy/admin.sock";
    let info = site.socket(socket, "show info");
    assert!(
        info.contains(&format!("\nVersion: {}", binary.version)),
        "{info}"
    );
    let page = Client::default().get(site.address(8404), "/stats;csv");
    assert_eq!(page.rows(), ["stats/FRONTEND"]);
    let answer = site.ask_socket(socket, &["show_version"]).result();
    assert_eq!(answer["version"], binary.version.as_str());
    let socket = site.place.path(socket).display().to_string();
    let url = format!("http://{}/stats", site.address(8404));
    let doors = [
        ("HAPROXY_RUNTIME_SOCKET", socket.as_str()),
        ("HAPROXY_STATS_URL", url.as_str()),
    ];
    let found = site.doctor(&doors);
    assert_eq!(
        found[..2],
        ["runtime ok answers", "stats ok answers"],
        "{found:?}"
    );
    assert_eq!(found[2..], ["metrics warning exporter-missing"]);
}

pub(crate) fn runtime_unix(binary: &Binary) {
    let site = Site::start(binary, "runtime_unix");
    let socket = "/run/haproxy/admin.sock";
    let file = std::fs::metadata(site.place.path(socket)).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o660);
    let own = std::fs::metadata(site.place.folder()).unwrap();
    assert_eq!((file.uid(), file.gid()), (own.uid(), own.gid()));
    assert_eq!(site.socket(socket, "show cli level"), "admin");
    let pid = site
        .socket(socket, "show info")
        .lines()
        .find_map(|line| Some(line.strip_prefix("Pid: ")?.to_owned()));
    let answer = site
        .ask_socket(socket, &["show_info", "fields=Pid"])
        .result();
    assert_eq!(Some(answer["fields"]["Pid"].to_string()), pid);
}

/// What the guide's table of levels has for this version: commands, and the lowest level that each takes.
fn levels(label: &str) -> Vec<(String, String)> {
    let text = guide::text();
    let head = text
        .lines()
        .find(|line| line.starts_with("| command | 2.6 |"))
        .unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    let column = cells(head).iter().position(|cell| cell == label).unwrap();
    let rows = text.lines().skip_while(|line| *line != head).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = cells(line);
            (cells[0].trim_matches('`').to_owned(), cells[column].clone())
        })
        .collect()
}

pub(crate) fn runtime_levels(binary: &Binary) {
    // What the commands of the table are about.
    let more = "
defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s
frontend www
    bind 127.0.0.1:8080
    http-request track-sc0 src table visitors
    http-request deny if { src -f /etc/haproxy/blocked.acl }
    http-request set-header x-site %[req.hdr(host),map(/etc/haproxy/hosts.map)]
    default_backend app
backend app
    server a1 127.0.0.1:8081
backend visitors
    stick-table type ip size 1k store gpc0
";
    let files = |place: &crate::place::Place| {
        place.file("/etc/haproxy/hosts.map", "example.com app\n");
        place.file("/etc/haproxy/blocked.acl", "192.0.2.66\n");
        vec!["-db".to_owned()]
    };
    let site = Site::with(binary, "runtime_levels", more, files);
    let names = ["user", "operator", "admin"];
    for name in names {
        assert_eq!(
            site.socket(&format!("/run/haproxy/{name}.sock"), "show cli level"),
            name
        );
    }
    let levels = levels(binary.label);
    assert!(levels.len() > 15, "{levels:?}");
    let mut mistakes = Vec::new();
    for (command, lowest) in &levels {
        let asked = command.replace("/etc/", &format!("{}/etc/", site.place.folder().display()));
        let allowed = names.iter().find(|name| {
            let reply = site.socket(&format!("/run/haproxy/{name}.sock"), &asked);
            assert!(!reply.contains("nknown command"), "{command}: {reply}");
            // The second is how a too low level is told for certificates.
            !["Permission denied", "Can't allocate memory!"]
                .iter()
                .any(|refusal| reply.contains(refusal))
        });
        if allowed.copied() != Some(lowest.as_str()) {
            mistakes.push(format!(
                "`{command}` takes {allowed:?}, and the guide says {lowest}"
            ));
        }
    }
    assert_eq!(mistakes, Vec::<String>::new());
    // HAProxy's refusal, and what haproxy-mcp makes of it.
    let refused = site.ask_socket("/run/haproxy/user.sock", &["show_sess"]);
    assert_eq!(refused.error(), "rejected");
    site.ask_socket("/run/haproxy/operator.sock", &["show_sess"])
        .result();
}

pub(crate) fn runtime_limits(binary: &Binary) {
    let site = Site::start(binary, "runtime_limits");
    let path = site.place.path("/run/haproxy/admin.sock");
    // So many as `stats maxconn` says; each is answered, so that HAProxy has taken it.
    let mut open: Vec<UnixStream> = Vec::new();
    for _ in 0..20 {
        let mut stream = UnixStream::connect(&path).unwrap();
        prompt(&mut stream).expect("one of the connections that HAProxy has room for");
        open.push(stream);
    }
    let mut late = UnixStream::connect(&path).unwrap();
    late.set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    assert_eq!(
        prompt(&mut late).unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
    open.pop();
    late.set_read_timeout(Some(haproxy_mcp_testkit::DEADLINE))
        .unwrap();
    let mut answer = [0; 3];
    std::io::Read::read_exact(&mut late, &mut answer).unwrap();
    assert_eq!(&answer, b"\n> ");
}

/// Asks for HAProxy's prompt, which keeps the connection open.
pub(crate) fn prompt(stream: &mut UnixStream) -> std::io::Result<()> {
    use std::io::{Read, Write};
    stream.write_all(b"prompt\n")?;
    stream.read_exact(&mut [0; 3])
}

pub(crate) fn runtime_tcp(binary: &Binary) {
    let site = Site::start(binary, "runtime_tcp");
    assert_eq!(site.port(9999, "show cli level"), "operator");
    let port = site.address(9999).port().to_string();
    let door = [
        ("HAPROXY_HOST", "127.0.0.1"),
        ("HAPROXY_PORT", port.as_str()),
    ];
    let answer = site.ask(&door, &["show_version"]).result();
    assert_eq!(answer["version"], binary.version.as_str());
    assert_eq!(site.doctor(&door), ["runtime ok answers"]);
}

pub(crate) fn container(binary: &Binary) {
    let site = Site::start(binary, "container");
    assert_eq!(
        site.socket("/run/haproxy/admin.sock", "show cli level"),
        "admin"
    );
}
