//! `.notice` says what HAProxy makes of its one word, so that it is asked what a line means.

use haproxy_configuration::Words;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::verdict;

/// HAProxy stops behind fifty lines that it cannot read.
const LINES: usize = 45;

/// Lines for each version.
const ASKED: usize = 1_500;

/// What lines are made of.
const PIECES: [&str; 28] = [
    "a", "b", "z", "/", "-", ":", "\"", "\"", "'", "'", "\\", "\\", " ", "\t", "#", "$", "{", "}",
    "[*]", "\\x41", "\\x7", "\\n", "\\ ", "\\\"", "\\'", "\\$", "\\#", "é",
];

fn lines() -> Vec<String> {
    let piece = prop::sample::select(PIECES.to_vec());
    let line = prop::collection::vec(piece, 1..14)
        .prop_map(|pieces| format!(".notice {}", pieces.concat()));
    let lines = prop::collection::vec(line, ASKED);
    let tree = lines.new_tree(&mut TestRunner::default());
    tree.expect("lines").current()
}

/// A line, and what HAProxy says of it.
type Expected = (String, Vec<String>);

/// Whether HAProxy says of each line what is expected: one of several things.
fn compare(binary: &haproxy_mcp_testkit::Binary, expected: &[Expected]) {
    for part in expected.chunks(LINES) {
        let text: Vec<&str> = part.iter().map(|(line, _)| line.as_str()).collect();
        let text = format!("{}\n", text.join("\n"));
        let said = verdict(binary, &[("words.cfg", text.as_bytes())]).said;
        for (number, (line, expected)) in (1..).zip(part) {
            let says = |text: &String| said.contains(&format!("[words.cfg:{number}]: {text}"));
            assert!(
                expected.iter().any(says),
                "line {number}, {line:?}, is not {expected:?}:\n{said}"
            );
        }
    }
}

haproxy_mcp_testkit::on_each_version! {
    fn the_words_of_a_line_are_those_that_haproxy_sees(binary: &Binary) {
        let refusals = ["unmatched quote", "unmatched brace", "forbidden first char", "truncated or invalid"];
        let (mut one, mut more, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines() {
            match Words::read(line.as_bytes()) {
                Err(_) => refused.push((line, refusals.map(str::to_owned).to_vec())),
                // an empty word, or a variable: what is in it HAProxy knows alone
                Ok(words) if words.is_cut() || words.len() < 2 || (0..words.len()).any(|place| words.expands(place)) => {}
                Ok(words) => {
                    let (first, second) = (words.at(1).to_owned(), words.at(2).to_owned());
                    if second.is_empty() {
                        one.push((line, vec![format!("'{first}'.")]));
                    } else {
                        more.push((line, vec![format!("Unexpected argument '{second}' for '.notice'.")]));
                    }
                }
            }
        }
        for lines in [one, more, refused] {
            assert!(lines.len() > 50, "too few lines of a kind: {}", lines.len());
            compare(binary, &lines);
        }
    }
}
