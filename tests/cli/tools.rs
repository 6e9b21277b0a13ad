use haproxy_mcp_testkit::{McpServer, guests};
use serde_json::{Value, json};

use crate::run;

/// The names in the list that a client gets.
fn served(arguments: &[&str]) -> Vec<String> {
    let server = McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .args(arguments)
        .start();
    server.stateless();
    let listed = server.request("tools/list", json!({}));
    names(&listed.result()["tools"])
}

/// The names that `tools` prints.
fn printed(arguments: &[&str]) -> Vec<String> {
    let ran = run(&[&["tools", "--format", "json"], arguments].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    names(&serde_json::from_str(&ran.stdout).unwrap())
}

fn names(tools: &Value) -> Vec<String> {
    let tools = tools.as_array().unwrap().iter();
    tools
        .map(|tool| tool["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_printed_is_what_is_served() {
    for arguments in [
        &[][..],
        &["--toolsets", "all"],
        &["--toolsets", "default,process"],
        &["--tools", "show_stat,show_info"],
        &[
            "--toolsets",
            "process",
            "--tools",
            "show_stat",
            "--exclude-tools",
            "echo",
        ],
    ] {
        assert_eq!(printed(arguments), served(arguments), "{arguments:?}");
    }
}

#[test]
fn tools_are_chosen_and_keep_their_order() {
    // The order is the catalogue's, not that of the choice.
    assert_eq!(
        printed(&["--tools", "show_stat,show_info"]),
        ["show_info", "show_stat"]
    );
    let (default, all) = (printed(&[]), printed(&["--toolsets", "all"]));
    assert!(default.len() < all.len());
    let kept: Vec<&String> = all.iter().filter(|name| default.contains(name)).collect();
    assert_eq!(kept, default.iter().collect::<Vec<_>>());
    let without = printed(&["--exclude-tools", "show_info"]);
    assert_eq!(without.len(), default.len() - 1);
    assert!(!without.contains(&"show_info".to_owned()));
}

#[test]
fn a_tool_of_a_module_file_is_listed_unless_it_is_excluded() {
    let module = guests::path("described");
    let module = ["--module", module.to_str().unwrap()];
    let foreign = |names: Vec<String>| -> Vec<String> {
        names
            .into_iter()
            .filter(|name| name.starts_with("described__"))
            .collect()
    };
    let all = foreign(printed(&module));
    assert!(!all.is_empty());
    let few = [&module[..], &["--tools", "show_info"]].concat();
    assert_eq!(foreign(printed(&few)), all);
    let every = all.join(",");
    let excluded = [&module[..], &["--exclude-tools", &every]].concat();
    assert_eq!(foreign(printed(&excluded)), Vec::<String>::new());
}

#[test]
fn a_name_that_does_not_exist_is_refused_at_start() {
    for command in [&["tools"][..], &["serve"], &[]] {
        let with = |arguments: &[&str]| run(&[command, arguments].concat());
        with(&["--toolsets", "proces"])
            .refused(2, "unknown toolset, from flag `--toolsets`: `proces`");
        with(&["--tools", "show_inf"]).refused(2, "unknown tool, from flag `--tools`: `show_inf`");
        with(&["--exclude-tools", "show_inf"])
            .refused(2, "unknown tool, from flag `--exclude-tools`: `show_inf`");
        let ran = with(&["--tools", "show_inf"]);
        assert!(
            ran.stderr.contains("hint: near names: `show_info`"),
            "{ran:?}"
        );
        with(&["--tools", "show_info", "--exclude-tools", "show_info"])
            .refused(2, "no tool is left");
    }
}

#[test]
fn an_unlisted_tool_is_told_apart_from_an_unknown_one() {
    let server = McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .args(["--tools", "show_info"])
        .start();
    server.stateless();
    let unlisted = server.call("show_stat", json!({}));
    let (_, message) = unlisted.protocol_error();
    assert!(
        message.starts_with("not among the tools that this server was started with: `show_stat`"),
        "{message}"
    );
    let unknown = server.call("show_stats", json!({}));
    assert_eq!(unknown.protocol_error().1, "unknown tool: `show_stats`");
}

/// A model is not sent to tools that are not there.
#[test]
fn the_instructions_name_only_what_is_listed() {
    let instructions = |arguments: &[&str]| {
        let server = McpServer::builder(env!("CARGO_BIN_EXE_haproxy-mcp"))
            .args(arguments)
            .start();
        server.initialize()["instructions"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let all = instructions(&[]);
    assert!(
        all.contains("Start with `list_backends`, then `list_servers` or `show_stat`. "),
        "{all}"
    );
    let few = instructions(&["--tools", "list_backends,list_servers"]);
    assert!(
        few.contains("Start with `list_backends`, then `list_servers`. "),
        "{few}"
    );
    assert!(!few.contains("show_"), "{few}");
    let one = instructions(&["--tools", "get_server"]);
    assert!(
        !one.contains("Start with") && !one.contains("show_info"),
        "{one}"
    );
}
