//! What else the guide holds: shell commands, links, settings of haproxy-mcp, certificates.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
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

/// Loads nothing: `nft` only looks at it, in a network of its own.
#[test]
fn the_rules_of_the_firewall_can_be_parsed() {
    let rules = guide::blocks()
        .into_iter()
        .find(|block| block.language == "nft")
        .unwrap()
        .text;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), rules).unwrap();
    let checked = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "nft", "-c", "-f"])
        .arg(file.path())
        .output();
    match checked {
        Ok(output) if output.status.success() => {}
        // 127 and the like: no `nft`, or no such network for this user.
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("unshare:") => {
            eprintln!(
                "!!! nft was not tried: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Err(error) => eprintln!("!!! nft was not tried: {error}"),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Ports of the firewall: those that one machine may reach, and those that nobody else may.
type Ports = (BTreeSet<u16>, BTreeSet<u16>);

fn nft_ports(rules: &str) -> Ports {
    let of = |verdict: &str| {
        let lines = rules.lines().filter_map(|line| {
            let (before, ports) = line.strip_suffix(verdict)?.split_once("tcp dport {")?;
            assert_eq!(before.contains("saddr"), verdict == " accept", "{line}");
            Some(ports.trim().trim_end_matches('}').to_owned())
        });
        lines
            .flat_map(|ports| {
                let ports = ports.split(',');
                ports
                    .map(|port| port.trim().parse().unwrap())
                    .collect::<Vec<u16>>()
            })
            .collect()
    };
    (of(" accept"), of(" drop"))
}

fn ufw_ports(commands: &str) -> Ports {
    let (mut allowed, mut denied) = (BTreeSet::new(), BTreeSet::new());
    for line in commands.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["sudo", "ufw", "allow", "in", "on", "lo"] => {}
            [
                "sudo",
                "ufw",
                "allow",
                "proto",
                "tcp",
                "from",
                _,
                "to",
                "any",
                "port",
                port,
            ] => {
                // The first line that is about a packet decides.
                assert!(denied.is_empty(), "{line}");
                allowed.insert(port.parse().unwrap());
            }
            ["sudo", "ufw", "deny", port] => {
                denied.insert(port.strip_suffix("/tcp").unwrap().parse().unwrap());
            }
            _ => panic!("{line}"),
        }
    }
    (allowed, denied)
}

/// Both firewalls of the guide are about the same ports, and these are those of its doors.
#[test]
fn the_firewalls_are_about_the_same_ports() {
    let block = |language: &str, word: &str| {
        let mut blocks = guide::blocks().into_iter();
        blocks
            .find(|block| block.language == language && block.text.contains(word))
            .unwrap()
            .text
    };
    let (allowed, denied) = nft_ports(&block("nft", "table"));
    assert_eq!(
        (allowed.clone(), denied.clone()),
        ufw_ports(&block("sh", "sudo ufw"))
    );
    assert!(!allowed.is_empty() && allowed.is_subset(&denied));
    // Whatever gives a door in a block that is served, but for a page on the website's own ports.
    let doors = guide::configurations()
        .into_iter()
        .filter(|block| block.value("serve").is_some() && !block.text.contains("frontend www"));
    let doors: BTreeSet<u16> = doors
        .flat_map(|block| {
            let lines: Vec<String> = block.text.lines().map(str::to_owned).collect();
            lines
                .into_iter()
                .filter_map(|line| {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    let (["bind", address, ..] | ["stats", "socket", address, ..]) = words[..]
                    else {
                        return None;
                    };
                    address.rsplit_once(':')?.1.parse().ok()
                })
                .collect::<Vec<u16>>()
        })
        .filter(|port| *port != 443)
        .collect();
    assert_eq!(denied, doors);
}

/// What is made in `/etc/haproxy` later is nobody's but root's; what is made in `conf.d` can be read.
#[test]
fn the_grants_of_files_do_not_reach_keys() {
    let commands = guide::other("sh", "run", "grants");
    let grants: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.strip_prefix("sudo "))
        .filter(|line| line.starts_with("setfacl "))
        .collect();
    assert_eq!(grants.len(), 3, "{grants:?}");
    for grant in &grants {
        assert_eq!(
            grant.contains("d:") || grant.contains("-R"),
            grant.ends_with(" /etc/haproxy/conf.d"),
            "{grant}"
        );
    }
    if Command::new("setfacl").arg("--version").output().is_err() {
        eprintln!("!!! setfacl is not here: the guide's grants were not tried");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let etc = folder.path().join("etc/haproxy");
    std::fs::create_dir_all(etc.join("conf.d")).unwrap();
    let write = |name: &str| {
        std::fs::write(etc.join(name), "#\n").unwrap();
        std::fs::set_permissions(etc.join(name), PermissionsExt::from_mode(0o640)).unwrap();
    };
    write("haproxy.cfg");
    write("conf.d/old.cfg");
    for grant in grants {
        let here = grant
            .replace("u:assistant:", "u:65534:")
            .replace("/etc/haproxy", &etc.display().to_string());
        let output = Command::new("sh").args(["-c", &here]).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        if errors.contains("Operation not supported") {
            eprintln!(
                "!!! no ACLs in {}: the guide's grants were not tried",
                etc.display()
            );
            return;
        }
        assert!(output.status.success(), "{here}: {errors}");
    }
    write("key.pem");
    write("conf.d/new.cfg");
    let granted = |name: &str| {
        let output = Command::new("getfacl")
            .args(["--numeric", "--omit-header", "--absolute-names"])
            .arg(etc.join(name))
            .output()
            .unwrap();
        let entries = String::from_utf8(output.stdout).unwrap();
        let entry = entries
            .lines()
            .find_map(|line| line.strip_prefix("user:65534:"));
        entry.map(|entry| entry[..3].to_owned())
    };
    assert_eq!(granted("").as_deref(), Some("--x"));
    assert_eq!(granted("haproxy.cfg").as_deref(), Some("r--"));
    assert_eq!(granted("conf.d").as_deref(), Some("r-x"));
    assert_eq!(granted("conf.d/old.cfg").as_deref(), Some("r--"));
    assert!(granted("conf.d/new.cfg").unwrap().starts_with('r'));
    assert_eq!(granted("key.pem"), None);
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
