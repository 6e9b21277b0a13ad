//! `show startup-logs`: what HAProxy said while it started.

/// One message: `[WARNING]  (16538) : config : log format ignored …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `NOTICE`, `WARNING`, `ALERT`, …; none for a line that is not of this form.
    pub level: Option<String>,
    /// The process that said it.
    pub pid: Option<u64>,
    /// The message.
    pub text: String,
}

/// Reads a whole reply: each line is a message; there may be none.
pub fn read(reply: &[u8]) -> Vec<Message> {
    String::from_utf8_lossy(reply)
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .map(|line| {
            message(line).unwrap_or_else(|| Message {
                level: None,
                pid: None,
                text: line.to_owned(),
            })
        })
        .collect()
}

fn message(line: &str) -> Option<Message> {
    let (level, rest) = line.strip_prefix('[')?.split_once(']')?;
    let (pid, text) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    Some(Message {
        level: Some(level.to_owned()),
        pid: Some(pid.parse().ok()?),
        text: text.strip_prefix(" : ")?.to_owned(),
    })
}
