//! Facts as the host gave them, and what follows from them: what no test can make on a machine of its own, and what
//! must be told apart whatever the machine is.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use serde_json::{Value, json};

use crate::examine::{Context, examine, read, summary, worst};
use crate::facts::Facts;
use crate::finding::{Finding, Verdict};
use crate::knowledge::Knowledge;

fn facts(value: &Value) -> Facts {
    read(&value.to_string()).unwrap()
}

fn found(looks: &[Value], configuration: Option<&str>) -> Vec<Finding> {
    let looks: Vec<Facts> = looks.iter().map(facts).collect();
    let knowledge = configuration
        .map(|text| Knowledge::of(&[("haproxy.cfg".to_owned(), text.as_bytes().to_vec())]));
    examine(&Context {
        looks: &looks,
        knowledge: knowledge.as_ref(),
        startup: None,
    })
}

/// The only finding.
#[track_caller]
fn one(looks: &[Value], configuration: Option<&str>) -> Finding {
    let mut findings = found(looks, configuration);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

fn runtime(code: &str, message: &str) -> Value {
    json!({"door": "runtime", "access": "read", "address": "tcp://192.0.2.7:9999", "timeout": 10.0, "connects": [
        {"address": "192.0.2.7:9999", "milliseconds": 5000.0, "error": {"code": code, "message": message}}]})
}

/// A healthy Runtime API, as HAProxy 3.4.7 was recorded.
fn healthy() -> Value {
    json!({"door": "runtime", "access": "read", "address": "unix:///run/haproxy/admin.sock", "timeout": 10.0,
        "connects": [{"address": "/run/haproxy/admin.sock", "milliseconds": 0.08}],
        "asked": [
            {"command": "show info", "milliseconds": 0.42,
                "answer": "Name: HAProxy\nVersion: 3.4.7-1\nPid: 4711\nUptime: 0d 0h05m00s\nUptime_sec: 300\nnode: lb1\n"},
            {"command": "show cli level", "milliseconds": 0.2, "answer": "admin\n"}]})
}

fn page(error: Option<(&str, &str)>) -> Value {
    let mut facts = json!({"door": "stats", "access": "read", "address": "http://192.0.2.7:8404/stats", "timeout": 5.0,
        "credentials": false, "recognised": error.is_none()});
    if let Some((code, message)) = error {
        facts["error"] = json!({ "code": code, "message": message, "hint": "the host's hint" });
    }
    facts
}

#[test]
fn a_healthy_door_is_described() {
    let finding = one(&[healthy()], None);
    assert_eq!((finding.verdict, &*finding.id), (Verdict::Ok, "answers"));
    assert_eq!(
        finding.saw,
        "HAProxy 3.4.7-1 answers at `unix:///run/haproxy/admin.sock`: connected in 0.1 ms, answered in 0.4 ms; process 4711, up 5 min; node `lb1`; level admin"
    );
    assert_eq!(finding.details["pid"], 4711);
    assert_eq!(finding.mend, Vec::<String>::new());
}

#[test]
fn what_the_network_says_is_told_apart() {
    for (code, id) in [
        ("connection-refused", "nobody-listens"),
        ("host-unreachable", "host-unreachable"),
        ("connect-timeout", "connect-timeout"),
        ("connect-failed", "connect-failed"),
        ("a-code-of-a-later-host", "connect-failed"),
    ] {
        let finding = one(&[runtime(code, "no connection")], None);
        assert_eq!(
            (finding.verdict, &*finding.id),
            (Verdict::Problem, id),
            "{code}"
        );
        assert!(!finding.mend.is_empty(), "{code}: {finding:?}");
    }
    let unresolved = json!({"door": "runtime", "address": "tcp://lb:9999",
        "unresolved": {"code": "name-not-resolved", "message": "the name in `tcp://lb:9999` could not be resolved"}});
    assert_eq!(one(&[unresolved], None).id, "name-not-resolved");
}

/// Each code of the host's errors about pages has a finding of its own with something to do; one that is not known
/// keeps the host's words.
#[test]
fn every_error_of_a_page_says_what_to_do() {
    let codes = [
        "connection-refused",
        "name-not-resolved",
        "host-unreachable",
        "connect-timeout",
        "connect-failed",
        "unauthorized",
        "forbidden",
        "not-found",
        "unavailable",
        "unexpected-status",
        "redirected",
        "too-many-redirects",
        "content-encoding",
        "not-statistics",
        "first-byte-timeout",
        "total-timeout",
        "interrupted",
        "connection-reset",
        "not-http",
        "tls-expected",
        "reply-bytes",
        "connections",
        "certificate-unknown-authority",
        "certificate-name",
        "certificate-expired",
        "certificate-not-valid-yet",
        "certificate-is-authority",
        "certificate-invalid",
        "client-certificate-required",
        "client-certificate-refused",
        "not-tls",
        "tls-failed",
        "ca-file-unreadable",
        "ca-file-empty",
        "no-authorities",
        "a-code-of-a-later-host",
    ];
    for code in codes {
        let finding = one(&[page(Some((code, "it said no")))], None);
        assert_eq!(finding.verdict, Verdict::Problem, "{code}");
        assert!(
            finding.saw.contains("192.0.2.7") || finding.saw.contains("it said no"),
            "{code}"
        );
        assert!(!finding.mend.is_empty(), "{code}: {finding:?}");
    }
    let later = one(
        &[page(Some(("a-code-of-a-later-host", "it said no")))],
        None,
    );
    assert_eq!(
        (&*later.id, &*later.mend[0]),
        ("a-code-of-a-later-host", "the host's hint")
    );
}

#[test]
fn a_silent_socket_is_told_by_who_listens_and_who_waits() {
    let silent = |more: Value| {
        let mut facts = healthy();
        facts["asked"] = json!([{"command": "show info", "milliseconds": 5000.0,
            "error": {"code": "first-byte-timeout", "message": "did not begin to answer within 5 s"}}]);
        for (key, value) in more.as_object().unwrap() {
            facts[key] = value.clone();
        }
        facts
    };
    let process = |state: &str| json!({"pid": 7, "name": "haproxy", "state": state});
    let connections = |taken: u64, waiting: u64| json!({ "taken": taken, "waiting": waiting });
    let id = |looks: &[Value]| found(looks, None)[0].id.clone();
    for (more, wanted) in [
        (json!({"listener": process("T")}), "process-stopped"),
        (
            json!({"listener": {"pid": 6, "name": "haproxy", "state": "S", "children": [process("T")]}}),
            "process-stopped",
        ),
        (
            json!({"connections": connections(10, 1), "listener": process("S")}),
            "connections-taken",
        ),
        (
            json!({"connections": connections(0, 1), "listener": process("R")}),
            "process-hangs",
        ),
        (
            json!({"connections": connections(0, 0), "listener": process("S")}),
            "no-answer",
        ),
        (json!({}), "no-answer"),
    ] {
        assert_eq!(id(&[silent(more.clone())]), wanted, "{more}");
    }
    // Connections of other sockets of the same HAProxy are not counted; that it answers by its page tells.
    let waiting = silent(json!({"connections": connections(0, 1)}));
    assert_eq!(id(&[waiting, page(None)]), "connections-taken");
}

#[test]
fn a_group_that_may_is_joined_and_roots_is_not() {
    let denied = |group: Value, mode: &str| {
        let mut facts = runtime("permission-denied", "no permission");
        facts["address"] = json!("unix:///run/haproxy/admin.sock");
        facts["file"] = json!({"path": "/run/haproxy/admin.sock", "kind": "socket", "owner": {"id": 0, "name": "root"},
            "group": group, "mode": mode, "read": false, "write": false,
            "process": {"user": {"id": 1000, "name": "ops"}, "groups": [{"id": 1000, "name": "ops"}]}});
        facts
    };
    let haproxy = json!({"id": 112, "name": "haproxy"});
    let mend = |looks: Value, configuration| one(&[looks], configuration).mend;
    assert_eq!(
        mend(denied(haproxy.clone(), "0660"), None),
        ["sudo usermod -aG haproxy ops, then log in again (`id` shows the groups)"]
    );
    // A group without a name is one all the same.
    assert!(
        mend(denied(json!({"id": 112}), "0660"), None)[0].starts_with("sudo usermod -aG 112 ops")
    );
    let line = "in `global` of HAProxy's configuration: `stats socket /run/haproxy/admin.sock mode 660 group ops level admin`";
    for (group, mode) in [
        (json!({"id": 0, "name": "root"}), "0660"),
        (haproxy, "0600"),
    ] {
        assert!(mend(denied(group, mode), None)[0].starts_with(line));
    }
    let configuration =
        "global\n    stats socket /var/run/haproxy/admin.sock mode 600 user haproxy level admin\n";
    let mends = mend(denied(json!({"id": 0}), "0600"), Some(configuration));
    assert!(
        mends[0].starts_with("in `haproxy.cfg:2`, instead of `stats socket /var/run/haproxy/admin.sock mode 600 user haproxy level admin`: `stats socket /var/run/haproxy/admin.sock mode 660 user haproxy level admin group ops`"),
        "{mends:?}"
    );
    // Whoever is in the group of the socket is an administrator: one that others are in is not proposed.
    for (user, groups) in [
        (
            "ops",
            json!([{"id": 100, "name": "users"}, {"id": 4, "name": "adm"}]),
        ),
        ("ops", json!([])),
        ("nobody", json!([{"id": 65534, "name": "nobody"}])),
    ] {
        let mut facts = denied(json!({"id": 0, "name": "root"}), "0660");
        facts["file"]["process"] = json!({"user": {"id": 1000, "name": user}, "groups": groups});
        let mends = mend(facts, None);
        assert_eq!(
            mends[..2],
            [
                "getent group haproxy || sudo groupadd --system haproxy".to_owned(),
                format!(
                    "sudo usermod -aG haproxy {user}, then log in again (`id` shows the groups)"
                )
            ]
        );
        assert!(
            mends[2].contains("mode 660 group haproxy level admin`"),
            "{mends:?}"
        );
    }
}

#[test]
fn a_refusal_in_spite_of_the_mode_is_somebody_elses() {
    let mut facts = runtime("permission-denied", "no permission");
    facts["address"] = json!("unix:///run/haproxy/admin.sock");
    facts["file"] =
        json!({"path": "/run/haproxy/admin.sock", "kind": "socket", "mode": "0666", "write": true});
    let finding = one(&[facts], None);
    assert_eq!(finding.id, "socket-denied");
    assert!(finding.mend[0].contains("SELinux"), "{finding:?}");
}

/// As in a guide that many have followed.
#[test]
fn a_stats_socket_has_no_password() {
    let configuration = "global\n    stats socket ipv4@127.0.0.1:9999 level admin user admin password YourSecurePassword\n";
    let config = json!({"door": "config", "paths": [{"path": "/etc/haproxy/haproxy.cfg", "readable": true}]});
    let finding = one(&[config], Some(configuration));
    assert_eq!(
        (finding.verdict, &*finding.id),
        (Verdict::Problem, "stats-socket-password")
    );
    assert!(
        finding.mend[0]
            .starts_with("in `haproxy.cfg:2`: `stats socket ipv4@127.0.0.1:9999 level admin`;"),
        "{finding:?}"
    );
}

/// What stands between a page and its users is named where the configuration is known.
#[test]
fn the_users_of_a_page_are_where_its_rule_says() {
    let refused = || page(Some(("unauthorized", "401")));
    let of = |rules: &str| {
        let text = format!(
            "userlist ops\n    user x password y\nfrontend stats\n    bind 192.0.2.7:8404\n    mode http\n    stats uri /stats\n{rules}"
        );
        one(&[refused()], Some(&text)).mend.join("\n")
    };
    let userlist = "`user` lines of `userlist ops` (`haproxy.cfg:1`), which `http-request auth` of `frontend stats`";
    for rules in [
        "    stats http-request auth unless { http_auth(ops) }\n",
        "    http-request auth realm r unless { http_auth_group(ops) admins }\n",
        "    http-request auth unless known\n    acl known http_auth(ops)\n",
    ] {
        assert!(of(rules).contains(userlist), "{rules}: {}", of(rules));
    }
    let unknown = of("    http-request auth unless { var(txn.ok) -m bool }\n");
    assert!(
        unknown
            .contains("the users that `http-request auth` of `frontend stats` (`haproxy.cfg:7`)"),
        "{unknown}"
    );
    let lines = of("    stats auth a:b\n");
    assert!(
        lines.contains("`stats auth` of `frontend stats` (`haproxy.cfg:7`)"),
        "{lines}"
    );
    // Nothing is known.
    let mends = one(&[refused()], None).mend.join("\n");
    assert!(
        mends.contains("`stats auth USER:PASSWORD`") && mends.contains("http_auth(USERLIST)"),
        "{mends}"
    );
}

#[test]
fn a_log_of_long_ago_is_told() {
    let log = |age: u64, size: u64| {
        one(
            &[json!({"door": "log", "paths": [
                {"path": "/var/log/haproxy.log", "readable": true, "size": size, "changed_seconds_ago": age}]})],
            None,
        )
    };
    let told = |finding: Finding| (finding.verdict, finding.id, finding.saw);
    let is = |verdict, id: &str, saw: &str| (verdict, id.to_owned(), saw.to_owned());
    let days = |days: u64| days * 86_400;
    assert_eq!(
        told(log(days(400), 2)),
        is(
            Verdict::Warning,
            "log-old",
            "1 file with 2 bytes, last written 400 days ago"
        )
    );
    assert_eq!(
        told(log(days(7) - 1, 1)),
        is(
            Verdict::Ok,
            "reads",
            "1 file with 1 byte, last written 6 days ago"
        )
    );
    assert_eq!(told(log(days(7), 1)).1, "log-old");
    assert_eq!(
        told(log(days(400), 0)),
        is(Verdict::Warning, "log-empty", "1 file, and nothing in it")
    );
}

#[test]
fn a_master_socket_that_is_wrong_is_one_problem() {
    let missing = |door: &str, master: bool| {
        json!({"door": door, "access": "read", "address": "unix:///run/m.sock", "timeout": 10.0, "master": master,
            "file": {"path": "/run/m.sock", "kind": "absent"},
            "connects": [{"address": "/run/m.sock", "error": {"code": "not-found", "message": "there is no socket"}}]})
    };
    let findings = found(&[missing("runtime", true), missing("master", true)], None);
    let told: Vec<_> = findings
        .iter()
        .map(|finding| (finding.verdict, &*finding.id))
        .collect();
    assert_eq!(
        told,
        [
            (Verdict::Skipped, "same-as-master"),
            (Verdict::Problem, "socket-missing")
        ]
    );
    // Two settings are two problems.
    let findings = found(&[missing("runtime", false), missing("master", true)], None);
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Problem)
            .count(),
        2
    );
}

/// Where nothing is configured, one of the usual ways is enough.
#[test]
fn one_of_two_usual_ways_is_enough() {
    let at = |mut facts: Value, address: &str| {
        facts["address"] = json!(address);
        facts
    };
    let usual = "http://127.0.0.1:8404/stats";
    let down = at(
        runtime("connection-refused", "nobody"),
        "tcp://127.0.0.1:9999",
    );
    let no_page = at(page(Some(("connection-refused", "nobody"))), usual);
    let findings = found(&[down.clone(), at(page(None), usual)], None);
    assert_eq!(worst(&findings), Verdict::Warning);
    assert_eq!(summary(&findings), "1 warning: runtime (nobody-listens)");
    let findings = found(&[down, no_page.clone()], None);
    assert_eq!(findings[0].id, "nothing-configured");
    assert_eq!(worst(&findings), Verdict::Problem);
    // Somebody configured another address.
    let findings = found(&[healthy(), no_page], None);
    assert_eq!(worst(&findings), Verdict::Problem);
    assert_eq!(found(&[], None)[0].id, "nothing-configured");
}

/// `/var/run` is a link to `/run` wherever systemd is.
#[test]
fn a_configuration_is_searched_for_the_right_address() {
    let mut missing = runtime("not-found", "there is no socket");
    missing["address"] = json!("unix:///run/haproxy/admin.sock");
    missing["file"] = json!({"path": "/run/haproxy/admin.sock", "kind": "absent"});
    let of = |configuration: &str| one(&[missing.clone()], Some(configuration));
    assert_eq!(
        of("global\n    stats socket /var/run/haproxy/admin.sock level admin\n").id,
        "socket-missing"
    );
    let finding = of(
        "global\n    stats socket unix@/run/other.sock\n    stats socket ipv4@*:9999 level admin\n    stats socket ipv6@:::9998\n    stats socket abns@haproxy\n    stats socket \"${SOCKET}\"\n",
    );
    assert_eq!(finding.id, "wrong-address");
    assert_eq!(
        finding.mend,
        [
            "`HAPROXY_RUNTIME_SOCKET=/run/other.sock` (`haproxy.cfg:2`) or `HAPROXY_RUNTIME_URL=tcp://127.0.0.1:9999` (`haproxy.cfg:3`) or `HAPROXY_RUNTIME_URL=tcp://[::1]:9998` (`haproxy.cfg:4`)"
        ]
    );
}

#[test]
fn a_page_is_found_in_a_configuration_however_it_is_served() {
    let configuration = "
defaults
    mode http
frontend in
    bind 192.0.2.7:8404,:8405 ssl crt x.pem
    use_backend pages if { path_beg /s }
backend pages
    stats uri /s
listen own
    bind 127.0.0.1:9000-9001
    stats enable
frontend ignored
    mode tcp
    bind :9100
    stats uri /x
";
    let knowledge = Knowledge::of(&[("haproxy.cfg".to_owned(), configuration.as_bytes().to_vec())]);
    let address = |section: &str, path| knowledge.address_of(section, path);
    assert_eq!(
        address("backend pages", "/s").as_deref(),
        Some("https://192.0.2.7:8404/s")
    );
    assert_eq!(
        address("listen own", "/haproxy?stats").as_deref(),
        Some("http://127.0.0.1:9000/haproxy?stats")
    );
    assert_eq!(address("backend none", "/"), None);
    let served = |port| {
        let pages = knowledge.pages_at(port).into_iter();
        pages
            .map(|page| (page.section.clone(), page.http))
            .collect::<Vec<_>>()
    };
    assert_eq!(served(8405), [("backend pages".to_owned(), true)]);
    assert_eq!(served(9001), [("listen own".to_owned(), true)]);
    assert_eq!(served(9100), [("frontend ignored".to_owned(), false)]);
    assert_eq!(served(80), []);
}

/// Facts of a later host, facts that are missing, and facts that are none.
#[test]
fn whatever_the_facts_are_nothing_panics() {
    let looks = [
        healthy(),
        page(Some(("unauthorized", "401"))),
        runtime("connection-refused", "nobody"),
    ];
    for look in looks {
        for key in look.as_object().unwrap().keys() {
            let mut less = look.clone();
            less.as_object_mut().unwrap().remove(key);
            assert!(!found(&[less], None).is_empty(), "without {key}");
        }
        let mut more = look.clone();
        more["later"] = json!({"fact": [1]});
        assert_eq!(found(&[more], None).len(), found(&[look], None).len());
    }
    assert_eq!(one(&[json!({"door": "later"})], None).id, "unknown-door");
    for (door, id) in [
        ("runtime", "not-looked-at"),
        ("master", "not-looked-at"),
        ("stats", "not-looked-at"),
        ("config", "config-empty"),
        ("log", "log-empty"),
    ] {
        assert_eq!(one(&[json!({ "door": door })], None).id, id);
    }
    for text in ["", "{", "{\"door\": 1}", "null"] {
        assert!(read(text).is_err(), "{text}");
    }
}
