//! What the process may do, and users with passwords.

use haproxy_configuration::Kind;

use super::context::Context;
use super::line::Line;
use super::report::{Evidence, Report, Risk, Severity};

/// A line of `global` or of a proxy that switches a protection off.
struct Unprotected {
    words: &'static [&'static str],
    severity: Severity,
    title: &'static str,
    why: &'static str,
    mend: &'static str,
}

const UNPROTECTED: &[Unprotected] = &[
    Unprotected {
        words: &["insecure-fork-wanted"],
        severity: Severity::Low,
        title: "HAProxy may start programs",
        why: "who finds a way to run code in HAProxy can start others; only external checks and some Lua need it",
        mend: "# insecure-fork-wanted",
    },
    Unprotected {
        words: &["insecure-setuid-wanted"],
        severity: Severity::Low,
        title: "Programs that HAProxy starts may become another user",
        why: "who finds a way to run code in HAProxy can gain the rights of programs that are set-uid",
        mend: "# insecure-setuid-wanted",
    },
    Unprotected {
        words: &["set-dumpable"],
        severity: Severity::Info,
        title: "HAProxy's memory is written to disk where it crashes",
        why: "keys of certificates, passwords and traffic are in it",
        mend: "# set-dumpable",
    },
    Unprotected {
        words: &["option", "accept-invalid-http-request"],
        severity: Severity::Medium,
        title: "Invalid HTTP is passed on",
        why: "what HAProxy and a server read differently is how requests are smuggled past rules",
        mend: "# option accept-invalid-http-request",
    },
    Unprotected {
        words: &["option", "accept-unsafe-violations-in-http-request"],
        severity: Severity::Medium,
        title: "Invalid HTTP is passed on",
        why: "what HAProxy and a server read differently is how requests are smuggled past rules",
        mend: "# option accept-unsafe-violations-in-http-request",
    },
];

pub(crate) fn find(context: &Context<'_>, report: &mut Report) {
    rights(context, report);
    let configuration = context.configuration;
    for one in UNPROTECTED {
        for line in configuration
            .sections()
            .iter()
            .flat_map(|section| section.lines(one.words))
        {
            // `no option …`
            if line.words.modifier() != haproxy_configuration::Modifier::None {
                continue;
            }
            report.add(Risk {
                severity: one.severity,
                id: "protection-off",
                title: one.title,
                evidence: vec![Evidence::line(&line)],
                more: 0,
                alike: false,
                why: one.why.to_owned(),
                mend: one.mend.to_owned(),
            });
        }
    }
    for user in configuration.lines(Kind::Userlist, &["user"]) {
        if user.words.place("insecure-password", 2).is_none() {
            continue;
        }
        report.add(Risk {
            severity: Severity::Low,
            id: "password-in-file",
            title: "Passwords are in the configuration as they are",
            evidence: vec![Evidence::line(&user)],
            more: 0,
            alike: false,
            why: "whoever can read the file, or a copy of it, has them; `mkpasswd -m sha-256` makes a hash that is as good \
                  for HAProxy. `stats auth` can be replaced by `stats http-request auth unless { http_auth(USERLIST) }`"
                .to_owned(),
            mend: Line::of(&user.words).without("insecure-password", 1).setting("password", "HASH").text(),
        });
    }
}

/// As whom it runs, what it can see, and how much it takes.
fn rights(context: &Context<'_>, report: &mut Report) {
    let configuration = context.configuration;
    // A file of its own may hold them: without `global` nothing is known.
    let Some(global) = configuration.of(Kind::Global).next() else {
        return;
    };
    let has =
        |words: &'static [&'static str]| configuration.lines(Kind::Global, words).next().is_some();
    let mut add = |severity, id, title, why: &str, mend: &str| {
        report.add(Risk {
            severity,
            id,
            title,
            evidence: vec![Evidence::head(global)],
            more: 0,
            alike: false,
            why: why.to_owned(),
            mend: mend.to_owned(),
        });
    };
    if !has(&["user"]) && !has(&["uid"]) {
        add(
            Severity::Low,
            "process-user",
            "HAProxy goes on running as the user that starts it",
            "which is root where it takes ports below 1024 the usual way: who finds a way to run code in it has all of the \
             machine. Nothing to mend where something else starts it as its own user",
            "user haproxy\ngroup haproxy",
        );
    }
    if !has(&["chroot"]) {
        add(
            Severity::Info,
            "process-chroot",
            "HAProxy can see the whole file system",
            "`chroot` into an empty folder keeps it, and who runs code in it, away from all files after the start; it \
             takes a start as root",
            "chroot /var/lib/haproxy",
        );
    }
    if !has(&["maxconn"]) {
        let running = context
            .maxconn
            .map(|maxconn| Evidence::said("show info", &format!("Maxconn: {maxconn}")));
        report.add(Risk {
            severity: Severity::Info,
            id: "process-maxconn",
            title: "The number of connections is left to the limits of the system",
            evidence: std::iter::once(Evidence::head(global)).chain(running).collect(),
            more: 0,
            alike: false,
            why: "without `maxconn` HAProxy makes it of its limit of open files, which differs from machine to machine and \
                  may be more than its memory holds"
                .to_owned(),
            mend: "maxconn 20000".to_owned(),
        });
    }
}
