//! Servers counted by their state.

use serde::Serialize;

use crate::columns::is_zero;

/// How many servers a backend has, by the first word of their status. What is rare is left out where there is none.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct States {
    total: u64,
    /// Gets traffic: `UP`, also while checks begin to fail.
    up: u64,
    /// `DOWN`, also while checks begin to succeed.
    down: u64,
    /// `MAINT`: taken out by somebody, by the configuration, or for want of an address.
    #[serde(skip_serializing_if = "is_zero")]
    maint: u64,
    /// `DRAIN` and `NOLB`: only those who are bound to it.
    #[serde(skip_serializing_if = "is_zero")]
    drain: u64,
    /// `no check`: gets traffic, and nobody looks.
    #[serde(skip_serializing_if = "is_zero")]
    no_check: u64,
    /// Any other state.
    #[serde(skip_serializing_if = "is_zero")]
    other: u64,
}

impl States {
    /// Adds a server.
    pub(crate) fn add(&mut self, status: &[u8]) {
        self.total += 1;
        let first = status
            .split(|byte| *byte == b' ')
            .next()
            .unwrap_or_default();
        *(match (first, status) {
            (b"UP", _) => &mut self.up,
            (b"DOWN", _) => &mut self.down,
            (b"MAINT", _) => &mut self.maint,
            (b"DRAIN" | b"NOLB", _) => &mut self.drain,
            (_, b"no check") => &mut self.no_check,
            _ => &mut self.other,
        }) += 1;
    }

    /// Adds the servers of another.
    pub(crate) fn join(&mut self, other: &Self) {
        self.total += other.total;
        self.up += other.up;
        self.down += other.down;
        self.maint += other.maint;
        self.drain += other.drain;
        self.no_check += other.no_check;
        self.other += other.other;
    }

    /// For a person.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("{} servers", self.total);
        for (count, name) in [
            (self.up, "up"),
            (self.down, "down"),
            (self.maint, "in maintenance"),
            (self.drain, "draining"),
            (self.no_check, "not checked"),
            (self.other, "other"),
        ] {
            if count > 0 {
                line = format!("{line}, {count} {name}");
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_counted_once() {
        let mut states = States::default();
        for status in [
            "UP",
            "UP 1/3",
            "DOWN",
            "DOWN (agent)",
            "DOWN 1/2",
            "MAINT (via a/b)",
            "MAINT (resolution)",
            "DRAIN",
            "NOLB 1/2",
            "no check",
            "?",
        ] {
            states.add(status.as_bytes());
        }
        let expected = States {
            total: 11,
            up: 2,
            down: 3,
            maint: 2,
            drain: 2,
            no_check: 1,
            other: 1,
        };
        assert_eq!(states, expected);
        let mut twice = expected;
        twice.join(&expected);
        assert_eq!((twice.total, twice.other), (22, 2));
    }
}
