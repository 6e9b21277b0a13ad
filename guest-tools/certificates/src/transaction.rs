//! New content for a file: all of it, or the old one stays. It is drafted in a transaction, compared there with what was
//! asked for, and committed; then what is live is compared with what was drafted.
//!
//! HAProxy has one transaction at a time for all files of a kind, whoever opened it, and 2.6 puts a certificate into
//! the transaction of another file without a word. So none is opened beside another, and none is continued.

use haproxy_mcp_sdk::{Change, Detail, Failure, Instance, Need, Reply};
use serde::Serialize;

use crate::store::{Store, unlocked};

/// What a file is to hold.
pub(crate) struct Wanted<'a> {
    pub(crate) store: &'static Store,
    pub(crate) name: &'a str,
    /// Whether the file is made where there is none.
    pub(crate) create: bool,
    /// The first portion replaces what the file holds, the others are added to it.
    pub(crate) portions: Vec<Vec<String>>,
}

/// What was begun and is to be taken back where the rest of it fails.
#[derive(Default)]
struct Begun {
    /// An empty file.
    file: bool,
    transaction: bool,
}

impl Wanted<'_> {
    /// Replaces the content. `read` says what the file holds, where its argument is true in the transaction; `matches`
    /// says whether that is what was asked for.
    pub(crate) fn replace<T: Serialize + PartialEq>(
        self,
        instance: &Instance,
        read: impl Fn(bool) -> Result<T, Failure>,
        matches: impl FnOnce(&T) -> bool,
    ) -> Result<Change<Option<T>>, Failure> {
        let mut begun = Begun::default();
        let (before, drafted) = self
            .draft(instance, &mut begun, &read, matches)
            .map_err(|failure| self.take_back(instance, &begun, failure))?;
        command(instance, self.store, "commit", self.name)
            .map_err(|failure| self.take_back(instance, &begun, failure))?;
        let after = read(false)?;
        let holds = after == drafted;
        let what = format!("the new content of `{}`", self.name);
        Change::confirmed(before, Some(after), holds, &what)
    }

    /// Puts the content into a transaction; what the file holds, and what it would hold.
    fn draft<T: Serialize>(
        &self,
        instance: &Instance,
        begun: &mut Begun,
        read: impl Fn(bool) -> Result<T, Failure>,
        matches: impl FnOnce(&T) -> bool,
    ) -> Result<(Option<T>, T), Failure> {
        let (store, name) = (self.store, self.name);
        if let Some(other) = store.transaction(instance)? {
            return Err(busy(store, &other));
        }
        if !store.has(instance, name)? {
            if !self.create {
                return Err(with_create(store.unknown(instance, name, false)?));
            }
            command(instance, store, "new", name)?;
            begun.file = true;
        }
        let mut portions = self.portions.iter();
        let first = portions.next().cloned().unwrap_or_default();
        let set = || store.set.ask_with(instance, &[name], first.clone());
        let said = unlocked(set)?.text()?;
        begun.transaction = true;
        // `Transaction created for certificate X!`, or `updated` where somebody else opened one a moment ago.
        if !said.contains(" created for ") {
            // It holds a part of this content now, and a key: nobody may commit that.
            let theirs = said.trim().trim_end_matches('!').rsplit(' ').next();
            if let Some(theirs) = theirs.filter(|theirs| *theirs != name) {
                begun.transaction = command(instance, store, "abort", theirs).is_err();
            }
            return Err(busy(store, said.trim()).note(
                "both set one at the same moment, and theirs was thrown away, too, since it held this content",
            ));
        }
        for portion in portions {
            unlocked(|| store.add.ask_with(instance, &[name], portion.clone()))?;
        }
        // From the first command of a transaction on no other call of this server has one.
        let before = if begun.file { None } else { Some(read(false)?) };
        let drafted = read(true).map_err(|failure| match failure {
            // It was there a moment ago: somebody else committed it or threw it away.
            Failure::NotFound(_) => busy(store, name),
            other => other,
        })?;
        if matches(&drafted) {
            return Ok((before, drafted));
        }
        let details = serde_json::json!({ "before": before, "drafted": drafted });
        Err(Failure::not_applied(format!(
            "HAProxy read something else from the content than what stands there: {} `{name}`",
            store.noun
        ))
        .hint("see whether the content is whole, and compare it with `drafted`")
        .details(details.to_string()))
    }

    /// Throws away what was begun, and says so in the failure. Where HAProxy could not be asked, it is not asked again:
    /// the host takes back what it knows to be open.
    fn take_back(&self, instance: &Instance, begun: &Begun, failure: Failure) -> Failure {
        if matches!(failure, Failure::Host(_)) {
            return failure;
        }
        let (store, name) = (self.store, self.name);
        let aborted = !begun.transaction
            || match command(instance, store, "abort", name) {
                // 3.4 ends it itself where it cannot commit.
                Err(failure) => failure.rejection() == Some("no-transaction"),
                Ok(_) => true,
            };
        let deleted = !begun.file || command(instance, store, "del", name).is_ok();
        let failure = match failure.rejection() {
            None | Some("permission-denied" | "other-transaction" | "locked") => failure,
            Some(_) => failure.hint(
                "see whether the content is whole and fits together: PEM, and for a certificate this first, then its \
                 chain, and the private key that belongs to it",
            ),
        };
        failure.note(if aborted && deleted {
            "nothing was changed"
        } else {
            "what was begun could not be taken back"
        })
    }
}

/// Says of an unknown name how it would be made.
fn with_create(unknown: Failure) -> Failure {
    match unknown {
        Failure::NotFound(Detail {
            message,
            hint,
            details,
        }) => Failure::NotFound(Detail {
            message,
            hint: Some(format!(
                "{}; with `create` it is made",
                hint.unwrap_or_default()
            )),
            details,
        }),
        other => other,
    }
}

/// The failure for a transaction of somebody else.
fn busy(store: &Store, other: &str) -> Failure {
    let (lister, word, noun) = (store.lister, store.word, store.noun);
    let details = serde_json::json!({ "reason": "other-transaction", "transaction": other });
    Failure::Rejected(
        "other-transaction".to_owned(),
        Detail {
            message: format!(
                "somebody else is changing a {noun}, and HAProxy does one such change at a time: `{other}`"
            ),
            hint: Some(format!(
                "ask again when {lister} marks none as uncommitted; one that was forgotten ends with `abort ssl {word} …` \
                 on HAProxy's own socket"
            )),
            details: details.to_string(),
        },
    )
}

/// `commit ssl cert X` and the like.
pub(crate) fn command(
    instance: &Instance,
    store: &Store,
    verb: &'static str,
    name: &str,
) -> Result<Reply, Failure> {
    unlocked(|| instance.ask(&[verb, "ssl", store.word, name]))
        .map_err(|failure| store.explain(verb, failure))
}

/// Refuses where somebody is changing this file.
pub(crate) fn unchanged(instance: &Instance, store: &Store, name: &str) -> Result<(), Failure> {
    match store.transaction(instance)? {
        Some(other) if other == name => Err(busy(store, &other)),
        _ => Ok(()),
    }
}

/// A command that takes level admin.
pub(crate) const fn admin(command: &'static [&'static str], since: Option<&'static str>) -> Need {
    Need {
        command,
        since,
        level: Some("admin"),
    }
}
