//! What HAProxy's configuration says about the doors: its stats sockets, pages, exporters and what listens where.

use haproxy_configuration::{Configuration, Kind, Modifier, Section, Setting, Words};

/// The path of the statistics page where none is set.
const DEFAULT_URI: &str = "/haproxy?stats";

/// The level of a stats socket where none is set (Configuration Manual, `level`).
const DEFAULT_LEVEL: &str = "operator";

/// Connections of all stats sockets together, where `stats maxconn` does not say.
const DEFAULT_MAXCONN: u64 = 10;

/// What a configuration says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Knowledge {
    /// Its files.
    pub(crate) files: u64,
    /// Its sections.
    pub(crate) sections: u64,
    /// `stats socket` lines.
    pub(crate) sockets: Vec<StatsSocket>,
    /// Where `global` begins.
    pub(crate) global: Option<Place>,
    /// `stats maxconn`.
    maxconn: Option<u64>,
    /// Statistics pages.
    pub(crate) pages: Vec<PageAt>,
    /// Exporters.
    pub(crate) exporters: Vec<ExporterAt>,
    /// What listens.
    pub(crate) binds: Vec<BindAt>,
    /// Lines that cannot be read.
    pub(crate) problems: Vec<String>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// A `stats socket` line.
#[derive(Debug, Clone)]
pub(crate) struct StatsSocket {
    pub(crate) place: Place,
    /// The line as it is written.
    pub(crate) text: String,
    pub(crate) address: SocketAddress,
    pub(crate) level: String,
    words: Vec<String>,
}

/// Where a stats socket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SocketAddress {
    /// A path.
    Unix(String),
    /// A port, of all addresses where there is no host.
    Tcp { host: String, port: u16 },
    /// An abstract socket, an inherited descriptor, or what stands in a variable.
    Other(String),
}

/// A proxy that serves the statistics page.
#[derive(Debug, Clone)]
pub(crate) struct PageAt {
    /// `frontend stats`.
    pub(crate) section: String,
    pub(crate) place: Place,
    /// Whether it is in HTTP mode: in any other its page is ignored.
    pub(crate) http: bool,
    pub(crate) uri: String,
    /// Whether it wants a name and a password.
    pub(crate) auth: bool,
}

/// A proxy that serves metrics.
#[derive(Debug, Clone)]
pub(crate) struct ExporterAt {
    pub(crate) section: String,
    pub(crate) place: Place,
    /// The path of its condition, as far as that is one.
    pub(crate) path: Option<String>,
}

/// A port on which a frontend listens.
#[derive(Debug, Clone)]
pub(crate) struct BindAt {
    pub(crate) section: String,
    pub(crate) place: Place,
    tls: bool,
    ports: std::ops::RangeInclusive<u16>,
    host: String,
    /// Backends that it may send requests to.
    backends: Vec<String>,
}

impl Place {
    fn of(section: &Section<'_>, line: u32) -> Self {
        Self {
            file: section.file.to_owned(),
            line,
        }
    }

    fn of_setting(setting: &Setting<'_, '_>) -> Self {
        Self::of(setting.section, setting.statement.line)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Knowledge {
    /// What these files say, each with its name, in the order in which HAProxy reads them.
    pub(crate) fn of(files: &[(String, Vec<u8>)]) -> Self {
        let named = files
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()));
        let configuration = Configuration::read(named);
        let maxconn = configuration
            .lines(Kind::Global, &["stats", "maxconn"])
            .last()
            .and_then(|setting| setting.words.at(2).parse().ok());
        let mut knowledge = Self {
            files: number(files.len()),
            sections: number(configuration.sections().len()),
            sockets: configuration
                .lines(Kind::Global, &["stats", "socket"])
                .map(|setting| StatsSocket::of(&setting))
                .collect(),
            global: configuration
                .of(Kind::Global)
                .next()
                .map(|section| Place::of(section, section.head.line)),
            maxconn,
            problems: configuration
                .problems()
                .iter()
                .map(ToString::to_string)
                .collect(),
            ..Self::default()
        };
        for section in configuration.sections() {
            if section.kind.is_proxy() {
                knowledge.add_proxy(&configuration, section);
            }
        }
        knowledge
    }

    fn add_proxy(&mut self, configuration: &Configuration<'_>, section: &Section<'_>) {
        let http = configuration
            .setting(section, &["mode"])
            .is_some_and(|mode| mode.words.at(1) == "http");
        let place = Place::of(section, section.head.line);
        // each of them makes a page, as `stats enable` does
        if configuration.settings(section, &["stats"]).next().is_some() {
            let uri = configuration
                .setting(section, &["stats", "uri"])
                .map(|uri| uri.words.at(2).to_owned());
            let basic = configuration.settings(section, &["stats", "auth"]);
            let rules = configuration.settings(section, &["stats", "http-request"]);
            let auth =
                basic.count() > 0 || rules.into_iter().any(|rule| rule.words.at(2) == "auth");
            self.pages.push(PageAt {
                section: section.to_string(),
                place: place.clone(),
                http,
                uri: uri.unwrap_or_else(|| DEFAULT_URI.to_owned()),
                auth,
            });
        }
        let exporter = configuration
            .settings(section, &["http-request", "use-service"])
            .find(|setting| setting.words.at(2) == "prometheus-exporter");
        if let Some(exporter) = exporter {
            let path = ["path", "path_beg"].into_iter().find_map(|word| {
                let place = exporter.words.place(word, 3)?;
                let path = (place + 1..exporter.words.len())
                    .map(|place| exporter.words.at(place))
                    .find(|word| word.starts_with('/'))?;
                Some(path.to_owned())
            });
            self.exporters.push(ExporterAt {
                section: section.to_string(),
                place: Place::of_setting(&exporter),
                path,
            });
        }
        if !section.kind.is_frontend() {
            return;
        }
        let backends: Vec<String> = [&["default_backend"][..], &["use_backend"]]
            .into_iter()
            .flat_map(|words| configuration.settings(section, words))
            .map(|setting| format!("backend {}", setting.words.at(1)))
            .collect();
        for bind in section.lines(&["bind"]) {
            if bind.words.modifier() != Modifier::None || bind.words.expands(1) {
                continue;
            }
            for address in bind.words.at(1).split(',') {
                if let Some((host, ports)) = port_of(address) {
                    self.binds.push(BindAt {
                        section: section.to_string(),
                        place: Place::of_setting(&bind),
                        tls: bind.words.place("ssl", 2).is_some(),
                        ports,
                        host,
                        backends: backends.clone(),
                    });
                }
            }
        }
    }

    /// Connections that all stats sockets share.
    pub(crate) fn maxconn(&self) -> u64 {
        self.maxconn.unwrap_or(DEFAULT_MAXCONN)
    }

    /// Whether `stats maxconn` was set.
    pub(crate) fn says_maxconn(&self) -> bool {
        self.maxconn.is_some()
    }

    /// The stats socket at this path.
    pub(crate) fn at_path(&self, path: &str) -> Option<&StatsSocket> {
        self.sockets.iter().find(|socket| {
            matches!(&socket.address, SocketAddress::Unix(other) if same_path(other, path))
        })
    }

    /// The stats socket at this port.
    pub(crate) fn at_port(&self, port: u16) -> Option<&StatsSocket> {
        self.sockets.iter().find(|socket| {
            matches!(socket.address, SocketAddress::Tcp { port: other, .. } if other == port)
        })
    }

    /// What listens at this port.
    pub(crate) fn bind_at(&self, port: u16) -> Option<&BindAt> {
        self.binds.iter().find(|bind| bind.ports.contains(&port))
    }

    /// The pages that are served at this port.
    pub(crate) fn pages_at(&self, port: u16) -> Vec<&PageAt> {
        let served = |section: &str| self.serves(port, section);
        self.pages
            .iter()
            .filter(|page| served(&page.section))
            .collect()
    }

    /// Whether requests to this port may come to this proxy.
    fn serves(&self, port: u16, section: &str) -> bool {
        self.binds.iter().any(|bind| {
            bind.ports.contains(&port)
                && (bind.section == section || bind.backends.iter().any(|name| name == section))
        })
    }

    /// The address of a page of this configuration, as seen from this machine; none where nothing listens for it.
    pub(crate) fn address_of(&self, section: &str, path: &str) -> Option<String> {
        let bind = self.binds.iter().find(|bind| {
            bind.section == section || bind.backends.iter().any(|name| name == section)
        })?;
        let scheme = if bind.tls { "https" } else { "http" };
        Some(format!(
            "{scheme}://{}:{}{path}",
            reached(&bind.host),
            bind.ports.start()
        ))
    }
}

impl StatsSocket {
    fn of(setting: &Setting<'_, '_>) -> Self {
        let words = &setting.words;
        Self {
            place: Place::of_setting(setting),
            text: setting.statement.text().into_owned(),
            address: SocketAddress::of(words),
            level: words.value("level", 3).unwrap_or(DEFAULT_LEVEL).to_owned(),
            words: words.iter().map(str::to_owned).collect(),
        }
    }

    /// The same line with this value of a keyword.
    pub(crate) fn with(&self, keyword: &str, value: &str) -> String {
        self.with_all(&[(keyword, value)])
    }

    /// The same line with these values of keywords.
    pub(crate) fn with_all(&self, values: &[(&str, &str)]) -> String {
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        for (keyword, value) in values {
            let behind = words
                .iter()
                .skip(3)
                .position(|word| word == keyword)
                .map(|place| place + 4);
            match behind.and_then(|place| words.get_mut(place)) {
                Some(old) => *old = value,
                None => words.extend([keyword, value]),
            }
        }
        words.join(" ")
    }

    /// Whether the line has this keyword.
    pub(crate) fn has(&self, keyword: &str) -> bool {
        self.words.iter().skip(3).any(|word| word == keyword)
    }

    /// The same line without these keywords and their values.
    pub(crate) fn without(&self, keywords: &[&str]) -> String {
        let mut kept = Vec::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if kept.len() > 2 && keywords.contains(&&**word) {
                words.next();
            } else {
                kept.push(&**word);
            }
        }
        kept.join(" ")
    }

    /// How this server would be told of it.
    pub(crate) fn setting(&self) -> Option<String> {
        match &self.address {
            SocketAddress::Unix(path) => Some(format!("HAPROXY_RUNTIME_SOCKET={path}")),
            SocketAddress::Tcp { host, port } => Some(format!(
                "HAPROXY_RUNTIME_URL=tcp://{}:{port}",
                reached(host)
            )),
            SocketAddress::Other(_) => None,
        }
    }
}

impl SocketAddress {
    fn of(words: &Words<'_>) -> Self {
        let text = words.at(2);
        if words.expands(2) {
            return Self::Other(text.to_owned());
        }
        if text.starts_with('/') {
            return Self::Unix(text.to_owned());
        }
        let (family, rest) = text.split_once('@').unwrap_or(("", text));
        match (family, port_of(text)) {
            ("unix" | "uxst", _) => Self::Unix(rest.to_owned()),
            ("" | "ipv4" | "ipv6" | "tcp" | "tcp4" | "tcp6", Some((host, ports))) => Self::Tcp {
                host,
                port: *ports.start(),
            },
            _ => Self::Other(text.to_owned()),
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Host and ports of `ipv4@127.0.0.1:9999`, `*:8404`, `:80-89`, `[::1]:8404`; none of a path.
fn port_of(address: &str) -> Option<(String, std::ops::RangeInclusive<u16>)> {
    let address = match address.split_once('@') {
        Some(("ipv4" | "ipv6" | "tcp" | "tcp4" | "tcp6" | "quic4" | "quic6", rest)) => rest,
        Some(_) => return None,
        None => address,
    };
    if address.starts_with('/') {
        return None;
    }
    let (host, ports) = address.rsplit_once(':')?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    Some((host.trim_matches(['[', ']']).to_owned(), first..=last))
}

/// The host by which what listens on this address is reached from the same machine.
fn reached(host: &str) -> String {
    match host {
        "" | "*" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    }
}

/// Paths that are the same on systems that have `/var/run` as a link to `/run`, as all have that use systemd.
pub(crate) fn same_path(one: &str, other: &str) -> bool {
    fn short(path: &str) -> &str {
        match path.strip_prefix("/var") {
            Some(rest) if rest.starts_with("/run/") => rest,
            _ => path,
        }
    }
    short(one) == short(other)
}
