//! What the modules of the binary can reach.

use std::fmt::Write as _;

use haproxy_mcp_builtin::MODULES;

#[test]
fn a_builtin_module_imports_nothing_but_the_contract() {
    assert!(!MODULES.is_empty());
    let mut list = String::new();
    for module in MODULES {
        let _ = writeln!(list, "{}:", module.family);
        for import in module.imports {
            assert!(
                import.starts_with("haproxy:module/"),
                "`{}` imports `{import}`",
                module.family
            );
            let _ = writeln!(list, "  {import}");
        }
    }
    insta::assert_snapshot!(list);
}
