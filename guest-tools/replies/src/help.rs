//! `help`: the commands that HAProxy lists at the level of the socket.

/// Why the list could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the list of commands has no line `  command : what it does`: `{line}`")]
pub struct HelpError {
    /// The start of the first line.
    pub line: String,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How it is written: `show errors [<px>] [request|response]`.
    pub usage: String,
    /// What it does.
    pub does: String,
}

impl Entry {
    /// Its words up to the first placeholder: `show errors`.
    pub fn path(&self) -> String {
        let literal = |word: &&str| {
            word.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        self.usage
            .split_ascii_whitespace()
            .take_while(literal)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Reads a whole reply, in HAProxy's order.
pub fn read(reply: &[u8]) -> Result<Vec<Entry>, HelpError> {
    let text = String::from_utf8_lossy(reply);
    let entries: Vec<Entry> = text
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter_map(|line| {
            let (usage, does) = line.split_once(": ")?;
            Some(Entry {
                usage: usage.trim().to_owned(),
                does: does.trim().to_owned(),
            })
        })
        .filter(|entry| !entry.usage.is_empty())
        .collect();
    if entries.is_empty() {
        return Err(HelpError {
            line: crate::excerpt(text.trim_start().as_bytes()),
        });
    }
    Ok(entries)
}
