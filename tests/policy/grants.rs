//! Patterns, and what a grant by name covers.

use haproxy_mcp::policy::{Access, Command, Grant, Pattern, PatternError};
use proptest::prelude::*;

use crate::samples::{granted, say, under, verdict};

fn only(patterns: &[&str]) -> Grant {
    Grant::only(
        Access::Admin,
        patterns
            .iter()
            .map(|pattern| pattern.parse().unwrap())
            .collect(),
    )
}

fn asked(pattern: &str, line: &str) -> &'static str {
    verdict(&under(&only(&[pattern]), Access::Admin, &say(line)))
}

#[test]
fn a_pattern_grants_what_it_says() {
    for (pattern, line) in [
        ("show info", "show info"),
        ("show stat", "show stat"),
        ("show stat *", "show stat be_app 4 -1"),
        ("show stat *", "show stat typed"),
        ("show stat be_app 4 -1", "show stat be_app 4 -1"),
        ("show stat * 4 *", "show stat -1 4 -1"),
        (
            "set server be_app/* state *",
            "set server be_app/app1 state drain",
        ),
        (
            "set server be_app/app* state *",
            "set server be_app/app1 state drain",
        ),
        (
            "set server */app1 state ready",
            "set server be_app/app1 state ready",
        ),
        ("set server * state *", "set server be_app/app1 state drain"),
        (
            "set server be_app/* *",
            "set server be_app/app1 addr 192.0.2.1 port 80",
        ),
        (
            "add map /etc/haproxy/hosts.map *",
            "add map /etc/haproxy/hosts.map key value",
        ),
        (
            "add map /etc/haproxy/*.map *",
            "add map /etc/haproxy/hosts.map key value",
        ),
        (
            "add map @* /etc/haproxy/hosts.map *",
            "add map @3 /etc/haproxy/hosts.map key value",
        ),
        ("clear counters", "clear counters"),
        ("show map *", "show map @3 #2"),
        ("del map * *", "del map hosts.map #0x7f00"),
    ] {
        assert_eq!(asked(pattern, line), "permitted", "{pattern} / {line}");
    }
}

#[test]
fn a_pattern_grants_no_more() {
    for (pattern, line) in [
        ("show info", "show info json"),
        ("show info", "show version"),
        ("show stat", "show stat typed"),
        ("show stat *", "show stat"),
        (
            "set server be_app/* state *",
            "set server be_api/app1 state drain",
        ),
        (
            "set server be_app/* state *",
            "set server be_app2/app1 state drain",
        ),
        (
            "set server be_app/* state *",
            "set server be_app/app1 weight 1",
        ),
        (
            "set server be_app/* state ready",
            "set server be_app/app1 state drain",
        ),
        (
            "set server be*/app1 state *",
            "set server be_app/x/app1 state drain",
        ),
        (
            "set server be_app/app* state *",
            "set server be_app/x/app1 state drain",
        ),
        (
            "add map /etc/haproxy/*.map *",
            "add map /etc/haproxy/secret/x.map key value",
        ),
        (
            "add map /etc/haproxy/hosts.map *",
            "add map /etc/haproxy/hosts.map2 key value",
        ),
        ("add map hosts.map a.* *", "add map hosts.map b.test value"),
        ("clear counters", "clear counters all"),
        ("show sess", "show sess all"),
    ] {
        assert_eq!(asked(pattern, line), "not-granted", "{pattern} / {line}");
    }
}

#[test]
fn another_name_is_refused_where_the_grant_goes_by_names() {
    for (pattern, line) in [
        (
            "set server be_app/* state *",
            "set server #5/#1 state maint",
        ),
        (
            "set server be_app/* state *",
            "set server #5/app1 state maint",
        ),
        (
            "set server be_app/app1 state *",
            "set server be_app/#1 state maint",
        ),
        (
            "set server be_app/a* state *",
            "set server be_app/#1 state maint",
        ),
        ("show stat be_app 4 *", "show stat 3 4 -1"),
        ("show stat be_app 4 *", "show stat 3be 4 -1"),
        ("show stat be_app 4 *", "show stat -1 4 -1"),
        ("show stat be* 4 *", "show stat #3 4 -1"),
        ("show errors be_app", "show errors -1"),
        ("show servers state be_app", "show servers state #3"),
        ("set maxconn frontend fe* *", "set maxconn frontend #2 5"),
        ("add map /etc/haproxy/hosts.map *", "add map #2 key value"),
        (
            "add map /etc/haproxy/hosts.map *",
            "add map file@/etc/haproxy/hosts.map key value",
        ),
        (
            "add map /etc/haproxy/hosts.map *",
            "add map opt@/etc/haproxy/hosts.map key value",
        ),
        (
            "show map /etc/haproxy/hosts.map",
            "show map @3 /etc/haproxy/hosts.map",
        ),
        ("del map hosts.map www.*", "del map hosts.map #0x7f00"),
        ("show ssl cert site.pem", "show ssl cert *site.pem"),
        ("show ssl cert site.pem", "show ssl cert \\site.pem"),
        ("clear table st key 192.*", "clear table st ptr 0x7f00"),
    ] {
        let verdict = asked(pattern, line);
        // A table's entry by its address is another form of the command, not another word in it.
        let expected = if line.contains(" ptr ") {
            "not-granted"
        } else {
            "object-alias"
        };
        assert_eq!(verdict, expected, "{pattern} / {line}");
    }
}

#[test]
fn another_name_is_accepted_where_the_grant_leaves_it_open() {
    for (pattern, line) in [
        (
            "set server be_app/* state *",
            "set server be_app/#1 state maint",
        ),
        ("set server * state *", "set server #5/#1 state maint"),
        ("set server */* state *", "set server #5/#1 state maint"),
        ("show map *", "show map #2"),
    ] {
        assert_eq!(asked(pattern, line), "permitted", "{pattern} / {line}");
    }
}

/// The host abandons what was left open: it must see which thing a command opened and settled.
#[test]
fn another_name_is_refused_in_a_transaction() {
    for line in [
        "prepare map #2",
        "commit map @1 #2",
        "clear map @1 #2",
        "prepare map file@x",
        "commit acl @1 opt@x",
    ] {
        let result = under(&Grant::all(Access::Admin), Access::Admin, &say(line));
        assert_eq!(verdict(&result), "object-alias", "{line}");
    }
}

#[test]
fn each_line_of_a_payload_is_granted_by_itself() {
    let grant = only(&["add map hosts.map *.example.test *"]);
    let map = say("add map hosts.map");
    let ask = |lines: &[&str]| {
        verdict(&under(
            &grant,
            Access::Admin,
            &map.clone().with_payload(lines.iter().copied()),
        ))
    };
    assert_eq!(
        ask(&["a.example.test be_app", "b.example.test be_api"]),
        "permitted"
    );
    assert_eq!(
        ask(&["a.example.test be_app", "b.elsewhere.test be_api"]),
        "not-granted"
    );
    assert_eq!(ask(&["a.example.test a value with spaces"]), "permitted");
    let whole = only(&["add map hosts.map *"]);
    let command = map.clone().with_payload(["a b", "c d"]);
    assert_eq!(
        verdict(&under(&whole, Access::Admin, &command)),
        "permitted"
    );
    let cert = only(&["set ssl cert site.pem *"]);
    let pem = |name: &str| {
        Command::new(["set", "ssl", "cert", name]).with_payload(["-----BEGIN", "x y z"])
    };
    assert_eq!(
        verdict(&under(&cert, Access::Admin, &pem("site.pem"))),
        "permitted"
    );
    assert_eq!(
        verdict(&under(&cert, Access::Admin, &pem("other.pem"))),
        "not-granted"
    );
}

#[test]
fn a_grant_does_not_raise_the_access() {
    let grant = Grant::only(Access::Read, vec!["clear counters all".parse().unwrap()]);
    assert_eq!(
        verdict(&under(&grant, Access::Admin, &say("clear counters all"))),
        "above-grant-access"
    );
}

#[test]
fn a_pattern_that_grants_nothing_is_an_error() {
    let text: Vec<String> = [
        "",
        "   ",
        "show\tinfo",
        "*",
        "show *",
        "set * be_app/app1 state ready",
        "show everything",
        "show infox",
        "show info bogus",
        "show info json bogus",
        "set server be_app state *",
        "set server be_app/app1 state sleeping",
        "set server be_app/app1",
        "set server #5/#1 state *",
        "add map #2 *",
        "add map hosts.map",
        "set ssl cert site.pem",
        "prepare map file@x",
        "clear counters *",
        "show env",
        "show env *",
        "dump ssl cert *",
        "debug dev panic",
        "show tls-keys *",
        "show events * -w",
        "@1 show info",
    ]
    .iter()
    .map(|text| match text.parse::<Pattern>() {
        Ok(pattern) => panic!(
            "{text:?} grants {:?}",
            pattern.rows().map(ToString::to_string).collect::<Vec<_>>()
        ),
        Err(error) => format!("{text:?}\n  {}: {error}\n  {}", error.code(), error.hint()),
    })
    .collect();
    let text = text.join("\n");
    insta::assert_snapshot!(text);
}

/// Each `*` may be a number or a word: without an end to the search this would not return.
#[test]
fn a_pattern_of_many_stars_is_read_in_no_time() {
    let text = format!("show profiling{} bogus", " *".repeat(60));
    assert_eq!(
        text.parse::<Pattern>().unwrap_err().code(),
        "unexpected-word"
    );
}

/// The hint of a refusal names a pattern. Written into the grant, it lets the command through.
#[test]
fn the_pattern_that_a_refusal_names_is_the_one_to_write() {
    for (spec, _, command) in granted() {
        let refusal = under(&only(&[]), Access::Admin, &command).unwrap_err();
        let hint = refusal.hint();
        let pattern = hint
            .split('`')
            .nth(1)
            .unwrap_or_else(|| panic!("`{spec}`: {hint}"));
        let grant = match pattern.parse::<Pattern>() {
            Ok(pattern) => Grant::only(Access::Admin, vec![pattern]),
            Err(error) => panic!("`{spec}`: `{pattern}`: {error}"),
        };
        let result = under(&grant, Access::Admin, &command);
        assert_eq!(verdict(&result), "permitted", "`{spec}`: `{pattern}`");
    }
}

/// What the globs mean, said in another way: each `*` is tried with every length.
fn matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', pattern)), _) => (0..=text.len())
            .take_while(|taken| !text[..*taken].contains(&'/'))
            .any(|taken| matches(pattern, &text[taken..])),
        (Some((p, pattern)), Some((t, text))) if p == t => matches(pattern, text),
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_glob_means_any_text_without_a_slash(glob in "[ab*/]{1,8}", key in "[ab/]{1,10}") {
        prop_assume!(glob != "*" && glob != "**");
        let pattern = format!("get map hosts.map {glob}");
        let expected = matches(&glob.chars().collect::<Vec<_>>(), &key.chars().collect::<Vec<_>>());
        let granted = asked(&pattern, &format!("get map hosts.map {key}")) == "permitted";
        prop_assert_eq!(granted, expected, "{} {}", glob, key);
    }

    #[test]
    fn any_text_is_a_pattern_or_an_error(text in "\\PC{0,80}") {
        match text.parse::<Pattern>() {
            Ok(pattern) => {
                prop_assert!(pattern.rows().count() > 0);
                prop_assert!(pattern.rows().all(|spec| spec.access().is_some()));
                prop_assert_eq!(pattern.to_string().parse::<Pattern>(), Ok(pattern));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn words_of_the_language_make_patterns_or_errors(words in prop::collection::vec(
        prop::sample::select(vec!["show", "set", "server", "map", "add", "stat", "clear", "be_app/app1", "state",
            "ready", "*", "be_*/a*", "@3", "#5", "hosts.map", "key", "-1", "4", "ssl", "cert", "env"]), 1..8)) {
        let text = words.join(" ");
        match text.parse::<Pattern>() {
            Ok(pattern) => {
                let path = pattern.rows().next().unwrap().path;
                prop_assert!(words.starts_with(path));
            }
            Err(PatternError::Empty | PatternError::ControlCharacter) => prop_assert!(false, "{}", text),
            Err(error) => prop_assert!(!error.hint().is_empty()),
        }
    }
}
