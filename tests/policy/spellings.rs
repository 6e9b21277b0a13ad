//! Other ways to write a command that must not be taken for it.

use haproxy_mcp::policy::{Access, Command, MASTER};

use crate::samples::{at, granted, say, verdict};

fn edited(command: &Command, at: usize, edit: impl Fn(&str) -> String) -> Command {
    let mut command = command.clone();
    command.words[at] = edit(&command.words[at]);
    command
}

#[test]
fn the_words_of_a_command_are_compared_exactly() {
    for (spec, _, command) in granted() {
        for word in 0..spec.path.len() {
            for other in [
                edited(&command, word, str::to_uppercase),
                edited(&command, word, |w| format!("{w}x")),
                edited(&command, word, |w| w[..w.len() - 1].to_owned()),
                edited(&command, word, |w| format!(" {w}")),
                edited(&command, word, |w| format!("{w} ")),
                edited(&command, word, |w| format!("\\{w}")),
                edited(&command, word, |w| format!("\"{w}\"")),
                edited(&command, word, |w| format!("{w};")),
                edited(&command, word, |w| format!("{w}\u{200b}")),
                edited(&command, word, |w| {
                    w.replace('o', "\u{43e}").replace('e', "\u{435}") + "\u{301}"
                }),
            ] {
                let result = at(Access::Admin, &other);
                assert_ne!(
                    verdict(&result),
                    "permitted",
                    "{other:?} passed for `{spec}`"
                );
            }
        }
    }
}

#[test]
fn control_characters_are_refused_in_every_word() {
    for (_, _, command) in granted() {
        for word in 0..command.words.len() {
            for c in [
                '\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}',
            ] {
                let other = edited(&command, word, |w| format!("{w}{c}"));
                assert_eq!(
                    verdict(&at(Access::Admin, &other)),
                    "control-character",
                    "{other:?}"
                );
            }
        }
    }
}

#[test]
fn an_empty_word_is_refused_everywhere() {
    for (_, _, command) in granted() {
        for at_word in 0..=command.words.len() {
            let mut other = command.clone();
            other.words.insert(at_word, String::new());
            assert_eq!(
                verdict(&at(Access::Admin, &other)),
                "empty-word",
                "{other:?}"
            );
        }
    }
}

#[test]
fn a_prefix_of_the_master_is_refused() {
    for (_, _, command) in granted() {
        for prefix in ["@1", "@!1", "@master1", "@@1", "@"] {
            let mut other = command.clone();
            other.words.insert(0, prefix.into());
            assert_eq!(
                verdict(&at(Access::Admin, &other)),
                "master-prefix",
                "{other:?}"
            );
        }
    }
}

/// The one command with the master's name before it has a row of its own; before any other it makes none.
#[test]
fn the_name_of_the_master_makes_no_other_command() {
    for (_, _, command) in granted() {
        let mut other = command.clone();
        other.words.insert(0, MASTER.into());
        let expected = if command == say("show startup-logs") {
            "permitted"
        } else {
            "unknown-command"
        };
        assert_eq!(verdict(&at(Access::Admin, &other)), expected, "{other:?}");
    }
}

#[test]
fn commands_glued_into_one_are_not_two() {
    for line in [
        "show info; clear counters all",
        "show info ;clear counters all",
        "show info;clear counters all",
        "show info \\; clear counters all",
        "show info << clear counters all",
        "show info # clear counters all",
        "show info <<",
        "show show info",
        "show info info",
        "clear counters bogus",
        "clear counters server be_app/app1",
        "clear counters all all",
        "set server be_app/app1 state ready garbage",
        "set server be_app/app1 weight 50 garbage",
        "set maxconn global abc",
        "set rate-limit sessions global abc",
        "add map hosts.map key value extra",
        "show stat be_app",
        "show stat typed desc up",
        "show events buf0 -x",
    ] {
        let result = at(Access::Admin, &say(line));
        assert!(
            matches!(
                verdict(&result),
                "unexpected-word" | "unknown-command" | "missing-word"
            ),
            "{line}: {}",
            verdict(&result)
        );
    }
}

#[test]
fn words_that_change_what_a_command_does_change_its_access() {
    for (line, access) in [
        ("clear counters", Access::Operate),
        ("clear counters all", Access::Admin),
        ("debug counters", Access::Read),
        ("debug counters all bug show", Access::Read),
        ("debug counters reset", Access::Admin),
        ("debug counters all reset", Access::Admin),
        ("debug counters off cnt", Access::Admin),
        ("set server be_app/app1 state maint", Access::Operate),
        (
            "set server be_app/app1 addr 192.0.2.1 port 80",
            Access::Admin,
        ),
        ("set server be_app/app1 agent-send text", Access::Admin),
        ("set maxconn server be_app/app1 5", Access::Operate),
        ("set maxconn frontend fe_http 5", Access::Operate),
        ("set maxconn global 5", Access::Admin),
        ("disable frontend fe_http", Access::Operate),
        ("shutdown frontend fe_http", Access::Admin),
        ("clear table st key 192.0.2.1", Access::Operate),
        ("clear table st ptr 0x7f00", Access::Operate),
        ("clear table st", Access::Admin),
        ("clear table st data.gpc0 gt 0", Access::Admin),
        ("del map hosts.map key", Access::Operate),
        ("clear map hosts.map", Access::Admin),
        ("show tls-keys", Access::Read),
    ] {
        assert_eq!(
            at(Access::Admin, &say(line)).unwrap().access(),
            access,
            "{line}"
        );
    }
}

/// A stick table counts in 64 bits, of which HAProxy compares 63.
#[test]
fn a_table_is_filtered_by_all_that_it_can_count() {
    for (number, fits) in [
        ("0", true),
        ("9223372036854775807", true),
        ("-9223372036854775807", true),
        ("9223372036854775808", false),
        ("1x", false),
        ("--1", false),
        ("+1", false),
        ("", false),
    ] {
        let command = Command::new(["show", "table", "st", "data.bytes_in_cnt", "gt", number]);
        assert_eq!(at(Access::Read, &command).is_ok(), fits, "{number}");
    }
}

#[test]
fn words_that_make_a_command_harmful_are_never_granted() {
    for line in [
        "show tls-keys *",
        "show tls-keys #0",
        "show tls-keys tlskeys.txt more",
        "show events buf0 -w",
        "show events buf0 -n -w",
        "show events buf0 -nw",
        "show events buf0 -wn -0",
        "show env",
        "show env HOME",
        "dump ssl cert site.pem",
        "debug dev panic",
        "debug dev hash x",
        "expert-mode on",
        "experimental-mode on",
        "trace",
        "trace 0",
        "httpclient GET http://192.0.2.1/",
        "set var proc.x int(1)",
        "set severity-output none",
        "set timeout cli 1h",
        "set anon on",
        "set anon off",
        "set anon global-key 1",
        "prompt",
        "prompt i",
        "quit",
        "user",
        "operator",
        "mcli-debug-mode on",
    ] {
        assert_eq!(
            verdict(&at(Access::Admin, &say(line))),
            "never-granted",
            "{line}"
        );
    }
}

#[test]
fn what_no_version_has_is_unknown() {
    for line in [
        "show frontend",
        "show ring",
        "show h2",
        "show server",
        "show",
        "set",
        "reload-now",
        "get",
        "add ssl",
        "show ssl",
    ] {
        assert_eq!(
            verdict(&at(Access::Admin, &say(line))),
            "unknown-command",
            "{line}"
        );
    }
}

#[test]
fn entries_of_a_payload_have_a_key_and_a_value() {
    for line in ["key", "key ", " key value", "key   "] {
        let command = say("add map hosts.map").with_payload(["a b", line]);
        assert_eq!(
            verdict(&at(Access::Admin, &command)),
            "entry-without-value",
            "{line:?}"
        );
    }
    for line in ["", " ", "  "] {
        let command = say("add map hosts.map").with_payload(["a b", line]);
        assert_eq!(
            verdict(&at(Access::Admin, &command)),
            "blank-payload-line",
            "{line:?}"
        );
    }
    for line in ["a b\n", "a\tb", "a b\r", "a b\u{85}"] {
        let command = say("add map hosts.map").with_payload(["a b", line]);
        assert_eq!(
            verdict(&at(Access::Admin, &command)),
            "payload-control-character",
            "{line:?}"
        );
    }
}
