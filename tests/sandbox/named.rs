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
    ]
    .concat();
    let missing: Vec<&&str> = limits
        .iter()
        .filter(|limit| !tests.contains(&format!("#[test]\nfn {}() {{", limit.to_lowercase())))
        .collect();
    assert!(
        missing.is_empty(),
        "no test of this name in `limits`, `places` or `loaded` of tests/sandbox: {missing:?}"
    );
}
