//! No limit without a guest that tries to cross it.

#[test]
fn every_limit_has_a_test() {
    let limits: Vec<&str> = include_str!("../../host/src/sandbox/limits.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next())
        .collect();
    assert!(
        limits.len() > 20,
        "the list of limits was not found: {limits:?}"
    );
    let tests = [
        include_str!("limits.rs"),
        include_str!("places.rs"),
        include_str!("loaded.rs"),
        include_str!("reaching.rs"),
    ]
    .concat();
    let missing: Vec<&&str> = limits
        .iter()
        .filter(|limit| {
            let name = limit.to_lowercase();
            let plain = format!("#[test]\nfn {name}() {{");
            let waiting = format!("#[tokio::test]\nasync fn {name}() {{");
            !tests.contains(&plain) && !tests.contains(&waiting)
        })
        .collect();
    assert!(
        missing.is_empty(),
        "no test of this name in `limits`, `places`, `loaded` or `reaching` of tests/sandbox: {missing:?}"
    );
}
