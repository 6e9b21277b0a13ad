//! `replace_map`: entries as payloads.

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use haproxy_patterns::{Line, MAP, Set, Unfilled, replace};

/// Bytes of a payload, line feeds included: HAProxy's buffer holds them with the command in front (`tune.bufsize`,
/// 16,384 by default). 3.4.7 cuts one off without a word that is longer than 32,730 bytes.
const PAYLOAD_BYTES: usize = 15_000;

/// Bytes of a payload and of its command together.
const COMMAND_BYTES: usize = 16_000;

/// The tool.
pub(crate) fn replace_map(call: &Call<'_>) -> Result<Outcome, Failure> {
    replace(call, &MAP, fill)
}

fn fill(
    set: &Set<'_>,
    version: u32,
    lines: &[Line<'_>],
    tell: &mut dyn FnMut(usize),
) -> Result<(), Unfilled> {
    let at = format!("@{version}");
    let words = ["add", "map", &at, set.name];
    // Each byte of the name may be escaped.
    let command = words.iter().map(|word| 2 * word.len() + 1).sum::<usize>();
    let room = PAYLOAD_BYTES.min(COMMAND_BYTES.saturating_sub(command));
    let mut payload = Vec::new();
    let (mut bytes, mut done) = (0, 0);
    let send = |payload: &mut Vec<String>| {
        set.instance
            .ask_with(&words, std::mem::take(payload))
            .map(drop)
            .map_err(|failure| Unfilled { at: None, failure })
    };
    for line in lines {
        let entry = format!("{} {}", line.key, line.value);
        if bytes + entry.len() >= room && !payload.is_empty() {
            done += payload.len();
            send(&mut payload)?;
            tell(done);
            bytes = 0;
        }
        bytes += entry.len() + 1;
        payload.push(entry);
    }
    send(&mut payload)?;
    tell(lines.len());
    Ok(())
}
