//! Maps: their entries one by one, and their whole contents.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod content;
mod diff;
mod value;

use haproxy_mcp_sdk::{Access, Tool};
use haproxy_patterns::{MAP, add, clear, commit, del, get, prepare, show};

const TOOLS: &[Tool] = &[
    Tool {
        name: "show_map",
        title: "Maps, or the entries of one",
        description: "Without map: the maps of this HAProxy (`show map`), by the names that the other tools take. \
            With map: its entries in HAProxy's order, or those of a prepared version. Count entries by `matched`: \
            `entry_cnt` is HAProxy's own count over all versions and ways of comparing.",
        input_schema: include_str!("../schema/show_map.input.json"),
        output_schema: include_str!("../schema/show_map.output.json"),
        access: Access::Read,
        toolset: "maps",
        idempotent: true,
        run: |call| show(call, &MAP),
        ..Tool::USUAL
    },
    Tool {
        name: "get_map",
        title: "Look a key up in a map",
        description: "What HAProxy itself finds for a key (`get map`), in each way in which the map is compared: an \
            address in a network, the beginning of a path, a regular expression. Of several entries that fit it \
            tells the first. show_map with `filter` finds entries by their text.",
        input_schema: include_str!("../schema/get_map.input.json"),
        output_schema: include_str!("../schema/get_map.output.json"),
        access: Access::Read,
        toolset: "maps",
        idempotent: true,
        run: |call| get(call, &MAP),
        ..Tool::USUAL
    },
    Tool {
        name: "diff_map",
        title: "Compare a map with a wanted content",
        description: "How a wanted content (the text of a map file) differs from what a map has now: entries added, \
            removed and changed, and keys that are there twice. The order does not count. Changes nothing; \
            replace_map makes it so.",
        input_schema: include_str!("../schema/diff_map.input.json"),
        output_schema: include_str!("../schema/diff_map.output.json"),
        access: Access::Read,
        toolset: "maps",
        idempotent: true,
        argument_bytes: 4_194_304,
        run: diff::diff_map,
        ..Tool::USUAL
    },
    Tool {
        name: "add_map",
        title: "Add an entry to a map",
        description: "Adds one entry at the end of a map, or of a prepared version, and reads it back. It never \
            replaces: a key that is there is then there twice, and HAProxy uses the first; set_map changes a value. \
            Lost at the next reload, which reads the files again.",
        input_schema: include_str!("../schema/add_map.input.json"),
        output_schema: include_str!("../schema/add_map.output.json"),
        access: Access::Operate,
        toolset: "maps",
        run: |call| add(call, &MAP),
        ..Tool::USUAL
    },
    Tool {
        name: "set_map",
        title: "Change a value in a map",
        description: "Gives all entries of a map that have exactly this key the value, and reads them back. Lost at \
            the next reload, which reads the files again.",
        input_schema: include_str!("../schema/set_map.input.json"),
        output_schema: include_str!("../schema/set_map.output.json"),
        access: Access::Operate,
        toolset: "maps",
        idempotent: true,
        run: value::set_map,
        ..Tool::USUAL
    },
    Tool {
        name: "del_map",
        title: "Delete an entry from a map",
        description: "Deletes all entries of a map that have exactly this key, and reads back that there is none. \
            Lost at the next reload, which reads the files again.",
        input_schema: include_str!("../schema/del_map.input.json"),
        output_schema: include_str!("../schema/del_map.output.json"),
        access: Access::Operate,
        toolset: "maps",
        idempotent: true,
        run: |call| del(call, &MAP),
        ..Tool::USUAL
    },
    Tool {
        name: "clear_map",
        title: "Empty a map",
        description: "Deletes all entries of a map. HAProxy cannot take it back before a reload. With version: \
            abandons that prepared version, and leaves the live one as it is.",
        input_schema: include_str!("../schema/clear_map.input.json"),
        output_schema: include_str!("../schema/clear_map.output.json"),
        access: Access::Admin,
        toolset: "maps",
        destructive: true,
        idempotent: true,
        run: |call| clear(call, &MAP),
        ..Tool::USUAL
    },
    Tool {
        name: "prepare_map",
        title: "Prepare a new version of a map",
        description: "Opens a new, empty version of a map beside the live one, and leaves it open: add_map with its \
            version fills it, commit_map makes it live, clear_map abandons it. replace_map does all of this in one \
            call.",
        input_schema: include_str!("../schema/prepare_map.input.json"),
        output_schema: include_str!("../schema/prepare_map.output.json"),
        access: Access::Admin,
        toolset: "maps",
        leaves_open: true,
        run: |call| prepare(call, &MAP),
        ..Tool::USUAL
    },
    Tool {
        name: "commit_map",
        title: "Make a prepared version of a map live",
        description: "Puts a prepared version in place of the live content, all at once, and reads it back. The \
            former content and all other prepared versions are gone. Lost at the next reload, which reads the files \
            again.",
        input_schema: include_str!("../schema/commit_map.input.json"),
        output_schema: include_str!("../schema/commit_map.output.json"),
        access: Access::Admin,
        toolset: "maps",
        destructive: true,
        run: |call| commit(call, &MAP),
        ..Tool::USUAL
    },
    Tool {
        name: "replace_map",
        title: "Replace the whole content of a map",
        description: "Puts a whole content (the text of a file: `key value` on each line; comments and blank lines \
            are left out) in place of the present one, all at once or not at all: a new version is filled, compared \
            with what was asked for, committed, and read back; else it is abandoned and nothing has changed. Up to \
            100,000 entries and more. The former content is gone. Lost at the next reload, which reads the files \
            again.",
        input_schema: include_str!("../schema/replace_map.input.json"),
        output_schema: include_str!("../schema/replace_map.output.json"),
        access: Access::Admin,
        toolset: "maps",
        destructive: true,
        idempotent: true,
        longest_seconds: 600,
        argument_bytes: 4_194_304,
        run: content::replace_map,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "maps", tools: TOOLS }
