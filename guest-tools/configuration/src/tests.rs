//! Sections, conditions, inheritance, and what cannot be read. That HAProxy itself sees it so is tested in
//! `tests/configuration`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use crate::{Configuration, Kind, Modifier, ProblemKind};

fn read(text: &str) -> Configuration<'_> {
    Configuration::read([("haproxy.cfg", text.as_bytes())])
}

fn sections(configuration: &Configuration<'_>) -> Vec<String> {
    configuration
        .sections()
        .iter()
        .map(|section| {
            let lines: Vec<u32> = section
                .statements
                .iter()
                .map(|statement| statement.line)
                .collect();
            format!("{}:{} {section} {lines:?}", section.file, section.head.line)
        })
        .collect()
}

fn problems(configuration: &Configuration<'_>) -> Vec<(u32, ProblemKind)> {
    let problems = configuration.problems().iter();
    problems
        .map(|problem| (problem.line, problem.kind.clone()))
        .collect()
}

#[test]
fn sections_have_the_lines_up_to_the_next_one() {
    let configuration = read(
        "# the whole\nglobal\n  maxconn 10\n\n  # more\n  user haproxy\nfrontend web\nbind *:80\n  listen  both\n\tmode http # x\ncache c\n",
    );
    assert_eq!(
        sections(&configuration),
        [
            "haproxy.cfg:2 global [3, 6]",
            "haproxy.cfg:7 frontend web [8]",
            "haproxy.cfg:9 listen both [10]",
            "haproxy.cfg:11 cache c []",
        ]
    );
    assert_eq!(problems(&configuration), []);
    let listen = &configuration.sections()[2];
    assert!(listen.kind.is_frontend() && listen.kind.is_backend());
    assert_eq!(listen.statements[0].text(), "mode http # x");
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_read() {
    let text = "maxconn 10\nglobal\n  log \"stdout local0\n  user haproxy\nforntend web\n  bind *:80\n  server s \"\" x\nbackend\nfrontend f from gone\n  .elif x\n  .ifx\n mode ht\0tp\n .if 1\n .else\n .else\n  mode tcp";
    let configuration = read(text);
    let problems = problems(&configuration);
    assert_eq!(
        problems,
        [
            (1, ProblemKind::OutsideSection("maxconn".into())),
            (3, crate::WordError::UnmatchedQuote(7).into()),
            (
                5,
                ProblemKind::UnknownSection {
                    word: "forntend".into(),
                    meant: Kind::Frontend
                }
            ),
            (7, ProblemKind::EmptyWord),
            (8, ProblemKind::NoName(Kind::Backend)),
            (9, ProblemKind::UnknownDefaults("gone".into())),
            (10, ProblemKind::NoIf(".elif".into())),
            (11, ProblemKind::UnknownDirective(".ifx".into())),
            (12, ProblemKind::Nul),
            (13, ProblemKind::UnfinishedIf),
            (15, ProblemKind::BehindElse(".else".into())),
            (16, ProblemKind::NoLineFeed),
        ]
    );
    assert_eq!(
        sections(&configuration),
        [
            "haproxy.cfg:2 global [4, 5, 6, 7]",
            "haproxy.cfg:8 backend []",
            "haproxy.cfg:9 frontend f [12, 16]"
        ]
    );
    let first = configuration.problems()[0].to_string();
    assert_eq!(
        first,
        "haproxy.cfg:1: no section has begun in this file: `maxconn`"
    );
}

#[test]
fn statements_that_look_like_a_section_are_none() {
    for line in [
        "peer a 127.0.0.1:1",
        "mailer a 127.0.0.1:1",
        "trace h2",
        "server s 127.0.0.1:1",
        "http-error status 400",
        "log-format x",
        "user haproxy",
        "crt-base /x",
        "table t",
    ] {
        let text = format!("global\n{line}\n");
        assert_eq!(problems(&read(&text)), [], "{line}");
    }
    // indented, it is a statement whatever it looks like
    assert_eq!(problems(&read("global\n  forntend web\n")), []);
    for (line, meant) in [
        ("gloabl", Kind::Global),
        ("defualts", Kind::Defaults),
        ("fontend a", Kind::Frontend),
        ("backedn b", Kind::Backend),
        ("lsiten c", Kind::Listen),
        ("resolver d", Kind::Resolvers),
    ] {
        let text = format!("global\n{line}\n");
        let kinds: Vec<ProblemKind> = problems(&read(&text))
            .into_iter()
            .map(|(_, kind)| kind)
            .collect();
        let word = line.split(' ').next().unwrap().to_owned();
        assert_eq!(
            kinds,
            [ProblemKind::UnknownSection { word, meant }],
            "{line}"
        );
    }
}

#[test]
fn what_stands_under_a_condition_is_marked() {
    let configuration = read(
        "global\n .if feature(X)\n  a\n  .if 1\n   b\n  .endif\n .elif defined(Y)\n  c\n .else\n  d\n .endif\n .notice \"x\"\n e\n.if 0\nbackend b\n f\n.endif\n",
    );
    let marked: Vec<(String, bool)> = configuration
        .sections()
        .iter()
        .flat_map(|section| std::iter::once(&section.head).chain(&section.statements))
        .map(|statement| (statement.text().into_owned(), statement.conditional))
        .collect();
    let expected = [
        ("global", false),
        ("a", true),
        ("b", true),
        ("c", true),
        ("d", true),
        ("e", false),
        ("backend b", true),
        ("f", true),
    ];
    assert_eq!(
        marked,
        expected.map(|(text, marked)| (text.to_owned(), marked))
    );
    assert_eq!(problems(&configuration), []);
}

#[test]
fn conditions_are_as_deep_as_haproxy_takes_them() {
    let nested = |depth: usize| format!("{}{}", ".if 1\n".repeat(depth), ".endif\n".repeat(depth));
    assert_eq!(problems(&read(&nested(15))), []);
    assert_eq!(
        problems(&read(&nested(16)))[0],
        (16, ProblemKind::TooManyIfs)
    );
}

#[test]
fn files_follow_each_other_and_defaults_go_on() {
    let files = [
        (
            "00-defaults.cfg",
            "defaults\n timeout client 5s\n mode http\n",
        ),
        (
            "10-web.cfg",
            "bind *:1\nfrontend web\n bind *:80\n timeout client 9s\n",
        ),
    ];
    let configuration = Configuration::read(files.map(|(name, text)| (name, text.as_bytes())));
    assert_eq!(
        sections(&configuration),
        [
            "00-defaults.cfg:1 defaults [2, 3]",
            "10-web.cfg:2 frontend web [3, 4]"
        ]
    );
    assert_eq!(
        configuration.problems()[0].to_string(),
        "10-web.cfg:1: no section has begun in this file: `bind`"
    );
    let web = &configuration.sections()[1];
    let mode = configuration.setting(web, &["mode"]).unwrap();
    assert_eq!(
        (mode.section.file, mode.words.at(1)),
        ("00-defaults.cfg", "http")
    );
    let client = configuration.setting(web, &["timeout", "client"]).unwrap();
    assert_eq!(
        (client.section.file, client.words.at(2)),
        ("10-web.cfg", "9s")
    );
    assert!(configuration.setting(web, &["timeout", "server"]).is_none());
}

#[test]
fn a_proxy_has_the_defaults_that_it_names_or_the_last_ones() {
    let configuration = read(
        "backend none\ndefaults a\n mode http\ndefaults b from a\n option httplog\n no option dontlognull\ndefaults\n mode tcp\nfrontend x from b\nfrontend y\ndefaults from b\nbackend z\n no option httplog\ndefaults a\n mode tcp\nbackend last\n",
    );
    let chain = |name: &str| {
        let section = configuration
            .sections()
            .iter()
            .find(|section| section.name.as_deref() == Some(name) && section.kind.is_proxy())
            .unwrap();
        let lines: Vec<u32> = configuration
            .defaults_of(section)
            .map(|section| section.head.line)
            .collect();
        let mode = configuration
            .setting(section, &["mode"])
            .map(|mode| mode.words.at(1).to_owned());
        (lines, mode)
    };
    assert_eq!(chain("none"), (vec![], None));
    assert_eq!(chain("x"), (vec![4, 2], Some("http".into())));
    assert_eq!(chain("y"), (vec![7], Some("tcp".into())));
    assert_eq!(chain("z"), (vec![11, 4, 2], Some("http".into())));
    assert_eq!(chain("last"), (vec![14], Some("tcp".into())));
    let z = configuration.of(Kind::Backend).nth(1).unwrap();
    let option = configuration.setting(z, &["option", "httplog"]).unwrap();
    assert_eq!(
        (option.words.modifier(), option.statement.line),
        (Modifier::No, 13)
    );
    let all: Vec<u32> = configuration
        .settings(z, &["option"])
        .map(|setting| setting.statement.line)
        .collect();
    assert_eq!(all, [13, 5, 6]);
    assert_eq!(configuration.lines(Kind::Defaults, &["mode"]).count(), 3);
    assert_eq!(problems(&configuration), []);
}

#[test]
fn a_line_is_found_however_it_is_written() {
    let configuration = read(
        "global\n stats socket /a\n \"stats\" 'socket' /b\n\tst\\x61ts  socket /c\nstats#socket /d\n statsx socket /e\n no stats socket\n",
    );
    let found: Vec<String> = configuration
        .lines(Kind::Global, &["stats", "socket"])
        .map(|setting| setting.words.at(2).to_owned())
        .collect();
    assert_eq!(found, ["/a", "/b", "/c", ""]);
}
