//! What a module may need from the start, and before it is called: a test for each constant of
//! `host/src/sandbox/limits.rs` that is about it, with its name.

use std::fs::File;
use std::time::Instant;

use haproxy_mcp::sandbox::limits::{
    CORE_INSTANCES, DESCRIBE_CPU, DESCRIBE_WALL_CLOCK, LARGEST_ARGUMENT_BYTES, LONGEST_WALL_CLOCK,
    MEMORIES, MODULE_FILE_BYTES, TABLES,
};
use haproxy_mcp_testkit::guests;

use crate::site::{LATE, milliseconds, refusal};

/// A component with so many instances of one core module.
fn instances(of: &str, count: u32) -> String {
    let mut text = format!("(component (core module $code {of})\n");
    for _ in 0..count {
        text.push_str("(core instance (instantiate $code))\n");
    }
    text.push(')');
    text
}

#[test]
fn memory_bytes_from_the_start() {
    insta::assert_snapshot!(refusal(&guests::component("large-memory")));
}

#[test]
fn core_instances() {
    let many = instances("", CORE_INSTANCES + 1);
    insta::assert_snapshot!(refusal(&guests::written("many-instances", &many)));
}

/// Memories come from a pool that all calls share: one component must not take them all.
#[test]
fn memories() {
    let many = instances("(memory 1)", MEMORIES + 1);
    insta::assert_snapshot!(refusal(&guests::written("many-memories", &many)));
}

/// Tables, too.
#[test]
fn tables() {
    let many = instances("(table 1 funcref)", TABLES + 1);
    insta::assert_snapshot!(refusal(&guests::written("many-tables", &many)));
}

#[test]
fn table_elements() {
    insta::assert_snapshot!(refusal(&guests::component("large-table")));
    // What grows only later is refused there: the module traps if its table grew, and is refused for having no
    // `describe` otherwise.
    let grows = r"(component
        (core module $code
            (table $t 1 funcref)
            (func $grow
                (if (i32.ne (table.grow $t (ref.null func) (i32.const 60000)) (i32.const -1))
                    (then unreachable)))
            (start $grow))
        (core instance (instantiate $code)))";
    insta::assert_snapshot!(refusal(&guests::written("growing-table", grows)));
}

#[test]
fn module_file_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.wasm");
    // Empty but for its length: it takes no room.
    File::create(&path)
        .unwrap()
        .set_len(MODULE_FILE_BYTES + 1)
        .unwrap();
    insta::assert_snapshot!(refusal(&path));
}

/// What a module may ask for at most; one from a file has the usual limits whatever it asks for, which `wall_clock` and
/// `argument_bytes` show with a module that asks for this.
#[test]
fn longest_wall_clock() {
    let refusal = refusal(&guests::behaving("described", "meta-longest"));
    assert!(refusal.contains("`longest-seconds`"), "{refusal}");
    assert_eq!(LONGEST_WALL_CLOCK.as_secs() + 1, 3_601);
}

#[test]
fn largest_argument_bytes() {
    let refusal = refusal(&guests::behaving("described", "meta-arguments"));
    assert!(refusal.contains("`argument-bytes`"), "{refusal}");
    assert_eq!(LARGEST_ARGUMENT_BYTES + 1, 4_194_305);
}

#[test]
fn describe_cpu() {
    for word in ["spin-describe", "spin-start"] {
        let started = Instant::now();
        let refusal = refusal(&guests::behaving("described", word));
        assert!(refusal.contains("computed for longer"), "{refusal}");
        assert!(refusal.contains(&milliseconds(DESCRIBE_CPU)), "{refusal}");
        assert!(
            started.elapsed() < DESCRIBE_CPU + LATE,
            "{word}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn describe_wall_clock() {
    let started = Instant::now();
    let refusal = refusal(&guests::behaving("wasi", "sleep-describe"));
    assert!(refusal.contains("took longer"), "{refusal}");
    assert!(
        refusal.contains(&milliseconds(DESCRIBE_WALL_CLOCK)),
        "{refusal}"
    );
    assert!(
        started.elapsed() < DESCRIBE_WALL_CLOCK + LATE,
        "{:?}",
        started.elapsed()
    );
}
