//! The bytes against real HAProxy: what is written comes back as it was, and nothing else is run.

use std::fs;

use haproxy_mcp::policy::{Access, Command};
use haproxy_mcp_testkit::{Haproxy, on_each_version};
use tempfile::TempDir;

use crate::samples::at;

struct Site {
    haproxy: Haproxy,
    map: String,
    _folder: TempDir,
}

impl Site {
    fn start(binary: &haproxy_mcp_testkit::Binary) -> Self {
        let folder = TempDir::new().unwrap();
        let map = folder.path().join("hosts.map").display().to_string();
        fs::write(&map, "").unwrap();
        let haproxy = Haproxy::builder(binary)
            .config(&format!(
                "frontend fe_map\n    mode http\n    bind {}/fe.sock\n    \
                 http-request set-header x %[req.hdr(host),map({map},none)]\n",
                folder.path().display()
            ))
            .start();
        Self {
            haproxy,
            map,
            _folder: folder,
        }
    }

    /// Sends what a permit holds.
    fn say(&self, command: &Command) -> String {
        let bytes = at(Access::Admin, command)
            .unwrap_or_else(|e| panic!("{command:?}: {e}"))
            .into_bytes();
        self.haproxy.raw_text(&String::from_utf8(bytes).unwrap())
    }

    fn words(&self, words: &[&str]) -> String {
        self.say(&Command::new(words.iter().copied()))
    }

    /// The entries of the map, without their addresses.
    fn entries(&self) -> Vec<String> {
        let text = self.haproxy.raw_text(&format!("show map {}", self.map));
        text.lines()
            .filter_map(|line| Some(line.split_once(' ')?.1.to_owned()))
            .collect()
    }
}

/// Everything that HAProxy's parser could take for something else.
const NAMES: &[&str] = &[
    "plain",
    "a b",
    "a;b",
    "a\\b",
    "\\",
    "a\\",
    "\\\\",
    "<",
    "<<",
    "<<EOF",
    "x<<",
    "a<b",
    "<< x",
    "\\<\\<",
    "#comment",
    "'q'",
    "\"q\"",
    "\"q q\"",
    "$HOME",
    "a\\nb",
    "@k",
    "!x",
    "*",
    "%[x]",
    "-x",
    "\u{e9} \u{fc}",
    "show info;clear counters all",
    "k;quit",
    " lead",
    "trail ",
    "  ",
    "{a}|[b]`c`",
    "~&,=",
];

on_each_version! {
    fn words_come_back_as_they_were(binary: &Binary) {
        let site = Site::start(binary);
        for name in NAMES {
            site.words(&["add", "map", &site.map, name, "value"]);
            assert_eq!(site.entries(), [format!("{name} value")], "as a key");
            site.words(&["clear", "map", &site.map]);
            site.words(&["add", "map", &site.map, "key", name]);
            assert_eq!(site.entries(), [format!("key {name}")], "as a value");
            site.words(&["clear", "map", &site.map]);
        }
    }

    fn payloads_come_back_as_they_were(binary: &Binary) {
        let site = Site::start(binary);
        let lines = ["a b", "c;d e\\ f", "<< g", "#h i", "@1 show info", "j k  l", "clear counters all"];
        site.say(&Command::new(["add", "map", &site.map]).with_payload(lines));
        assert_eq!(site.entries(), lines);
    }

    fn the_largest_commands_arrive_whole(binary: &Binary) {
        let site = Site::start(binary);
        let value = "v".repeat(15_000 - "add map  k ".len() - site.map.len());
        site.words(&["add", "map", &site.map, "k", &value]);
        assert_eq!(site.entries(), [format!("k {value}")]);
        site.words(&["clear", "map", &site.map]);

        let lines: Vec<String> = (0..600).map(|n| format!("key{n:05} value{n:05}xxxxx")).collect();
        let lines = &lines[..lines.len().min(15_000 / (lines[0].len() + 1))];
        site.say(&Command::new(["add", "map", &site.map]).with_payload(lines.iter().map(String::as_str)));
        assert_eq!(site.entries(), lines);
    }

    fn an_undo_removes_what_was_prepared_and_nothing_else(binary: &Binary) {
        let site = Site::start(binary);
        site.words(&["add", "map", &site.map, "live", "1"]);
        let prepare = at(Access::Admin, &Command::new(["prepare", "map", &site.map])).unwrap();
        let undo = prepare.undo().unwrap();
        let reply = site.haproxy.raw(&String::from_utf8(prepare.into_bytes()).unwrap());
        let version = haproxy_mcp::policy::Undo::version_in(&reply);
        assert!(version.is_some(), "{reply:?}");
        let at_version = format!("@{}", version.unwrap());
        site.words(&["add", "map", &at_version, &site.map, "new", "2"]);
        let shown = || site.haproxy.raw_text(&format!("show map {at_version} {}", site.map));
        assert!(shown().contains("new 2"));
        let bytes = undo.permit(version).unwrap().into_bytes();
        site.haproxy.raw(&String::from_utf8(bytes).unwrap());
        // 3.4.7 says that it did, and keeps the version until the next commit.
        assert_eq!(shown().contains("new 2"), binary.at_least(3, 4));
        assert_eq!(site.entries(), ["live 1"]);

        let prepare = at(Access::Admin, &Command::new(["prepare", "map", &site.map])).unwrap();
        let reply = site.haproxy.raw(&String::from_utf8(prepare.into_bytes()).unwrap());
        let next = format!("@{}", haproxy_mcp::policy::Undo::version_in(&reply).unwrap());
        site.words(&["add", "map", &next, &site.map, "live", "2"]);
        site.words(&["commit", "map", &next, &site.map]);
        assert!(!shown().contains("new 2"));
        assert_eq!(site.entries(), ["live 2"]);
    }

    /// A HAProxy that learned a new command says so here before anybody misses it.
    fn its_help_lists_nothing_unknown(binary: &Binary) {
        let site = Site::start(binary);
        crate::help::assert_known(&site.haproxy.raw_text("help"), &binary.version);
    }
}
