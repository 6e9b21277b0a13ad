use std::fmt::Write as _;

use haproxy_mcp_testkit::generated::Generated;

use crate::{every_tool, name, tools};

/// Whoever reads the list keeps it in a prompt's cache: another order is another list.
#[test]
fn each_tool_and_their_order_are_as_committed() {
    let (every, listed) = (every_tool(), tools(&[]));
    let mut generated = Generated::default();
    let mut files = vec!["order.txt".to_owned()];
    let mut order = String::new();
    for tool in &every {
        let file = format!("{}.json", name(tool));
        generated.file(
            format!("tests/catalogue/tools/{file}"),
            &format!("{tool:#}\n"),
        );
        files.push(file);
        let default = if listed.contains(tool) {
            " (default)"
        } else {
            ""
        };
        writeln!(order, "{}{default}", name(tool)).unwrap();
    }
    generated.file("tests/catalogue/tools/order.txt", &order);
    generated.folder("tests/catalogue/tools", &files);
    generated.assert_current();
}

#[test]
fn the_default_list_is_15_to_20_tools_that_all_exist() {
    let listed = tools(&[]);
    let listed: Vec<&str> = listed.iter().map(name).collect();
    for wanted in haproxy_mcp::catalogue::selection::DEFAULT {
        assert!(
            listed.contains(wanted),
            "`{wanted}` is no tool of this build"
        );
    }
    assert!((15..=20).contains(&listed.len()), "{} tools", listed.len());
}
