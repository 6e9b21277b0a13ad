//! What a command needs of HAProxy, so that a refusal can say it.

use crate::call::Instance;
use crate::chunks::Reply;
use crate::failure::Failure;

/// A command that not every version has, or not every socket may say.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// Its first words: `["show", "errors"]`.
    pub command: &'static [&'static str],
    /// The first version that has it, where that is later than 2.6.
    pub since: Option<&'static str>,
    /// The level that the stats socket must have, where `user` is not enough.
    pub level: Option<&'static str>,
}

impl Need {
    /// Sends the command with these further words. A refusal for want of the version or of the level says so.
    ///
    /// # Errors
    /// As [`Instance::ask`].
    pub fn ask(&self, instance: &Instance, further: &[&str]) -> Result<Reply, Failure> {
        let words: Vec<&str> = self.command.iter().chain(further).copied().collect();
        instance
            .ask(&words)
            .map_err(|failure| self.explain(instance, failure))
    }

    /// Sends the command with these further words and the lines that belong to it, as [`Need::ask`] does.
    ///
    /// # Errors
    /// As [`Instance::ask_with`].
    pub fn ask_with(
        &self,
        instance: &Instance,
        further: &[&str],
        payload: Vec<String>,
    ) -> Result<Reply, Failure> {
        let words: Vec<&str> = self.command.iter().chain(further).copied().collect();
        instance
            .ask_with(&words, payload)
            .map_err(|failure| self.explain(instance, failure))
    }

    fn explain(&self, instance: &Instance, failure: Failure) -> Failure {
        let command = self.command.join(" ");
        match (&failure, self.since, self.level) {
            (Failure::Unsupported(_), Some(since), _) => {
                // The refusal is what matters; without the version it is as true.
                let version = instance.version().map(|version| format!(" {version}")).unwrap_or_default();
                Failure::unsupported(format!("HAProxy{version} has no `{command}`, which came with {since}"))
                    .hint(format!("it takes HAProxy {since} or later"))
                    .details(serde_json::json!({ "command": command, "since": since }).to_string())
            }
            (_, _, Some(level)) if failure.rejection() == Some("permission-denied") => failure.hint(format!(
                "`{command}` takes a stats socket of level `{level}` or higher: the one that this server speaks to has \
                 less; set it with `stats socket … level {level}` in HAProxy's `global` section"
            )),
            _ => failure,
        }
    }
}
