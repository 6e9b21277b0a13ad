//! The statistics page: whether there is one, who may see it, and who may change something through it.

use haproxy_configuration::{Configuration, Kind, Section, Setting, Words};

use super::address::Reach;
use super::condition::{Must, must};
use super::context::Context;
use super::entrance::Entrance;
use super::gate::Gate;
use super::line::Line;
use super::report::{Evidence, Report, Risk, Severity};

/// A line with a user; the password is the reader's to choose.
const USER: &str = "stats auth NAME:PASSWORD";

/// The page of a proxy.
struct Page<'c, 'a> {
    section: &'c Section<'a>,
    /// The `stats` lines that count.
    lines: Vec<Setting<'c, 'a>>,
    /// Whether they are the proxy's own: one of them is enough for those of `defaults` not to count.
    own: bool,
}

impl<'c, 'a> Page<'c, 'a> {
    fn of(context: &'c Context<'a>, section: &'c Section<'a>) -> Option<Self>
    where
        'a: 'c,
    {
        let own: Vec<_> = section.lines(&["stats"]).collect();
        let is_own = !own.is_empty();
        let lines = if is_own {
            own
        } else {
            let defaults = context.configuration.defaults_of(section);
            defaults
                .flat_map(|defaults| defaults.lines(&["stats"]))
                .collect()
        };
        (!lines.is_empty()).then_some(Self {
            section,
            lines,
            own: is_own,
        })
    }

    fn all<'s>(&'s self, word: &'s str) -> impl Iterator<Item = &'s Setting<'c, 'a>> {
        self.lines
            .iter()
            .filter(move |line| line.words.at(1) == word)
    }

    /// A line to show: one of these words, or the first.
    fn line(&self, words: &[&str]) -> Option<&Setting<'c, 'a>> {
        let named = words
            .iter()
            .find_map(|word| self.lines.iter().find(|line| line.words.at(1) == *word));
        named.or_else(|| self.lines.first())
    }

    /// The line, and the proxy where the line is not its own.
    fn evidence(&self, words: &[&str]) -> Vec<Evidence> {
        let line = self.line(words).map(Evidence::line);
        let head = (!self.own).then(|| Evidence::head(self.section));
        line.into_iter().chain(head).collect()
    }
}

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    let configuration = context.configuration;
    for admin in configuration.lines(Kind::Defaults, &["stats", "admin"]) {
        report.add(Risk {
            severity: Severity::High,
            id: "stats-admin-in-defaults",
            title: "HAProxy does not start: `stats admin` in `defaults`",
            evidence: vec![Evidence::line(&admin)],
            more: 0,
            alike: false,
            why: "it is allowed in the proxy that has the page, and not in `defaults`".to_owned(),
            mend: Line::of(&admin.words).text(),
        });
    }
    for section in configuration
        .sections()
        .iter()
        .filter(|section| section.kind.is_proxy())
    {
        if let Some(page) = Page::of(context, section) {
            look(context, &page, report);
        }
    }
}

fn look(context: &Context<'_>, page: &Page<'_, '_>, report: &mut Report) {
    match context.configuration.setting(page.section, &["mode"]) {
        Some(mode) if mode.words.expands(1) => {}
        mode if mode.as_ref().map_or("tcp", |mode| mode.words.at(1)) != "http" => {
            report.add(Risk {
                severity: if page.own { Severity::Medium } else { Severity::Info },
                id: "stats-page-ignored",
                title: "There is no statistics page: the proxy is not in HTTP mode",
                evidence: page.evidence(&["enable", "uri"]),
                more: 0,
            alike: false,
                why: "HAProxy ignores `stats` lines in a proxy of another mode than `http`, with no more than a warning; \
                      without `mode` it is `tcp`. The port takes connections and answers nothing"
                    .to_owned(),
                mend: "mode http".to_owned(),
            });
            return;
        }
        _ => {}
    }
    if page.all("uri").next().is_none() {
        report.add(Risk {
            severity: Severity::Low,
            id: "stats-page-default-address",
            title: "The statistics page is at an address that everybody knows",
            evidence: page.evidence(&["enable"]),
            more: 0,
            alike: false,
            why: "without `stats uri` it is at `/haproxy?stats`, for all visitors of the proxy"
                .to_owned(),
            mend: "stats uri /stats".to_owned(),
        });
    }
    let entrances: Vec<_> = context.fronts.entrances(page.section).collect();
    // Nobody gets there.
    if entrances.is_empty() {
        return;
    }
    let configuration = context.configuration;
    let own = Gate::of_rules(configuration, page.all("http-request"), 2, true);
    let before = context.fronts.gate(configuration, page.section, None);
    let users: Vec<_> = page.all("auth").cloned().collect();
    let rules = page.all("http-request").next().is_some();
    if let Some(user) = users.first().filter(|_| rules) {
        let mut evidence = vec![Evidence::line(user)];
        evidence.extend(page.all("http-request").next().map(Evidence::line));
        report.add(Risk {
            severity: Severity::High,
            id: "stats-password-and-rules",
            title: "HAProxy does not start: `stats auth` together with `stats http-request`",
            evidence,
            more: 0,
            alike: false,
            why: "one of the two says who may see the page; a rule that asks for a password is `stats http-request auth \
                  unless { http_auth(USERLIST) }`"
                .to_owned(),
            mend: format!("# {}", Line::of(&user.words).text()),
        });
    }
    for user in &users {
        weak(user, report);
    }
    let gate = before.then(own);
    let asking: Vec<_> = users.iter().chain(&gate.asking).collect();
    in_clear(&entrances, &asking, report);
    if users.is_empty()
        && gate.must != Must::ProveIdentity
        && !entrances.iter().all(|entrance| entrance.verified)
    {
        without_password(context, page, &entrances, &gate, report);
    }
}

/// A password that is empty, or not the one that is written. What it is is not known: the host replaced it.
fn weak(user: &Setting<'_, '_>, report: &mut Report) {
    let name = user.words.at(2);
    let empty = !user.words.expands(2)
        && name
            .split_once(':')
            .is_none_or(|(_, password)| password.is_empty());
    let (severity, id, title, why) = if empty {
        (
            Severity::High,
            "stats-password-empty",
            "The password of the statistics page is empty",
            "without a word behind the colon, or without a colon, the name alone is enough",
        )
    } else if is_cut_short(user) {
        (
            Severity::Medium,
            "stats-password-cut",
            "The password of the statistics page is cut short",
            "`#` begins a comment: HAProxy takes what stands before it for the password",
        )
    } else {
        return;
    };
    // a word without a colon may be a password, so that the host replaced it
    let name = name
        .split(':')
        .next()
        .filter(|name| *name != "[redacted]")
        .unwrap_or("NAME");
    report.add(Risk {
        severity,
        id,
        title,
        evidence: vec![Evidence::line(user)],
        more: 0,
        alike: false,
        why: why.to_owned(),
        mend: format!("stats auth {name}:PASSWORD"),
    });
}

/// Whether a comment begins right behind the last word.
fn is_cut_short(user: &Setting<'_, '_>) -> bool {
    let raw = user.statement.raw;
    // the shortest beginning with a `#` behind it that has all words
    let comment = raw.iter().enumerate().find(|(place, byte)| {
        **byte == b'#'
            && raw
                .get(..*place)
                .and_then(|before| Words::read(before).ok())
                .is_some_and(|words| words == user.words)
    });
    comment.is_some_and(|(place, _)| {
        let before = raw.get(..place).and_then(|before| before.last());
        before.is_some_and(|byte| !byte.is_ascii_whitespace())
    })
}

/// Passwords that pass by in the clear.
fn in_clear(entrances: &[&Entrance<'_, '_>], asking: &[&Setting<'_, '_>], report: &mut Report) {
    for entrance in entrances.iter().filter(|entrance| !entrance.tls) {
        let severity = match entrance.reach {
            Reach::Network | Reach::Unknown => Severity::Medium,
            Reach::Loopback => Severity::Info,
            Reach::Path | Reach::Abstract => continue,
        };
        // one of a frontend is asked by that one alone
        let front = entrance.bind.section;
        let place = |section: &Section<'_>| (section.file.to_owned(), section.head.line);
        let mut asked = asking
            .iter()
            .filter(|line| !line.section.kind.is_frontend() || place(line.section) == place(front));
        let Some(line) = asked.next() else { continue };
        let evidence = vec![Evidence::line(line), Evidence::line(&entrance.bind)];
        report.add(Risk {
            severity,
            id: "stats-password-in-clear",
            title: "The password of the statistics page is sent in the clear",
            evidence,
            more: 0,
            alike: false,
            why: "with every request, to whoever can listen on the way".to_owned(),
            mend: Line::of(&entrance.bind.words)
                .and("ssl crt /etc/haproxy/stats.pem")
                .text(),
        });
    }
}

fn without_password(
    context: &Context<'_>,
    page: &Page<'_, '_>,
    entrances: &[&Entrance<'_, '_>],
    gate: &Gate<'_, '_>,
    report: &mut Report,
) {
    let configuration = context.configuration;
    let open =
        gate.must != Must::ComeFromHere && entrances.iter().any(|entrance| entrance.is_open());
    let guarded = gate.must > Must::Nothing;
    let may_change = page
        .all("admin")
        .map(|admin| (admin, must(configuration, admin.section, &admin.words, 2)))
        .filter(|(_, must)| *must != Must::ProveIdentity)
        .min_by_key(|(_, must)| *must);
    // One line of its own, and the password of `defaults` is gone.
    let lost = context
        .configuration
        .defaults_of(page.section)
        .filter(|_| page.own)
        .flat_map(|defaults| defaults.lines(&["stats", "auth"]))
        .next();
    let (severity, id, title, mut why) = if let Some((_, must)) = &may_change {
        let severity = match must {
            _ if !open || guarded => Severity::Medium,
            Must::ComeFromHere => Severity::Medium,
            _ => Severity::High,
        };
        let who = match must {
            Must::ComeFromHere => {
                "every user and program of this machine, and every visitor of a proxy that runs on it,"
            }
            Must::ComeFromNetwork => "every machine of these networks",
            Must::Unknown => "whoever fulfils the condition",
            _ if open => "whoever reaches the page",
            _ => "every user and program of this machine",
        };
        (
            severity,
            "stats-admin-without-password",
            "Servers can be taken out of service through the statistics page without a password",
            format!("{who} can do it; an address proves nothing of who it is"),
        )
    } else {
        let severity = match (open, guarded) {
            (true, false) => Severity::Medium,
            (true, true) => Severity::Low,
            (false, _) => Severity::Info,
        };
        (
            severity,
            "stats-page-without-password",
            "The statistics page asks for no password",
            format!(
                "{} sees the names and addresses of all servers, and how they are",
                if open {
                    "whoever reaches it"
                } else {
                    "every user and program of this machine"
                }
            ),
        )
    };
    if guarded {
        why.push_str(". Rules may keep some out: see there");
    }
    let mut evidence = match &may_change {
        Some((admin, _)) => vec![Evidence::line(admin)],
        None => page.evidence(&["enable", "uri"]),
    };
    let reached = entrances.iter().max_by_key(|entrance| entrance.reach);
    evidence.extend(reached.map(|entrance| Evidence::line(&entrance.bind)));
    let (id, title) = match lost {
        None => (id, title),
        Some(auth) => {
            evidence.push(Evidence::line(&auth));
            why = format!(
                "a `stats` line in the proxy takes all `stats` lines of `defaults` out of force, its `stats auth` \
                 included: {why}"
            );
            (
                "stats-password-not-inherited",
                "The password of the statistics page does not count: it is in `defaults`",
            )
        }
    };
    report.add(Risk {
        severity,
        id,
        title,
        evidence,
        more: 0,
        alike: false,
        why,
        mend: if page.all("http-request").next().is_some() || !gate.asking.is_empty() {
            rule(configuration, gate)
        } else {
            USER.to_owned()
        },
    });
}

/// A rule that asks for a password, to stand before all others: `stats auth` cannot be had beside rules.
fn rule(configuration: &Configuration<'_>, gate: &Gate<'_, '_>) -> String {
    let used = gate.asking.iter().find_map(|rule| {
        let mut words = rule.words.iter();
        words.find_map(|word| word.strip_prefix("http_auth(")?.strip_suffix(')'))
    });
    let first = || {
        configuration
            .of(Kind::Userlist)
            .find_map(|list| list.name.as_deref())
    };
    match used.or_else(first) {
        Some(list) => format!("stats http-request auth unless {{ http_auth({list}) }}"),
        None => "# with a `userlist page-users` that has `user NAME password HASH`\n\
                 stats http-request auth unless { http_auth(page-users) }"
            .to_owned(),
    }
}

/// Whether a proxy has a page with `stats auth`.
pub(crate) fn has_users(context: &Context<'_>, section: &Section<'_>) -> bool {
    Page::of(context, section).is_some_and(|page| page.all("auth").next().is_some())
}
