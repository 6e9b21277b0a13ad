use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use haproxy_mcp_testkit::topology::ODD_BACKEND;
use haproxy_mcp_testkit::{Binary, Haproxy, newest, until};
use serde_json::{Map, Value, json};

use crate::cases::{Case, all_succeed, has_shape};
use crate::expected::{Check, agree, names, object, rows, text};
use crate::oracle::Object;
use crate::{busy, serve};

/// What is asked of the raw socket besides the statistics.
pub(crate) const COMMANDS: [&str; 7] = [
    "show backend",
    "show servers state",
    "show servers conn",
    "show resolvers",
    "show peers",
    "show cache",
    "dump stats-file",
];

pub(crate) fn cases() -> Vec<Case> {
    let case = |tool, succeeds: Value, refused: Value, because| Case {
        tool,
        still: succeeds.clone(),
        succeeds,
        refused,
        because,
        since: None,
    };
    vec![
        case(
            "list_frontends",
            json!({}),
            json!({ "cursor": "0000000000000000.1.-" }),
            ("invalid-argument", "/cursor"),
        ),
        case(
            "show_frontend",
            json!({ "frontend": "fe_http" }),
            json!({ "frontend": "fe_htp" }),
            ("not-found", "/frontend"),
        ),
        case(
            "show_backend",
            json!({}),
            json!({ "cursor": "nonsense" }),
            ("invalid-argument", "/cursor"),
        ),
        case(
            "get_backend",
            json!({ "backend": "be_app" }),
            json!({ "name": "be_ap" }),
            ("not-found", "/backend"),
        ),
        case(
            "show_servers_state",
            json!({ "backend": "be_app" }),
            json!({ "backend": "be_ap" }),
            ("not-found", "/backend"),
        ),
        case(
            "show_servers_conn",
            json!({}),
            json!({ "fields": ["used_cur", "used"] }),
            ("invalid-argument", "/fields/1"),
        ),
        case(
            "show_resolvers",
            json!({}),
            json!({ "resolvers": "none" }),
            ("not-found", "/resolvers"),
        ),
        case(
            "show_peers",
            json!({}),
            json!({ "peers": "none" }),
            ("not-found", "/peers"),
        ),
        case(
            "show_cache",
            json!({}),
            json!({ "cache": "none" }),
            ("not-found", "/cache"),
        ),
    ]
}

/// Compares the answer of one of these tools; false where the tool is none of them.
pub(crate) fn check(check: &mut Check<'_>, tool: &str, arguments: &Value, answer: &Value) -> bool {
    let everything = arguments["fields"] == json!(["all"]);
    match tool {
        "list_frontends" => list_frontends(check, answer),
        "show_frontend" => show_frontend(check, answer),
        "show_backend" => show_backend(check, answer),
        "get_backend" => get_backend(check, answer),
        "show_servers_state" => table(
            check,
            "show servers state",
            states,
            arguments["backend"].as_str(),
            answer,
            everything,
        ),
        "show_servers_conn" => table(
            check,
            "show servers conn",
            connections,
            arguments["backend"].as_str(),
            answer,
            everything,
        ),
        "show_resolvers" => table(
            check,
            "show resolvers",
            nameservers,
            arguments["resolvers"].as_str(),
            answer,
            true,
        ),
        "show_peers" => table(
            check,
            "show peers",
            peers,
            arguments["peers"].as_str(),
            answer,
            false,
        ),
        "show_cache" => caches(check, arguments, answer),
        _ => return false,
    }
    true
}

fn list_frontends(check: &mut Check<'_>, answer: &Value) {
    let said: Vec<String> = rows(answer).map(|row| text(row, "pxname")).collect();
    let expected: Vec<Object> = check.before.objects("frontend").cloned().collect();
    let expected_names: Vec<String> = expected
        .iter()
        .map(|object| object.text("pxname"))
        .collect();
    check.same("the frontends", said, expected_names);
    check.same(
        "matched",
        answer["matched"].as_u64(),
        Some(expected.len() as u64),
    );
    for row in rows(answer) {
        if let Some(span) = check.span(&text(row, "pxname"), "FRONTEND") {
            check.fields(row, &span);
        }
    }
    let totals = &answer["totals"];
    check.same(
        "totals",
        totals["frontends"].as_u64(),
        Some(expected.len() as u64),
    );
    let open = expected
        .iter()
        .filter(|object| object.text("status") == "OPEN")
        .count();
    check.same(
        "open frontends",
        totals["states"]["OPEN"].as_u64(),
        Some(open as u64),
    );
    let sum = |objects: &[Object], name: &str| -> i128 {
        objects
            .iter()
            .filter_map(|object| object.fields.get(name)?.number())
            .sum()
    };
    let later: Vec<Object> = check.after.objects("frontend").cloned().collect();
    for name in ["scur", "stot"] {
        let said = totals[name].as_u64().map_or(-1, i128::from);
        if !(sum(&expected, name).min(sum(&later, name))
            ..=sum(&expected, name).max(sum(&later, name)))
            .contains(&said)
        {
            check.wrong(format!("the sum of {name} is {said}"));
        }
    }
}

/// `stat` must have all columns that have a value, HAProxy's own and not those of its modules, and nothing besides.
fn stat(check: &mut Check<'_>, answer: &Value, proxy: &str, row: &str) {
    let Some(span) = check.span(proxy, row) else {
        return;
    };
    if let Some(objection) = span.objection("status", &answer["status"]) {
        check.wrong(objection);
    }
    let stat = object(&answer["stat"]);
    check.fields(stat, &span);
    for needed in ["stot", "bin", "bout", "iid", "mode", "rate"] {
        if !stat.contains_key(needed) {
            check.wrong(format!("`stat` has no {needed}"));
        }
    }
    let there = span
        .before
        .iter()
        .filter(|(name, value)| {
            !value.is_empty()
                && !["pxname", "svname", "type", "status", "pid"].contains(&name.as_str())
        })
        .count();
    let hidden = answer["left_out"]["columns"].as_u64().unwrap_or(0);
    if stat.len() as u64 + hidden < there as u64 {
        check.wrong(format!(
            "{} columns and {hidden} left out of {there}",
            stat.len()
        ));
    }
}

/// Rows about listeners or servers of a proxy.
fn members(check: &mut Check<'_>, proxy: &str, said: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for row in said.as_array().into_iter().flatten().map(object) {
        let name = text(row, "svname");
        if let Some(span) = check.span(proxy, &name) {
            check.fields(row, &span);
        }
        names.insert(name);
    }
    names
}

fn show_frontend(check: &mut Check<'_>, answer: &Value) {
    let name = answer["frontend"].as_str().unwrap_or_default().to_owned();
    stat(check, answer, &name, "FRONTEND");
    let said = members(check, &name, &answer["listeners"]);
    let expected = check
        .before
        .objects("listener")
        .filter(|object| object.text("pxname") == name)
        .map(|object| object.text("svname"))
        .collect();
    check.same("the listeners", said, expected);
}

fn get_backend(check: &mut Check<'_>, answer: &Value) {
    let name = answer["backend"].as_str().unwrap_or_default().to_owned();
    stat(check, answer, &name, "BACKEND");
    check.counts(&name, &answer["servers"], |object| {
        object.text("pxname") == name
    });
    let said = members(check, &name, &answer["not_up"]);
    let expected = check
        .before
        .objects("server")
        .filter(|object| object.text("pxname") == name)
        .filter(|object| {
            !object.text("status").starts_with("UP") && object.text("status") != "no check"
        })
        .map(|object| object.text("svname"))
        .collect();
    check.same("servers that are not up", said, expected);
}

fn show_backend(check: &mut Check<'_>, answer: &Value) {
    let said: Vec<String> = rows(answer).map(|row| text(row, "name")).collect();
    let expected: Vec<String> = check.before.replies["show backend"]
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    check.same("the names", said, expected.clone());
    check.same(
        "matched",
        answer["matched"].as_u64(),
        Some(expected.len() as u64),
    );
}

/// Values of things by their names, as HAProxy writes them.
type Things = BTreeMap<String, BTreeMap<String, String>>;

/// A reply as things; those of one owner where there is one.
type Reading = fn(&str) -> Things;

/// Compares rows with a reply that was read in another way. Numbers may have moved in between.
fn table(
    check: &mut Check<'_>,
    command: &'static str,
    read: Reading,
    owner: Option<&str>,
    answer: &Value,
    everything: bool,
) {
    let of_owner = |reply: &str| -> Things {
        read(reply)
            .into_iter()
            .filter(|(name, _)| {
                owner
                    .is_none_or(|owner| name.split_once('/').map(|(front, _)| front) == Some(owner))
            })
            .collect()
    };
    let before = of_owner(&check.before.replies[command]);
    let after = of_owner(&check.after.replies[command]);
    let mut said = BTreeSet::new();
    for row in rows(answer) {
        let owner = ["be_name", "bkname", "resolvers", "peers"]
            .map(|name| text(row, name))
            .concat();
        let own = ["srv_name", "svname", "nameserver", "peer"]
            .map(|name| text(row, name))
            .concat();
        let name = format!("{owner}/{own}");
        let (Some(one), Some(other)) = (before.get(&name), after.get(&name)) else {
            check.wrong(format!("`{command}` has no `{name}`"));
            continue;
        };
        let mut shown = 0;
        for (key, value) in row {
            if value.is_array() || key == "shared_tables" {
                arrays(check, &name, key, value, one);
                continue;
            }
            shown += 1;
            let Some((one, other)) = one.get(key).zip(other.get(key)) else {
                check.wrong(format!("`{command}` has no `{key}` for `{name}`"));
                continue;
            };
            if !agrees(value, one, other) {
                check.wrong(format!(
                    "`{key}` of `{name}` is {value}, by `{command}` {one} to {other}"
                ));
            }
        }
        if everything {
            let there = one
                .iter()
                .filter(|(key, value)| *value != "-" && !key.starts_with("idle_per_thr"));
            check.same(&format!("fields of `{name}`"), shown, there.count());
        }
        said.insert(name);
    }
    check.same(command, said, before.keys().cloned().collect());
    check.same(
        "matched",
        answer["matched"].as_u64(),
        Some(before.len() as u64),
    );
}

/// What a row says in lists.
fn arrays(
    check: &mut Check<'_>,
    name: &str,
    key: &str,
    value: &Value,
    raw: &BTreeMap<String, String>,
) {
    match key {
        "idle_per_thr" => {
            let threads = value.as_array().map(Vec::len);
            check.same(&format!("threads of `{name}`"), threads, Some(2));
        }
        "role" => {
            let said: Vec<&str> = value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            check.same(
                &format!("role of `{name}`"),
                said.join(","),
                raw["role"].clone(),
            );
        }
        "shared_tables" => check.same(
            &format!("tables of `{name}`"),
            value.to_string(),
            raw["tables"].clone(),
        ),
        "tables" => {
            let said: Vec<String> = value
                .as_array()
                .into_iter()
                .flatten()
                .map(|table| text(object(table), "table.id"))
                .collect();
            check.same(
                &format!("tables of `{name}`"),
                said.join(","),
                raw["table names"].clone(),
            );
        }
        other => check.wrong(format!("a list that nobody knows: {other}")),
    }
}

/// Whether an answer says what HAProxy said before it, or after it, or a number in between.
fn agrees(said: &Value, before: &str, after: &str) -> bool {
    let text = said
        .as_str()
        .map_or_else(|| said.to_string(), str::to_owned);
    if text == before || text == after {
        return true;
    }
    match (
        text.parse::<i128>(),
        before.parse::<i128>(),
        after.parse::<i128>(),
    ) {
        (Ok(said), Ok(one), Ok(other)) => (one.min(other)..=one.max(other)).contains(&said),
        _ => false,
    }
}

fn states(reply: &str) -> Things {
    let mut lines = reply.lines().skip(1);
    let header: Vec<&str> = lines
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .expect("a header")
        .split(' ')
        .collect();
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let words: BTreeMap<String, String> = header
                .iter()
                .zip(line.split(' '))
                .map(|(name, word)| ((*name).to_owned(), word.to_owned()))
                .collect();
            (format!("{}/{}", words["be_name"], words["srv_name"]), words)
        })
        .collect()
}

fn connections(reply: &str) -> Things {
    let mut lines = reply.lines();
    let header = lines
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .expect("a header");
    let header = header
        .replace("bkname/svname", "bkname svname")
        .replace("bkid/svid", "bkid svid");
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (name, rest) = line.split_once(' ').expect("two words");
            let line = format!(
                "{} {}",
                name.replacen('/', " ", 1),
                rest.replacen('/', " ", 1)
            );
            let mut words: BTreeMap<String, String> = header
                .split(' ')
                .zip(line.split(' '))
                .map(|(name, word)| (name.to_owned(), word.to_owned()))
                .collect();
            words.remove("-");
            (name.to_owned(), words)
        })
        .collect()
}

fn nameservers(reply: &str) -> Things {
    let (mut section, mut server) = (String::new(), String::new());
    let mut things = Things::new();
    for line in reply.lines() {
        if let Some(name) = line.strip_prefix("Resolvers section ") {
            name.clone_into(&mut section);
        } else if let Some(name) = line.trim_start().strip_prefix("nameserver ") {
            name.trim_end_matches(':').clone_into(&mut server);
            let names = [("resolvers", &section), ("nameserver", &server)];
            let names = names.map(|(key, name)| (key.to_owned(), name.clone()));
            things.insert(format!("{section}/{server}"), BTreeMap::from(names));
        } else if let Some((name, count)) = line.split_once(':') {
            let server = things
                .get_mut(&format!("{section}/{server}"))
                .expect("a nameserver");
            server.insert(name.trim().to_owned(), count.trim().to_owned());
        }
    }
    things
}

fn peers(reply: &str) -> Things {
    let value = |line: &str, name: &str| {
        line.split_whitespace().find_map(|word| {
            word.strip_prefix(name)?
                .strip_prefix('=')
                .map(str::to_owned)
        })
    };
    let mut things = Things::new();
    let (mut section, mut peer) = (String::new(), String::new());
    for line in reply.lines() {
        if line.starts_with("0x") {
            section = value(line, "id").expect("a section's name");
        } else if line.starts_with("  0x") {
            let id = value(line, "id").expect("a peer's name");
            let (name, role) = id.trim_end_matches(')').split_once('(').expect("a role");
            peer = format!("{section}/{name}");
            let start = [
                ("peers", section.as_str()),
                ("peer", name),
                ("role", role),
                ("tables", "0"),
                ("table names", ""),
            ];
            things.insert(
                peer.clone(),
                start
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
            );
        }
        let Some(fields) = things.get_mut(&peer) else {
            continue;
        };
        if let Some(table) = line.trim_start().strip_prefix("table:") {
            let table = value(table, "id").expect("a table's name");
            let known = fields["table names"].clone();
            fields.insert(
                "table names".to_owned(),
                if known.is_empty() {
                    table
                } else {
                    format!("{known},{table}")
                },
            );
            let count = fields["tables"].parse::<u64>().unwrap() + 1;
            fields.insert("tables".to_owned(), count.to_string());
        } else if fields["tables"] == "0" {
            let scope = if line.contains("appctx:") {
                "appctx."
            } else {
                ""
            };
            for name in [
                "addr",
                "app_state",
                "learn_state",
                "last_status",
                "last_hdshk",
                "reconnect",
                "heartbeat",
                "tx_hbt",
                "rx_hbt",
                "no_hbt",
                "new_conn",
                "proto_err",
                "coll",
                "state",
                "flags",
            ] {
                let scope = if name == "state" { scope } else { "" };
                if let Some(value) = value(line, name) {
                    fields.entry(format!("{scope}{name}")).or_insert(value);
                }
            }
        }
    }
    things
}

/// Caches: their entries counted, or the entries of one.
fn caches(check: &mut Check<'_>, arguments: &Value, answer: &Value) {
    let read = |reply: &str| {
        let mut caches: Vec<(String, Vec<String>)> = Vec::new();
        for line in reply.lines().filter(|line| !line.is_empty()) {
            if line.contains(" hash:") {
                caches.last_mut().expect("a cache").1.push(line.to_owned());
            } else {
                let name = line.split(' ').nth(1).expect("a name").to_owned();
                caches.push((name, Vec::new()));
            }
        }
        caches
    };
    let caches = read(&check.before.replies["show cache"]);
    let value = |line: &str, name: &str| -> u64 {
        let start = line.find(&format!("{name}:")).expect("a field") + name.len() + 1;
        line[start..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .expect("a number")
    };
    if let Some(wanted) = arguments["cache"].as_str() {
        let (_, entries) = caches
            .iter()
            .find(|(name, _)| name == wanted)
            .expect("the cache");
        let said: BTreeSet<(String, Option<u64>)> = rows(answer)
            .map(|row| (text(row, "hash"), row["size"].as_u64()))
            .collect();
        let expected = entries
            .iter()
            .map(|line| (value(line, "hash").to_string(), Some(value(line, "size"))))
            .collect();
        check.same("entries", said, expected);
        check.same(
            "matched",
            answer["matched"].as_u64(),
            Some(entries.len() as u64),
        );
        return;
    }
    let said: Vec<(String, Option<u64>, Option<u64>)> = rows(answer)
        .map(|row| {
            (
                text(row, "cache"),
                row["entries"].as_u64(),
                row["bytes"].as_u64(),
            )
        })
        .collect();
    let expected: Vec<(String, Option<u64>, Option<u64>)> = caches
        .iter()
        .map(|(name, entries)| {
            let bytes = entries.iter().map(|line| value(line, "size")).sum();
            (name.clone(), Some(entries.len() as u64), Some(bytes))
        })
        .collect();
    check.same("caches", said, expected);
}

/// Resolvers that nobody answers, peers that are not there, a cache that a visit fills, and names that are shared.
fn furnished(binary: &Binary) -> Haproxy {
    let haproxy = Haproxy::builder(binary)
        .with(
            "
global
    localpeer me
peers group
    peer me unix@me.peer.sock
    peer absent 127.0.0.1:1
    table seen type ip size 100 expire 1m store http_req_cnt
    table marked type string size 100 expire 1m store gpc0
peers other_group
    peer me unix@me2.peer.sock
resolvers names
    nameserver first 127.0.0.1:1
    nameserver second 127.0.0.1:2
    timeout resolve 200ms
    timeout retry 200ms
cache pages
    total-max-size 1
    max-age 60
cache unused
    total-max-size 1
frontend fe_cached
    bind unix@cached.sock
    http-request cache-use pages
    http-response set-header cache-control max-age=60
    http-response cache-store pages
    default_backend be_app
backend be_resolved
    server resolved nowhere.invalid:80 resolvers names init-addr none
",
        )
        .start();
    haproxy.traffic(8);
    // HAProxy does not keep an answer while another thread holds the cache; 3.0 keeps one for all three.
    until("an entry in the cache", || {
        for page in ["/one", "/two", "/three?a=b"] {
            visit(&haproxy, page);
        }
        let cached = haproxy.raw_text("show cache");
        if cached.contains(" hash:") {
            Ok(())
        } else {
            Err(cached)
        }
    });
    haproxy
}

/// A request whose answer goes into the cache.
fn visit(haproxy: &Haproxy, page: &str) {
    let mut socket = UnixStream::connect(haproxy.folder().join("cached.sock")).unwrap();
    let request = format!("GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

haproxy_mcp_testkit::on_each_version! {
    fn frontends_and_backends_are_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let calls = [
            ("list_frontends", json!({ "limit": 500 })),
            ("show_frontend", json!({ "frontend": "fe_http" })),
            ("show_frontend", json!({ "frontend": "fe_tcp" })),
            ("show_frontend", json!({ "frontend": "fe_listeners" })),
            ("show_frontend", json!({ "frontend": "shop" })),
            ("show_backend", json!({ "limit": 500 })),
            ("get_backend", json!({ "backend": "be_app" })),
            ("get_backend", json!({ "name": ODD_BACKEND })),
            ("get_backend", json!({ "backend": "be_empty" })),
            ("get_backend", json!({ "backend": if binary.at_least(3, 3) { "shop_be" } else { "shop" } })),
        ];
        for (tool, arguments) in calls {
            agree(&haproxy, tool, || {
                let answer = server.call(tool, arguments.clone()).answer().clone();
                vec![(tool.to_owned(), arguments.clone(), answer)]
            });
        }
    }

    fn what_frontends_and_backends_use_is_what_the_raw_socket_says(binary: &Binary) {
        let haproxy = furnished(binary);
        let server = serve(&haproxy);
        let calls = [
            ("show_servers_state", json!({})),
            ("show_servers_state", json!({ "fields": ["all"], "limit": 500 })),
            ("show_servers_state", json!({ "backend": "be_app", "fields": ["all"] })),
            ("show_servers_state", json!({ "backend": "be_empty" })),
            ("show_servers_conn", json!({})),
            ("show_servers_conn", json!({ "fields": ["all"], "limit": 500 })),
            ("show_servers_conn", json!({ "backend": ODD_BACKEND, "fields": ["all"] })),
            ("show_resolvers", json!({})),
            ("show_resolvers", json!({ "resolvers": "names" })),
            ("show_peers", json!({})),
            ("show_peers", json!({ "peers": "group", "fields": ["summary", "tables"] })),
            ("show_cache", json!({})),
            ("show_cache", json!({ "cache": "unused" })),
            ("show_cache", json!({ "cache": "pages" })),
        ];
        let cached = server.call("show_cache", json!({ "cache": "pages" }));
        assert!(cached.answer()["matched"].as_u64() > Some(0), "{}", cached.message);
        let sent = server.call("show_resolvers", json!({ "resolvers": "names" }));
        assert!(sent.answer()["totals"]["sent"].as_u64() > Some(0), "{}", sent.message);
        for (tool, arguments) in calls {
            agree(&haproxy, &format!("{tool} {arguments}"), || {
                let answer = server.call(tool, arguments.clone()).answer().clone();
                vec![(tool.to_owned(), arguments.clone(), answer)]
            });
        }
    }

    fn unknown_names_have_near_ones(binary: &Binary) {
        let haproxy = furnished(binary);
        let server = serve(&haproxy);
        for (tool, arguments, near) in [
            ("show_frontend", json!({ "frontend": "fe_htpp" }), "fe_http"),
            ("show_frontend", json!({ "frontend": "be_app" }), "fe_"),
            ("get_backend", json!({ "backend": "be_apps" }), "be_app"),
            ("get_backend", json!({ "backend": "#1" }), "be_"),
            ("show_servers_state", json!({ "backend": "be_apps" }), "be_app"),
            ("show_servers_conn", json!({ "backend": "be_apps" }), "be_app"),
            ("show_servers_conn", json!({ "backend": "#2" }), "be_"),
            ("show_resolvers", json!({ "resolvers": "name" }), "names"),
            ("show_peers", json!({ "peers": "grup" }), "group"),
            ("show_cache", json!({ "cache": "page" }), "pages"),
        ] {
            let response = server.call(tool, arguments.clone());
            let error = response.error();
            has_shape(error);
            assert_eq!(error["code"], json!("not-found"), "{tool} {arguments}: {error}");
            assert!(error["hint"].as_str().unwrap_or_default().contains(near), "{tool} {arguments}: {error}");
        }
        for (arguments, pointer) in [(json!({}), "/backend"), (json!({ "backend": "be_app", "name": "be_app" }), "/backend")] {
            let response = server.call("get_backend", arguments);
            assert_eq!(response.code(), "invalid-argument");
            assert_eq!(response.error()["details"]["argument"], json!(pointer));
        }
        all_succeed(&server);
    }

    /// Before 3.3 a frontend and a backend may have one name; HAProxy's own selection then finds only the first.
    fn a_frontend_and_a_backend_that_share_a_name_are_told_apart(binary: &Binary) {
        if binary.at_least(3, 3) {
            let haproxy = Haproxy::start(binary);
            assert!(!haproxy.raw_text("show backend").lines().any(|name| name == "shop"), "it allows it again");
            return;
        }
        let haproxy = busy(binary);
        let server = serve(&haproxy);
        let calls = [
            ("show_frontend", json!({ "frontend": "shop" })),
            ("get_backend", json!({ "backend": "shop" })),
            ("show_stat", json!({ "proxy": "shop", "fields": ["all"] })),
            ("show_stat", json!({ "proxy": "shop", "type": "backend", "fields": ["all"] })),
            ("show_stat", json!({ "proxy": "shop", "type": "frontend" })),
            ("list_servers", json!({ "backend": "shop" })),
            ("get_server", json!({ "backend": "shop", "server": "cart" })),
            ("show_servers_state", json!({ "backend": "shop" })),
            ("show_servers_conn", json!({ "backend": "shop" })),
        ];
        for (tool, arguments) in calls {
            agree(&haproxy, tool, || {
                let answer = server.call(tool, arguments.clone()).answer().clone();
                vec![(tool.to_owned(), arguments.clone(), answer)]
            });
        }
        let rows = server.call("show_stat", json!({ "proxy": "shop" }));
        let kinds: Vec<String> = crate::expected::rows(rows.answer()).map(|row| text(row, "svname")).collect();
        assert_eq!(kinds, ["FRONTEND", "cart", "BACKEND"]);
        let sampled = server.call("sample_stat", json!({ "proxy": "shop", "seconds": 1 }));
        assert_eq!(sampled.answer()["matched"], json!(2), "{}", sampled.message);
    }

    /// Column for column what the raw CSV says: read here by another parser, there by the module as it is shipped.
    fn show_stat_with_all_fields_is_the_raw_csv(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).servers(40).start();
        haproxy.traffic(8);
        let server = serve(&haproxy);
        until("a table over several pages to be the raw CSV", || {
            let mut asked = json!({ "fields": ["all"], "limit": 37 });
            let before = csv(&haproxy);
            let mut said = Vec::new();
            loop {
                let answer = server.call("show_stat", asked.clone()).answer().clone();
                said.extend(rows(&answer).cloned());
                match answer.get("next_cursor") {
                    Some(cursor) => asked["cursor"] = cursor.clone(),
                    None => break,
                }
            }
            let after = csv(&haproxy);
            assert_eq!(said.len(), before.len());
            assert!(said.len() > 50, "{}", said.len());
            let wrong: Vec<String> = said
                .iter()
                .zip(&before)
                .zip(&after)
                .flat_map(|((row, one), other)| differences(row, one, other))
                .collect();
            if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
        });
    }
}

/// What a row says and the raw CSV does not; rates, ages and what a check moves may have moved.
fn differences(
    row: &Map<String, Value>,
    one: &BTreeMap<String, String>,
    other: &BTreeMap<String, String>,
) -> Vec<String> {
    let there: BTreeSet<&str> = one
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    let mut wrong: Vec<String> = there
        .symmetric_difference(&names(row))
        .map(|name| format!("only one has `{name}`"))
        .collect();
    for (name, value) in row {
        let (Some(one), Some(other)) = (one.get(name), other.get(name)) else {
            continue;
        };
        let moving = [
            "check_duration",
            "last_chk",
            "check_status",
            "rate",
            "lastsess",
        ]
        .contains(&name.as_str());
        if !agrees(value, one, other) && !moving {
            wrong.push(format!("`{name}` is {value}, by HAProxy {one} to {other}"));
        }
    }
    wrong
}

/// The raw CSV, by the rules of the manual: quotes around what has a comma, two for one.
fn csv(haproxy: &Haproxy) -> Vec<BTreeMap<String, String>> {
    let reply = haproxy.raw_text("show stat");
    let mut lines = reply.lines().filter(|line| !line.is_empty());
    let header = fields(
        lines
            .next()
            .and_then(|line| line.strip_prefix("# "))
            .expect("a header"),
    );
    lines
        .map(|line| {
            let line = fields(line);
            assert_eq!(line.len(), header.len());
            let pairs = header.iter().cloned().zip(line);
            pairs
                .filter(|(name, _)| !name.is_empty() && name != "-")
                .collect()
        })
        .collect()
}

fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    // each line ends with a comma
    assert!(field.is_empty() && !quoted, "{line}");
    fields
}

/// Without a limit an answer stays about 2,000 tokens, of four characters each, and says what is not in it.
#[test]
fn a_default_answer_is_small_and_says_what_is_left_out() {
    let haproxy = Haproxy::builder(&newest()).servers(700).start();
    let server = serve(&haproxy);
    for (tool, arguments) in [
        ("show_servers_state", json!({})),
        ("show_servers_state", json!({ "fields": ["all"] })),
        ("show_servers_conn", json!({ "fields": ["all"] })),
        ("get_backend", json!({ "backend": "be_many" })),
        ("get_backend", json!({ "backend": "be_app" })),
        ("show_frontend", json!({ "frontend": "fe_http" })),
        ("top", json!({ "by": "sessions" })),
        ("sample_stat", json!({ "seconds": 1, "type": "server" })),
    ] {
        let response = server.call(tool, arguments.clone());
        let answer = response.answer();
        let size = answer.to_string().len();
        assert!(size <= 7_000, "{tool} {arguments}: {size} characters");
        let rows = answer["rows"].as_array().map_or(0, Vec::len) as u64;
        if answer["matched"]
            .as_u64()
            .is_some_and(|matched| matched > rows)
        {
            let left_out = answer["left_out"]["rows"].is_u64();
            assert!(
                answer["next_cursor"].is_string() || left_out,
                "{tool} {arguments}: {answer}"
            );
        }
    }
}
