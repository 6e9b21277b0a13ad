//! `show activity`, `show pools`, `show threads`, `show cli sockets`, `debug counters`, `help`, `acme status`.

use haproxy_replies::activity::{self, ActivityError};
use haproxy_replies::columns::{Columns, ColumnsError};
use haproxy_replies::counters::{self, CountersError};
use haproxy_replies::help;
use haproxy_replies::pools::{self, PoolsError};
use haproxy_replies::threads;
use haproxy_replies::value::Value;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

fn lines(version: &str, command: &str) -> Vec<String> {
    String::from_utf8(reply(version, command))
        .unwrap()
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn number(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Unsigned(number) => Some((*number).into()),
        _ => None,
    }
}

#[test]
fn activity_is_what_the_lines_say() {
    for version in VERSIONS {
        let bytes = reply(version, "show_activity");
        let counters = activity::read(&bytes).unwrap();
        let lines = lines(version, "show_activity");
        assert_eq!(counters.len(), lines.len(), "{version}");
        for (counter, line) in counters.iter().zip(&lines) {
            assert!(line.starts_with(&format!("{}: ", counter.name)), "{line}");
            if line.ends_with(" ]") {
                assert_eq!(counter.threads.len(), 2, "{version}: {line}");
                let shown: Vec<String> = counter
                    .threads
                    .iter()
                    .filter_map(number)
                    .map(|n| n.to_string())
                    .collect();
                let total = number(&counter.total).unwrap();
                assert_eq!(
                    &format!("{}: {total} [ {} ]", counter.name, shown.join(" ")),
                    line
                );
            } else {
                assert!(counter.threads.is_empty(), "{version}: {line}");
            }
        }
        let sum = counters
            .iter()
            .find(|counter| counter.name == "accepted")
            .unwrap();
        let threads: i128 = sum.threads.iter().filter_map(number).sum();
        assert_eq!(number(&sum.total), Some(threads), "{version}");
    }
    let one = activity::read(b"thread_id: 1 (1..1)\nctxsw: 5\nnew_one: x y\n\n").unwrap();
    assert_eq!(one[1].total, Value::Unsigned(5));
    assert_eq!(one[2].total, Value::Text("x y".into()));
    assert_eq!(activity::read(b"\n\n"), Err(ActivityError::Empty));
    assert_eq!(
        activity::read(b"ctxsw: 5\nnonsense\n"),
        Err(ActivityError::NotACounter {
            line: 2,
            text: "nonsense".to_owned()
        })
    );
}

#[test]
fn pools_add_up_to_the_total_of_haproxy() {
    for version in VERSIONS {
        let bytes = reply(version, "show_pools");
        let pools = pools::read(&bytes).unwrap();
        // `Total: 19 pools, 356648 bytes allocated, 356648 used (~222712 by thread caches).`
        let total = lines(version, "show_pools").pop().unwrap();
        let said: Vec<u64> = total
            .split(|character: char| !character.is_ascii_digit())
            .filter_map(|digits| digits.parse().ok())
            .collect();
        let allocated: u64 = pools.iter().map(|pool| pool.allocated_bytes).sum();
        let used: u64 = pools.iter().map(|pool| pool.used * pool.size).sum();
        assert_eq!(
            [pools.len() as u64, allocated, used],
            said[..3],
            "{version}"
        );
        let buffer = pools.iter().find(|pool| pool.name == "buffer").unwrap();
        assert_eq!((buffer.size, buffer.shared), (16_384, true), "{version}");
        assert_eq!(buffer.allocated_bytes, buffer.size * buffer.allocated);
        assert!(pools.iter().all(|pool| pool.users.is_some()
            && pool.cached.is_some()
            && pool.needed_avg.is_some()));
        assert_eq!(buffer.alignment.is_some(), version == "3.4", "{version}");
    }
}

#[test]
fn what_is_no_list_of_pools_is_an_error() {
    assert_eq!(
        pools::read(b""),
        Err(PoolsError::NotPools {
            line: String::new()
        })
    );
    let head = "Dumping pools usage. Use SIGQUIT to flush them.\n";
    let pool =
        "  - Pool a b (8 bytes) : 1 allocated (8 bytes), 1 used, 0 failures, new=1, 3 things\n";
    assert_eq!(
        pools::read(format!("{head}{pool}").as_bytes()),
        Err(PoolsError::Truncated)
    );
    let reply = format!("{head}{pool}Total: 1 pools\n");
    let pools = pools::read(reply.as_bytes()).unwrap();
    assert_eq!(
        (pools[0].name, pools[0].more.as_slice()),
        ("a b", ["new=1", "3 things"].as_slice())
    );
    for (line, field) in [
        ("  - Pool a\n", "name"),
        ("  - Pool a (x bytes) : \n", "size"),
        ("  - Pool a (8 bytes) : 1 used, 0 failures\n", "allocated"),
        (
            "  - Pool a (8 bytes) : 1 allocated (8 bytes), 0 failures\n",
            "used",
        ),
        (
            "  - Pool a (8 bytes) : 1 allocated (8 bytes), 1 used\n",
            "failures",
        ),
    ] {
        let reply = format!("{head}{line}Total: 1 pools\n");
        let Err(PoolsError::MissingField { field: missing, .. }) = pools::read(reply.as_bytes())
        else {
            panic!("{line}");
        };
        assert_eq!(missing, field);
    }
}

#[test]
fn threads_are_told_apart_and_nothing_of_them_is_lost() {
    for version in VERSIONS {
        let bytes = reply(version, "show_threads");
        let threads = threads::read(&bytes).unwrap();
        let numbers: Vec<u64> = threads.iter().map(|thread| thread.number).collect();
        assert_eq!(numbers, [1, 2], "{version}");
        assert_eq!(
            threads.iter().filter(|thread| thread.answering).count(),
            1,
            "{version}"
        );
        for thread in &threads {
            assert_eq!(
                thread.place,
                Some(if thread.number == 1 { "1/1" } else { "1/2" }),
                "{version}"
            );
            let field = |name: &str| {
                thread
                    .fields
                    .iter()
                    .find(|(field, _)| field == name)
                    .map(|(_, value)| value)
            };
            for name in [
                "act",
                "stuck",
                "harmless",
                "cpu_ns_poll",
                "cpu_ns_now",
                "rq",
            ] {
                assert!(
                    field(name).and_then(number).is_some(),
                    "{version}: no {name}"
                );
            }
            assert!(
                thread
                    .lines
                    .iter()
                    .any(|line| line.starts_with("curr_task=")),
                "{version}"
            );
        }
        // Each line is a thread, its place, its time or one of the others.
        let others: usize = threads.iter().map(|thread| thread.lines.len() + 3).sum();
        assert_eq!(others, lines(version, "show_threads").len(), "{version}");
    }
    assert!(threads::read(b"\n").is_err());
    assert_eq!(
        threads::read(b"Permission denied\n").unwrap_err().line,
        "Permission denied"
    );
}

#[test]
fn sockets_have_the_columns_of_the_header() {
    for version in VERSIONS {
        let table = Columns::read(&reply(version, "show_cli_sockets"), ' ').unwrap();
        assert_eq!(table.names, ["socket", "lvl", "processes"], "{version}");
        assert_eq!(table.rows.len(), 7, "{version}");
        assert!(
            table.rows.contains(&vec![
                "ipv4@127.0.0.1:9990".into(),
                "admin".into(),
                "all".into()
            ]),
            "{version}"
        );
        assert_eq!(table.require("lvl"), Ok(1));
        assert_eq!(
            table.require("new"),
            Err(ColumnsError::MissingColumn { name: "new" })
        );
    }
    let spaced = Columns::read(
        b"# socket lvl processes\nunix@/a b c admin all\nshort\n\n",
        ' ',
    )
    .unwrap();
    assert_eq!(spaced.rows[0], ["unix@/a b c", "admin", "all"]);
    assert_eq!(spaced.rows[1], ["short"]);
    assert!(matches!(
        Columns::read(b"nothing\n", ' '),
        Err(ColumnsError::NoHeader { .. })
    ));
}

#[test]
fn certificates_of_acme_keep_their_columns() {
    for version in ["3.2", "3.4"] {
        let table = Columns::read(&reply(version, "acme_status"), '\t').unwrap();
        assert_eq!(
            table.names[..3],
            ["certificate", "section", "state"],
            "{version}"
        );
        assert!(table.rows.is_empty());
    }
    let table = Columns::read(b"# certificate\tsection\tnew\nx.pem\tLE\t\n", '\t').unwrap();
    assert_eq!(table.rows, [["x.pem", "LE", ""]]);
}

#[test]
fn counters_are_what_the_lines_say() {
    let counters = counters::read(&reply("3.4", "debug_counters_all")).unwrap();
    // The header comes again with each buffer.
    let lines = lines("3.4", "debug_counters_all");
    let headers = lines
        .iter()
        .filter(|line| line.starts_with("Count "))
        .count();
    assert!(headers > 1);
    assert_eq!(counters.len(), lines.len() - headers);
    for kind in ["BUG", "CHK", "CNT", "GLT"] {
        assert!(
            counters.iter().any(|counter| counter.kind == kind),
            "{kind}"
        );
    }
    assert!(
        counters
            .iter()
            .all(|counter| counter.location.contains(':'))
    );
    let glitches = counters::read(&reply("3.4", "debug_counters")).unwrap();
    assert_eq!(
        (
            glitches[0].count,
            glitches[0].location.as_str(),
            glitches[0].function.as_str(),
            glitches[0].condition.as_str()
        ),
        (134, "mux_h1.c:2005", "h1_handle_headers", "parsing error")
    );
    assert_eq!(
        counters::read(&reply("3.2", "debug_counters")),
        Ok(Vec::new())
    );
    assert!(matches!(
        counters::read(b"x\n"),
        Err(CountersError::NotCounters { .. })
    ));
    assert!(matches!(
        counters::read(b"Count Type\nx CNT a\n"),
        Err(CountersError::NotACounter { .. })
    ));
}

#[test]
fn commands_are_what_the_lines_say() {
    for version in VERSIONS {
        let entries = help::read(&reply(version, "help")).unwrap();
        assert_eq!(entries.len(), lines(version, "help").len() - 1, "{version}");
        let stat = entries
            .iter()
            .find(|entry| entry.path() == "show stat")
            .unwrap();
        assert!(
            stat.usage.starts_with("show stat ["),
            "{version}: {}",
            stat.usage
        );
        assert_eq!(
            stat.does, "report counters for each proxy and server",
            "{version}"
        );
        assert!(
            entries
                .iter()
                .all(|entry| !entry.does.is_empty() && !entry.usage.ends_with(' '))
        );
    }
    assert_eq!(
        help::read(b"Permission denied\n").unwrap_err().line,
        "Permission denied"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        head in prop::sample::select(vec!["", "Dumping pools usage\n  - Pool ", "* Thread 1 : ", "# a b\n", "Count \n1 ", "  "]),
        bytes in prop::collection::vec(prop_oneof![
            prop::sample::select(b":,()[]= /#\n\t1~".to_vec()), any::<u8>()
        ], 0..200),
    ) {
        let mut reply = head.as_bytes().to_vec();
        reply.extend(bytes);
        let _ = activity::read(&reply);
        let _ = pools::read(&reply);
        let _ = threads::read(&reply);
        let _ = Columns::read(&reply, ' ');
        let _ = Columns::read(&reply, '\t');
        let _ = counters::read(&reply);
        let _ = help::read(&reply);
    }
}
