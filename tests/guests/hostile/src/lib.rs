//! A module whose tools misbehave, each in one way. It loads like any other: what is wrong shows when it is called.

mod answering;
mod asking;
mod computing;
mod flooding;
mod waiting;

use haproxy_mcp_sdk::{Access, Call, Failure, Outcome, Tool};

/// Any object: what a tool takes is written where the tool is.
const ANYTHING: &str = r#"{"type":"object"}"#;

const fn tool(
    name: &'static str,
    description: &'static str,
    run: fn(&Call<'_>) -> Result<Outcome, Failure>,
) -> Tool {
    Tool {
        name,
        title: name,
        description,
        input_schema: ANYTHING,
        output_schema: ANYTHING,
        access: Access::Read,
        toolset: "hostile",
        destructive: false,
        idempotent: false,
        // What a module wishes for; it gets what every module from a file gets.
        longest_seconds: 3_600,
        argument_bytes: 4_194_304,
        run,
        ..Tool::USUAL
    }
}

const TOOLS: &[Tool] = &[
    tool("fine", "Answers.", answering::fine),
    tool(
        "result",
        "Answers with `bytes` bytes, in strings like `of`.",
        answering::result,
    ),
    tool(
        "text",
        "Answers with a text of `characters` characters.",
        answering::text,
    ),
    tool(
        "answer",
        "Answers with the text `structured`, whatever it is.",
        answering::answer,
    ),
    Tool {
        output_schema: r#"{"type":"object","properties":{"count":{"type":"integer"}},"required":["count"]}"#,
        ..tool(
            "promised",
            "Promises a `count`, and answers with the text `structured`.",
            answering::answer,
        )
    },
    tool("fail", "Fails as `case` says.", answering::fail),
    tool("spin", "Computes for ever.", computing::spin),
    tool(
        "memory",
        "Asks for memory until there is none.",
        computing::memory,
    ),
    tool("recurse", "Calls itself for ever.", computing::recurse),
    tool("trap", "Breaks the rule that `how` names.", computing::trap),
    tool(
        "forge_handle",
        "Uses the handle `handle` that nobody gave to it.",
        computing::forge_handle,
    ),
    tool(
        "say",
        "Sends `words` and `payload`, and answers with the reply.",
        asking::say,
    ),
    tool(
        "say_all",
        "Sends each of `commands`, and answers with what became of each.",
        asking::say_all,
    ),
    tool(
        "say_and",
        "Sends `commands` one after another, and `then` returns, fails, or ends in a way of its own.",
        asking::say_and,
    ),
    tool(
        "ask_again",
        "Asks again while a reply is open.",
        asking::ask_again,
    ),
    tool("leak", "Never closes a reply.", asking::leak),
    tool(
        "read",
        "Sends `words` `times` times and reads `max` bytes at a time.",
        asking::read,
    ),
    tool(
        "supports",
        "Asks whether `words`, and `more` words after them, are a command here.",
        asking::supports,
    ),
    tool(
        "flood",
        "Calls the host function `what`, `times` times, and `then` another.",
        flooding::flood,
    ),
    tool("hoard", "Keeps `count` of `what`.", flooding::hoard),
    tool(
        "hand_over",
        "Hands `bytes` bytes to the host function `what`.",
        flooding::hand_over,
    ),
    tool(
        "log",
        "Writes `lines` lines of `characters` characters to the log.",
        flooding::log,
    ),
    tool(
        "progress",
        "Reports progress `times` times, `pause` milliseconds apart.",
        flooding::progress,
    ),
    tool("sleep", "Waits for `milliseconds`.", waiting::sleep),
    tool(
        "stay",
        "Waits in small steps and does not hear that it is cancelled.",
        waiting::stay,
    ),
    tool(
        "heed",
        "Waits in small steps until it is cancelled.",
        waiting::heed,
    ),
];

haproxy_mcp_sdk::module! { name: "hostile", tools: TOOLS }
