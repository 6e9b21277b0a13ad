//! The Runtime API: who may use it, and what is believed of it that is not so.

use std::collections::BTreeMap;

use haproxy_configuration::{Kind, Setting};

use super::address::{Address, Reach, addresses};
use super::context::Context;
use super::line::Line;
use super::report::{Evidence, Report, Risk, Severity};

/// Where the words of a `stats socket` line end that say what it is, and its keywords begin.
const KEYWORDS: usize = 3;

/// Where the socket should be.
const PATH: &str = "/run/haproxy/admin.sock";

/// Where it should be within a `chroot`.
const INSIDE: &str = "/runtime-api.sock";

/// What tells that somebody takes `expose-fd listeners` for something else.
const MISUNDERSTOOD: [&str; 4] = ["http", "prometheus", "exporter", "metrics"];

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    let sockets: Vec<Setting<'_, '_>> = context
        .configuration
        .lines(Kind::Global, &["stats", "socket"])
        .collect();
    for socket in &sockets {
        for address in addresses(socket.words.at(2), socket.words.expands(2)) {
            reach(context, socket, &address, report);
        }
        tls(context, socket, report);
        password(socket, report);
        descriptors(context, socket, report);
    }
    twice(&sockets, report);
    too_short(context, report);
    if let Some(socket) = sockets.first() {
        if context
            .configuration
            .lines(Kind::Global, &["stats", "timeout"])
            .next()
            .is_none()
        {
            report.add(Risk {
                severity: Severity::Info,
                id: "runtime-api-timeout",
                title: "The Runtime API has no time-out of its own",
                evidence: vec![Evidence::line(socket)],
                more: 0,
            alike: false,
                why: "HAProxy closes a connection to the Runtime API after 10 seconds without a word; who types commands \
                      by hand is cut off"
                    .to_owned(),
                mend: "stats timeout 30s".to_owned(),
            });
        }
        let admins: Vec<_> = sockets
            .iter()
            .filter(|socket| level(socket) == "admin")
            .collect();
        if let Some(first) = admins.first() {
            report.add(Risk {
                severity: Severity::Info,
                id: "runtime-api-admin",
                title: "The Runtime API may do everything",
                mend: Line::of(&first.words).setting("level", "operator").text(),
                evidence: admins.into_iter().map(Evidence::line).collect(),
                more: 0,
            alike: false,
                why: "level `admin` is needed for every change of servers, certificates and limits; for who only looks \
                      `operator` is enough, whom HAProxy refuses the rest"
                    .to_owned(),
            });
        }
    }
}

/// `operator` is HAProxy's default.
fn level<'s>(socket: &'s Setting<'_, '_>) -> &'s str {
    socket.words.value("level", KEYWORDS).unwrap_or("operator")
}

/// What somebody at this level can do.
fn power(level: &str) -> &'static str {
    match level {
        "admin" => "take servers out of service, replace certificates and end sessions",
        "user" => "see every server and, before HAProxy 3.4, change maps and ACLs",
        _ => "see every server and every session and, before HAProxy 3.4, change maps and ACLs",
    }
}

fn reach(
    context: &Context<'_>,
    socket: &Setting<'_, '_>,
    address: &Address<'_>,
    report: &mut Report,
) {
    let line = || Line::of(&socket.words);
    let level = level(socket);
    let power = power(level);
    let mut add = |severity, id, title, why: String, mend: String| {
        report.add(Risk {
            severity,
            id,
            title,
            evidence: vec![Evidence::line(socket)],
            more: 0,
            alike: false,
            why,
            mend,
        });
    };
    // TLS is another risk, whose mend is another one
    let on_path = || owned(context, plain(line()).with(2, PATH).setting("mode", "660")).text();
    match address.reach {
        Reach::Network => {
            let port = address.port.unwrap_or("9999");
            add(
                Severity::High,
                "runtime-api-on-network",
                "The Runtime API is open to the network",
                format!("it knows no password: whoever reaches this port can {power}"),
                plain(line()).with(2, &format!("127.0.0.1:{port}")).text(),
            );
        }
        Reach::Loopback => add(
            Severity::Low,
            "runtime-api-on-loopback",
            "The Runtime API is open to all of this machine",
            format!("it knows no password: every user and program of this machine can {power}; a Unix socket has a mode and a group"),
            on_path(),
        ),
        Reach::Abstract => add(
            Severity::Low,
            "runtime-api-on-loopback",
            "The Runtime API is open to all of this machine",
            format!("an abstract socket has neither owner nor mode: every user and program of this machine can {power}"),
            on_path(),
        ),
        Reach::Unknown => add(
            Severity::Info,
            "runtime-api-address-unknown",
            "It is not in the configuration where the Runtime API listens",
            "the address comes from the environment, from a descriptor that HAProxy inherits, or from a name: see \
             `show_cli_sockets`"
                .to_owned(),
            on_path(),
        ),
        Reach::Path => match socket.words.value("mode", KEYWORDS).map(|mode| u32::from_str_radix(mode, 8)) {
            Some(Ok(mode)) if mode & 0o002 != 0 => add(
                if level == "admin" { Severity::High } else { Severity::Medium },
                "runtime-api-world-writable",
                "Every user of this machine may use the Runtime API",
                format!("the mode lets others write to the socket, and that is all it takes to {power}"),
                owned(context, line().setting("mode", "660")).text(),
            ),
            None => add(
                Severity::Info,
                "runtime-api-mode",
                "Who may use the Runtime API is left to chance",
                "without `mode` the umask decides with which HAProxy is started, and without `user` and `group` the \
                 socket belongs to whoever starts it"
                    .to_owned(),
                owned(context, line().setting("mode", "660")).text(),
            ),
            Some(_) => {}
        },
    }
}

/// Without all that is of TLS.
fn plain(line: Line) -> Line {
    line.without("ssl", 0)
        .without("crt", 1)
        .without("ca-file", 1)
        .without("verify", 1)
}

/// With an owner and a group, where it has none: those of HAProxy, since otherwise it is who starts it.
fn owned(context: &Context<'_>, line: Line) -> Line {
    let line = user(context, line);
    if line.has("group") || line.has("gid") {
        return line;
    }
    match (set(context, "group"), set(context, "gid")) {
        (None, Some(gid)) => line.setting("gid", &gid),
        (group, _) => line.setting("group", group.as_deref().unwrap_or("haproxy")),
    }
}

fn user(context: &Context<'_>, line: Line) -> Line {
    if line.has("user") || line.has("uid") {
        return line;
    }
    match (set(context, "user"), set(context, "uid")) {
        (None, Some(uid)) => line.setting("uid", &uid),
        (user, _) => line.setting("user", user.as_deref().unwrap_or("haproxy")),
    }
}

/// The value of a setting of `global`.
fn set(context: &Context<'_>, word: &str) -> Option<String> {
    let words = [word];
    let lines = context.configuration.lines(Kind::Global, &words);
    let value = lines.last()?.words.at(1).to_owned();
    (!value.is_empty()).then_some(value)
}

/// `ssl` is taken, and nothing comes of it.
fn tls(context: &Context<'_>, socket: &Setting<'_, '_>, report: &mut Report) {
    let words = &socket.words;
    if words.place("ssl", KEYWORDS).is_none() {
        return;
    }
    let reaches =
        |text| addresses(text, words.expands(2)).any(|address| address.reach > Reach::Abstract);
    let ports: Vec<&str> = words
        .at(2)
        .split(',')
        .filter(|text| reaches(text))
        .collect();
    let open =
        addresses(words.at(2), words.expands(2)).any(|address| address.reach >= Reach::Unknown);
    let mend = if ports.is_empty() {
        plain(Line::of(words)).text()
    } else {
        in_front(context, socket, &ports.join(","))
    };
    report.add(Risk {
        severity: if open { Severity::High } else { Severity::Medium },
        id: "runtime-api-tls-ignored",
        title: "The Runtime API speaks plain text in spite of `ssl`",
        evidence: vec![Evidence::line(socket)],
        more: 0,
        alike: false,
        why: "HAProxy takes `ssl` on a stats socket without a warning and does not do it: everything is in the clear, and \
              no client certificate is asked for. A TCP proxy in front of a Unix socket does it"
            .to_owned(),
        mend,
    });
}

/// A Unix socket, and a TCP proxy in front of it. The proxy connects after `chroot`: the path of `server` is one within.
fn in_front(context: &Context<'_>, socket: &Setting<'_, '_>, ports: &str) -> String {
    let chroot = set(context, "chroot");
    let (outside, inside) = match &chroot {
        Some(folder) => (format!("{}{INSIDE}", folder.trim_end_matches('/')), INSIDE),
        None => (PATH.to_owned(), PATH),
    };
    let local = plain(Line::of(&socket.words))
        .without("expose-fd", 1)
        .with(2, &outside)
        .setting("mode", "600");
    let local = user(context, local).text();
    let value = |keyword, usual| {
        socket
            .words
            .value(keyword, KEYWORDS)
            .unwrap_or(usual)
            .to_owned()
    };
    let certificate = value("crt", "/etc/haproxy/runtime-api.pem");
    let authority = value("ca-file", "/etc/haproxy/operators.pem");
    format!(
        "# in `global`, instead of this line\n{local}\n# behind `global`\nlisten runtime_api\n    mode tcp\n    \
         bind {ports} ssl crt {certificate} ca-file {authority} verify required\n    timeout client 1m\n    \
         timeout connect 5s\n    timeout server 1m\n    server local unix@{inside}"
    )
}

/// `password`, which does not exist.
fn password(socket: &Setting<'_, '_>, report: &mut Report) {
    if socket.words.place("password", KEYWORDS).is_none() {
        return;
    }
    let name = socket
        .words
        .value("user", KEYWORDS)
        .unwrap_or_default()
        .to_owned();
    let mut line = Line::of(&socket.words).without("password", 1);
    if name == "admin" {
        line = line.without("user", 1);
    }
    report.add(Risk {
        severity: Severity::High,
        id: "runtime-api-password",
        title: "HAProxy does not start: the Runtime API has no passwords",
        evidence: vec![Evidence::line(socket)],
        more: 0,
            alike: false,
        why: "`password` is no keyword of a stats socket, and `user` names the system user that a Unix socket belongs to. \
              What protects it is its mode, a loopback address, or TLS with client certificates in front of it"
            .to_owned(),
        mend: line.text(),
    });
}

/// `expose-fd listeners`.
fn descriptors(context: &Context<'_>, socket: &Setting<'_, '_>, report: &mut Report) {
    if socket.words.value("expose-fd", KEYWORDS) != Some("listeners") {
        return;
    }
    let mend = Line::of(&socket.words).without("expose-fd", 1).text();
    let mut comment = String::from_utf8_lossy(socket.statement.raw)
        .split_once('#')
        .map_or(String::new(), |(_, comment)| comment.to_owned());
    comment.push_str(&context.comment_above(socket));
    let comment = comment.to_lowercase();
    if MISUNDERSTOOD.iter().any(|word| comment.contains(word)) {
        report.add(Risk {
            severity: Severity::Low,
            id: "expose-fd-misunderstood",
            title: "`expose-fd listeners` brings neither HTTP nor Prometheus",
            evidence: vec![Evidence::line(socket)],
            more: 0,
            alike: false,
            why: "it hands the listening sockets to a process that reloads HAProxy, and nothing else. The exporter is a \
                  rule of a proxy in HTTP mode: `http-request use-service prometheus-exporter if { path /metrics }`"
                .to_owned(),
            mend,
        });
        return;
    }
    let tcp = |address: Address<'_>| matches!(address.reach, Reach::Loopback | Reach::Network);
    if addresses(socket.words.at(2), socket.words.expands(2)).any(tcp) {
        report.add(Risk {
            severity: Severity::Info,
            id: "expose-fd-on-tcp",
            title: "`expose-fd listeners` does nothing over TCP",
            evidence: vec![Evidence::line(socket)],
            more: 0,
            alike: false,
            why: "listening sockets can be handed over through a Unix socket only".to_owned(),
            mend,
        });
    }
}

/// `stats timeout 30`: milliseconds.
fn too_short(context: &Context<'_>, report: &mut Report) {
    for line in context
        .configuration
        .lines(Kind::Global, &["stats", "timeout"])
    {
        let time = line.words.at(2);
        if !time
            .parse::<u64>()
            .is_ok_and(|time| (1..1_000).contains(&time))
        {
            continue;
        }
        report.add(Risk {
            severity: Severity::Medium,
            id: "runtime-api-timeout-short",
            title: "The Runtime API breaks off within a second",
            evidence: vec![Evidence::line(&line)],
            more: 0,
            alike: false,
            why: format!("a time without a unit counts milliseconds: {time} are {time} thousandths of a second"),
            mend: Line::of(&line.words).with(2, &format!("{time}s")).text(),
        });
    }
}

/// The same address on several lines.
fn twice(sockets: &[Setting<'_, '_>], report: &mut Report) {
    let mut lines: BTreeMap<&str, Vec<&Setting<'_, '_>>> = BTreeMap::new();
    for socket in sockets {
        for address in addresses(socket.words.at(2), socket.words.expands(2)) {
            lines.entry(address.text).or_default().push(socket);
        }
    }
    for sockets in lines.into_values().filter(|sockets| sockets.len() > 1) {
        let Some(first) = sockets.first() else {
            continue;
        };
        let differ = sockets.iter().any(|socket| level(socket) != level(first));
        report.add(Risk {
            severity: if differ { Severity::Medium } else { Severity::Low },
            id: "runtime-api-twice",
            title: "Several lines give the Runtime API the same address",
            evidence: sockets.iter().map(|socket| Evidence::line(socket)).collect(),
            more: 0,
            alike: false,
            why: "HAProxy starts all the same: over TCP the kernel spreads connections over all of them, and of Unix \
                  sockets the last one takes the place of the others"
                .to_owned(),
            mend: Line::of(&first.words).text(),
        });
    }
}
