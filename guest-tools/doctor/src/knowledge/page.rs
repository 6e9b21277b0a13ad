//! Statistics pages, exporters, and what asks for a password before them.

use haproxy_configuration::{Configuration, Section, Setting};

use super::Place;

/// The path of the statistics page where none is set.
const DEFAULT_URI: &str = "/haproxy?stats";

/// A proxy that serves the statistics page.
#[derive(Debug, Clone)]
pub(crate) struct PageAt {
    /// `frontend stats`.
    pub(crate) section: String,
    pub(crate) place: Place,
    /// Whether it is in HTTP mode: in any other its page is ignored.
    pub(crate) http: bool,
    pub(crate) uri: String,
    /// The first of its `stats scope` lines, where none of them names a proxy that there is: it shows nothing.
    pub(crate) scope_of_nothing: Option<Place>,
}

/// A proxy that serves metrics.
#[derive(Debug, Clone)]
pub(crate) struct ExporterAt {
    pub(crate) section: String,
    pub(crate) place: Place,
    /// The path of its condition, as far as that is one.
    pub(crate) path: Option<String>,
}

/// A rule of a proxy that asks for a name and a password.
#[derive(Debug, Clone)]
pub(crate) struct PasswordAt {
    pub(crate) section: String,
    pub(crate) place: Place,
    pub(crate) users: Users,
}

/// Where the users and passwords of a rule are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Users {
    /// In its `stats auth` lines.
    Lines,
    /// In the `userlist` of this name; none where the rule's condition names none.
    Userlist(Option<String>),
}

impl PageAt {
    /// That of a proxy: each line that begins with `stats` makes one, as `stats enable` does.
    pub(super) fn of(configuration: &Configuration<'_>, section: &Section<'_>) -> Option<Self> {
        configuration.settings(section, &["stats"]).next()?;
        let uri = configuration
            .setting(section, &["stats", "uri"])
            .map(|uri| uri.words.at(2).to_owned());
        Some(Self {
            section: section.to_string(),
            place: Place::of(section, section.head.line),
            http: configuration
                .setting(section, &["mode"])
                .is_some_and(|mode| mode.words.at(1) == "http"),
            uri: uri.unwrap_or_else(|| DEFAULT_URI.to_owned()),
            scope_of_nothing: scope_of_nothing(configuration, section),
        })
    }
}

fn scope_of_nothing(configuration: &Configuration<'_>, section: &Section<'_>) -> Option<Place> {
    let mut scopes = configuration.settings(section, &["stats", "scope"]);
    let names_one = |scope: &Setting<'_, '_>| {
        // the page's own proxy, or what stands in a variable
        let words = &scope.words;
        let of = |section: &Section<'_>| {
            section.kind.is_proxy() && section.name.as_deref() == Some(words.at(2))
        };
        words.at(2) == "." || words.expands(2) || configuration.sections().iter().any(of)
    };
    let first = scopes.next()?;
    let nothing = !names_one(&first) && !scopes.any(|scope| names_one(&scope));
    nothing.then(|| Place::of_setting(&first))
}

impl ExporterAt {
    /// That of a proxy.
    pub(super) fn of(configuration: &Configuration<'_>, section: &Section<'_>) -> Option<Self> {
        let exporter = configuration
            .settings(section, &["http-request", "use-service"])
            .find(|setting| setting.words.at(2) == "prometheus-exporter")?;
        let path = ["path", "path_beg"].into_iter().find_map(|word| {
            let place = exporter.words.place(word, 3)?;
            let path = (place + 1..exporter.words.len())
                .map(|place| exporter.words.at(place))
                .find(|word| word.starts_with('/'))?;
            Some(path.to_owned())
        });
        Some(Self {
            section: section.to_string(),
            place: Place::of_setting(&exporter),
            path,
        })
    }
}

impl PasswordAt {
    /// Those of a proxy, `stats auth` lines as one.
    pub(super) fn all(configuration: &Configuration<'_>, section: &Section<'_>) -> Vec<Self> {
        let at = |setting: &Setting<'_, '_>, users| Self {
            section: section.to_string(),
            place: Place::of_setting(setting),
            users,
        };
        let lines = configuration.settings(section, &["stats", "auth"]).next();
        let rules = [
            &["stats", "http-request", "auth"][..],
            &["http-request", "auth"],
        ]
        .into_iter()
        .flat_map(|words| configuration.settings(section, words));
        let rules = rules.map(|rule| {
            let userlist = userlist(&rule).or_else(|| {
                // or in a condition with a name
                configuration
                    .settings(section, &["acl"])
                    .filter(|acl| rule.words.iter().any(|word| word == acl.words.at(1)))
                    .find_map(|acl| userlist(&acl))
            });
            at(&rule, Users::Userlist(userlist))
        });
        let mut found: Vec<Self> = lines.iter().map(|line| at(line, Users::Lines)).collect();
        found.extend(rules);
        found
    }
}

/// `users` of `http_auth(users)` or `http_auth_group(users)`.
fn userlist(setting: &Setting<'_, '_>) -> Option<String> {
    setting.words.iter().find_map(|word| {
        let rest = ["http_auth(", "http_auth_group("]
            .into_iter()
            .find_map(|sample| word.split_once(sample))?
            .1;
        let name = rest.split([')', ',']).next()?.trim();
        (!name.is_empty()).then(|| name.to_owned())
    })
}
