//! Where clients come in.

use std::collections::HashMap;

use haproxy_configuration::{Configuration, Section, Setting};

use super::address::{Reach, addresses};
use super::gate::Gate;

/// A `bind` through which a proxy is reached.
pub(crate) struct Entrance<'c, 'a> {
    pub(crate) bind: Setting<'c, 'a>,
    /// Its addresses, the one that most can reach.
    pub(crate) reach: Reach,
    /// Whether all of them speak TLS.
    pub(crate) tls: bool,
    /// Whether clients have to show a certificate.
    pub(crate) verified: bool,
}

/// A frontend, or a `listen`.
pub(crate) struct Front<'c, 'a> {
    entrances: Vec<Entrance<'c, 'a>>,
    /// What its rules keep out.
    gate: Gate<'c, 'a>,
}

/// All frontends, and which backends they lead to.
pub(crate) struct Fronts<'c, 'a> {
    all: Vec<Front<'c, 'a>>,
    /// By the file and the line that begin them.
    places: HashMap<(&'a str, u32), usize>,
    /// By the names of backends.
    leading_to: HashMap<String, Vec<usize>>,
    /// Those that choose their backend by what a request has in it.
    leading_anywhere: Vec<usize>,
}

impl<'c, 'a> Fronts<'c, 'a> {
    pub(crate) fn of(configuration: &'c Configuration<'a>) -> Self {
        let mut all = Self {
            all: Vec::new(),
            places: HashMap::new(),
            leading_to: HashMap::new(),
            leading_anywhere: Vec::new(),
        };
        let frontends = configuration.sections().iter();
        for section in frontends.filter(|section| section.kind.is_frontend()) {
            all.add(configuration, section);
        }
        all
    }

    fn add(&mut self, configuration: &'c Configuration<'a>, section: &'c Section<'a>) {
        let place = self.all.len();
        self.places.insert((section.file, section.head.line), place);
        self.all.push(Front {
            entrances: section.lines(&["bind"]).map(entrance).collect(),
            gate: Gate::of(configuration, section, None),
        });
        let default = configuration.setting(section, &["default_backend"]);
        let chosen = configuration.settings(section, &["use_backend"]);
        for line in default.into_iter().chain(chosen) {
            let name = line.words.at(1);
            let leading = if name.contains("%[") || line.words.expands(1) {
                &mut self.leading_anywhere
            } else {
                self.leading_to.entry(name.to_owned()).or_default()
            };
            if leading.last() != Some(&place) {
                leading.push(place);
            }
        }
    }

    /// The proxy itself, or the frontends that use it.
    pub(crate) fn before(
        &self,
        section: &Section<'a>,
    ) -> impl Iterator<Item = &Front<'c, 'a>> + Clone {
        let own = self.places.get(&(section.file, section.head.line));
        let named = section
            .name
            .as_deref()
            .and_then(|name| self.leading_to.get(name));
        let (named, any) = match own {
            Some(_) => (None, None),
            None => (named, Some(&self.leading_anywhere)),
        };
        own.into_iter()
            .chain(named.into_iter().flatten())
            .chain(any.into_iter().flatten())
            .filter_map(|place| self.all.get(*place))
    }

    /// How clients reach a proxy.
    pub(crate) fn entrances(
        &self,
        section: &Section<'a>,
    ) -> impl Iterator<Item = &Entrance<'c, 'a>> + Clone {
        self.before(section).flat_map(|front| &front.entrances)
    }

    /// What the rules of the proxy and of the frontends before it keep out; of its own `http-request` rules those
    /// before this one, where it is given.
    pub(crate) fn gate(
        &self,
        configuration: &'c Configuration<'a>,
        section: &'c Section<'a>,
        until: Option<&Setting<'_, '_>>,
    ) -> Gate<'c, 'a> {
        let own = Gate::of(configuration, section, until);
        if section.kind.is_frontend() {
            return own;
        }
        let fronts = self.before(section).map(|front| front.gate.clone());
        fronts
            .reduce(Gate::or)
            .map_or(own.clone(), |fronts| fronts.then(own))
    }
}

impl Entrance<'_, '_> {
    /// Whether others than this machine's may come in, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.reach >= Reach::Unknown
    }
}

fn entrance<'c, 'a>(bind: Setting<'c, 'a>) -> Entrance<'c, 'a> {
    let mut reach = Reach::Path;
    let mut tls = bind.words.place("ssl", 2).is_some();
    let mut quic = true;
    for address in addresses(bind.words.at(1), bind.words.expands(1)) {
        reach = reach.max(address.reach);
        quic &= address.quic;
    }
    tls |= quic;
    Entrance {
        verified: tls && bind.words.value("verify", 2) == Some("required"),
        reach,
        tls,
        bind,
    }
}
