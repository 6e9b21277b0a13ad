//! Many small changes on few connections: all of them, or those before the first that HAProxy refused.

use haproxy_mcp::haproxy::{BatchError, Door, Endpoint, RuntimeApi};
use haproxy_mcp_testkit::{Haproxy, ScriptedSocket, Step, on_each_version};
use tokio_util::sync::CancellationToken;

use crate::asking::{TIMEOUTS, ask, bounds, class, master, name, permit, text_of, unix};

/// A map file for a HAProxy, and the sections that use it.
struct List {
    #[expect(dead_code, reason = "the file lives as long")]
    folder: tempfile::TempDir,
    name: String,
    sections: String,
}

fn list() -> List {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.acl");
    std::fs::write(&path, "").unwrap();
    let name = path.display().to_string();
    let sections = format!("backend be_listed\n    http-request deny if {{ src -f {name} }}\n");
    List {
        folder,
        name,
        sections,
    }
}

/// Adds these to the list; how many lines it took.
async fn add(api: &RuntimeApi, list: &str, keys: &[String]) -> Result<usize, (usize, BatchError)> {
    let permits = keys
        .iter()
        .map(|key| permit(&format!("add acl {list} {key}")).unwrap())
        .collect();
    let batches = api.batches(permits).unwrap();
    let lines = batches.len();
    let mut done = 0;
    for batch in batches {
        let count = batch.len();
        let cancel = CancellationToken::new();
        api.execute_batch(batch, bounds(), &cancel)
            .await
            .map_err(|error| (done + error.done, error))?;
        done += count;
    }
    assert_eq!(done, keys.len());
    Ok(lines)
}

fn addresses(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("10.0.{}.{}", number / 250, number % 250))
        .collect()
}

fn entries(haproxy: &Haproxy, list: &str) -> usize {
    let text = haproxy.raw_text(&format!("show acl {list}"));
    text.lines().filter(|line| line.starts_with("0x")).count()
}

on_each_version! {
    async fn all_of_a_thousand_are_done_on_few_lines(binary: &Binary) {
        let list = list();
        let haproxy = Haproxy::builder(binary).with(&list.sections).start();
        let api = unix(haproxy.admin_socket());
        let lines = add(&api, &list.name, &addresses(1_000)).await.unwrap();
        assert!((2..20).contains(&lines), "{lines} lines");
        assert_eq!(entries(&haproxy, &list.name), 1_000);
    }

    async fn a_refusal_in_the_middle_says_where(binary: &Binary) {
        let list = list();
        let haproxy = Haproxy::builder(binary).with(&list.sections).start();
        let api = unix(haproxy.admin_socket());
        let mut keys = addresses(9);
        "no-address".clone_into(&mut keys[4]);
        let (done, error) = add(&api, &list.name, &keys).await.unwrap_err();
        assert_eq!(done, 4, "{error}");
        assert!(error.to_string().contains("no-address"), "{error}");
        // HAProxy goes on behind a refusal: what was on the same line is done.
        assert!(entries(&haproxy, &list.name) >= 4);
    }

    async fn through_a_master_they_share_lines_too(binary: &Binary) {
        let list = list();
        let haproxy = Haproxy::builder(binary).master_worker().with(&list.sections).start();
        let api = master(&haproxy);
        let lines = add(&api, &list.name, &addresses(1_000)).await.unwrap();
        assert!((2..20).contains(&lines), "{lines} lines");
        assert_eq!(entries(&haproxy, &list.name), 1_000);
        let mut keys = addresses(3);
        "no-address".clone_into(&mut keys[1]);
        let (done, error) = add(&api, &list.name, &keys).await.unwrap_err();
        assert_eq!(done, 1, "{error}");
        assert!(error.to_string().contains("no-address"), "{error}");
    }

    /// What ends a command, or its line, does not where it is part of a word.
    async fn a_key_is_a_key_on_a_shared_line(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let keys = ["a;b", "a\\b", "<<", "a\\;quit", "@1", ";@1", "quit"].map(str::to_owned);
        for api in [unix(haproxy.admin_socket()), master(&haproxy)] {
            let permits = keys.iter().map(|key| permit(&format!("add acl blocked.acl {key}")).unwrap()).collect();
            let batches = api.batches(permits).unwrap();
            assert_eq!(batches.len(), 1);
            for batch in batches {
                api.execute_batch(batch, bounds(), &CancellationToken::new()).await.unwrap();
            }
            let text = haproxy.raw_text("show acl blocked.acl");
            let found: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
            assert_eq!(found[found.len() - keys.len()..], keys);
        }
    }

    /// With both sockets known, each command goes where it is understood.
    async fn commands_for_the_master_go_to_its_own_socket(binary: &Binary) {
        let haproxy = Haproxy::builder(binary).master_worker().start();
        let worker = unix(haproxy.admin_socket());
        assert_eq!(class(&text_of(&worker, permit("show proc").unwrap()).await), "needs-master");
        let both = unix(haproxy.admin_socket()).with_master(Some(Endpoint::Unix(haproxy.master_socket())));
        let processes = ask(&both, "show proc").await.unwrap();
        assert!(processes.lines().any(|line| line.starts_with(&haproxy.info("Pid"))), "{processes}");
        let backends = ask(&both, "show backend").await.unwrap();
        assert!(backends.contains("be_app"), "{backends}");
    }
}

#[test]
fn only_commands_without_an_answer_are_put_together() {
    let api = unix("/nowhere".into());
    for (place, words) in [
        (0, vec!["show info"]),
        (1, vec!["enable server be_app/app1", "show version"]),
        (
            2,
            vec![
                "add acl f k",
                "del acl f k",
                "prepare map /m",
                "add acl f l",
            ],
        ),
        // Answered with nothing, but the host has to see what becomes of them.
        (1, vec!["add acl f k", "commit acl @1 f"]),
        (0, vec!["clear map @1 /m", "clear map /m"]),
    ] {
        let permits = words.iter().map(|words| permit(words).unwrap()).collect();
        assert_eq!(api.batches(permits).unwrap_err().0, place, "{words:?}");
    }
}

/// What HAProxy cannot be made to do on demand.
#[tokio::test]
async fn a_line_that_is_not_answered_whole_is_no_success() {
    let line = "set severity-output number;add acl f a;add acl f b;add acl f c\n";
    for (answer, done, code) in [
        (&b"\n\n\n\n"[..], None, ""),
        (b"\n\n\n", Some(2), "interrupted"),
        (b"\n\n", Some(1), "interrupted"),
        (b"\n", Some(0), "interrupted"),
        (b"", Some(0), "interrupted"),
        (b"\n\n[3]: Key not found.\n\n\n", Some(1), "no-such-key"),
        (b"\n\n\n\n\n", Some(3), "not-haproxy"),
    ] {
        let socket = ScriptedSocket::unix(vec![Step::ReadLine, Step::send(answer)]);
        let api = unix(socket.path());
        let keys = ["a", "b", "c"].map(str::to_owned);
        let added = add(&api, "f", &keys).await;
        match (done, added) {
            (None, Ok(lines)) => assert_eq!(lines, 1),
            (Some(done), Err((at, error))) => {
                assert_eq!(at, done, "{answer:?}: {error}");
                assert_eq!(class::<()>(&Err(error.error)), code, "{answer:?}");
            }
            (_, other) => panic!("{answer:?}: {other:?}"),
        }
        assert_eq!(socket.received(), [line], "sent once");
    }
}

/// A master whose worker goes away between two commands, and one that answers without severities.
#[tokio::test]
async fn a_master_that_stops_in_the_middle_is_no_success() {
    let version = (
        "set severity-output number;@1 show version;quit\n",
        "[6]: 3.4.7\n\n",
    );
    let plain = (version.0, "Unknown command, but maybe one of these\n\n");
    let numbered = "set severity-output number;@1 add acl f a;@1 add acl f b;@1 add acl f c;quit\n";
    let without = "@1 add acl f a;@1 add acl f b;@1 add acl f c;quit\n";
    let gone = "\nCan't find the target PID matching the prefix '@1'\n";
    for ((asked, told), line, answer, done, code) in [
        (version, numbered, gone, 1, "no-such-worker"),
        (version, numbered, "\n\n", 2, "interrupted"),
        (
            version,
            numbered,
            "\n[3]: Key not found.\n\n\n",
            1,
            "no-such-key",
        ),
        (plain, without, "\nKey not found.\n\n\n", 1, "no-such-key"),
        (plain, without, gone, 1, "no-such-worker"),
    ] {
        let probe = vec![Step::expect(asked), Step::send(told)];
        // After such a message the master waits for more.
        let then = if answer == gone {
            Step::Hang
        } else {
            Step::Close
        };
        let socket = ScriptedSocket::unix_each(
            vec![probe],
            vec![Step::expect(line), Step::send(answer), then],
        );
        let door = Door {
            endpoint: Endpoint::Unix(socket.path()),
            master: true,
        };
        let api = RuntimeApi::new(name(), door, TIMEOUTS);
        let keys = ["a", "b", "c"].map(str::to_owned);
        let (at, error) = add(&api, "f", &keys).await.unwrap_err();
        assert_eq!(
            (at, class::<()>(&Err(error.error))),
            (done, code),
            "{answer:?}"
        );
    }
}
