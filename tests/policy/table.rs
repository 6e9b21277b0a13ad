//! Every row: what permits it, and what denies it.

use std::collections::BTreeSet;

use haproxy_mcp::policy::{
    Access, Authority, COMMANDS, DenialReason, Grant, Part, Payload, Refusal, Release, ReplyKind,
    Rights, decide,
};

use crate::samples::{at, commands, granted, here, verdict};

#[test]
fn rows_are_unique() {
    let mut seen = BTreeSet::new();
    for spec in COMMANDS {
        assert!(seen.insert(spec.to_string()), "twice: `{spec}`");
    }
}

#[test]
fn a_command_fits_one_row_only() {
    for (spec, access, command) in granted() {
        let permit = at(access, &command).unwrap();
        assert_eq!(permit.spec(), spec, "`{}`", permit.shown());
    }
}

#[test]
fn each_row_is_permitted_at_its_access_and_above() {
    for (spec, access, command) in granted() {
        for ceiling in Access::ALL.into_iter().filter(|ceiling| *ceiling >= access) {
            let permit =
                at(ceiling, &command).unwrap_or_else(|e| panic!("`{spec}` at {ceiling}: {e}"));
            assert_eq!(permit.access(), access);
            assert_eq!(permit.instance().as_str(), "edge");
            assert_eq!(permit.has_payload(), !command.payload.is_empty());
            assert_eq!(permit.as_bytes(), command.encode().unwrap());
        }
    }
}

#[test]
fn each_row_is_denied_below_its_access() {
    let mut denied = 0;
    for (spec, access, command) in granted() {
        for ceiling in Access::ALL.into_iter().filter(|ceiling| *ceiling < access) {
            let authority = Authority {
                server: ceiling,
                module: &Grant::all(Access::Admin),
                tool: Access::Admin,
            };
            let Err(Refusal::Denied(denial)) = decide(&authority, &here(), &command) else {
                panic!("`{spec}` got through at {ceiling}");
            };
            assert_eq!(denial.reason, DenialReason::AboveServer { ceiling });
            assert_eq!(verdict(&at(ceiling, &command)), "above-tool-access");
            assert_eq!(denial.needs, Some(access));
            denied += 1;
        }
    }
    assert!(denied > 100, "{denied}");
}

#[test]
fn what_is_never_granted_is_denied_to_admin() {
    let mut denied = 0;
    for (spec, command) in commands().filter(|(spec, _)| spec.access().is_none()) {
        let Rights::Never(why) = spec.rights else {
            unreachable!()
        };
        let Err(Refusal::Denied(denial)) = at(Access::Admin, &command) else {
            panic!("`{spec}` got through");
        };
        assert_eq!(denial.reason, DenialReason::NeverGranted(why), "`{spec}`");
        assert_eq!(denial.needs, None);
        denied += 1;
    }
    assert!(denied > 40, "{denied}");
}

/// HAProxy ignores most extra words: here they make another command, which is denied.
#[test]
fn each_row_is_denied_with_an_extra_word() {
    // These take words without end.
    let open = ["add server", "echo", "help"];
    for (spec, access, mut command) in granted() {
        if open.contains(&spec.path.join(" ").as_str()) {
            continue;
        }
        // Two: a row that ends in something optional may take one.
        for _ in 0..3 {
            command.words.push("b\u{f6}gus".into());
        }
        let result = at(access, &command);
        assert!(
            matches!(verdict(&result), "unexpected-word" | "never-granted"),
            "`{spec}`: {} {result:?}",
            verdict(&result)
        );
    }
}

#[test]
fn each_row_is_denied_without_its_last_word_or_is_another_row() {
    for (spec, access, mut command) in granted() {
        command.words.pop();
        match at(Access::Admin, &command) {
            Ok(permit) => assert_ne!(permit.as_bytes(), b"", "`{spec}`"),
            Err(refusal) => assert!(
                [
                    "no-words",
                    "unknown-command",
                    "missing-word",
                    "unexpected-word",
                    "payload-mismatch"
                ]
                .contains(&refusal.code()),
                "`{spec}` ({access}): {}",
                refusal.code()
            ),
        }
    }
}

#[test]
fn a_payload_goes_with_the_rows_that_have_one() {
    for (spec, access, mut command) in granted() {
        command.payload = if command.payload.is_empty() {
            vec!["a b".into()]
        } else {
            Vec::new()
        };
        let result = at(access, &command);
        // The same words may be a row of their own with a payload, or without.
        let twin = COMMANDS.iter().any(|other| {
            other.path == spec.path
                && (other.payload == Payload::None) == command.payload.is_empty()
        });
        assert!(
            verdict(&result) == "payload-mismatch" || twin,
            "`{spec}`: {}",
            verdict(&result)
        );
    }
}

#[test]
fn what_changes_something_is_a_message() {
    for spec in COMMANDS {
        if spec.access().is_some_and(|access| access > Access::Read) {
            assert!(
                matches!(spec.reply, ReplyKind::Message(_)) || spec.path == ["debug", "counters"],
                "`{spec}`"
            );
        }
    }
}

/// The matcher is linear because alternatives differ in their first word.
#[test]
fn alternatives_differ_in_their_first_word() {
    fn firsts(choice: &[Part]) -> Vec<String> {
        match choice[0] {
            Part::Word(word) => vec![word.into()],
            Part::OneOf(words) => words.iter().copied().map(Into::into).collect(),
            other => vec![format!("{other:?}")],
        }
    }
    fn walk(parts: &[Part]) {
        for part in parts {
            match part {
                Part::Optional(parts) => walk(parts),
                Part::Repeated(choices) => {
                    let all: Vec<String> =
                        choices.iter().flat_map(|choice| firsts(choice)).collect();
                    assert_eq!(
                        all.iter().collect::<BTreeSet<_>>().len(),
                        all.len(),
                        "{all:?}"
                    );
                    for choice in *choices {
                        walk(choice);
                    }
                }
                _ => {}
            }
        }
    }
    for spec in COMMANDS {
        walk(spec.args);
    }
}

#[test]
fn whatever_follows_is_only_in_what_is_never_granted() {
    for spec in COMMANDS
        .iter()
        .filter(|spec| spec.args.contains(&Part::Rest))
    {
        assert_eq!(spec.access(), None, "`{spec}`");
    }
}

#[test]
fn versions_are_supported_ones() {
    for spec in COMMANDS {
        assert!(
            spec.since >= Release::OLDEST && spec.since <= Release { major: 3, minor: 4 },
            "`{spec}`"
        );
    }
}

/// The table as one reads it: a change of what may be said shows in a review.
#[test]
fn table() {
    let rows: Vec<String> = COMMANDS
        .iter()
        .map(|spec| {
            let rights = match spec.rights {
                Rights::Granted(access) => access.to_string(),
                Rights::Never(why) => format!("never ({})", why.code()),
            };
            format!(
                "{rights:<26} {:<4} {:?}  {spec}",
                spec.since.to_string(),
                spec.reply
            )
        })
        .collect();
    let rows = rows.join("\n");
    insta::assert_snapshot!(rows);
}
