//! Pages, their parameters and their form; files; the look at the doors.

use haproxy_mcp::policy::{
    Access, ActPermit, Artefact, Authority, Grant, MAX_FORM_BYTES, MAX_PARAMETER_BYTES, Page,
    PagePermit, Parameter, Permit, Refusal, actions, decide, decide_action, decide_file,
    decide_look, decide_page,
};
use proptest::prelude::*;

use crate::samples::here;

fn under(grant: &Grant, server: Access) -> Authority<'_> {
    Authority {
        server,
        module: grant,
        tool: Access::Admin,
    }
}

fn ask(
    grant: &Grant,
    page: &str,
    parameters: &[(&str, Option<&str>)],
) -> Result<PagePermit, Refusal> {
    let parameters: Vec<Parameter> = parameters
        .iter()
        .map(|(name, value)| Parameter {
            name: (*name).to_owned(),
            value: value.map(str::to_owned),
        })
        .collect();
    decide_page(&under(grant, Access::Read), page, &parameters)
}

fn act(grant: &Grant, action: &str, backend: &str, servers: &[&str]) -> Result<ActPermit, Refusal> {
    let servers: Vec<String> = servers.iter().map(|&server| server.to_owned()).collect();
    decide_action(
        &under(grant, Access::Admin),
        &here(),
        action,
        backend,
        &servers,
    )
}

#[test]
fn what_stands_behind_the_path_of_a_page() {
    let grant = Grant::none().with_pages(&Page::ALL);
    for (page, parameters, suffix) in [
        ("stats", &[][..], ";norefresh"),
        ("stats", &[("csv", None)], ";csv;norefresh"),
        (
            "stats",
            &[
                ("csv", None),
                ("up", None),
                ("no-maint", None),
                ("scope", Some("be_app")),
            ],
            ";csv;up;no-maint;scope=be_app;norefresh",
        ),
        (
            "stats",
            &[("scope", Some("a b/;x&y=?#%\u{e9}"))],
            ";scope=a%20b%2F%3Bx%26y%3D%3F%23%25%C3%A9;norefresh",
        ),
        ("metrics", &[], ""),
        ("metrics", &[("scope", Some("server"))], "?scope=server"),
        (
            "metrics",
            &[
                ("scope", Some("global")),
                ("scope", Some("backend")),
                ("no-maint", None),
            ],
            "?scope=global&scope=backend&no-maint",
        ),
        (
            "metrics",
            &[("metrics", Some("haproxy_server_status&scope=a,b"))],
            "?metrics=haproxy_server_status%26scope%3Da%2Cb",
        ),
    ] {
        let permit = ask(&grant, page, parameters).unwrap();
        assert_eq!(permit.suffix(), suffix);
        assert_eq!(permit.page().as_str(), page);
        assert_eq!(permit.wants_csv(), suffix.contains("csv"));
    }
}

#[test]
fn what_no_page_knows_is_refused() {
    let grant = Grant::none().with_pages(&Page::ALL);
    for (page, parameters, code) in [
        ("", &[][..], "unknown-page"),
        ("Stats", &[], "unknown-page"),
        ("http://example.test/", &[], "unknown-page"),
        ("stats", &[("json", None)], "unknown-parameter"),
        ("stats", &[("csv;up", None)], "unknown-parameter"),
        ("stats", &[("csv", Some("1"))], "parameter-value"),
        ("stats", &[("scope", None)], "parameter-value"),
        ("stats", &[("scope", Some(""))], "parameter-value"),
        ("metrics", &[("csv", None)], "unknown-parameter"),
        ("metrics", &[("metrics", None)], "parameter-value"),
        ("metrics", &[("scope", Some("all"))], "parameter-value"),
        ("metrics", &[("scope", Some("server&x"))], "parameter-value"),
    ] {
        let refusal = ask(&grant, page, parameters).unwrap_err();
        assert_eq!(refusal.code(), code, "{page} {parameters:?}");
        assert!(!refusal.hint().is_empty());
    }
}

#[test]
fn a_page_is_granted_by_its_name() {
    for page in Page::ALL {
        for granted in Page::ALL {
            let grant = Grant::none().with_pages(&[granted]);
            let asked = ask(&grant, page.as_str(), &[]);
            match asked {
                Ok(_) => assert_eq!(page, granted),
                Err(refusal) => {
                    assert_ne!(page, granted);
                    assert_eq!(refusal.code(), "capability-not-granted");
                    assert_eq!(
                        refusal.hint(),
                        format!("the operator can add `{page}` to the pages of the module's grant")
                    );
                }
            }
        }
    }
}

/// Each action is the command that does the same: permitted where that is, refused where that is.
#[test]
fn an_action_is_a_command() {
    let expected = [
        ("ready", "set server be_app/app1 state ready"),
        ("drain", "set server be_app/app1 state drain"),
        ("maint", "set server be_app/app1 state maint"),
        ("dhlth", "disable health be_app/app1"),
        ("ehlth", "enable health be_app/app1"),
        ("hrunn", "set server be_app/app1 health up"),
        ("hnolb", "set server be_app/app1 health stopping"),
        ("hdown", "set server be_app/app1 health down"),
        ("dagent", "disable agent be_app/app1"),
        ("eagent", "enable agent be_app/app1"),
        ("arunn", "set server be_app/app1 agent up"),
        ("adown", "set server be_app/app1 agent down"),
        ("shutdown", "shutdown sessions server be_app/app1"),
    ];
    assert_eq!(
        actions().collect::<Vec<_>>(),
        expected.map(|(action, _)| action)
    );
    for (action, command) in expected {
        let pattern = command.parse().unwrap();
        let one = Grant::only(Access::Admin, vec![pattern]).with_pages(&[Page::Stats]);
        let permit = act(&one, action, "be_app", &["app1"]).unwrap();
        assert_eq!(permit.form(), format!("s=app1&action={action}&b=be_app"));
        let shown: Vec<&str> = permit.permits().iter().map(Permit::shown).collect();
        assert_eq!(shown, [command]);

        // All of its servers have to be granted, and the page itself.
        for (grant, backend, servers) in [
            (&one, "be_app", &["app1", "app2"][..]),
            (&one, "be_api", &["app1"]),
            (
                &Grant::none().with_pages(&[Page::Stats]),
                "be_app",
                &["app1"],
            ),
        ] {
            let refusal = act(grant, action, backend, servers).unwrap_err();
            assert!(
                matches!(refusal.code(), "not-granted" | "above-grant-access"),
                "{action}: {refusal}"
            );
        }
        let mut without = one.clone();
        without.pages.clear();
        let refusal = act(&without, action, "be_app", &["app1"]).unwrap_err();
        assert_eq!(refusal.code(), "capability-not-granted");

        let needs = permit.permits()[0].access();
        let below = Access::ALL
            .into_iter()
            .rev()
            .find(|access| *access < needs)
            .unwrap();
        let authority = under(&one, below);
        let refusal = decide_action(&authority, &here(), action, "be_app", &["app1".to_owned()]);
        assert_eq!(
            refusal.unwrap_err().code(),
            "above-server-access",
            "{action}"
        );
    }
}

#[test]
fn what_no_form_can_say_is_refused() {
    let grant = Grant::all(Access::Admin).with_pages(&[Page::Stats]);
    for (action, backend, servers, code) in [
        ("reboot", "be_app", &["app1"][..], "unknown-action"),
        ("", "be_app", &["app1"], "unknown-action"),
        ("drain", "be_app", &[], "no-server"),
        ("drain", "", &["app1"], "empty-word"),
        ("drain", "be_app", &[""], "empty-word"),
        ("drain", "be_app/app1", &["x"], "slash-in-backend"),
        ("drain", "be_app", &["a\nb"], "control-character"),
    ] {
        let refusal = act(&grant, action, backend, servers).unwrap_err();
        assert_eq!(refusal.code(), code, "{action} {backend} {servers:?}");
    }
    let long = "x".repeat(MAX_PARAMETER_BYTES);
    let refusal = ask(&grant, "stats", &[("scope", Some(&long))]).unwrap_err();
    assert_eq!(refusal.code(), "parameters-too-long");
    let many: Vec<String> = (0..2_000).map(|index| format!("server{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refusal = act(&grant, "drain", "be_app", &many).unwrap_err();
    assert_eq!(refusal.code(), "form-too-long");
}

#[test]
fn files_and_the_look_are_granted_by_name() {
    for artefact in Artefact::ALL {
        for granted in Artefact::ALL {
            let grant = Grant::none().with_files(&[granted]);
            let decided = decide_file(&under(&grant, Access::Read), artefact.as_str());
            assert_eq!(
                decided
                    .map(|permit| permit.artefact())
                    .map_err(|refusal| refusal.code()),
                if artefact == granted {
                    Ok(artefact)
                } else {
                    Err("capability-not-granted")
                }
            );
        }
    }
    let none = Grant::none();
    let refusal = decide_look(&under(&none, Access::Read)).unwrap_err();
    assert_eq!(
        format!("{refusal}; {}", refusal.hint()),
        "not among the diagnostics that are granted to the module: `diagnostics`; \
         the operator can add `diagnostics` to the diagnostics of the module's grant"
    );
    let look = Grant::none().with_diagnostics();
    assert!(decide_look(&under(&look, Access::Read)).is_ok());
}

proptest! {
    /// Whatever the names are, a form says the same as the commands of its permits, and nothing gets out of its place.
    #[test]
    fn names_stay_in_their_place(backend in "[^/\\p{C}]{1,20}", servers in prop::collection::vec("[^\\p{C}]{1,20}", 1..4)) {
        let grant = Grant::all(Access::Admin).with_pages(&[Page::Stats]);
        let names: Vec<&str> = servers.iter().map(String::as_str).collect();
        let authority = under(&grant, Access::Admin);
        let Ok(permit) = act(&grant, "drain", &backend, &names) else {
            let some = servers.iter().any(|server| {
                let words = ["set", "server", &format!("{backend}/{server}"), "state", "drain"].map(str::to_owned);
                decide(&authority, &here(), &haproxy_mcp::policy::Command::new(words)).is_err()
            });
            prop_assert!(some);
            return Ok(());
        };
        prop_assert!(permit.form().len() <= MAX_FORM_BYTES);
        let decoded: Vec<(String, String)> = url::form_urlencoded::parse(permit.form().as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let mut expected: Vec<(String, String)> = servers.iter().map(|server| ("s".to_owned(), server.clone())).collect();
        expected.push(("action".to_owned(), "drain".to_owned()));
        expected.push(("b".to_owned(), backend.clone()));
        prop_assert_eq!(decoded, expected);
    }
}
