//! `replace_acl`: entries as commands, since HAProxy reads no payload for an ACL.

use haproxy_mcp_sdk::{BatchFailure, Call, Failure, Outcome};
use haproxy_patterns::{ACL, Line, Set, Unfilled, replace};

/// Commands that are handed over at once: some lines of HAProxy's.
const AT_ONCE: usize = 2_000;

/// Bytes of their keys: the host takes 4 MiB at once, with what stands around the keys.
const BYTES_AT_ONCE: usize = 512 * 1024;

/// The tool.
pub(crate) fn replace_acl(call: &Call<'_>) -> Result<Outcome, Failure> {
    replace(call, &ACL, fill)
}

fn fill(
    set: &Set<'_>,
    version: u32,
    lines: &[Line<'_>],
    tell: &mut dyn FnMut(usize),
) -> Result<(), Unfilled> {
    // Each command names the ACL, and the shorter the name the fewer lines there are. After a reload the number can be
    // that of another, but the version is then one that HAProxy does not know.
    let name = set
        .number()
        .map_err(|failure| Unfilled { at: None, failure })?;
    let at = format!("@{version}");
    let mut done = 0;
    let mut rest = lines;
    while !rest.is_empty() {
        let (some, others) = rest.split_at(fitting(rest));
        rest = others;
        let commands = some.iter().map(|line| {
            ["add", "acl", &at, &name, line.key]
                .map(str::to_owned)
                .to_vec()
        });
        set.instance.do_all(commands).map_err(
            |BatchFailure {
                 done: more,
                 failure,
             }| Unfilled {
                at: Some(done + more),
                failure,
            },
        )?;
        done += some.len();
        tell(done);
    }
    Ok(())
}

/// How many of these lines are handed over at once: at least one, where there is one.
fn fitting(lines: &[Line<'_>]) -> usize {
    let mut bytes = 0;
    let further = lines.iter().take(AT_ONCE).skip(1).take_while(|line| {
        bytes += line.key.len();
        bytes < BYTES_AT_ONCE
    });
    lines.len().min(1 + further.count())
}
