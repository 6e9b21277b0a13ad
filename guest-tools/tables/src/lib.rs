//! Stick tables: what HAProxy remembers of clients, single entries, and whole tables.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod clear;
mod data;
mod get;
mod key;
mod record;
mod set;
mod show;
mod table;

use haproxy_mcp_sdk::{Access, Tool};

const TOOLS: &[Tool] = &[
    Tool {
        name: "show_table",
        title: "Stick tables and their entries",
        description: "Without table: the stick tables (`show table`) with type of key, size and used entries. With table: \
            its entries, those that HAProxy's own filter lets through (up to 4 comparisons of data, all must hold), \
            sorted by one of the data, largest first: who sends the most requests, who is over a limit. Numbers as \
            HAProxy keeps them; exp is in milliseconds.",
        input_schema: include_str!("../schema/show_table.input.json"),
        output_schema: include_str!("../schema/show_table.output.json"),
        access: Access::Read,
        toolset: "tables",
        idempotent: true,
        run: show::show_table,
        ..Tool::USUAL
    },
    Tool {
        name: "set_table_entry",
        title: "Set an entry of a stick table",
        description: "Sets data of one entry of a stick table (`set table`), which is made where there is none, and reads \
            them back: for example gpc0 or gpt0 that the configuration takes for a mark or a ban. The entry expires as \
            any other does, and other traffic goes on counting in it. Tables are lost at the next reload unless peers \
            keep them.",
        input_schema: include_str!("../schema/set_table_entry.input.json"),
        output_schema: include_str!("../schema/set_table_entry.output.json"),
        access: Access::Operate,
        toolset: "tables",
        idempotent: true,
        run: set::set_table_entry,
        ..Tool::USUAL
    },
    Tool {
        name: "get_table_entry",
        title: "One entry of a stick table",
        description: "What a stick table remembers of one key (`show table … key`): whether it has an entry, and its data, \
            for example whether an address is marked or over its limit.",
        input_schema: include_str!("../schema/get_table_entry.input.json"),
        output_schema: include_str!("../schema/get_table_entry.output.json"),
        access: Access::Read,
        toolset: "tables",
        idempotent: true,
        run: get::get_table_entry,
        ..Tool::USUAL
    },
    Tool {
        name: "clear_table_entry",
        title: "Remove an entry of a stick table",
        description: "Removes one entry of a stick table (`clear table … key`), for example to lift a ban, and looks that \
            it is gone. What it counted cannot be brought back. HAProxy refuses while a session uses the entry.",
        input_schema: include_str!("../schema/clear_table_entry.input.json"),
        output_schema: include_str!("../schema/clear_table_entry.output.json"),
        access: Access::Operate,
        toolset: "tables",
        destructive: true,
        idempotent: true,
        run: clear::clear_table_entry,
        ..Tool::USUAL
    },
    Tool {
        name: "clear_table",
        title: "Empty a stick table",
        description: "Removes all entries of a stick table, or those that pass a filter (`clear table`), and counts what is \
            left. What they counted, persistence and bans cannot be brought back; peers are told nothing of it. HAProxy \
            keeps entries that a session uses. See first with show_table what the filter lets through.",
        input_schema: include_str!("../schema/clear_table.input.json"),
        output_schema: include_str!("../schema/clear_table.output.json"),
        access: Access::Admin,
        toolset: "tables",
        destructive: true,
        idempotent: true,
        run: clear::clear_table,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "tables", tools: TOOLS }
