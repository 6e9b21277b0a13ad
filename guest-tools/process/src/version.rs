//! `show_version`.

use haproxy_mcp_sdk::{Call, Failure, Outcome};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoArguments {}

#[derive(Serialize)]
struct Answer<'a> {
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
}

pub(crate) fn show_version(call: &Call<'_>) -> Result<Outcome, Failure> {
    let NoArguments {} = call.arguments()?;
    let text = call.instance().ask(&["show", "version"])?.text()?;
    let version = text.trim();
    if version.is_empty() || version.contains('\n') {
        return Err(Failure::unparsable(
            "`show version` does not answer one line",
        ));
    }
    let answer = Answer {
        version,
        release: release(version),
    };
    Ok(Outcome::of(&answer)?.text(format!("HAProxy {version}")))
}

/// `3.0` of `3.0.11-1+deb13u5`.
fn release(version: &str) -> Option<String> {
    let mut numbers = version.split(|character: char| !character.is_ascii_digit());
    let (major, minor) = (numbers.next()?, numbers.next()?);
    (!major.is_empty() && !minor.is_empty()).then(|| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_its_first_two_numbers() {
        assert_eq!(release("3.0.11-1+deb13u5").as_deref(), Some("3.0"));
        assert_eq!(release("3.5-dev5").as_deref(), Some("3.5"));
        assert_eq!(release("dev"), None);
        assert_eq!(release("3"), None);
    }
}
