//! What else the guide holds: shell commands, links, settings of haproxy-mcp, certificates, risks.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use haproxy_mcp_testkit::newest;
use serde_json::Value;

use crate::guide;
use crate::http::Client;
use crate::site::{Site, said};

#[test]
fn every_block_is_of_a_language_that_is_known_here() {
    for block in guide::blocks() {
        let known = ["haproxy", "sh", "ini", "nft", "yaml"];
        assert!(
            known.contains(&block.language.as_str()),
            "line {}: {}",
            block.line,
            block.language
        );
    }
}

#[test]
fn shell_commands_can_be_parsed() {
    let blocks = guide::blocks()
        .into_iter()
        .filter(|block| block.language == "sh");
    let mut count = 0;
    for block in blocks {
        let mut shell = Command::new("bash")
            .arg("-n")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        shell
            .stdin
            .take()
            .unwrap()
            .write_all(block.text.as_bytes())
            .unwrap();
        let output = shell.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && errors.is_empty(),
            "line {}: {errors}",
            block.line
        );
        count += 1;
    }
    assert!(count > 10, "{count}");
}

/// As GitHub makes them of headings.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let text = guide::text();
    let anchors: BTreeSet<String> = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let links: Vec<&str> = text
        .split("](#")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    assert!(links.len() > 20, "{links:?}");
    for link in &links {
        assert!(
            anchors.contains(*link),
            "#{link} is no heading: {anchors:?}"
        );
    }
    // Each section can be reached from the list at the top.
    for line in text.lines().filter(|line| line.starts_with("## ")) {
        let section = anchor(&line[3..]);
        assert!(links.contains(&section.as_str()), "no link to {section}");
    }
}

/// Flags and variables of haproxy-mcp that the guide names are those that the program has.
#[test]
fn settings_are_those_of_the_program() {
    let output = Command::new(env!("CARGO_BIN_EXE_haproxy-mcp"))
        .env_clear()
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let text = guide::text();
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            .map(str::to_owned)
            .collect()
    };
    let known = words(&help);
    let named: Vec<String> = words(&text)
        .into_iter()
        .filter(|word| word.starts_with("HAPROXY_"))
        .collect();
    assert!(named.len() > 8, "{named:?}");
    let unknown: Vec<&String> = named.iter().filter(|word| !known.contains(*word)).collect();
    assert!(
        unknown.is_empty(),
        "not settings of haproxy-mcp: {unknown:?}"
    );
    let flags: Vec<&str> = text
        .lines()
        .filter(|line| {
            line.contains("haproxy-mcp") || line.contains("--stats") || line.contains("| `--")
        })
        .flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')))
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .collect();
    assert!(flags.len() > 10, "{flags:?}");
    // Of other programs in the same lines.
    let others = ["--no-pager", "--group-add", "--cacert"];
    let unknown: Vec<&&str> = flags
        .iter()
        .filter(|flag| !known.contains(**flag) && !others.contains(flag))
        .collect();
    assert!(unknown.is_empty(), "not flags of haproxy-mcp: {unknown:?}");
}

/// The names in the last column of the table of troubles are names that the doctor has.
#[test]
fn findings_are_those_of_the_doctor() {
    let folder = haproxy_mcp_testkit::generated::root().join("guest-tools/doctor/src");
    let mut sources = String::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let text = guide::text();
    let rows = text
        .lines()
        .skip_while(|line| !line.ends_with("| the doctor's name for it |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let named: Vec<&str> = rows
        .filter_map(|row| row.trim_end_matches('|').rsplit_once('|'))
        .flat_map(|(_, names)| names.split(','))
        .map(|name| name.trim().trim_matches('`'))
        .filter(|name| !name.is_empty())
        .collect();
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("\"{name}\"")), "{name}");
    }
}

/// The certificates that the guide's own commands make are what its blocks take, and what a strict client takes.
#[test]
fn the_commands_for_certificates_make_what_the_blocks_need() {
    if Command::new("openssl").arg("version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "openssl is not here");
        eprintln!("!!! openssl is not here: the guide's commands were not tried");
        return;
    }
    let commands = guide::other("sh", "run", "certificates");
    let make = |folder: &Path| {
        let output = Command::new("bash")
            .args(["-euc", &commands])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let site = Site::with(&newest(), "mtls_server", "", |place| {
        let folder = place.path("/etc/made");
        std::fs::create_dir(&folder).unwrap();
        make(&folder);
        for (made, wanted) in [
            ("lb-ca.pem", "/etc/haproxy-mcp/lb-ca.pem"),
            ("ops-ca.pem", "/etc/haproxy/certs/ops-ca.pem"),
            (
                "lb1.example.com.pem",
                "/etc/haproxy/certs/lb1.example.com.pem",
            ),
            ("ops.pem", "/etc/haproxy-mcp/ops.pem"),
        ] {
            std::fs::copy(folder.join(made), place.path(wanted)).unwrap();
        }
        vec!["-db".to_owned()]
    });
    let file = |name: &str| site.place.path(&format!("/etc/haproxy-mcp/{name}.pem"));
    let ask = |own: &str| {
        let client = Client::tls("lb1.example.com", &file("lb-ca"), Some(&file(own)));
        said(
            client.connect(site.address(9998)).unwrap(),
            "show cli level",
        )
    };
    assert_eq!(ask("ops"), "operator");
    assert_eq!(ask("stranger"), "");
}

/// `explain_config_risks` finds in each block what the guide says that it finds. What is `high` is said of every block; of
/// those that the guide recommends, whatever is about the page or the exporter is, too.
#[test]
fn the_risks_of_a_block_are_those_that_the_guide_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("haproxy.cfg");
    let (mut named, mut recommended, mut unsaid) = (0, 0, Vec::new());
    // Where the blocks begin that the guide warns of.
    let wrong = guide::text()
        .lines()
        .position(|line| line.starts_with("## Blocks that are passed around"))
        .unwrap();
    for block in guide::configurations() {
        std::fs::write(&file, &block.text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_haproxy-mcp"))
            .env_clear()
            .env("HAPROXY_CONFIG_PATH", &file)
            .env("HAPROXY_RUNTIME_SOCKET", folder.path().join("none.sock"))
            .args(["call", "explain_config_risks", "limit=100"])
            .output()
            .unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        let risks = answer["rows"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"));
        for id in block.values("risk") {
            named += 1;
            let found = risks.iter().any(|risk| risk["id"] == id);
            assert!(found, "line {}: {id} is not among {risks:#?}", block.line);
        }
        for risk in risks {
            let id = risk["id"].as_str().unwrap();
            let of_a_page = id.starts_with("stats-") || id.starts_with("exporter-");
            let matters = risk["severity"] == "high" || block.line < wrong && of_a_page;
            if matters && !block.values("risk").any(|said| said == id) {
                unsaid.push(format!("line {}: {risk:#}", block.line));
            }
        }
        recommended += usize::from(block.line < wrong);
    }
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
    assert!(named > 16 && recommended > 20, "{named}, {recommended}");
}
