//! What is a problem to the reader is one to HAProxy, on the same line; and what is none is none.

use haproxy_configuration::Configuration;

use crate::verdict;

/// A configuration that is wrong in one line, with the number of it.
const WRONG: &[(&str, u32)] = &[
    ("maxconn 10\nglobal\n", 1),
    ("global\n  maxconn \"10\n", 2),
    ("global\n  maxconn \"${X\"\n", 2),
    ("global\n  maxconn \"$-\"\n", 2),
    ("global\n  maxconn \"${X[1]}\"\n", 2),
    ("global\n  maxconn \\xq0\n", 2),
    ("global\n  maxconn 10\nforntend web\n", 3),
    ("defaults\n  mode http\nbackend b from gone\n", 3),
    ("global\n  maxconn 10\nbackend\n", 3),
    (".endif\nglobal\n", 1),
    (".else\nglobal\n", 1),
    (".elif 1\nglobal\n", 1),
    (".if 1\n.else\n.else\n.endif\nglobal\n", 3),
    (".if 1\n.else\n.elif 1\n.endif\nglobal\n", 3),
    ("global\n.nope\n", 2),
    ("global\n  maxconn 10\n  user root", 3),
];

/// Configurations that nothing is wrong with, whatever they look like.
const RIGHT: &[&str] = &[
    "global\nmaxconn 10\n\tuser root # the end\n",
    "   global\n \"max\\x63onn\" '10'\n",
    "defaults a\n mode http\ndefaults x from a\ndefaults from x\n timeout client 1s\n",
    "global\r\n  maxconn 10\r\n",
    "peers p\npeer a 127.0.0.1:10000\nmailers m\nmailer a 127.0.0.1:10025\n",
    "global\n.if 0\n nonsense\n.elif 1\n maxconn 10\n.else\n nonsense\n.endif\n",
    "[scope]\nglobal\n maxconn 10\n",
];

fn problems(files: &[(&str, &[u8])]) -> Vec<String> {
    let configuration = Configuration::read(files.iter().copied());
    configuration
        .problems()
        .iter()
        .map(ToString::to_string)
        .collect()
}

haproxy_mcp_testkit::on_each_version! {
    fn what_is_wrong_is_wrong_for_haproxy_on_the_same_line(binary: &Binary) {
        for (text, line) in WRONG {
            let files = [("wrong.cfg", text.as_bytes())];
            let found = problems(&files);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].starts_with(&format!("wrong.cfg:{line}: ")), "{text}: {found:?}");
            let checked = verdict(binary, &files);
            assert!(!checked.accepted, "{text}: {}", checked.said);
            assert!(checked.said.contains(&format!("wrong.cfg:{line}]")), "{text}: {}", checked.said);
        }
    }

    fn what_is_right_is_right_for_haproxy(binary: &Binary) {
        for text in RIGHT {
            let files = [("right.cfg", text.as_bytes())];
            assert_eq!(problems(&files), [""; 0], "{text}");
            let checked = verdict(binary, &files);
            // A configuration without listeners is valid and not enough to run: HAProxy says so in its own way.
            assert!(!checked.said.contains("[right.cfg:"), "{text}: {}", checked.said);
        }
    }

    fn an_if_that_nothing_ends_is_refused(binary: &Binary) {
        let files = [("wrong.cfg", b"global\n.if 1\n maxconn 10\n".as_slice())];
        assert_eq!(problems(&files), ["wrong.cfg:2: the `.if` has no `.endif` in this file"]);
        assert!(verdict(binary, &files).said.contains("non-terminated '.if' block"));
    }

    fn an_empty_word_ends_the_line(binary: &Binary) {
        let files = [("wrong.cfg", b"backend b\n server s \"\" 127.0.0.1:80\n".as_slice())];
        let found = problems(&files);
        assert!(found[0].starts_with("wrong.cfg:2: an empty word"), "{found:?}");
        let said = verdict(binary, &files).said;
        assert!(said.contains("expects <name> and <addr>") || said.contains("is empty and marks the end"), "{said}");
        let more = [("more.cfg", b"global\n maxconn 10 \"\" nonsense\n".as_slice())];
        assert_eq!(problems(&more).len(), 1);
        let checked = verdict(binary, &more);
        let silent = !checked.said.contains("[more.cfg:2]: argument");
        assert_eq!(silent, !binary.at_least(3, 2), "{}", checked.said);
        let fatal = checked.said.contains("Aborting");
        assert_eq!(fatal, binary.at_least(3, 4), "{}", checked.said);
    }

    fn a_section_ends_with_its_file_and_defaults_do_not(binary: &Binary) {
        let first: (&str, &[u8]) = ("a.cfg", b"defaults\n mode http\n timeout client 1s\n timeout connect 1s\n timeout server 1s\nbackend b\n");
        let files = [first, ("b.cfg", b"server s 127.0.0.1:80\n".as_slice())];
        assert_eq!(problems(&files), ["b.cfg:1: no section has begun in this file: `server`"]);
        assert!(verdict(binary, &files).said.contains("[b.cfg:1]: unknown keyword 'server' out of section"));
        // HAProxy warns of a proxy without timeouts: this one has them from the other file.
        let files = [first, ("b.cfg", b"backend c\n server s 127.0.0.1:80\n".as_slice())];
        let checked = verdict(binary, &files);
        assert!(!checked.said.contains("timeout") && !checked.said.contains("ALERT"), "{}", checked.said);
        let configuration = Configuration::read(files);
        let section = configuration.sections().last().unwrap();
        assert_eq!(configuration.setting(section, &["timeout", "server"]).unwrap().section.file, "a.cfg");
        let alone = [files[1]];
        assert!(verdict(binary, &alone).said.contains("timeout"), "HAProxy does not warn of missing timeouts");
    }
}
