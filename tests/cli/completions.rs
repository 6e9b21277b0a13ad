use std::io::Write;
use std::process::{Command, Stdio};

use crate::run;

#[test]
fn each_shell_gets_a_script_that_knows_commands_and_flags() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{shell}");
        for word in ["call", "demo", "runtime-socket"] {
            assert!(
                ran.stdout.contains(word),
                "{shell} does not complete `{word}`"
            );
        }
    }
    let ran = run(&["completions", "tcsh"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("bash"), "{ran:?}");
}

#[test]
fn bash_completes_the_names_of_tools() {
    let script = run(&["completions", "bash"]).stdout;
    let mut bash = Command::new("bash")
        .args(["--noprofile", "--norc", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let ask = "\nCOMP_WORDS=(haproxy-mcp call list_s) COMP_CWORD=2\n\
               _haproxy__mcp haproxy-mcp list_s call 2> /dev/null\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    let mut stdin = bash.stdin.take().unwrap();
    stdin.write_all((script + ask).as_bytes()).unwrap();
    drop(stdin);
    let output = bash.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "list_servers\n");
}
