//! Where clients come in.

use haproxy_configuration::{Configuration, Kind, Section, Setting};

use super::address::{Reach, addresses};

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

impl Entrance<'_, '_> {
    /// Whether others than this machine's may come in, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.reach >= Reach::Unknown
    }
}

/// How clients reach a proxy: through its own `bind` lines, or those of the frontends that use it as a backend.
pub(crate) fn entrances<'c, 'a>(
    configuration: &'c Configuration<'a>,
    section: &'c Section<'a>,
) -> Vec<Entrance<'c, 'a>> {
    doors(configuration, section)
        .into_iter()
        .flat_map(|section| section.lines(&["bind"]))
        .map(entrance)
        .collect()
}

/// The proxy itself, or the frontends that use it.
pub(crate) fn doors<'c, 'a>(
    configuration: &'c Configuration<'a>,
    section: &'c Section<'a>,
) -> Vec<&'c Section<'a>> {
    if section.kind.is_frontend() {
        return vec![section];
    }
    let Some(name) = section
        .name
        .as_deref()
        .filter(|_| section.kind == Kind::Backend)
    else {
        return Vec::new();
    };
    let frontends = configuration
        .sections()
        .iter()
        .filter(|section| section.kind.is_frontend());
    frontends
        .filter(|frontend| {
            let named = |setting: Setting<'_, '_>| setting.words.at(1) == name;
            // `use_backend %[…]`: any
            let any = |setting: Setting<'_, '_>| {
                named(setting.clone()) || setting.words.at(1).contains("%[")
            };
            configuration
                .setting(frontend, &["default_backend"])
                .is_some_and(named)
                || configuration.settings(frontend, &["use_backend"]).any(any)
        })
        .collect()
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

/// Rules that may keep clients out before anything else is done, in the proxy or in the frontends before it.
pub(crate) fn may_be_guarded(configuration: &Configuration<'_>, section: &Section<'_>) -> bool {
    let keeps_out = |section: &Section<'_>| {
        let http = configuration
            .settings(section, &["http-request"])
            .any(|rule| {
                matches!(
                    rule.words.at(1),
                    "deny" | "auth" | "reject" | "tarpit" | "silent-drop"
                )
            });
        let tcp = configuration
            .settings(section, &["tcp-request"])
            .any(|rule| matches!(rule.words.at(2), "reject" | "silent-drop"));
        http || tcp
    };
    keeps_out(section) || doors(configuration, section).into_iter().any(keeps_out)
}
