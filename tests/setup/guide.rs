//! `docs/haproxy-setup.md` taken apart: its blocks, and what each is expected to do.
//!
//! What stands behind the three backticks of a block is its language, and then attributes: a word, perhaps with the
//! versions that it is about (`:2.6`, or `:3.0+` for all from there on), perhaps with a value.

use haproxy_mcp_testkit::generated;

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Where its fence stands, for messages.
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) text: String,
}

/// One word behind the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    name: String,
    /// `2.6` or `3.0+`; all versions where it is not said.
    versions: Option<String>,
    value: Option<String>,
}

/// What HAProxy should say of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Nothing.
    Accepted,
    /// It takes the block, and says all of these.
    Warned(Vec<String>),
    /// It does not take the block, and says one of these.
    Refused(Vec<String>),
}

/// The guide as it is in the checkout.
pub(crate) fn text() -> String {
    std::fs::read_to_string(generated::root().join("docs/haproxy-setup.md")).unwrap()
}

/// Its blocks, in order.
pub(crate) fn blocks() -> Vec<Block> {
    fenced(&text()).unwrap_or_else(|wrong| panic!("docs/haproxy-setup.md: {wrong}"))
}

/// The blocks of HAProxy's configuration.
pub(crate) fn configurations() -> Vec<Block> {
    let all = blocks().into_iter();
    all.filter(|block| block.language == "haproxy").collect()
}

/// The blocks that are to be started as `name`, joined.
pub(crate) fn served(name: &str) -> String {
    let found: Vec<String> = configurations()
        .into_iter()
        .filter(|block| block.value("serve") == Some(name))
        .map(|block| block.text)
        .collect();
    assert!(!found.is_empty(), "the guide has no block `serve={name}`");
    found.concat()
}

/// The first block of another language with these attributes.
pub(crate) fn other(language: &str, attribute: &str, value: &str) -> String {
    blocks()
        .into_iter()
        .find(|block| block.language == language && block.value(attribute) == Some(value))
        .unwrap_or_else(|| panic!("the guide has no block `{language} {attribute}={value}`"))
        .text
}

/// The fenced blocks of a Markdown text.
pub(crate) fn fenced(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => {
                let (language, attributes) =
                    attributes(info).map_err(|wrong| format!("line {number}: {wrong}"))?;
                open = Some(Block {
                    line: number,
                    language,
                    attributes,
                    text: String::new(),
                });
            }
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), Some(_)) => {
                return Err(format!(
                    "line {number}: a block begins inside that of line {}",
                    block.line
                ));
            }
            (None, None) => {}
        }
    }
    match open {
        Some(block) => Err(format!("the block of line {} has no end", block.line)),
        None => Ok(blocks),
    }
}

fn attributes(info: &str) -> Result<(String, Vec<Attribute>), String> {
    let (language, mut rest) = info.trim().split_once(' ').unwrap_or((info.trim(), ""));
    if language.is_empty() {
        return Err("a block without a language".to_owned());
    }
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok((language.to_owned(), found));
        }
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let (name, versions) = match word.split_once(':') {
            Some((name, versions)) => (name, Some(versions.to_owned())),
            None => (word, None),
        };
        let (value, after) = match after.strip_prefix('=') {
            None => (None, after),
            Some(quoted) if quoted.starts_with('"') => {
                let (value, after) = quoted[1..]
                    .split_once('"')
                    .ok_or_else(|| format!("`{name}` has a value without an end"))?;
                (Some(value.to_owned()), after)
            }
            Some(plain) => {
                let end = plain.find(' ').unwrap_or(plain.len());
                (Some(plain[..end].to_owned()), &plain[end..])
            }
        };
        found.push(Attribute {
            name: name.to_owned(),
            versions,
            value,
        });
        rest = after;
    }
}

impl Attribute {
    /// Whether it is about this version.
    fn is_about(&self, label: &str) -> bool {
        let number = |label: &str| -> Vec<u32> {
            label
                .split('.')
                .map(|part| {
                    part.parse()
                        .unwrap_or_else(|_| panic!("a version: {label}"))
                })
                .collect()
        };
        match self.versions.as_deref() {
            None => true,
            Some(versions) => match versions.strip_suffix('+') {
                Some(from) => number(label) >= number(from),
                None => versions == label,
            },
        }
    }
}

impl Block {
    /// The values of the attributes of this name.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self
            .attributes
            .iter()
            .filter(move |attribute| attribute.name == name);
        named.filter_map(|attribute| attribute.value.as_deref())
    }

    /// The value of the attribute of this name.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)?
            .value
            .as_deref()
    }

    /// What is expected of it on this version: exactly one thing, or it is a mistake in the guide.
    pub(crate) fn expected(&self, label: &str) -> Result<Expected, String> {
        let mut said = [false; 3];
        let (mut warnings, mut refusals) = (Vec::new(), Vec::new());
        for attribute in &self.attributes {
            let here = attribute.is_about(label);
            match (attribute.name.as_str(), &attribute.value) {
                ("check", None) => said[0] |= here,
                ("serve", Some(_)) if attribute.versions.is_none() => said[0] = true,
                ("warns", Some(value)) if here => warnings.push(value.clone()),
                ("fails", Some(value)) if here => {
                    refusals.extend(value.split('|').map(str::to_owned));
                }
                ("warns" | "fails" | "risk", Some(_)) => {}
                _ => {
                    return Err(format!(
                        "line {}: not an attribute of a configuration: {attribute:?}",
                        self.line
                    ));
                }
            }
        }
        said[1] = !warnings.is_empty();
        said[2] = !refusals.is_empty();
        match said {
            [true, false, false] => Ok(Expected::Accepted),
            [_, true, false] => Ok(Expected::Warned(warnings)),
            [false, false, true] => Ok(Expected::Refused(refusals)),
            [false, false, false] => Err(format!(
                "line {}: the block does not say what is expected of it on {label}",
                self.line
            )),
            _ => Err(format!(
                "line {}: the block says two things for {label}",
                self.line
            )),
        }
    }
}

/// What would make this tier pass without testing anything.
mod taking_apart {
    use super::*;

    fn one(text: &str) -> Block {
        let mut blocks = fenced(text).unwrap();
        assert_eq!(blocks.len(), 1, "{blocks:?}");
        blocks.remove(0)
    }

    #[test]
    fn attributes_are_read_with_versions_and_values() {
        let block = one("x\n```haproxy warns:2.6=\"a 'b' c\" fails:3.0+=\"d|e f\"\nglobal\n```\n");
        assert_eq!((block.line, block.text.as_str()), (2, "global\n"));
        let expected = |label| block.expected(label).unwrap();
        assert_eq!(
            expected("2.6"),
            Expected::Warned(vec!["a 'b' c".to_owned()])
        );
        for label in ["3.0", "3.2", "3.4"] {
            let refused = vec!["d".to_owned(), "e f".to_owned()];
            assert_eq!(expected(label), Expected::Refused(refused));
        }
        let block = one("```haproxy serve=x\n```");
        assert_eq!(block.value("serve"), Some("x"));
        assert_eq!(block.expected("3.4"), Ok(Expected::Accepted));
    }

    #[test]
    fn a_block_that_says_nothing_or_too_much_is_a_mistake() {
        for (info, wrong) in [
            ("", "does not say what is expected"),
            ("check:2.6", "does not say what is expected"),
            ("fails:2.6=\"x\"", "does not say what is expected"),
            ("check fails=\"x\"", "says two things"),
            ("serve=x fails=\"x\"", "says two things"),
            ("warns=\"x\" fails=\"x\"", "says two things"),
            ("chekc", "not an attribute"),
            ("fails", "not an attribute"),
            ("serve", "not an attribute"),
        ] {
            let block = one(&format!("```haproxy {info}\n```"));
            let said = block.expected("3.4").unwrap_err();
            assert!(said.contains(wrong), "{info}: {said}");
        }
    }

    #[test]
    fn fences_that_do_not_match_are_a_mistake() {
        for text in [
            "```haproxy check\n",
            "```\nx\n```",
            "```sh\n```haproxy\n```",
            "```haproxy fails=\"x\n```",
        ] {
            assert!(fenced(text).is_err(), "{text}");
        }
    }
}
