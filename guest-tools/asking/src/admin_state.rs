//! Why a server is in maintenance or drained: the bits of `srv_admin_state`.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show servers state".

/// Bit and name; the names are those of the manual, without their prefix `SRV_ADMF_`.
const BITS: [(u64, &str); 7] = [
    // asked for at run time, or begun with by `disabled` in the configuration
    (0x01, "fmaint"),
    // inherited from the server that it tracks
    (0x02, "imaint"),
    // `disabled` in the configuration, also of one that was enabled since: no maintenance by itself
    (0x04, "cmaint"),
    // drained at run time
    (0x08, "fdrain"),
    // drained as the server that it tracks
    (0x10, "idrain"),
    // its name does not resolve to an address
    (0x20, "rmaint"),
    // its host name was set at run time
    (0x40, "hmaint"),
];

/// The names of the bits that are set; unknown ones as a number.
pub fn names(state: u64) -> Vec<String> {
    let mut names: Vec<String> = BITS
        .iter()
        .filter(|(bit, _)| state & bit != 0)
        .map(|(_, name)| (*name).to_owned())
        .collect();
    let unknown = BITS.iter().fold(state, |state, (bit, _)| state & !bit);
    if unknown != 0 {
        names.push(format!("0x{unknown:x}"));
    }
    names
}

/// What of it no statistics tell: `disabled` in the configuration stays set when the server is enabled, and such a server is
/// in maintenance for `fmaint` as well, as one is that was put into it at run time.
pub const CMAINT_NOT_SHOWN: &str = "whether a server is `disabled` in the configuration (cmaint): one that is not in \
    maintenance may have been enabled since, and fmaint may come from there";

/// The names that the status in the statistics tells, as far as it does: `cmaint` and `hmaint` are not in it, whatever it
/// is, so that the list is never known to be whole ([`CMAINT_NOT_SHOWN`]). None where it says nothing: a server that is down may be drained, too, and one that
/// tracks another may be drained for either reason.
///
/// A server has the first of these that holds: `MAINT (via be/srv)`, `MAINT (resolution)`, `MAINT`; then what its checks
/// say, where `DRAIN` takes the place of `UP`. (Measured on 2.6, 3.0, 3.2 and 3.4.)
pub fn of_status(status: &str, tracks: bool) -> Option<Vec<String>> {
    let first = status.split(' ').next().unwrap_or_default();
    let name = match (first, status) {
        ("MAINT", "MAINT") => "fmaint",
        ("MAINT", "MAINT (resolution)") => "rmaint",
        ("MAINT", _) if status.starts_with("MAINT (via ") => "imaint",
        ("DRAIN", _) if !tracks => "fdrain",
        ("UP", _) | (_, "no check") => return Some(Vec::new()),
        _ => return None,
    };
    Some(vec![name.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_have_names() {
        assert!(names(0).is_empty());
        assert_eq!(names(5), ["fmaint", "cmaint"]);
        assert_eq!(names(0x7f).len(), 7);
        assert_eq!(names(0x108), ["fdrain", "0x100"]);
    }

    #[test]
    fn a_status_tells_what_it_tells() {
        let names = |status, tracks| of_status(status, tracks).map(|names| names.join(" "));
        for (status, tracks, told) in [
            ("UP", false, Some("")),
            ("UP 1/3", true, Some("")),
            ("no check", false, Some("")),
            ("MAINT", false, Some("fmaint")),
            ("MAINT", true, Some("fmaint")),
            ("MAINT (via be_app/app1)", true, Some("imaint")),
            ("MAINT (resolution)", false, Some("rmaint")),
            ("MAINT (something new)", false, None),
            ("DRAIN", false, Some("fdrain")),
            ("DRAIN 1/2", false, Some("fdrain")),
            ("DRAIN (agent)", false, Some("fdrain")),
            ("DRAIN", true, None),
            ("DOWN", false, None),
            ("DOWN 1/2", false, None),
            ("DOWN (agent)", false, None),
            ("NOLB", false, None),
            ("NOLB 1/2", false, None),
            ("", false, None),
        ] {
            assert_eq!(names(status, tracks).as_deref(), told, "{status}");
        }
    }
}
