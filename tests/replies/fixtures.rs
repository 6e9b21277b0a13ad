//! Replies that were kept.

use std::path::Path;

/// The versions whose replies were kept.
pub(crate) const VERSIONS: [&str; 4] = ["2.6", "3.0", "3.2", "3.4"];

/// What a version answered, for example to `show_stat`.
pub(crate) fn reply(version: &str, command: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/fixtures/replies")
        .join(version)
        .join(format!("{command}.txt"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A typed reply (`show … typed`): the name and the type of each field, as HAProxy states them.
pub(crate) fn types(version: &str, command: &str) -> Vec<(String, String)> {
    let text = String::from_utf8(reply(version, command)).unwrap();
    let mut types: Vec<(String, String)> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            // `F.2.0.4.scur.1:MGP:u32:3`, `17.CurrConns.1:MGPV:u32:6`
            let mut parts = line.splitn(4, ':');
            let (key, _, kind) = (
                parts.next().unwrap(),
                parts.next().unwrap(),
                parts.next().unwrap(),
            );
            let key = key.rsplit_once('.').unwrap().0;
            let numbered = if key.starts_with(|first: char| first.is_ascii_digit()) {
                1
            } else {
                4
            };
            (
                key.splitn(numbered + 1, '.').last().unwrap().to_owned(),
                kind.to_owned(),
            )
        })
        .collect();
    types.sort();
    types.dedup();
    types
}
