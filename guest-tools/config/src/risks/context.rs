//! What risks are looked for in.

use haproxy_configuration::{Configuration, Setting};

use super::entrance::Fronts;

/// A configuration, and what is known of the HAProxy that runs.
pub(crate) struct Context<'c> {
    pub(crate) configuration: &'c Configuration<'c>,
    pub(crate) files: &'c [(&'c str, &'c [u8])],
    pub(crate) fronts: &'c Fronts<'c, 'c>,
    /// Major and minor version.
    pub(crate) version: Option<(u32, u32)>,
    /// How many connections it takes at once.
    pub(crate) maxconn: Option<u64>,
}

impl Context<'_> {
    /// The comments right above a line.
    pub(crate) fn comment_above(&self, setting: &Setting<'_, '_>) -> String {
        let content = self
            .files
            .iter()
            .find(|(name, _)| *name == setting.section.file);
        let above = usize::try_from(setting.statement.line.saturating_sub(1)).unwrap_or_default();
        let lines: Vec<&[u8]> = content
            .map(|(_, content)| content.split(|byte| *byte == b'\n').take(above).collect())
            .unwrap_or_default();
        lines
            .iter()
            .rev()
            .map(|line| line.trim_ascii())
            .take_while(|line| line.starts_with(b"#"))
            .map(|line| String::from_utf8_lossy(line))
            .collect()
    }
}
