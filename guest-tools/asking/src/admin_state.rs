//! Why a server is in maintenance or drained: the bits of `srv_admin_state`.
//!
//! # References
//! HAProxy Management Guide, section 9.3, "show servers state".

/// Bit and name; the names are those of the manual, without their prefix `SRV_ADMF_`.
const BITS: [(u64, &str); 7] = [
    // asked for at run time
    (0x01, "fmaint"),
    // inherited from the server that it tracks
    (0x02, "imaint"),
    // `disabled` in the configuration
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
}
