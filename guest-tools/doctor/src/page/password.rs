//! Who may come to a page, and who may change servers by it.

use super::place::{Page, is_exporter};
use crate::examine::Context;
use crate::facts::Facts;
use crate::finding::{Finding, lines};
use crate::knowledge::{PasswordAt, Users};

/// The name of a `userlist` where there is none yet, as the guide has it.
const USERLIST: &str = "page-users";

/// The name of this server's user there.
const USER: &str = "haproxy-mcp";

impl<'a> Page<'a> {
    /// A name and a password are wanted.
    pub(super) fn unauthorized(&self, message: &str) -> Finding {
        let users = self.users();
        if self.facts.credentials {
            Finding::problem(self.door(), "password-wrong", message)
                .why("the page does not know the configured name, or it has another password")
                .mend(format!(
                    "compare `HAPROXY_STATS_USER` and the content of `HAPROXY_STATS_PASSWORD_FILE` (or `HAPROXY_STATS_PASSWORD`) with {users}; a colon or a line feed counts, too, and what is wanted is the password itself where HAProxy's configuration has its hash"
                ))
        } else {
            Finding::problem(self.door(), "password-missing", message)
                .why("the page wants a name and a password (`stats auth`, or `http-request auth` with a `userlist`), and this server has none to give")
                .mend(format!(
                    "`HAPROXY_STATS_USER=…` and `HAPROXY_STATS_PASSWORD_FILE=/path/of/a/file` with a name and the password of {users}"
                ))
        }
    }

    /// Where its users and their passwords are written.
    fn users(&self) -> String {
        let rules = self.passwords();
        if rules.is_empty() {
            let userlist = "the `user` lines of the `userlist` that its `http-request auth … http_auth(USERLIST)` names";
            return if is_exporter(self.facts) {
                userlist.to_owned()
            } else {
                format!("the page's `stats auth USER:PASSWORD` lines, or {userlist}")
            };
        }
        let written: Vec<String> = rules.iter().map(|rule| self.written(rule)).collect();
        written.join(" or ")
    }

    fn written(&self, rule: &PasswordAt) -> String {
        let at = format!("`{}` (`{}`)", rule.section, rule.place);
        match &rule.users {
            Users::Lines => format!("`stats auth` of {at}"),
            Users::Userlist(None) => format!("the users that `http-request auth` of {at} is about"),
            Users::Userlist(Some(name)) => {
                let knowledge = self.context.knowledge;
                let place = knowledge.and_then(|knowledge| knowledge.userlist(name));
                let place = place.map_or_else(String::new, |place| format!(" (`{place}`)"));
                format!(
                    "the `user` lines of `userlist {name}`{place}, which `http-request auth` of {at} names"
                )
            }
        }
    }

    /// The rules at its port that ask for a password; `stats auth` is about the statistics page alone.
    fn passwords(&self) -> Vec<&'a PasswordAt> {
        let rules = self
            .address
            .zip(self.context.knowledge)
            .map(|(address, knowledge)| knowledge.passwords_at(address.port));
        let mut rules = rules.unwrap_or_default();
        rules.retain(|rule| !is_exporter(self.facts) || rule.users != Users::Lines);
        rules
    }
}

/// Where changes are allowed and would go through the page.
pub(super) fn admin_missing(facts: &Facts, context: &Context<'_>) -> Option<Finding> {
    let wanted = matches!(facts.access.as_str(), "operate" | "admin");
    if facts.admin_form != Some(false) || !wanted {
        return None;
    }
    // Then changes go there.
    if context.facts("runtime").is_some_and(Facts::answered) {
        return None;
    }
    let page = Page::of(facts, context);
    let section = page.configured.first().map_or_else(
        || "the frontend of the page".to_owned(),
        |page| format!("`{}` (`{}`)", page.section, page.place),
    );
    let rules = page.passwords();
    let userlist = rules.iter().find_map(|rule| match &rule.users {
        Users::Userlist(name) => name.as_deref(),
        Users::Lines => None,
    });
    let mend = match userlist {
        Some(name) => format!("in {section}: `stats admin if {{ http_auth({name}) }}`"),
        None => with_userlist(&section),
    };
    Some(
        Finding::problem(
            &facts.door,
            "admin-missing",
            format!(
                "`{}` has no form by which servers are changed, and this server is allowed to change things (access {})",
                facts.address, facts.access
            ),
        )
        .why("without `stats admin`, or where its condition does not hold for us, the page shows and changes nothing; there is no Runtime API through which changes could go. Its condition must be about who asks: one about addresses (`LOCALHOST`) holds for everybody whom a proxy passes on")
        .mend(mend),
    )
}

/// What lets a user with a password change servers, where there is no `userlist` yet.
fn with_userlist(section: &str) -> String {
    lines([
        &*format!("userlist {USERLIST}"),
        &*format!("    user {USER} password HASH"),
        "HASH is what `openssl passwd -6` prints",
        &*format!(
            "in {section}: `stats http-request auth realm HAProxy unless {{ http_auth({USERLIST}) }}`"
        ),
        &*format!("and there: `stats admin if {{ http_auth({USERLIST}) }}`"),
        "both in place of `stats auth` lines, with which they do not go together",
        &*format!(
            "`HAPROXY_STATS_USER={USER}` and `HAPROXY_STATS_PASSWORD_FILE=/path/of/a/file` with that password"
        ),
    ])
}
