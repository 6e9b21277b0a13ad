//! The two kinds of sets, and what HAProxy calls them.

use haproxy_mcp_sdk::Need;

/// A kind of sets of patterns.
#[derive(Debug)]
pub struct Kind {
    /// HAProxy's word, which is also the name of the argument: `map`.
    pub word: &'static str,
    /// What a person calls it.
    pub noun: &'static str,
    /// The argument, as a JSON pointer.
    pub pointer: &'static str,
    /// Whether its entries have values.
    pub has_values: bool,
    /// HAProxy's name for a set of this kind that it does not have.
    pub unknown: &'static str,
    /// `show map`.
    pub show: Need,
    /// `get map`.
    pub get: Need,
    /// `add map`.
    pub add: Need,
    /// `del map`.
    pub del: Need,
    /// `clear map`.
    pub clear: Need,
    /// `prepare map`.
    pub prepare: Need,
    /// `commit map`.
    pub commit: Need,
}

/// Since 3.4 all of these take a socket of level admin; before, any socket may say them.
const fn need(command: &'static [&'static str]) -> Need {
    Need {
        command,
        since: None,
        level: Some("admin"),
    }
}

/// Maps.
pub static MAP: Kind = Kind {
    word: "map",
    noun: "map",
    pointer: "/map",
    has_values: true,
    unknown: "no-such-map",
    show: need(&["show", "map"]),
    get: need(&["get", "map"]),
    add: need(&["add", "map"]),
    del: need(&["del", "map"]),
    clear: need(&["clear", "map"]),
    prepare: need(&["prepare", "map"]),
    commit: need(&["commit", "map"]),
};

/// ACLs.
pub static ACL: Kind = Kind {
    word: "acl",
    noun: "ACL",
    pointer: "/acl",
    has_values: false,
    unknown: "no-such-acl",
    show: need(&["show", "acl"]),
    get: need(&["get", "acl"]),
    add: need(&["add", "acl"]),
    del: need(&["del", "acl"]),
    clear: need(&["clear", "acl"]),
    prepare: need(&["prepare", "acl"]),
    commit: need(&["commit", "acl"]),
};
