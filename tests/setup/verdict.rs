//! What HAProxy says of every block, and what the guide says that it says.

use haproxy_mcp_testkit::binaries::LABELS;
use haproxy_mcp_testkit::checked::check;
use haproxy_mcp_testkit::on_each_version;

use crate::guide::{self, Expected};
use crate::place::Place;

/// Of blocks that HAProxy refuses or warns of, so many are in the guide at least: it is about them.
const WRONG: usize = 8;

#[test]
fn every_block_says_what_is_expected_of_it_on_every_version() {
    let blocks = guide::configurations();
    assert!(
        blocks.len() > 20,
        "the guide has {} configurations",
        blocks.len()
    );
    let mut wrong = 0;
    for block in &blocks {
        for label in LABELS {
            let expected = block
                .expected(label)
                .unwrap_or_else(|mistake| panic!("{mistake}"));
            wrong += usize::from(label == "3.4" && expected != Expected::Accepted);
        }
    }
    assert!(wrong >= WRONG, "{wrong} blocks that do not work");
}

/// Each block names something of the system, and none of it is left when it is tried.
#[test]
fn what_is_replaced_is_replaced() {
    let place = Place::new();
    for block in guide::configurations() {
        let tried = place.configuration(&block.text);
        assert_eq!(
            place.left_over(&tried),
            Vec::<String>::new(),
            "line {}",
            block.line
        );
        let system = place.left_over(&block.text);
        assert_eq!(
            tried == block.text,
            system.is_empty(),
            "line {}: {system:?}",
            block.line
        );
        // `nbproc` and the like are about a word, and have a socket all the same.
        assert!(
            !system.is_empty() || block.text.contains("stats enable"),
            "line {}: nothing to replace",
            block.line
        );
    }
}

on_each_version! {
    fn every_block_is_what_the_guide_says(binary: &Binary) {
        let place = Place::new();
        let mut mistakes = Vec::new();
        let blocks = guide::configurations();
        for block in &blocks {
            let file = place.folder().join("haproxy.cfg");
            std::fs::write(&file, place.configuration(&block.text)).unwrap();
            let verdict = check(binary, &[&file]);
            let says = |text: &String| verdict.said.contains(text.as_str());
            let loud = verdict.said.lines().any(|line| {
                // 3.4 looks at the clock while it reads a hash: on a busy machine it warns of the quickest ones.
                let slow = line.contains("the hash algorithm used for this password takes");
                (line.contains("[WARNING]") || line.contains("[ALERT]")) && !slow
            });
            let right = match block.expected(binary.label).unwrap() {
                Expected::Accepted => verdict.accepted && !loud,
                Expected::Warned(warnings) => verdict.accepted && warnings.iter().all(says),
                Expected::Refused(refusals) => !verdict.accepted && refusals.iter().any(says),
            };
            if !right {
                mistakes.push(format!("line {}:\n{}\n{verdict:?}", block.line, block.text));
            }
        }
        assert!(mistakes.is_empty(), "{} of {} blocks:\n{}", mistakes.len(), blocks.len(), mistakes.join("\n"));
    }
}
