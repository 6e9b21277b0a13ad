//! Tokens as `o200k_base` counts them (GPT-4o and later models); `tests/tokens` does the counting. Other models count
//! otherwise, but not by a factor.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use haproxy_mcp_testkit::generated::root;
use serde_json::{Value, json};

use crate::{name, tools, tools_as_set};

/// What a model reads before anybody has asked anything: names, descriptions and input schemas of the default list.
const LISTED: usize = 4_000;

/// What clients read that know structured content: the output schemas of the same tools.
const ANSWERED: usize = 4_000;

/// What the default list has besides where changes are allowed, with the same two parts.
const CHANGES: usize = 5_000;

/// What whoever grants files pays for the tools that read them.
const FILES: usize = 900;

#[test]
fn the_default_list_keeps_its_budget() {
    within(&tools_as_set(&[]), LISTED, ANSWERED);
}

#[test]
fn tools_of_files_keep_theirs() {
    let usual = tools_as_set(&[]);
    let more: Vec<Value> = tools(&[])
        .into_iter()
        .filter(|tool| !usual.contains(tool))
        .collect();
    assert!(!more.is_empty());
    within(&more, FILES, FILES);
}

/// An operator who allows changes pays for them, but not for every one that there is.
#[test]
fn changes_keep_theirs() {
    let all = tools(&["--access", "admin"]);
    let read = tools(&[]);
    let changes: Vec<Value> = all
        .into_iter()
        .filter(|tool| !read.contains(tool))
        .collect();
    within(&changes, CHANGES, CHANGES);
}

/// Counts what a model reads of these tools.
fn within(tools: &[Value], most_listed: usize, most_answered: usize) {
    let listed = tools.iter().map(|tool| {
        json!({
            "name": tool["name"],
            "description": tool["description"],
            "inputSchema": tool["inputSchema"],
        })
    });
    let answered = tools.iter().map(|tool| tool["outputSchema"].clone());
    let texts: Vec<String> = listed
        .chain(answered)
        .map(|value| value.to_string())
        .collect();
    let counts = count(&texts);
    let (listed, answered) = counts.split_at(tools.len());
    let (all_listed, all_answered) = (listed.iter().sum::<usize>(), answered.iter().sum::<usize>());
    let each: Vec<String> = tools
        .iter()
        .zip(listed.iter().zip(answered))
        .map(|(tool, (listed, answered))| format!("{listed:>6} {answered:>6}  {}", name(tool)))
        .collect();
    let report = format!(
        "{all_listed} tokens of names, descriptions and input schemas (at most {most_listed}), \
         {all_answered} of output schemas (at most {most_answered}):\n{}",
        each.join("\n")
    );
    assert!(
        all_listed <= most_listed && all_answered <= most_answered,
        "{report}"
    );
    // Shown with `--no-capture`, for whoever adds a tool.
    eprintln!("{report}");
}

/// The counter counts what is known of its vocabulary, so that a limit is not kept by counting nothing.
#[test]
fn the_counter_counts() {
    let texts = ["hello world", "", "a b c d"].map(str::to_owned);
    assert_eq!(count(&texts), [2, 0, 4]);
}

fn count(texts: &[String]) -> Vec<usize> {
    let mut counter = Command::new(counter())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = counter.stdin.take().unwrap();
    for text in texts {
        assert!(!text.contains('\0'), "{text:?}");
        write!(stdin, "{text}\0").unwrap();
    }
    drop(stdin);
    let output = counter.wait_with_output().unwrap();
    assert!(output.status.success());
    let counts = String::from_utf8(output.stdout).unwrap();
    counts.lines().map(|line| line.parse().unwrap()).collect()
}

/// The program that counts, compiled where it is not yet.
fn counter() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/<profile>/deps/<test>
    let target = test.ancestors().nth(3).unwrap().join("test-tokens");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--quiet", "--release", "--locked", "--target-dir"])
        .arg(&target)
        .current_dir(root().join(Path::new("tests/tokens")));
    // What the outer cargo set is meant for the tests.
    for (name, _) in std::env::vars_os() {
        let outer = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_") && name != "CARGO_HOME" && !name.starts_with("CARGO_NET_")
                || ["RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"].contains(&name)
        });
        if outer {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "the counter of tokens did not compile:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    target.join("release/count-tokens")
}
