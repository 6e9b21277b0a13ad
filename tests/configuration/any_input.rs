//! What is read of any bytes is in them.

use haproxy_configuration::{Configuration, Words};
use proptest::prelude::*;

/// Bytes of which configurations are made, more often than others.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "global\n", "defaults\n", "defaults a from b\n", "frontend f", "backend b from a", "listen", "\n", "\r\n", " ",
            "\t", "no ", "default ", "option x", "\"", "'", "\\", "#", "$", "${", "}", "[*]", ".if 1\n", ".elif\n", ".else\n",
            ".endif\n", ".notice x\n", "\\x4", "[scope]", "\0", "stats socket /x", "forntend",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn each_line_is_read_once_or_is_a_problem(files in prop::collection::vec(content(), 0..3)) {
        let names = ["a.cfg", "b.cfg", "c.cfg"];
        let files: Vec<(&str, &[u8])> = names.into_iter().zip(files.iter().map(Vec::as_slice)).collect();
        let configuration = Configuration::read(files.iter().copied());
        let mut last = (0, 0);
        for section in configuration.sections() {
            let place = names.iter().position(|name| *name == section.file).unwrap();
            for statement in std::iter::once(&section.head).chain(&section.statements) {
                let at = (place, statement.line);
                prop_assert!(at > last, "{at:?} after {last:?}");
                last = at;
                let line = usize::try_from(statement.line).unwrap() - 1;
                let written = files[place].1.split(|byte| *byte == b'\n').nth(line).unwrap();
                prop_assert_eq!(written, statement.raw);
                prop_assert!(!statement.words().is_empty());
            }
            prop_assert!(section.head.words().begins(&[section.kind.as_str()]));
            for defaults in configuration.defaults_of(section) {
                prop_assert!(defaults.head.line < section.head.line || defaults.file < section.file);
            }
        }
        for problem in configuration.problems() {
            prop_assert!(problem.line > 0);
            prop_assert!(!problem.to_string().is_empty());
        }
    }

    #[test]
    fn words_of_any_line_are_read_or_refused(line in content()) {
        if let Ok(words) = Words::read(&line) {
            prop_assert!(words.len() <= 64);
            prop_assert!(words.iter().all(|word| !word.is_empty()));
            prop_assert_eq!(words.at(words.len()), "");
        }
    }
}
