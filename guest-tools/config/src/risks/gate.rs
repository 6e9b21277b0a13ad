//! Rules that let requests pass or refuse them, and what somebody must have to get past all of them.

use haproxy_configuration::{Configuration, Section, Setting};

use super::condition::{Must, must, must_to_pass};

/// Actions that refuse.
const REFUSING: [&str; 5] = ["deny", "auth", "reject", "tarpit", "silent-drop"];

/// Actions that let pass, past the rest of the rules.
const PASSING: [&str; 2] = ["allow", "accept"];

/// What rules keep out.
#[derive(Clone)]
pub(crate) struct Gate<'c, 'a> {
    /// What it takes to get past.
    pub(crate) must: Must,
    /// The rules that ask for a password.
    pub(crate) asking: Vec<Setting<'c, 'a>>,
}

impl<'c, 'a> Gate<'c, 'a> {
    /// Where there is no rule.
    pub(crate) fn open() -> Self {
        Self {
            must: Must::Nothing,
            asking: Vec::new(),
        }
    }

    /// The rules of a proxy, in HAProxy's order; of its `http-request` rules those before this one, where it is given:
    /// HAProxy acts on the first that fits.
    pub(crate) fn of(
        configuration: &'c Configuration<'a>,
        section: &'c Section<'a>,
        until: Option<&Setting<'_, '_>>,
    ) -> Self {
        let tcp = in_order(configuration, section, &["tcp-request"]);
        let mut gate = Self::open();
        for level in ["connection", "session", "content"] {
            let rules = tcp.iter().filter(|rule| rule.words.at(1) == level);
            gate = gate.then(Self::of_rules(configuration, rules, 2, true));
        }
        let http = in_order(configuration, section, &["http-request"]);
        let before = http
            .iter()
            .take_while(|rule| until.is_none_or(|until| place(until) != place(rule)));
        gate.then(Self::of_rules(configuration, before, 1, until.is_none()))
    }

    /// These rules, whose action is the word at this place. `to_the_end` says that what they let pass arrives, and does
    /// not miss a rule that stands behind them.
    pub(crate) fn of_rules<'r>(
        configuration: &'c Configuration<'a>,
        rules: impl Iterator<Item = &'r Setting<'c, 'a>>,
        action: usize,
        to_the_end: bool,
    ) -> Self
    where
        'c: 'r,
        'a: 'r,
    {
        let mut gate = Self::open();
        // what those must have who are let past the rest
        let mut admitted: Option<Must> = None;
        let mut admit = |must: Must| {
            if to_the_end {
                admitted = Some(admitted.map_or(must, |least| least.min(must)));
            }
        };
        let mut ends = false;
        for rule in rules {
            let word = rule.words.at(action);
            if PASSING.contains(&word) {
                let always = !has_condition(rule, action);
                let least = if always { Must::Nothing } else { Must::Unknown };
                let fulfil = must(configuration, rule.section, &rule.words, action + 1);
                admit(gate.must.max(fulfil.max(least)));
                ends = always;
            } else if REFUSING.contains(&word) {
                if word == "auth" {
                    gate.asking.push(rule.clone());
                }
                match must_to_pass(configuration, rule.section, &rule.words, action + 1) {
                    Some(must) => gate.must = gate.must.max(must),
                    None => ends = true,
                }
            }
            if ends {
                break;
            }
        }
        gate.must = match (admitted, ends) {
            (None, false) => gate.must,
            (Some(least), false) => least.min(gate.must),
            // where nobody gets past, nobody does without a password either
            (least, true) => least.unwrap_or(Must::ProveIdentity),
        };
        gate
    }

    /// This one, and another behind it.
    #[must_use]
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.must = self.must.max(other.must);
        self.asking.extend(other.asking);
        self
    }

    /// Either this one or another, whichever is easier.
    #[must_use]
    pub(crate) fn or(mut self, other: Self) -> Self {
        self.must = self.must.min(other.must);
        self.asking.extend(other.asking);
        self
    }
}

/// Those of `defaults` come before those of the proxy itself.
fn in_order<'c, 'a>(
    configuration: &'c Configuration<'a>,
    section: &'c Section<'a>,
    words: &'c [&'c str],
) -> Vec<Setting<'c, 'a>> {
    let mut sections: Vec<_> = std::iter::once(section)
        .chain(configuration.defaults_of(section))
        .collect();
    sections.reverse();
    sections
        .into_iter()
        .flat_map(|section| section.lines(words))
        .collect()
}

fn place<'s>(rule: &'s Setting<'_, '_>) -> (&'s str, u32) {
    (rule.section.file, rule.statement.line)
}

fn has_condition(rule: &Setting<'_, '_>, from: usize) -> bool {
    ["if", "unless"]
        .iter()
        .any(|word| rule.words.place(word, from).is_some())
}
