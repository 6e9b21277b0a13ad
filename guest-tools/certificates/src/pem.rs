//! PEM: what stands between `-----BEGIN X-----` and `-----END X-----` (RFC 7468).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haproxy_mcp_sdk::Failure;

/// Bytes of the lines that HAProxy takes with one command: what its buffer of 16 KiB holds of them.
pub(crate) const PAYLOAD: usize = 15_000;

/// A text of PEM blocks.
#[derive(Debug)]
pub(crate) struct Pem<'a> {
    blocks: Vec<Block<'a>>,
    /// The lines outside of all blocks, blank ones left out.
    loose: Vec<&'a str>,
}

/// A block, with its first and last line.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    label: &'a str,
    lines: Vec<&'a str>,
}

impl<'a> Pem<'a> {
    /// Reads a text. A block without an end goes on to the next one, or to the end of the text.
    pub(crate) fn read(text: &'a str) -> Self {
        let mut pem = Self {
            blocks: Vec::new(),
            loose: Vec::new(),
        };
        let mut open = false;
        for line in text.lines().map(str::trim) {
            if let Some(label) = marked(line, "-----BEGIN ") {
                pem.blocks.push(Block {
                    label,
                    lines: vec![line],
                });
                open = true;
                continue;
            }
            match pem.blocks.last_mut() {
                _ if line.is_empty() => {}
                Some(block) if open => {
                    block.lines.push(line);
                    open = marked(line, "-----END ").is_none();
                }
                _ => pem.loose.push(line),
            }
        }
        pem
    }

    /// The certificates, in their order.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &Block<'a>> {
        self.blocks
            .iter()
            .filter(|block| block.label.ends_with("CERTIFICATE"))
    }

    /// The lists of revocations.
    pub(crate) fn revocations(&self) -> impl Iterator<Item = &Block<'a>> {
        self.blocks.iter().filter(|block| block.label == "X509 CRL")
    }

    /// Whether there is a private key.
    pub(crate) fn has_key(&self) -> bool {
        self.blocks
            .iter()
            .any(|block| block.label.ends_with("PRIVATE KEY"))
    }

    /// Whether a private key stands anywhere, also where it is no block of its own: behind another one without a line
    /// end between them, or behind a byte order mark.
    pub(crate) fn mentions_key(&self) -> bool {
        let blocks = self.blocks.iter().flat_map(|block| &block.lines);
        blocks
            .chain(&self.loose)
            .any(|line| line.contains("PRIVATE KEY-----"))
    }

    /// Whether a private key is behind a password.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.blocks.iter().any(|block| {
            block.label == "ENCRYPTED PRIVATE KEY"
                || block
                    .lines
                    .iter()
                    .any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"))
        })
    }

    /// The lines that HAProxy is to read, in portions that each fit a command; no block is cut. What stands around the
    /// blocks is left out. A text without any block is handed over as it is: HAProxy says what it makes of it.
    pub(crate) fn portions(&self) -> Result<Vec<Vec<String>>, Failure> {
        let whole: Vec<&[&str]> = if self.blocks.is_empty() {
            vec![&self.loose]
        } else {
            self.blocks
                .iter()
                .map(|block| block.lines.as_slice())
                .collect()
        };
        let mut portions: Vec<Vec<String>> = Vec::new();
        let mut room = 0;
        for lines in whole {
            let bytes = lines.iter().map(|line| line.len() + 1).sum::<usize>();
            if bytes > PAYLOAD {
                return Err(too_large(bytes));
            }
            let lines = lines.iter().map(|&line| line.to_owned());
            match portions.last_mut() {
                Some(portion) if bytes <= room => {
                    portion.extend(lines);
                    room -= bytes;
                }
                _ => {
                    portions.push(lines.collect());
                    room = PAYLOAD - bytes;
                }
            }
        }
        if portions.iter().all(Vec::is_empty) {
            return Err(Failure::invalid_argument("the content is blank")
                .hint("give it as PEM")
                .argument("/content"));
        }
        Ok(portions)
    }

    /// The lines, for a command that takes all of them at once or not at all.
    pub(crate) fn portion(&self) -> Result<Vec<String>, Failure> {
        let mut portions = self.portions()?;
        if portions.len() > 1 {
            let bytes = portions.iter().flatten().map(|line| line.len() + 1).sum();
            return Err(too_large(bytes));
        }
        Ok(portions.pop().unwrap_or_default())
    }
}

impl Block<'_> {
    /// SHA-1 of what it holds, in upper case hexadecimal digits, as HAProxy shows it of a certificate; none where it
    /// cannot be decoded.
    pub(crate) fn sha1(&self) -> Option<String> {
        let text: String = self
            .lines
            .iter()
            .filter(|line| !line.starts_with("-----") && !line.contains(':'))
            .flat_map(|line| line.chars())
            .filter(|character| !character.is_whitespace())
            .collect();
        let bytes = STANDARD.decode(text).ok()?;
        // Behind a certificate that is trusted stands what it is trusted for.
        let digest = sha1_smol::Sha1::from(first_element(&bytes)?).digest();
        Some(digest.to_string().to_uppercase())
    }
}

/// `CERTIFICATE` of `-----BEGIN CERTIFICATE-----`.
fn marked<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.strip_prefix(mark)?.strip_suffix("-----")
}

/// The first element of DER, with its head (ITU-T X.690, section 8.1).
fn first_element(der: &[u8]) -> Option<&[u8]> {
    let first = *der.get(1)?;
    let (head, length) = if first < 0x80 {
        (2, usize::from(first))
    } else {
        // The number of bytes that the length itself has; none stands for an element without one.
        let bytes = usize::from(first - 0x80);
        if !(1..=4).contains(&bytes) {
            return None;
        }
        let length = der
            .get(2..2 + bytes)?
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        (2 + bytes, length)
    };
    der.get(..head + length)
}

fn too_large(bytes: usize) -> Failure {
    Failure::invalid_argument(format!(
        "HAProxy takes at most {PAYLOAD} bytes at once, and this is larger: {bytes}"
    ))
    .hint("put it into its file and use reload_haproxy")
    .argument("/content")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// SHA-1 of `abc`, from FIPS 180-1, within a DER string of three bytes.
    #[test]
    fn digests_are_of_the_first_element() {
        assert_eq!(
            first_element(&[0x30, 1, 7, 9]),
            Some([0x30, 1, 7].as_slice())
        );
        assert_eq!(
            first_element(&[0x30, 0x81, 1, 7]),
            Some([0x30, 0x81, 1, 7].as_slice())
        );
        assert_eq!(first_element(&[0x30, 2, 7]), None);
        assert_eq!(first_element(&[0x30, 0x80, 7]), None);
        let pem = Pem::read("-----BEGIN CERTIFICATE-----\nMAEH\n-----END CERTIFICATE-----\n");
        let digest = sha1_smol::Sha1::from([0x30, 1, 7]).digest().to_string();
        assert_eq!(
            pem.certificates().next().unwrap().sha1(),
            Some(digest.to_uppercase())
        );
    }

    #[test]
    fn blocks_stay_whole_and_what_is_around_them_goes() {
        let text = "Bag Attributes\r\n\tname: x\r\n\r\n-----BEGIN CERTIFICATE-----\r\nMAEH\r\n\r\n-----END CERTIFICATE-----\r\n\
            note\n-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
        let pem = Pem::read(text);
        assert!(pem.has_key() && !pem.is_encrypted());
        assert_eq!(pem.certificates().count(), 1);
        assert_eq!(
            pem.portion().unwrap(),
            [
                "-----BEGIN CERTIFICATE-----",
                "MAEH",
                "-----END CERTIFICATE-----",
                "-----BEGIN EC PRIVATE KEY-----",
                "AAAA",
                "-----END EC PRIVATE KEY-----"
            ]
        );
        assert_eq!(
            Pem::read("\nwhat\n\nis this \n").portion().unwrap(),
            ["what", "is this"]
        );
        assert!(Pem::read(" \n").portion().is_err());
    }

    #[test]
    fn a_key_is_found_wherever_it_begins() {
        for before in [
            "",
            "\u{feff}",
            "x ",
            "-----BEGIN CERTIFICATE-----\nMIEA\n-----END CERTIFICATE-----",
        ] {
            let text = format!(
                "{before}-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----"
            );
            assert!(Pem::read(&text).mentions_key(), "{text}");
        }
        let certificate = "-----BEGIN CERTIFICATE-----\nMIEA\n-----END CERTIFICATE-----";
        assert!(!Pem::read(certificate).mentions_key());
    }

    #[test]
    fn a_key_behind_a_password_is_known() {
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A\n\nAAAA\n-----END RSA PRIVATE KEY-----",
        ] {
            assert!(Pem::read(text).is_encrypted(), "{text}");
        }
    }

    #[test]
    fn portions_fit_a_command() {
        let block = format!(
            "-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n",
            format!("{}\n", "A".repeat(64)).repeat(90)
        );
        let many = block.repeat(7);
        let portions = Pem::read(&many).portions().unwrap();
        assert_eq!(portions.len(), 4);
        for portion in &portions {
            let bytes: usize = portion.iter().map(|line| line.len() + 1).sum();
            assert!(bytes <= PAYLOAD, "{bytes}");
            assert!(portion.first().unwrap().starts_with("-----BEGIN"));
            assert!(portion.last().unwrap().starts_with("-----END"));
        }
        assert!(Pem::read(&many).portion().is_err());
        let huge = block.replace('\n', &format!("\n{}\n", "B".repeat(64)));
        assert!(Pem::read(&huge.repeat(2)).portions().is_ok());
        assert!(Pem::read(&"garbage ".repeat(2_000)).portions().is_err());
    }
}
