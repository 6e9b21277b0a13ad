//! The operator's log: a module cannot write lines in the name of others.

use haproxy_mcp_testkit::guests;
use serde_json::json;

use crate::site::{alone, call, goes_on, refused};

/// As a line of the log begins, and how a terminal is told to clear itself.
const FORGED: &str = "\n2026-01-01T00:00Z ERROR forged\u{1b}[J";

/// Lines that are as the module wanted them; and that there is a line with its words at all.
fn assert_nothing_is_forged(log: &str) {
    assert!(log.contains("ERROR forged"), "no trace of the name:\n{log}");
    for line in log.lines() {
        assert!(!line.starts_with("2026-01-01"), "{line}");
    }
    assert!(!log.contains('\u{1b}'), "{log}");
}

/// Functions have names, which stand in the trace of a trap.
#[test]
fn the_name_of_a_function_that_traps_when_loaded() {
    let name = FORGED.replace('\n', "\\n").replace('\u{1b}', "\\1b");
    let text = format!(
        r#"(component
            (core module $code (func $"{name}" unreachable) (start $"{name}"))
            (core instance (instantiate $code)))"#
    );
    let ended = refused(&guests::written("forging-start", &text));
    assert_nothing_is_forged(&ended.stderr);
}

#[test]
fn the_name_of_a_function_that_traps_when_called() {
    // As the toolchain names it; the other name has its length.
    const NAMED: &[u8] = b"_ZN13guest_hostile9computing4trap17h";
    let mut code = std::fs::read(guests::path("hostile")).unwrap();
    let at = code
        .windows(NAMED.len())
        .position(|window| window == NAMED)
        .expect("the names of functions are in a guest");
    let name = format!("{FORGED:_<length$}", length = NAMED.len());
    code[at..at + NAMED.len()].copy_from_slice(name.as_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.wasm");
    std::fs::write(&path, &code).unwrap();
    let server = alone(&[path]);
    let ended = call(&server, "trap", json!({ "how": "unreachable" }));
    assert_eq!(ended.code(), "module-trapped");
    goes_on(&server);
    assert_nothing_is_forged(&server.shutdown().stderr);
}
