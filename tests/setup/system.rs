//! What the guide does to the system around HAProxy: its firewall, and who may read its files.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::guide;

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
