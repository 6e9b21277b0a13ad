//! `show proc` and `reload`. What is called `programs`, `old` and `failed` was recorded with programs, with a client
//! that keeps the old worker, and after a reload with an unknown keyword; the paths of HAProxy in it were shortened.

use std::fmt::Write as _;

use haproxy_replies::processes::{Process, ProcessesError, read};
use haproxy_replies::reload::{self, ReloadError};
use haproxy_replies::value::Value;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::fixtures::{VERSIONS, reply};

/// Group, kind, reloads and failed ones of each process.
fn shape<'a>(processes: &'a [Process<'_>]) -> Vec<(&'a str, &'a str, Option<u64>, Option<u64>)> {
    processes
        .iter()
        .map(|process| {
            (
                process.group.as_deref().unwrap_or_default(),
                &*process.kind,
                process.reloads,
                process.failed_reloads,
            )
        })
        .collect()
}

#[test]
fn a_real_master_and_its_worker() {
    for (version, exact) in [
        ("2.6", "2.6.12-1+deb12u4"),
        ("3.0", "3.0.11-1+deb13u5"),
        ("3.2", "3.2.26-1"),
        ("3.4", "3.4.7-1"),
    ] {
        let bytes = reply(version, "show_proc");
        let processes = read(&bytes).unwrap();
        assert_eq!(
            shape(&processes),
            [
                ("", "master", Some(0), Some(0)),
                ("workers", "worker", Some(0), None)
            ],
            "{version}"
        );
        for process in &processes {
            assert_eq!(process.version.as_deref(), Some(exact));
            assert!(
                process
                    .uptime
                    .is_some_and(|uptime| (1..60).contains(&uptime)),
                "{version}: {process:?}"
            );
            assert!(process.pid > 1 && process.others.is_empty(), "{version}");
        }
        let bytes = reply(version, "show_proc_debug");
        let debug = read(&bytes).unwrap();
        let others: Vec<&str> = debug[0].others.iter().map(|(name, _)| &**name).collect();
        let expected: &[&str] = if matches!(version, "3.2" | "3.4") {
            &["ipc_fd[0]", "ipc_fd[1]"]
        } else {
            &[]
        };
        assert_eq!(others, expected, "{version}");
        if !expected.is_empty() {
            assert_eq!(debug[1].others[1].1, Value::Signed(-1), "{version}");
        }
    }
}

#[test]
fn old_workers_and_programs_have_their_groups() {
    for version in VERSIONS {
        let bytes = reply(version, "show_proc_programs");
        let processes = read(&bytes).unwrap();
        let mut expected = vec![
            ("", "master", Some(0), Some(0)),
            ("workers", "worker", Some(0), None),
        ];
        if version != "3.4" {
            expected.push(("programs", "sleeper", Some(0), None));
            expected.push(("programs", "napper", Some(0), None));
            assert_eq!(processes[2].version, None, "{version}");
        }
        assert_eq!(shape(&processes), expected, "{version}");

        let bytes = reply(version, "show_proc_old");
        let processes = read(&bytes).unwrap();
        assert_eq!(
            shape(&processes)[..3],
            [
                ("", "master", Some(1), Some(0)),
                ("workers", "worker", Some(0), None),
                ("old workers", "worker", Some(1), None),
            ],
            "{version}"
        );
    }
}

#[test]
fn after_a_reload_that_failed_the_worker_may_be_an_old_one() {
    for version in VERSIONS {
        let bytes = reply(version, "show_proc_failed");
        let processes = read(&bytes).unwrap();
        let group = if matches!(version, "3.2" | "3.4") {
            "old workers"
        } else {
            "workers"
        };
        assert_eq!(
            shape(&processes)[..3],
            [
                ("", "master", Some(2), Some(1)),
                (group, "worker", Some(1), None),
                ("old workers", "worker", Some(2), None),
            ],
            "{version}"
        );
    }
}

#[test]
fn each_wrong_reply_of_processes_is_its_own_error() {
    let header = "#<PID>          <type>          <reloads>       <uptime>\n";
    let unexpected = |text: &str| ProcessesError::Unexpected {
        line: 2,
        text: text.to_owned(),
    };
    for (reply, expected) in [
        (
            String::new(),
            ProcessesError::NotProcesses {
                line: String::new(),
            },
        ),
        (
            "Unknown command: 'show'\n".to_owned(),
            ProcessesError::NotProcesses {
                line: "Unknown command: 'show'".to_owned(),
            },
        ),
        (
            "#<PID> <version>\n".to_owned(),
            ProcessesError::MissingColumn { name: "type" },
        ),
        (format!("{header}1"), ProcessesError::Truncated),
        (format!("{header}x worker\n"), unexpected("x worker")),
        (format!("{header}1\n"), unexpected("1")),
        (
            format!("{header}1 worker 0 1s more\n"),
            unexpected("1 worker 0 1s more"),
        ),
        (
            format!("{header}1 master 0 [failed: 1\n"),
            unexpected("1 master 0 [failed: 1"),
        ),
    ] {
        assert_eq!(read(reply.as_bytes()), Err(expected), "{reply:?}");
    }
}

#[test]
fn reloads_that_succeeded() {
    for version in ["3.0", "3.2", "3.4"] {
        for name in ["reload", "reload_ok"] {
            let read = reload::read(&reply(version, name)).unwrap();
            assert!(read.success, "{version}: {name}");
            let last = read.messages.last().unwrap();
            assert!(
                read.messages
                    .iter()
                    .any(|message| message.text == "Loading success."),
                "{version}: {name}: {last:?}"
            );
            assert!(
                read.messages
                    .iter()
                    .all(|message| message.level.is_some() && message.pid.is_some()),
                "{version}: {name}: {:?}",
                read.messages
            );
        }
    }
}

#[test]
fn reloads_that_failed_say_why() {
    for version in ["3.0", "3.2", "3.4"] {
        let read = reload::read(&reply(version, "reload_failed")).unwrap();
        assert!(!read.success, "{version}");
        let alerts: Vec<&str> = read
            .messages
            .iter()
            .filter(|message| message.level.as_deref() == Some("ALERT"))
            .map(|message| message.text.as_str())
            .collect();
        assert!(
            alerts.contains(
                &"config : parsing [haproxy.cfg:16] : unknown keyword 'nonsense' in 'frontend' section"
            ),
            "{version}: {alerts:?}"
        );
    }
}

#[test]
fn a_reload_without_a_verdict_is_no_success() {
    assert_eq!(
        reload::read(&reply("2.6", "reload")),
        Err(ReloadError::Silent)
    );
    assert_eq!(reload::read(b"\n\n"), Err(ReloadError::Silent));
    for wrong in ["Success=2", "Permission denied", "Success"] {
        assert_eq!(
            reload::read(format!("{wrong}\n--\n").as_bytes()),
            Err(ReloadError::NoVerdict {
                line: wrong.to_owned()
            })
        );
    }
    let busy = reload::read(b"Success=0\n--\nAnother reload is still in progress.\n\n").unwrap();
    assert!(!busy.success);
    assert_eq!(
        (busy.messages.len(), busy.messages[0].text.as_str()),
        (1, "Another reload is still in progress.")
    );
    for bare in ["Success=1", "Success=1\n\n", "Success=1\n--\n"] {
        let read = reload::read(bare.as_bytes()).unwrap();
        assert_eq!((read.success, read.messages.len()), (true, 0), "{bare:?}");
    }
}

proptest! {
    #[test]
    fn processes_come_back(
        reloads in any::<u64>(),
        failed in any::<u64>(),
        written in vec((any::<u64>(), "[a-z]{1,20}", any::<u64>(), 0_u64..1_000_000_000, "[0-9a-z.+-]{2,30}"), 0..6),
    ) {
        let mut reply = format!(
            "#{:<14} {:<15} {:<15} {:<15} {:<15}\n{:<15} {:<15} {:<15} {:<15} {:<15}\n# workers\n",
            "<PID>", "<type>", "<reloads>", "<uptime>", "<version>",
            1, "master", format!("{reloads} [failed: {failed}]"), "0d00h00m00s", "3.4"
        );
        for (pid, kind, reloads, uptime, version) in &written {
            let uptime = format!("{}d{:02}h{:02}m{:02}s", uptime / 86_400, uptime / 3600 % 24, uptime / 60 % 60, uptime % 60);
            writeln!(reply, "{pid:<15} {kind:<15} {reloads:<15} {uptime:<15} {version:<15}").unwrap();
        }
        reply.push('\n');
        let processes = read(reply.as_bytes()).unwrap();
        prop_assert_eq!((processes[0].reloads, processes[0].failed_reloads), (Some(reloads), Some(failed)));
        let read: Vec<_> = processes[1..]
            .iter()
            .map(|process| (process.pid, process.kind.to_string(), process.reloads.unwrap(), process.uptime.unwrap(), process.version.as_deref().unwrap().to_owned()))
            .collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in vec(prop_oneof![Just(b' '), Just(b'\n'), Just(b'<'), Just(b'>'), Just(b'['), Just(b']'), Just(b'#'), Just(b'1'), any::<u8>()], 0..200),
    ) {
        for start in [b"".as_slice(), b"#<", b"#<PID> <type> <reloads>\n1 a ", b"#<PID> <type>\n1 a [failed: ", b"Success=1\n"] {
            let bytes = [start, &bytes, b"\n"].concat();
            let _ = read(&bytes);
            let _ = reload::read(&bytes);
        }
    }
}
