//! Where the guide's blocks are tried: a folder that stands for the file system, ports of the loopback that nobody has,
//! the tester's own user.
//!
//! What is replaced, and nothing else:
//! - a path that begins with `/run/`, `/var/`, `/etc/` or `/dev/` lies below the folder;
//! - the port of a `bind`, `stats socket` or `server` is a free one, the same for the same number; its address, and each
//!   other address that is not one of the loopback, is `127.0.0.1`; a network is `127.0.0.0/8`;
//! - the user and the group `haproxy` of a process, a `bind` or a `stats socket` are the tester's own;
//! - `PASSWORD` and `HASH` are a password and its hash;
//! - where the tester is not root, `chroot` is left out, and a path that is seen from inside it is that outside.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use haproxy_mcp_testkit::certificates::{Authority, Issued};
use haproxy_mcp_testkit::haproxy::reserve;
use tempfile::TempDir;

/// What `PASSWORD` stands for.
pub(crate) const PASSWORD: &str = "a-password-of-the-tests";

/// What `openssl passwd -6` says of it.
const HASH: &str = "$6$setup$LUZ2Km3997Ow6RAWHBycaBckiqx0XsoktvPOG/hiV6C2HCC.4btYMg8B3a.8Cc6DbslBRxab83FNdmCvpYAZp.";

const ROOTS: [&str; 4] = ["/run/", "/var/", "/etc/", "/dev/"];

/// The folder, the ports and the users.
pub(crate) struct Place {
    folder: TempDir,
    /// By the number in the guide. Held until HAProxy takes it.
    ports: RefCell<BTreeMap<u16, Port>>,
    user: String,
    group: String,
    pub(crate) is_root: bool,
}

struct Port {
    address: SocketAddr,
    held: Option<socket2::Socket>,
}

impl Place {
    /// An empty one, with the certificates that the blocks name.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("hap-").tempdir().unwrap();
        let own = |what| {
            let output = Command::new("id").arg(what).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let place = Self {
            folder,
            ports: RefCell::default(),
            user: own("-un"),
            group: own("-gn"),
            is_root: own("-u") == "0",
        };
        for path in [
            "/run/haproxy",
            "/run/haproxy-mcp",
            "/var/lib/haproxy",
            "/etc/haproxy/certs",
            "/etc/haproxy-mcp",
            "/dev",
        ] {
            std::fs::create_dir_all(place.path(path)).unwrap();
        }
        let (servers, clients) = (
            Authority::new("Load balancers"),
            Authority::new("Operators"),
        );
        place.file("/etc/haproxy-mcp/lb-ca.pem", &servers.pem());
        place.file("/etc/haproxy/certs/ops-ca.pem", &clients.pem());
        let both = |issued: Issued| issued.certificate + &issued.key;
        let server = servers.issue(1, &["lb1.example.com", "localhost"], 90);
        place.file("/etc/haproxy/certs/lb1.example.com.pem", &both(server));
        place.file(
            "/etc/haproxy-mcp/ops.pem",
            &both(clients.issue_client(2, &["ops"], 90)),
        );
        // Of the right authority, by another name; and of an authority that nobody asked for.
        place.file(
            "/etc/haproxy-mcp/other.pem",
            &both(clients.issue_client(3, &["other"], 90)),
        );
        let stranger = Authority::new("Operators").issue_client(2, &["ops"], 90);
        place.file("/etc/haproxy-mcp/stranger.pem", &both(stranger));
        place
    }

    /// Where a path of the guide lies here.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("{}{path}", self.folder.path().display()))
    }

    /// Writes a file that the guide would call `path`.
    pub(crate) fn file(&self, path: &str, content: &str) {
        std::fs::write(self.path(path), content).unwrap();
    }

    /// The folder that stands for the file system.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a port of the guide is here.
    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        let mut ports = self.ports.borrow_mut();
        let port = ports.entry(port).or_insert_with(|| {
            let held = reserve((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port on 127.0.0.1");
            let address = held.local_addr().unwrap().as_socket().unwrap();
            Port {
                address,
                held: Some(held),
            }
        });
        port.address
    }

    /// Lets go of the ports that `text` has, just before HAProxy takes them.
    pub(crate) fn release(&self, text: &str) {
        let wanted: Vec<Listener> = listeners(text);
        for port in self.ports.borrow_mut().values_mut() {
            if wanted.contains(&Listener::Tcp(port.address)) {
                drop(port.held.take());
            }
        }
    }

    /// A configuration of the guide as it is tried here.
    pub(crate) fn configuration(&self, text: &str) -> String {
        let chroot = text
            .lines()
            .find_map(|line| line.trim_start().strip_prefix("chroot "));
        let inside = chroot.filter(|_| !self.is_root);
        text.lines()
            .filter(|line| !(inside.is_some() && line.trim_start().starts_with("chroot ")))
            .map(|line| self.line(line, inside) + "\n")
            .collect()
    }

    fn line(&self, line: &str, outside: Option<&str>) -> String {
        let indent = &line[..line.len() - line.trim_start().len()];
        let words: Vec<&str> = line.split_whitespace().collect();
        let place = address_of(&words);
        let owned = matches!(words[..], ["user" | "group", _]) || place.is_some();
        let replaced: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(index, &word)| {
                let before = index.checked_sub(1).map(|before| words[before]);
                match (before, word) {
                    (Some("user"), "haproxy") if owned => self.user.clone(),
                    (Some("group"), "haproxy") if owned => self.group.clone(),
                    _ if place == Some(index) && !word.contains('/') => self.socket_address(word),
                    _ => self.word(word, outside),
                }
            })
            .collect();
        format!("{indent}{}", replaced.join(" "))
    }

    /// `ipv4@0.0.0.0:9999`, `:443`, `lb1.example.com:9998`: all end in a port.
    fn socket_address(&self, word: &str) -> String {
        let (host, port) = word
            .rsplit_once(':')
            .unwrap_or_else(|| panic!("no port: {word}"));
        let family = host.find('@').map_or("", |at| &host[..=at]);
        let port = port
            .parse()
            .unwrap_or_else(|_| panic!("not a port: {word}"));
        format!("{family}{}", self.address(port))
    }

    fn word(&self, word: &str, outside: Option<&str>) -> String {
        if let Some(inside) = word.strip_prefix("unix@/")
            && let Some(outside) = outside
            && !ROOTS
                .iter()
                .any(|root| word["unix@".len()..].starts_with(root))
        {
            return format!("unix@{}/{inside}", self.path(outside).display());
        }
        if let Some(loopback) = on_the_loopback(word) {
            return loopback;
        }
        let word = word.replace("PASSWORD", PASSWORD).replace("HASH", HASH);
        match path_in(&word) {
            Some(at) => format!(
                "{}{}{}",
                &word[..at],
                self.folder.path().display(),
                &word[at..]
            ),
            None => word,
        }
    }

    /// The arguments in a line `EXTRAOPTS="…"`.
    pub(crate) fn arguments(&self, text: &str) -> Vec<String> {
        let options = text
            .lines()
            .find_map(|line| line.strip_prefix("EXTRAOPTS=\"")?.strip_suffix('"'))
            .unwrap_or_else(|| panic!("no `EXTRAOPTS=\"…\"`: {text}"));
        options
            .split_whitespace()
            .map(|word| {
                let word = self.word(word, None);
                word.replace(",group,haproxy,", &format!(",group,{},", self.group))
                    .replace(",user,haproxy,", &format!(",user,{},", self.user))
            })
            .collect()
    }

    /// What of the guide is still in a configuration that was replaced: paths, addresses, users, placeholders.
    pub(crate) fn left_over(&self, text: &str) -> Vec<String> {
        let own = self.folder.path().display().to_string();
        let ports = self.ports.borrow();
        let mut left = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let place = address_of(&words);
            for (index, &word) in words.iter().enumerate() {
                let foreign_path =
                    path_in(&word.replace(&own, "")).is_some() && !word.contains(&own);
                let foreign_address = on_the_loopback(word).is_some()
                    || place == Some(index)
                        && !word.contains('/')
                        && !ports.values().any(|port| {
                            word.trim_start_matches("ipv4@") == port.address.to_string()
                        });
                let placeholder = word.contains("PASSWORD") || word.contains("HASH");
                let owner = index > 0
                    && matches!((words[index - 1], word), ("user" | "group", "haproxy"))
                    && (words.len() == 2 || place.is_some())
                    && ![&self.user, &self.group].iter().any(|name| *name == word);
                if foreign_path || foreign_address || placeholder || owner {
                    left.push(format!("{word} in `{}`", line.trim()));
                }
            }
        }
        left
    }
}

/// Which word of a line is an address to listen on or to connect to.
fn address_of(words: &[&str]) -> Option<usize> {
    match words {
        ["bind", _, ..] => Some(1),
        ["stats", "socket", _, ..] | ["server", _, _, ..] => Some(2),
        _ => None,
    }
}

/// Where a path of the system begins in a word, be it behind `unix@`, `=`, a comma or a bracket.
fn path_in(word: &str) -> Option<usize> {
    ROOTS.iter().find_map(|root| {
        let at = word.find(root)?;
        let before = word[..at].chars().next_back();
        before
            .is_none_or(|before| "@=,('\"".contains(before))
            .then_some(at)
    })
}

/// An address or a network that is not the loopback's, put there.
fn on_the_loopback(word: &str) -> Option<String> {
    let (address, network) = match word.split_once('/') {
        Some((address, length)) => (
            address,
            length.parse::<u8>().is_ok().then_some("127.0.0.0/8")?,
        ),
        None => (word, "127.0.0.1"),
    };
    let address: Ipv4Addr = address.parse().ok()?;
    (!address.is_loopback()).then(|| network.to_owned())
}

/// Something that a configuration listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// What a configuration that was replaced listens on.
pub(crate) fn listeners(text: &str) -> Vec<Listener> {
    text.lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (["bind", word, ..] | ["stats", "socket", word, ..]) = words[..] else {
                return None;
            };
            let word = word.split_once('@').map_or(word, |(_, address)| address);
            Some(match word.parse() {
                Ok(address) => Listener::Tcp(address),
                Err(_) => Listener::Unix(PathBuf::from(word)),
            })
        })
        .collect()
}

/// What would make this tier try something else than the guide says, or reach outside of its folder.
mod replacing {
    use super::*;

    #[test]
    fn everything_of_the_system_is_replaced_and_nothing_else() {
        let place = Place::new();
        let text = "global
    user haproxy
    stats socket ipv4@0.0.0.0:9999 level admin
    stats socket /run/haproxy/a.sock mode 660 user haproxy group haproxy level admin
userlist users
    user haproxy password HASH
frontend f
    bind 192.0.2.1:8404 ssl crt /etc/haproxy/certs/x.pem
    stats uri /stats
    stats auth haproxy:PASSWORD
    acl inside src 10.0.0.0/8
    use_backend b if { path_beg /stats }
backend b
    server a lb1.example.com:9999 ca-file /etc/haproxy/ca.pem
";
        let (folder, user, group) = (
            place.folder().display().to_string(),
            &place.user,
            &place.group,
        );
        let (first, second) = (place.address(9999), place.address(8404));
        assert_ne!(first, second);
        let wanted = format!(
            "global
    user {user}
    stats socket ipv4@{first} level admin
    stats socket {folder}/run/haproxy/a.sock mode 660 user {user} group {group} level admin
userlist users
    user haproxy password {HASH}
frontend f
    bind {second} ssl crt {folder}/etc/haproxy/certs/x.pem
    stats uri /stats
    stats auth haproxy:{PASSWORD}
    acl inside src 127.0.0.0/8
    use_backend b if {{ path_beg /stats }}
backend b
    server a {first} ca-file {folder}/etc/haproxy/ca.pem
"
        );
        assert_eq!(place.configuration(text), wanted);
        assert_eq!(place.left_over(&wanted), Vec::<String>::new());
        assert_eq!(
            place.left_over(text).len(),
            12,
            "{:#?}",
            place.left_over(text)
        );
    }

    #[test]
    fn arguments_are_replaced_too() {
        let place = Place::new();
        let arguments =
            place.arguments("# x\nEXTRAOPTS=\"-S /run/m.sock,group,haproxy,mode,660\"\n");
        let wanted = format!(
            "{}/run/m.sock,group,{},mode,660",
            place.folder().display(),
            place.group
        );
        assert_eq!(arguments, ["-S".to_owned(), wanted]);
    }
}
