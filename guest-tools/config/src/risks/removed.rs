//! Keywords that HAProxy no longer knows. Measured with `haproxy -c` of 2.6, 3.0, 3.2 and 3.4; what lies between is what
//! their messages say.

use haproxy_configuration::{Kind, Setting};

use super::context::Context;
use super::report::{Evidence, Report, Risk, Severity};

/// A keyword, and the version with which HAProxy does not start any more.
struct Removed {
    words: &'static [&'static str],
    since: (u32, u32),
    /// What to write instead.
    mend: &'static str,
}

const fn removed(words: &'static [&'static str], since: (u32, u32), mend: &'static str) -> Removed {
    Removed { words, since, mend }
}

const REMOVED: &[Removed] = &[
    removed(&["nbproc"], (2, 5), "nbthread 4"),
    removed(&["stats", "bind-process"], (2, 7), "# stats bind-process"),
    removed(&["tune.chksize"], (2, 5), "# tune.chksize"),
    removed(&["bind-process"], (2, 7), "# bind-process"),
    removed(&["grace"], (2, 5), "# grace"),
    removed(&["option", "forceclose"], (2, 0), "option httpclose"),
    removed(&["option", "http-tunnel"], (2, 1), "# option http-tunnel"),
    removed(&["option", "http_proxy"], (2, 5), "# option http_proxy"),
    removed(
        &["appsession"],
        (1, 6),
        "stick-table type string len 52 size 200k expire 3h",
    ),
    removed(
        &["monitor-net"],
        (2, 1),
        "http-request return status 200 if { src NETWORK }",
    ),
    removed(
        &["mode", "health"],
        (2, 1),
        "http-request return status 200",
    ),
    removed(&["block"], (2, 1), "http-request deny"),
    removed(&["reqadd"], (2, 1), "http-request add-header NAME VALUE"),
    removed(
        &["reqrep"],
        (2, 1),
        "http-request replace-path PATTERN VALUE",
    ),
    removed(&["reqidel"], (2, 1), "http-request del-header NAME"),
    removed(&["reqdeny"], (2, 1), "http-request deny"),
    removed(&["reqiallow"], (2, 1), "http-request allow"),
    removed(&["rspadd"], (2, 1), "http-response add-header NAME VALUE"),
    removed(&["rspidel"], (2, 1), "http-response del-header NAME"),
    removed(
        &["rspirep"],
        (2, 1),
        "http-response replace-header NAME PATTERN VALUE",
    ),
    removed(&["redispatch"], (2, 1), "option redispatch"),
    removed(&["contimeout"], (2, 1), "timeout connect 5s"),
    removed(&["clitimeout"], (2, 1), "timeout client 30s"),
    removed(&["srvtimeout"], (2, 1), "timeout server 30s"),
];

/// Keywords of which 3.4 says that 3.5 will not have them.
const LEAVING: &[Removed] = &[
    removed(&["master-worker"], (3, 5), "# started with -W or -Ws"),
    removed(&["dispatch"], (3, 5), "server dispatch ADDRESS"),
    removed(
        &["option", "transparent"],
        (3, 5),
        "server transparent 0.0.0.0",
    ),
    removed(&["transparent"], (3, 5), "server transparent 0.0.0.0"),
];

/// The oldest version that this server is for.
const OLDEST: (u32, u32) = (2, 6);

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    let sections = context.configuration.sections();
    let lines = |words: &'static [&'static str]| {
        sections
            .iter()
            .filter(|section| fits(section.kind))
            .flat_map(move |section| section.lines(words))
    };
    for one in REMOVED {
        for line in lines(one.words) {
            add(context, one, vec![Evidence::line(&line)], report);
        }
    }
    for line in
        lines(&["bind"]).filter(|line: &Setting<'_, '_>| line.words.place("process", 2).is_some())
    {
        let process = removed(&["bind"], (2, 7), "thread 1");
        add(context, &process, vec![Evidence::line(&line)], report);
    }
    // 3.2 takes it where it is told to.
    let told = context
        .configuration
        .lines(Kind::Global, &["expose-deprecated-directives"])
        .next()
        .is_some();
    for program in context.configuration.of(Kind::Program) {
        let since = if told { (3, 3) } else { (3, 2) };
        let section = removed(&["program"], since, "# started by systemd or the like");
        add(context, &section, vec![Evidence::head(program)], report);
    }
    for one in LEAVING {
        for line in lines(one.words) {
            report.add(Risk {
                severity: Severity::Info,
                id: "keyword-leaving",
                title: "The next HAProxy but one will not start with this",
                evidence: vec![Evidence::line(&line)],
                more: 0,
                alike: false,
                why: "HAProxy 3.4 says that 3.5 will not know it".to_owned(),
                mend: one.mend.to_owned(),
            });
        }
    }
}

/// Whether such a keyword means the same in a section of this kind.
fn fits(kind: Kind) -> bool {
    kind.is_proxy() || matches!(kind, Kind::Global | Kind::Defaults)
}

fn add(context: &Context<'_>, one: &Removed, evidence: Vec<Evidence>, report: &mut Report) {
    let (major, minor) = one.since;
    let (severity, title, why) = match context.version {
        Some(version) if version < one.since => (
            Severity::Low,
            "A newer HAProxy will not start with this",
            format!(
                "the HAProxy that runs still knows it; from {major}.{minor} on it does not start"
            ),
        ),
        None if one.since > OLDEST => (
            Severity::Medium,
            "HAProxy of newer versions does not start with this",
            format!("from {major}.{minor} on it is no keyword any more"),
        ),
        _ => (
            Severity::High,
            "HAProxy does not start: it no longer knows a keyword",
            format!(
                "from {major}.{minor} on it is no keyword any more; a HAProxy that runs has not read this yet"
            ),
        ),
    };
    report.add(Risk {
        severity,
        id: "keyword-removed",
        title,
        evidence,
        more: 0,
        alike: false,
        why,
        mend: one.mend.to_owned(),
    });
}
