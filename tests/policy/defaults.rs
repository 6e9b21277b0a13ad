//! The list of what is denied by default, in the documentation of the module: one test for each line.

use haproxy_mcp::policy::{
    Access, Artefact, Authority, COMMANDS, Command, Commands, Door, Grant, MAX_WORDS, Page,
    Reveals, decide, decide_action, decide_file, decide_look, decide_page,
};

use crate::samples::{SECRET, at, granted, here, say, under, verdict};

#[test]
fn line_1_a_command_that_is_not_in_the_table() {
    for access in Access::ALL {
        assert_eq!(
            verdict(&at(access, &say("show everything"))),
            "unknown-command"
        );
    }
}

#[test]
fn line_2_a_word_that_the_row_does_not_provide_for() {
    assert_eq!(
        verdict(&at(Access::Admin, &say("show info bogus"))),
        "unexpected-word"
    );
}

#[test]
fn line_3_another_spelling() {
    for line in ["SHOW info", "sh info", "show inf", "show infos"] {
        assert_eq!(
            verdict(&at(Access::Admin, &say(line))),
            "unknown-command",
            "{line}"
        );
    }
}

#[test]
fn line_4_what_is_never_granted() {
    assert!(
        COMMANDS
            .iter()
            .filter(|spec| spec.access().is_none())
            .count()
            >= 20
    );
    assert_eq!(
        verdict(&at(Access::Admin, &say("show env"))),
        "never-granted"
    );
}

#[test]
fn line_5_a_module_without_a_grant() {
    assert_eq!(Grant::default(), Grant::none());
    for (spec, _, command) in granted() {
        let result = under(&Grant::default(), Access::Admin, &command);
        assert!(
            matches!(verdict(&result), "not-granted" | "above-grant-access"),
            "`{spec}`"
        );
    }
}

#[test]
fn line_6_the_default_extent_of_a_grant() {
    assert_eq!(
        Grant::read(),
        Grant {
            access: Access::Read,
            commands: Commands::All,
            pages: Vec::new(),
            files: Vec::new(),
            diagnostics: false,
        }
    );
    for (spec, access, command) in granted() {
        let expected = if access == Access::Read && spec.reveals != Reveals::Nothing {
            "not-granted"
        } else if access == Access::Read {
            "permitted"
        } else {
            "above-grant-access"
        };
        assert_eq!(
            verdict(&under(&Grant::read(), Access::Admin, &command)),
            expected,
            "`{spec}`"
        );
    }
}

#[test]
fn line_7_the_lowest_of_three_decides() {
    let command = say("set server be_app/app1 state drain");
    for server in Access::ALL {
        for tool in Access::ALL {
            for module in Access::ALL {
                let authority = Authority {
                    server,
                    module: &Grant::all(module),
                    tool,
                };
                let result = decide(&authority, &here(), &command);
                let expected = if tool < Access::Operate {
                    "above-tool-access"
                } else if module < Access::Operate {
                    "above-grant-access"
                } else if server < Access::Operate {
                    "above-server-access"
                } else {
                    "permitted"
                };
                assert_eq!(verdict(&result), expected, "{server} {tool} {module}");
            }
        }
    }
}

#[test]
fn line_8_other_names_under_a_grant_by_name() {
    let grant = Grant::only(
        Access::Operate,
        vec!["set server be_app/* state *".parse().unwrap()],
    );
    assert_eq!(
        verdict(&under(
            &grant,
            Access::Admin,
            &say("set server #5/app1 state maint")
        )),
        "object-alias"
    );
}

#[test]
fn line_9_what_cannot_be_sent() {
    for (words, code) in [
        (vec!["show", ""], "empty-word"),
        (vec!["show", "info\n"], "control-character"),
        (vec!["@1", "show", "info"], "master-prefix"),
        (vec!["echo"; MAX_WORDS + 1], "too-many-words"),
        (vec!["echo", &"x".repeat(15_000)], "line-too-long"),
    ] {
        assert_eq!(verdict(&at(Access::Admin, &Command::new(words))), code);
    }
    // The master's own name opens one command and no other, and goes to the master alone.
    let logs = at(Access::Read, &say("@master show startup-logs")).unwrap();
    assert_eq!(logs.door(), Door::Master);
    for line in [
        "@master",
        "@master show info",
        "@master reload",
        "@master set server be_app/app1 state maint",
    ] {
        let denied = at(Access::Admin, &say(line));
        assert_eq!(verdict(&denied), "unknown-command", "{line}");
    }
}

#[test]
fn line_10_payloads() {
    assert_eq!(
        verdict(&at(Access::Admin, &say("show info").with_payload(["x"]))),
        "payload-mismatch"
    );
    assert_eq!(
        verdict(&at(
            Access::Admin,
            &say("add map m").with_payload(["k v", ""])
        )),
        "blank-payload-line"
    );
    assert_eq!(
        verdict(&at(Access::Admin, &say("add map m").with_payload(["k"]))),
        "entry-without-value"
    );
}

/// One use and no second maker are the compiler's business: `Permit` is not `Clone`, and has no public fields.
#[test]
fn line_11_a_permit_is_for_one_command_and_one_instance() {
    let permit = at(Access::Read, &say("show info")).unwrap();
    assert_eq!(permit.instance(), &here());
    assert_eq!(permit.into_bytes(), b"show info");
}

#[test]
fn line_12_what_shows_live_traffic_or_a_key() {
    let mut revealing = 0;
    for (spec, access, command) in granted() {
        let reveals = spec.reveals != Reveals::Nothing;
        revealing += usize::from(reveals);
        let expected = if reveals { "not-granted" } else { "permitted" };
        assert_eq!(
            verdict(&under(&Grant::all(access), Access::Admin, &command)),
            expected,
            "`{spec}`"
        );
        assert_eq!(verdict(&at(access, &command)), "permitted", "`{spec}`");
    }
    assert!(revealing >= 8);
}

#[test]
fn line_13_a_page_a_file_or_the_look_at_the_doors() {
    let grant = Grant::all(Access::Admin);
    let authority = Authority {
        server: Access::Admin,
        module: &grant,
        tool: Access::Admin,
    };
    for page in Page::ALL {
        let refusal = decide_page(&authority, page.as_str(), &[]).unwrap_err();
        assert_eq!(refusal.code(), "capability-not-granted", "{page}");
    }
    for artefact in Artefact::ALL {
        let refusal = decide_file(&authority, artefact.as_str()).unwrap_err();
        assert_eq!(refusal.code(), "capability-not-granted", "{artefact}");
    }
    let refusal = decide_look(&authority).unwrap_err();
    assert_eq!(refusal.code(), "capability-not-granted");
    let refusal = decide_page(&authority, "http://127.0.0.1/", &[]).unwrap_err();
    assert_eq!(refusal.code(), "unknown-page");
    let refusal = decide_file(&authority, "/etc/shadow").unwrap_err();
    assert_eq!(refusal.code(), "unknown-artefact");
}

#[test]
fn line_14_the_form_of_the_statistics_page() {
    let grant = Grant::all(Access::Admin).with_pages(&Page::ALL);
    for (server, expected) in [
        (Access::Read, Some("above-server-access")),
        (Access::Operate, None),
    ] {
        let authority = Authority {
            server,
            module: &grant,
            tool: Access::Admin,
        };
        let servers = ["app1".to_owned(), "app2".to_owned()];
        let decided = decide_action(&authority, &here(), "drain", "be_app", &servers);
        assert_eq!(decided.err().map(|refusal| refusal.code()), expected);
    }
}

#[test]
fn line_15_secrets_are_not_shown() {
    let mut secrets = 0;
    for (spec, access, command) in granted() {
        let holds = command
            .words
            .iter()
            .chain(&command.payload)
            .any(|text| text.contains(SECRET));
        secrets += usize::from(holds);
        let permit = at(access, &command).unwrap();
        assert_eq!(permit.shown().contains("[secret]"), holds, "`{spec}`");
        assert!(
            !permit.shown().contains(SECRET) && !format!("{permit:?}").contains(SECRET),
            "`{spec}`"
        );

        let mut wrong = command.clone();
        wrong.words.push(SECRET.into());
        for refusal in [
            under(&Grant::none(), Access::Admin, &command),
            at(Access::Admin, &wrong),
        ] {
            let Err(refusal) = refusal else { continue };
            if holds {
                let text = format!("{refusal} {refusal:?} {}", refusal.hint());
                assert!(!text.contains(SECRET), "`{spec}`: {text}");
            }
        }
    }
    assert!(secrets >= 4, "{secrets}");
    // A slip in the command's name must not show what follows.
    let slip = at(
        Access::Admin,
        &Command::new(["set", "ssl", "tlskey", "file", SECRET]),
    )
    .unwrap_err();
    assert!(!format!("{slip} {slip:?}").contains(SECRET), "{slip}");
}
