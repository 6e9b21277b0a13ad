//! Pages over HTTP: which may be asked for, with which parameters, and what may be done through the statistics page's
//! form. The only place that makes a [`PagePermit`] or an [`ActPermit`].

use std::fmt::{self, Write as _};

use super::access::Access;
use super::decide::{Denial, DenialReason, Refusal, decide};
use super::grant::Authority;
use super::permit::{InstanceId, Permit};
use super::words::{Command, Malformed};
use crate::visible::visible;

/// Bytes of a form: HAProxy takes one that fits its buffer (`tune.bufsize`, 16 KiB unless configured) with its head.
pub const MAX_FORM_BYTES: usize = 12_000;

/// Bytes of all parameters of a page, as they are sent.
pub const MAX_PARAMETER_BYTES: usize = 4_096;

/// The most characters of a parameter that are shown.
const MAX_SHOWN: usize = 200;

/// A page of HAProxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Page {
    /// The statistics page (Configuration Manual, `stats enable`).
    Stats,
    /// The Prometheus exporter.
    Metrics,
}

impl Page {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Stats, Self::Metrics];

    /// Its name in the contract and in a grant.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stats => "stats",
            Self::Metrics => "metrics",
        }
    }

    /// The page of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.as_str() == name)
    }

    /// What it takes: names, and the values that each may have.
    const fn parameters(self) -> &'static [(&'static str, Values)] {
        match self {
            Self::Stats => &[
                ("csv", Values::None),
                ("up", Values::None),
                ("no-maint", Values::None),
                ("scope", Values::Any),
            ],
            Self::Metrics => &[
                (
                    "scope",
                    Values::OneOf(&[
                        "global",
                        "frontend",
                        "backend",
                        "server",
                        "listener",
                        "sticktable",
                    ]),
                ),
                ("no-maint", Values::None),
                ("metrics", Values::Any),
            ],
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The values that a parameter takes.
#[derive(Clone, Copy, Debug)]
enum Values {
    None,
    Any,
    OneOf(&'static [&'static str]),
}

/// A parameter of a page, as a module asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value, where it has one.
    pub value: Option<String>,
}

/// Leave to ask for one page, once.
#[must_use = "a permit does nothing until it is used"]
#[derive(Debug)]
pub struct PagePermit {
    page: Page,
    suffix: String,
    csv: bool,
}

impl PagePermit {
    /// Leave for the host itself, to see whether the page is there. Nothing in it comes from a guest.
    pub(crate) fn probe(page: Page) -> Self {
        let (suffix, csv) = match page {
            Page::Stats => (";csv;norefresh".to_owned(), true),
            Page::Metrics => ("?scope=global".to_owned(), false),
        };
        Self { page, suffix, csv }
    }

    /// Which page.
    pub const fn page(&self) -> Page {
        self.page
    }

    /// What stands behind the page's own path: `;csv;norefresh;scope=be_app`, `?scope=server`.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Whether comma-separated values were asked for, so that anything else is not what was asked for.
    pub const fn wants_csv(&self) -> bool {
        self.csv
    }
}

/// Whether this page may be asked for with these parameters.
///
/// # Errors
/// [`Refusal::Malformed`] where there is no such page or parameter, [`Refusal::Denied`] where this authority may not.
pub fn decide_page(
    authority: &Authority<'_>,
    page: &str,
    parameters: &[Parameter],
) -> Result<PagePermit, Refusal> {
    let asked = Page::named(page).ok_or_else(|| Malformed::UnknownPage {
        page: visible(page, MAX_SHOWN).into_owned(),
    })?;
    let mut parts = Vec::with_capacity(parameters.len());
    let mut csv = false;
    for parameter in parameters {
        parts.push(encoded(asked, parameter)?);
        csv |= asked == Page::Stats && parameter.name == "csv";
    }
    if !authority.module.pages.contains(&asked) {
        return Err(not_granted("pages", asked.as_str()));
    }
    let suffix = match asked {
        Page::Stats => {
            parts.push("norefresh".to_owned());
            format!(";{}", parts.join(";"))
        }
        Page::Metrics if parts.is_empty() => String::new(),
        Page::Metrics => format!("?{}", parts.join("&")),
    };
    if suffix.len() > MAX_PARAMETER_BYTES {
        let bytes = suffix.len();
        return Err(Malformed::ParametersTooLong { bytes }.into());
    }
    Ok(PagePermit {
        page: asked,
        suffix,
        csv,
    })
}

/// The refusal of a capability that the module's grant does not have.
pub(super) fn not_granted(key: &'static str, name: &str) -> Refusal {
    Refusal::Denied(Denial {
        asked: name.to_owned(),
        needs: Some(Access::Read),
        reason: DenialReason::CapabilityNotGranted {
            key,
            name: name.to_owned(),
        },
    })
}

fn encoded(page: Page, Parameter { name, value }: &Parameter) -> Result<String, Malformed> {
    let unknown = || Malformed::UnknownParameter {
        page,
        parameter: visible(name, MAX_SHOWN).into_owned(),
    };
    let (known, values) = page
        .parameters()
        .iter()
        .find(|(known, _)| known == name)
        .ok_or_else(unknown)?;
    match (values, value) {
        (Values::None, None) => Ok((*known).to_owned()),
        (Values::Any, Some(value)) if !value.is_empty() => {
            Ok(format!("{known}={}", percent_encoded(value)))
        }
        (Values::OneOf(accepted), Some(value)) if accepted.contains(&value.as_str()) => {
            Ok(format!("{known}={value}"))
        }
        _ => Err(Malformed::ParameterValue { parameter: known }),
    }
}

/// Letters, digits and `-._~:` as they are (RFC 3986, section 2.3, and the colon, which names of proxies may have);
/// everything else as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// What the statistics page's form can do with a server: the value of `action`, and the words of the command that does
/// the same, around the server's name.
const ACTIONS: &[(&str, &[&str], &[&str])] = &[
    ("ready", &["set", "server"], &["state", "ready"]),
    ("drain", &["set", "server"], &["state", "drain"]),
    ("maint", &["set", "server"], &["state", "maint"]),
    ("dhlth", &["disable", "health"], &[]),
    ("ehlth", &["enable", "health"], &[]),
    ("hrunn", &["set", "server"], &["health", "up"]),
    ("hnolb", &["set", "server"], &["health", "stopping"]),
    ("hdown", &["set", "server"], &["health", "down"]),
    ("dagent", &["disable", "agent"], &[]),
    ("eagent", &["enable", "agent"], &[]),
    ("arunn", &["set", "server"], &["agent", "up"]),
    ("adown", &["set", "server"], &["agent", "down"]),
    ("shutdown", &["shutdown", "sessions", "server"], &[]),
];

/// The actions that the statistics page's form knows.
pub fn actions() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|(action, _, _)| *action)
}

/// The command of the Runtime API that does the same with one server, in words.
pub fn action_command(action: &str, backend: &str, server: &str) -> Option<Command> {
    let (_, before, after) = ACTIONS.iter().find(|(name, _, _)| *name == action)?;
    let target = format!("{backend}/{server}");
    Some(Command::new(
        before
            .iter()
            .copied()
            .chain([target.as_str()])
            .chain(after.iter().copied()),
    ))
}

/// Leave to do one thing with some servers of a backend, once, through the form of the statistics page.
#[must_use = "a permit does nothing until it is used"]
#[derive(Debug)]
pub struct ActPermit {
    form: String,
    /// One for each server: what the audit shows, and what says which instance it is for.
    permits: Vec<Permit>,
}

impl ActPermit {
    /// The form, as it is sent (`application/x-www-form-urlencoded`).
    pub fn form(&self) -> &str {
        &self.form
    }

    /// The leave for the command that does the same, for each server.
    pub fn permits(&self) -> &[Permit] {
        &self.permits
    }
}

/// Whether this action may be taken: whether the command that does the same with each of the servers may be said.
///
/// # Errors
/// As [`decide`]; [`Refusal::Malformed`] where there is no such action, no server, or too many of them for a form.
pub fn decide_action(
    authority: &Authority<'_>,
    instance: &InstanceId,
    action: &str,
    backend: &str,
    servers: &[String],
) -> Result<ActPermit, Refusal> {
    if !actions().any(|known| known == action) {
        return Err(Malformed::UnknownAction {
            action: visible(action, MAX_SHOWN).into_owned(),
        }
        .into());
    }
    if servers.is_empty() {
        return Err(Malformed::NoServer.into());
    }
    let mut form = String::new();
    let mut permits = Vec::with_capacity(servers.len());
    for server in servers {
        if backend.is_empty() || server.is_empty() {
            return Err(Malformed::EmptyWord { word: 3 }.into());
        }
        if backend.contains('/') {
            return Err(Malformed::SlashInBackend.into());
        }
        if let Some(command) = action_command(action, backend, server) {
            permits.push(decide(authority, instance, &command)?);
        }
        form.push_str("s=");
        form.push_str(&percent_encoded(server));
        form.push('&');
        if form.len() > MAX_FORM_BYTES {
            return Err(Malformed::FormTooLong { bytes: form.len() }.into());
        }
    }
    if !authority.module.pages.contains(&Page::Stats) {
        return Err(not_granted("pages", Page::Stats.as_str()));
    }
    // Writing to a string does not fail.
    let _ = write!(form, "action={action}&b={}", percent_encoded(backend));
    if form.len() > MAX_FORM_BYTES {
        return Err(Malformed::FormTooLong { bytes: form.len() }.into());
    }
    Ok(ActPermit { form, permits })
}
