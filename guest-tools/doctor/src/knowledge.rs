//! What HAProxy's configuration says about the doors: its stats sockets, pages, exporters and what listens where.

mod bind;
mod page;
mod stats_socket;

use haproxy_configuration::{Configuration, Kind, Section, Setting};

pub(crate) use bind::BindAt;
pub(crate) use page::{ExporterAt, PageAt, PasswordAt, Users};
use stats_socket::same_path;
pub(crate) use stats_socket::{SocketAddress, StatsSocket};

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
    /// What asks for a password.
    passwords: Vec<PasswordAt>,
    /// `userlist` sections: their names, and where they begin.
    userlists: Vec<(String, Place)>,
    /// What listens.
    binds: Vec<BindAt>,
    /// Lines that cannot be read.
    pub(crate) problems: Vec<String>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u32,
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
            userlists: configuration
                .of(Kind::Userlist)
                .filter_map(|section| {
                    let name = section.name.as_deref()?.to_owned();
                    Some((name, Place::of(section, section.head.line)))
                })
                .collect(),
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
        self.pages.extend(PageAt::of(configuration, section));
        self.exporters
            .extend(ExporterAt::of(configuration, section));
        self.passwords
            .extend(PasswordAt::all(configuration, section));
        if section.kind.is_frontend() {
            self.binds.extend(BindAt::all(configuration, section));
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
        self.binds.iter().find(|bind| bind.has(port))
    }

    /// The pages that are served at this port.
    pub(crate) fn pages_at(&self, port: u16) -> Vec<&PageAt> {
        let pages = self.pages.iter();
        pages
            .filter(|page| self.serves(port, &page.section))
            .collect()
    }

    /// What asks for a password at this port.
    pub(crate) fn passwords_at(&self, port: u16) -> Vec<&PasswordAt> {
        let passwords = self.passwords.iter();
        passwords
            .filter(|password| self.serves(port, &password.section))
            .collect()
    }

    /// Whether requests to this port may come to this proxy.
    fn serves(&self, port: u16, section: &str) -> bool {
        let mut binds = self.binds.iter();
        binds.any(|bind| bind.has(port) && bind.leads_to(section))
    }

    /// The address of a page of this configuration, as seen from this machine; none where nothing listens for it.
    pub(crate) fn address_of(&self, section: &str, path: &str) -> Option<String> {
        let mut binds = self.binds.iter();
        let bind = binds.find(|bind| bind.leads_to(section))?;
        Some(bind.address(path))
    }

    /// Where the `userlist` of this name begins.
    pub(crate) fn userlist(&self, name: &str) -> Option<&Place> {
        let mut userlists = self.userlists.iter();
        userlists
            .find(|(other, _)| other == name)
            .map(|(_, place)| place)
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
