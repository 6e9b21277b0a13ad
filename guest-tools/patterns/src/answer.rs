//! An answer about one set.

use serde::Serialize;

use crate::kind::Kind;

/// An answer that says which set it is about.
#[derive(Debug, Serialize)]
pub struct Answer<'a, T: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    map: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acl: Option<&'a str>,
    #[serde(flatten)]
    about: T,
}

impl<'a, T: Serialize> Answer<'a, T> {
    /// An answer about the set of this name.
    pub fn of(kind: &Kind, name: &'a str, about: T) -> Self {
        Self {
            map: kind.has_values.then_some(name),
            acl: (!kind.has_values).then_some(name),
            about,
        }
    }
}
