//! The arguments of `add_server`, and the words that HAProxy gets for them.

use haproxy_mcp_sdk::Failure;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a keyword that is there or not, as the arguments have it"
)]
pub(crate) struct Wanted {
    pub(crate) backend: String,
    pub(crate) name: String,
    pub(crate) addr: String,
    pub(crate) port: Option<u16>,
    #[serde(default)]
    pub(crate) ready: bool,
    #[serde(default)]
    pub(crate) check: bool,
    inter_ms: Option<u64>,
    rise: Option<u64>,
    fall: Option<u64>,
    check_port: Option<u64>,
    pub(crate) weight: Option<u64>,
    pub(crate) maxconn: Option<u64>,
    #[serde(default)]
    pub(crate) backup: bool,
    #[serde(default)]
    pub(crate) ssl: bool,
    verify: Option<Verify>,
    ca_file: Option<String>,
    sni: Option<String>,
    #[serde(default)]
    options: Vec<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verify {
    None,
    Required,
}

/// Words that an option may not be: what they say has an argument of its own, or is decided by `ready`.
const NOT_OPTIONS: [(&str, &str); 12] = [
    ("check", "check"),
    ("inter", "inter_ms"),
    ("rise", "rise"),
    ("fall", "fall"),
    ("port", "check_port"),
    ("weight", "weight"),
    ("maxconn", "maxconn"),
    ("backup", "backup"),
    ("ssl", "ssl"),
    ("verify", "verify"),
    ("enabled", "ready"),
    ("disabled", "ready"),
];

impl Wanted {
    /// The words behind the address.
    pub(crate) fn keywords(&self) -> Result<Vec<String>, Failure> {
        self.check()?;
        let mut words: Vec<String> = Vec::new();
        let mut put = |keyword: &str, value: Option<String>| {
            words.push(keyword.to_owned());
            words.extend(value);
        };
        if self.check {
            put("check", None);
        }
        if let Some(milliseconds) = self.inter_ms {
            // without a unit 3.2 and later take a small number for a mistake
            put("inter", Some(format!("{milliseconds}ms")));
        }
        for (keyword, number) in [
            ("rise", self.rise),
            ("fall", self.fall),
            ("port", self.check_port),
            ("weight", self.weight),
            ("maxconn", self.maxconn),
        ] {
            if let Some(number) = number {
                put(keyword, Some(number.to_string()));
            }
        }
        for (keyword, wanted) in [("backup", self.backup), ("ssl", self.ssl)] {
            if wanted {
                put(keyword, None);
            }
        }
        match self.verify {
            None => {}
            Some(Verify::None) => put("verify", Some("none".to_owned())),
            Some(Verify::Required) => put("verify", Some("required".to_owned())),
        }
        for (keyword, text) in [("ca-file", &self.ca_file), ("sni", &self.sni)] {
            if let Some(text) = text {
                put(keyword, Some(text.clone()));
            }
        }
        words.extend(self.options.iter().cloned());
        Ok(words)
    }

    /// What HAProxy takes without a word of what it makes of it.
    fn check(&self) -> Result<(), Failure> {
        if let Some(wrong) = self
            .name
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.' | ':'))
        {
            return Err(Failure::invalid_argument(format!(
                "the name of a server has no such character: `{wrong}`"
            ))
            .hint("name it with letters, digits, `_`, `-`, `.` and `:`")
            .argument("/name"));
        }
        for (index, option) in self.options.iter().enumerate() {
            if let Some((keyword, argument)) =
                NOT_OPTIONS.iter().find(|(keyword, _)| *keyword == option)
            {
                return Err(Failure::invalid_argument(format!(
                    "`{keyword}` is not an option here: it has the argument `{argument}`"
                ))
                .hint(format!("give `{argument}` instead"))
                .argument(&format!("/options/{index}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn keywords(more: &str) -> Result<String, Failure> {
        let wanted: Wanted = serde_json::from_str(&format!(
            r#"{{"backend":"b","name":"s.1:x-_","addr":"192.0.2.7"{more}}}"#
        ))
        .unwrap();
        wanted.keywords().map(|words| words.join(" "))
    }

    #[test]
    fn arguments_become_keywords() {
        assert_eq!(keywords("").unwrap(), "");
        assert_eq!(
            keywords(
                r#","check":true,"inter_ms":500,"rise":2,"fall":3,"check_port":81,"weight":0,"maxconn":9,"backup":true,
                "ssl":true,"verify":"none","ca_file":"ca.pem","sni":"str(a b)","options":["alpn","h2"],"ready":true"#
            )
            .unwrap(),
            "check inter 500ms rise 2 fall 3 port 81 weight 0 maxconn 9 backup ssl verify none ca-file ca.pem \
             sni str(a b) alpn h2"
        );
        assert_eq!(
            keywords(r#","verify":"required","check":false"#).unwrap(),
            "verify required"
        );
    }

    #[test]
    fn what_has_an_argument_is_no_option() {
        for (option, _) in NOT_OPTIONS {
            assert!(
                keywords(&format!(r#","options":["{option}"]"#)).is_err(),
                "{option}"
            );
        }
    }

    #[test]
    fn names_have_few_characters() {
        for name in ["a b", "a/b", "ä", "a+b", "#1", "a;b", "a\\"] {
            let wanted = Wanted {
                name: name.to_owned(),
                ..Wanted::default()
            };
            assert!(wanted.keywords().is_err(), "{name}");
        }
    }
}
