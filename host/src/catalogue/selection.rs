//! Which tools are listed: the default list, and what an operator chooses instead.
//!
//! 1. With nothing chosen: the toolset [`DEFAULT_TOOLSET`], which is the list [`DEFAULT`].
//! 2. `toolsets` lists the tools of each set that it names; [`ALL_TOOLSETS`] is every tool.
//! 3. `tools` lists single tools: they alone, or besides those of `toolsets` where both are said.
//! 4. Tools of modules that the operator named by their file are listed whatever 1 to 3 say.
//! 5. `excluded` comes last: such a tool is never listed.
//!
//! A tool that needs more access than the server allows is not listed, whatever is chosen; one that was chosen by its
//! own name is refused at start.
//!
//! A tool that is not listed cannot be called, either. This is about the room in a model's context; what tools may do
//! is the business of [`crate::policy`].

use std::borrow::Cow;

use super::tool;
use crate::doors::DoorName;
use crate::policy::Access;

/// The name of the list that is used where nothing is chosen.
pub const DEFAULT_TOOLSET: &str = "default";

/// The name of the set of every tool.
pub const ALL_TOOLSETS: &str = "all";

/// The tools that answer most questions. A name that this build has no tool for is passed over.
pub const DEFAULT: &[&str] = &[
    // what is it, and how is it doing
    "show_info",
    "show_errors",
    "show_events",
    "show_startup_logs",
    // who is slow, broken or overrun
    "show_stat",
    "top",
    "sample_stat",
    // what is there, and in which state
    "list_frontends",
    "show_frontend",
    "list_backends",
    "get_backend",
    "list_servers",
    "get_server",
    "show_resolvers",
    // what the operator granted besides
    "show_config",
    "tail_log",
    // why there is no answer
    "doctor",
    // what else could be asked
    "help",
];

/// What the default list has besides where changes are allowed: the first few of what an operator does by day and by
/// night. Every change that a tool offers is in the set `all`.
pub const DEFAULT_CHANGES: &[&str] = &[
    "set_server_state",
    "drain_server",
    "enable_server",
    "disable_server",
    "set_weight",
    "set_maxconn_server",
    "shutdown_sessions_server",
    "add_map",
    "set_map",
    "del_map",
    "add_acl",
    "del_acl",
    "set_table_entry",
    "clear_table_entry",
    "add_server",
    "del_server",
    "set_server_addr",
    "replace_map",
    "update_ssl_cert",
    "reload_haproxy",
];

/// How unlike a known name may be to be offered for an unknown one, in changed letters of each three.
const LETTERS_OF_A_CHANGE: usize = 3;

/// Names that one hint offers.
const OFFERED: usize = 5;

/// What an operator chose; nothing, by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sets of tools.
    pub toolsets: Option<Names>,
    /// Single tools.
    pub tools: Option<Names>,
    /// Tools that are never listed.
    pub excluded: Option<Names>,
}

/// Names, and where they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// In the order in which they were written.
    pub names: Vec<String>,
    /// Such as ``flag `--tools` ``.
    pub origin: String,
}

impl Names {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }
}

/// A tool that could be listed.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) toolset: String,
    /// What it needs.
    pub(super) access: Access,
    /// The module that it is of, and the digest of that: for the audit.
    pub(super) module: String,
    pub(super) digest: String,
    /// Whether it comes from a module that the operator named by its file.
    pub(super) foreign: bool,
    /// What it says of itself besides: its doors, read where they matter.
    pub(super) meta: Cow<'static, str>,
}

impl Candidate {
    /// The doors that it could work with, where none of them is configured.
    pub(super) fn missing(&self, has: impl Fn(DoorName) -> bool) -> Option<Vec<DoorName>> {
        let doors = tool::doors(&self.meta);
        (!doors.is_empty() && !doors.iter().any(|door| has(*door))).then_some(doors)
    }
}

/// Why a selection cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No toolset has this name.
    #[error("unknown toolset, from {origin}: `{name}`")]
    UnknownToolset {
        /// The name.
        name: String,
        /// Where it was written.
        origin: String,
        /// All toolsets.
        known: Vec<String>,
        /// Whether a tool has this name.
        tool: bool,
    },
    /// No tool has this name.
    #[error("unknown tool, from {origin}: `{name}`")]
    UnknownTool {
        /// The name.
        name: String,
        /// Where it was written.
        origin: String,
        /// Names that are near.
        near: Vec<String>,
    },
    /// A single tool was chosen that needs more access than this server allows.
    #[error("tool `{name}`, from {origin}, needs access `{needs}`; this server allows `{ceiling}`")]
    AboveCeiling {
        /// The name.
        name: String,
        /// Where it was written.
        origin: String,
        /// What it needs.
        needs: Access,
        /// What the server allows.
        ceiling: Access,
    },
    /// A single tool was chosen that works with a door that is not configured.
    #[error(
        "tool `{name}`, from {origin}, needs {}, which is not configured",
        any_of(doors)
    )]
    NoDoor {
        /// The name.
        name: String,
        /// Where it was written.
        origin: String,
        /// Any of these would do.
        doors: Vec<DoorName>,
    },
    /// Every tool is left out.
    #[error("no tool is left")]
    Nothing,
}

/// What any of these doors leads to: `the Runtime API or the statistics page`.
pub(super) fn any_of(doors: &[DoorName]) -> String {
    let names: Vec<&str> = doors.iter().map(|door| door.what()).collect();
    names.join(" or ")
}

/// How any of these doors is configured.
pub(super) fn settings_of(doors: &[DoorName]) -> String {
    let names: Vec<String> = doors
        .iter()
        .map(|door| format!("`{}`", door.setting()))
        .collect();
    format!("the operator can set {}", names.join(" or "))
}

impl SelectionError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownToolset {
                tool: true, name, ..
            } => {
                format!("`{name}` is a tool: choose it with `--tools`")
            }
            Self::UnknownToolset { known, .. } => format!("the toolsets are {}", listed(known)),
            Self::UnknownTool { near, .. } if near.is_empty() => {
                "`haproxy-mcp tools --toolsets all` lists all tools".to_owned()
            }
            Self::UnknownTool { near, .. } => format!(
                "near names: {}; `haproxy-mcp tools --toolsets all` lists all tools",
                listed(near)
            ),
            Self::AboveCeiling { needs, .. } => {
                format!("allow it with `--access {needs}`, or choose another tool")
            }
            Self::NoDoor { doors, .. } => settings_of(doors),
            Self::Nothing => {
                "choose at least one tool; `--toolsets all` has every one that `--access` allows"
                    .to_owned()
            }
        }
    }
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

impl Selection {
    /// Every tool that is not excluded.
    #[must_use]
    pub fn every(self) -> Self {
        Self {
            toolsets: Some(Names {
                names: vec![ALL_TOOLSETS.to_owned()],
                origin: String::new(),
            }),
            tools: None,
            excluded: self.excluded,
        }
    }

    /// Whether each name is that of something, and something is left.
    pub(super) fn check(
        &self,
        candidates: &[Candidate],
        ceiling: Access,
        has: impl Fn(DoorName) -> bool,
    ) -> Result<(), SelectionError> {
        if let Some(toolsets) = &self.toolsets {
            for name in &toolsets.names {
                check_toolset(name, &toolsets.origin, candidates)?;
            }
        }
        for tools in self.tools.iter().chain(&self.excluded) {
            let unknown = |name: &&String| !candidates.iter().any(|tool| tool.name == **name);
            if let Some(name) = tools.names.iter().find(unknown) {
                return Err(SelectionError::UnknownTool {
                    name: name.clone(),
                    origin: tools.origin.clone(),
                    near: near(name, candidates.iter().map(|tool| &*tool.name)),
                });
            }
        }
        if let Some(chosen) = &self.tools {
            let above = candidates
                .iter()
                .filter(|tool| tool.access > ceiling)
                .find(|tool| chosen.has(&tool.name));
            if let Some(tool) = above {
                return Err(SelectionError::AboveCeiling {
                    name: tool.name.clone(),
                    origin: chosen.origin.clone(),
                    needs: tool.access,
                    ceiling,
                });
            }
            let chosen_tools = candidates.iter().filter(|tool| chosen.has(&tool.name));
            for tool in chosen_tools {
                if let Some(doors) = tool.missing(&has) {
                    return Err(SelectionError::NoDoor {
                        name: tool.name.clone(),
                        origin: chosen.origin.clone(),
                        doors,
                    });
                }
            }
        }
        let listed = |tool: &&Candidate| {
            tool.access <= ceiling && self.lists(tool) && tool.missing(&has).is_none()
        };
        if candidates.iter().any(|tool| listed(&tool)) {
            Ok(())
        } else {
            Err(SelectionError::Nothing)
        }
    }

    /// Whether this tool is listed.
    pub(super) fn lists(&self, tool: &Candidate) -> bool {
        if self
            .excluded
            .as_ref()
            .is_some_and(|names| names.has(&tool.name))
        {
            return false;
        }
        if tool.foreign
            || self
                .tools
                .as_ref()
                .is_some_and(|names| names.has(&tool.name))
        {
            return true;
        }
        match &self.toolsets {
            Some(toolsets) => toolsets.names.iter().any(|set| in_set(set, tool)),
            None => self.tools.is_none() && in_set(DEFAULT_TOOLSET, tool),
        }
    }
}

fn check_toolset(name: &str, origin: &str, candidates: &[Candidate]) -> Result<(), SelectionError> {
    let mut known = vec![DEFAULT_TOOLSET, ALL_TOOLSETS];
    for tool in candidates {
        if !known.contains(&&*tool.toolset) {
            known.push(&tool.toolset);
        }
    }
    if known.contains(&name) {
        return Ok(());
    }
    Err(SelectionError::UnknownToolset {
        name: name.to_owned(),
        origin: origin.to_owned(),
        known: known.into_iter().map(str::to_owned).collect(),
        tool: candidates.iter().any(|tool| tool.name == name),
    })
}

/// Whether the default list has a tool of this name, where access allows it.
pub fn is_default(name: &str) -> bool {
    DEFAULT.contains(&name) || DEFAULT_CHANGES.contains(&name)
}

fn in_set(set: &str, tool: &Candidate) -> bool {
    match set {
        ALL_TOOLSETS => true,
        DEFAULT_TOOLSET => is_default(&tool.name),
        other => tool.toolset == other,
    }
}

/// Known names that are like an unknown one, the likest first.
pub fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|other| {
            let changes = strsim::damerau_levenshtein(name, other);
            let like =
                changes * LETTERS_OF_A_CHANGE <= name.chars().count().max(LETTERS_OF_A_CHANGE);
            let part = name.len() >= LETTERS_OF_A_CHANGE && other.contains(name);
            (like || part).then_some((changes, other))
        })
        .collect();
    found.sort_unstable();
    found
        .into_iter()
        .take(OFFERED)
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn candidates() -> Vec<Candidate> {
        let candidate = |name: &str, toolset: &str, foreign| Candidate {
            name: name.to_owned(),
            toolset: toolset.to_owned(),
            access: if name.starts_with("set_") {
                Access::Operate
            } else {
                Access::Read
            },
            module: toolset.to_owned(),
            digest: String::new(),
            foreign,
            meta: Cow::Borrowed(if name == "show_stat" {
                r#"{"doors": ["runtime", "stats"]}"#
            } else {
                r#"{"doors": []}"#
            }),
        };
        vec![
            candidate("show_info", "core", false),
            candidate("show_stat", "core", false),
            candidate("show_pools", "process", false),
            candidate("set_weight", "servers", false),
            candidate("mine__look", "mine", true),
        ]
    }

    fn names(text: &str) -> Option<Names> {
        (!text.is_empty()).then(|| Names {
            names: text.split(',').map(str::to_owned).collect(),
            origin: "flag `--tools`".to_owned(),
        })
    }

    fn selected(toolsets: &str, tools: &str, excluded: &str) -> Result<String, SelectionError> {
        let selection = Selection {
            toolsets: names(toolsets),
            tools: names(tools),
            excluded: names(excluded),
        };
        let candidates = candidates();
        selection.check(&candidates, Access::Read, |door| door == DoorName::Stats)?;
        let listed = candidates
            .iter()
            .filter(|tool| tool.access == Access::Read && selection.lists(tool));
        Ok(listed.map(|tool| &*tool.name).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_is_chosen_is_listed() {
        for (toolsets, tools, excluded, listed) in [
            ("", "", "", "show_info show_stat mine__look"),
            ("default", "", "", "show_info show_stat mine__look"),
            ("all", "", "", "show_info show_stat show_pools mine__look"),
            ("process", "", "", "show_pools mine__look"),
            (
                "process,default",
                "",
                "",
                "show_info show_stat show_pools mine__look",
            ),
            ("mine", "", "", "mine__look"),
            ("", "show_pools", "", "show_pools mine__look"),
            (
                "default",
                "show_pools",
                "",
                "show_info show_stat show_pools mine__look",
            ),
            ("", "", "show_stat,mine__look", "show_info"),
            ("", "show_pools", "show_pools", "mine__look"),
            ("all", "", "show_pools", "show_info show_stat mine__look"),
        ] {
            assert_eq!(
                selected(toolsets, tools, excluded).unwrap(),
                listed,
                "toolsets `{toolsets}`, tools `{tools}`, excluded `{excluded}`"
            );
        }
    }

    #[test]
    fn a_tool_needs_one_of_its_doors() {
        let candidates = candidates();
        let stat = candidates
            .iter()
            .find(|tool| tool.name == "show_stat")
            .unwrap();
        assert_eq!(stat.missing(|door| door == DoorName::Stats), None);
        assert_eq!(stat.missing(|door| door == DoorName::Runtime), None);
        let doors = vec![DoorName::Runtime, DoorName::Stats];
        assert_eq!(
            stat.missing(|door| door == DoorName::Metrics),
            Some(doors.clone())
        );
        let info = candidates
            .iter()
            .find(|tool| tool.name == "show_info")
            .unwrap();
        assert_eq!(info.missing(|_| false), None);

        let selection = Selection {
            tools: names("show_stat"),
            ..Selection::default()
        };
        let error = selection
            .check(&candidates, Access::Read, |_| false)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "tool `show_stat`, from flag `--tools`, needs the Runtime API or the statistics page, \
             which is not configured"
        );
        assert_eq!(
            error.hint(),
            "the operator can set `HAPROXY_RUNTIME_URL` or `HAPROXY_STATS_URL`"
        );
    }

    #[test]
    fn unknown_names_are_refused_with_near_ones() {
        let hint = |toolsets, tools, excluded| {
            let error = selected(toolsets, tools, excluded).unwrap_err();
            format!("{error}: {}", error.hint())
        };
        assert_eq!(
            hint("cor", "", ""),
            "unknown toolset, from flag `--tools`: `cor`: the toolsets are `default`, `all`, `core`, `process`, `servers`, `mine`"
        );
        assert_eq!(
            hint("show_info", "", ""),
            "unknown toolset, from flag `--tools`: `show_info`: `show_info` is a tool: choose it with `--tools`"
        );
        let near = "near names: `show_stat`; `haproxy-mcp tools --toolsets all` lists all tools";
        assert_eq!(
            hint("", "show_stats", ""),
            format!("unknown tool, from flag `--tools`: `show_stats`: {near}")
        );
        assert_eq!(
            hint("", "", "stat"),
            format!("unknown tool, from flag `--tools`: `stat`: {near}")
        );
        assert_eq!(
            hint("", "reboot_everything", ""),
            "unknown tool, from flag `--tools`: `reboot_everything`: `haproxy-mcp tools --toolsets all` lists all tools"
        );
    }

    #[test]
    fn nothing_at_all_is_refused() {
        assert_eq!(
            selected("", "", "show_info,show_stat,mine__look").unwrap_err(),
            SelectionError::Nothing
        );
    }

    #[test]
    fn the_default_list_is_short_and_names_nothing_twice() {
        assert!(
            (15..=20).contains(&DEFAULT.len()),
            "{} tools",
            DEFAULT.len()
        );
        let mut names = DEFAULT.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DEFAULT.len());
    }
}
