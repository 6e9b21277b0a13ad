//! ACLs: what they compare with, one by one and as a whole.
#![deny(
    unsafe_op_in_unsafe_fn,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]
#![warn(clippy::pedantic)]

mod content;

use haproxy_mcp_sdk::{Access, Tool};
use haproxy_patterns::{ACL, add, clear, commit, del, get, prepare, show};

const TOOLS: &[Tool] = &[
    Tool {
        name: "show_acl",
        title: "ACLs, or the entries of one",
        description: "Without acl: the ACLs of this HAProxy (`show acl`), by the names that the other tools take. \
            With acl: its entries in HAProxy's order, or those of a prepared version. Count entries by `matched`: \
            `entry_cnt` is HAProxy's own count over all versions and ways of comparing.",
        input_schema: include_str!("../schema/show_acl.input.json"),
        output_schema: include_str!("../schema/show_acl.output.json"),
        access: Access::Read,
        toolset: "acls",
        idempotent: true,
        run: |call| show(call, &ACL),
        ..Tool::USUAL
    },
    Tool {
        name: "get_acl",
        title: "Look a key up in an ACL",
        description: "What HAProxy itself finds for a key (`get acl`), in each way in which the ACL is compared: an \
            address in a network, the beginning of a path, a regular expression. Of several entries that fit it \
            tells the first. show_acl with `filter` finds entries by their text.",
        input_schema: include_str!("../schema/get_acl.input.json"),
        output_schema: include_str!("../schema/get_acl.output.json"),
        access: Access::Read,
        toolset: "acls",
        idempotent: true,
        run: |call| get(call, &ACL),
        ..Tool::USUAL
    },
    Tool {
        name: "add_acl",
        title: "Add an entry to an ACL",
        description: "Adds one entry at the end of an ACL, or of a prepared version, and reads it back. It never \
            replaces: a key that is there is then there twice, to no effect. Lost at the next reload, which reads \
            the files again.",
        input_schema: include_str!("../schema/add_acl.input.json"),
        output_schema: include_str!("../schema/add_acl.output.json"),
        access: Access::Operate,
        toolset: "acls",
        run: |call| add(call, &ACL),
        ..Tool::USUAL
    },
    Tool {
        name: "del_acl",
        title: "Delete an entry from an ACL",
        description: "Deletes all entries of an ACL that have exactly this key, and reads back that there is none. \
            Lost at the next reload, which reads the files again.",
        input_schema: include_str!("../schema/del_acl.input.json"),
        output_schema: include_str!("../schema/del_acl.output.json"),
        access: Access::Operate,
        toolset: "acls",
        idempotent: true,
        run: |call| del(call, &ACL),
        ..Tool::USUAL
    },
    Tool {
        name: "clear_acl",
        title: "Empty an ACL",
        description: "Deletes all entries of an ACL. HAProxy cannot take it back before a reload. With version: \
            abandons that prepared version, and leaves the live one as it is.",
        input_schema: include_str!("../schema/clear_acl.input.json"),
        output_schema: include_str!("../schema/clear_acl.output.json"),
        access: Access::Admin,
        toolset: "acls",
        destructive: true,
        idempotent: true,
        run: |call| clear(call, &ACL),
        ..Tool::USUAL
    },
    Tool {
        name: "prepare_acl",
        title: "Prepare a new version of an ACL",
        description: "Opens a new, empty version of an ACL beside the live one, and leaves it open: add_acl with \
            its version fills it, commit_acl makes it live, clear_acl abandons it. replace_acl does all of this in \
            one call.",
        input_schema: include_str!("../schema/prepare_acl.input.json"),
        output_schema: include_str!("../schema/prepare_acl.output.json"),
        access: Access::Admin,
        toolset: "acls",
        leaves_open: true,
        run: |call| prepare(call, &ACL),
        ..Tool::USUAL
    },
    Tool {
        name: "commit_acl",
        title: "Make a prepared version of an ACL live",
        description: "Puts a prepared version in place of the live content, all at once, and reads it back. The \
            former content and all other prepared versions are gone. Lost at the next reload, which reads the files \
            again.",
        input_schema: include_str!("../schema/commit_acl.input.json"),
        output_schema: include_str!("../schema/commit_acl.output.json"),
        access: Access::Admin,
        toolset: "acls",
        destructive: true,
        run: |call| commit(call, &ACL),
        ..Tool::USUAL
    },
    Tool {
        name: "replace_acl",
        title: "Replace the whole content of an ACL",
        description: "Puts a whole content (the text of a file: one pattern on each line; comments and blank lines \
            are left out) in place of the present one, all at once or not at all: a new version is filled, compared \
            with what was asked for, committed, and read back; else it is abandoned and nothing has changed. Up to \
            100,000 entries and more. The former content is gone. Lost at the next reload, which reads the files \
            again.",
        input_schema: include_str!("../schema/replace_acl.input.json"),
        output_schema: include_str!("../schema/replace_acl.output.json"),
        access: Access::Admin,
        toolset: "acls",
        destructive: true,
        idempotent: true,
        longest_seconds: 600,
        argument_bytes: 4_194_304,
        run: content::replace_acl,
        ..Tool::USUAL
    },
];

haproxy_mcp_sdk::module! { name: "acls", tools: TOOLS }
