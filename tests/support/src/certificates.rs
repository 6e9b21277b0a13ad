//! Certificates, made when a test wants them: by an authority of its own, valid from yesterday on.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PublicKeyData, RevocationReason, RevokedCertParams, SerialNumber,
};

const DAY: Duration = Duration::from_hours(24);

/// By which everything ends before its last day does, so that a test is not about seconds.
const HOUR: Duration = Duration::from_hours(1);

/// Who signs certificates and says which are revoked.
pub struct Authority {
    name: String,
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The certificate alone.
    pub certificate: String,
    /// The certificate of who signed it.
    pub chain: String,
    /// The private key.
    pub key: String,
    /// The certificate's serial number.
    pub serial: u64,
}

impl Issued {
    /// What HAProxy wants in one file: certificate, chain and key.
    pub fn pem(&self) -> String {
        [&*self.certificate, &self.chain, &self.key].concat()
    }
}

/// The PEM of the usual site: `www.example.test`, for 90 days.
pub fn site() -> &'static str {
    static SITE: OnceLock<String> = OnceLock::new();
    SITE.get_or_init(|| {
        let names = ["www.example.test", "*.example.test"];
        Authority::new("Site CA").issue(1, &names, 90).pem()
    })
}

impl Authority {
    /// An authority of this name.
    pub fn new(name: &str) -> Self {
        Self::of(name, &[])
    }

    /// One whose own certificate names a host, as of somebody who signs for himself.
    pub fn for_host(name: &str) -> Self {
        Self::of(name, &[name])
    }

    fn of(name: &str, names: &[&str]) -> Self {
        let key = KeyPair::generate().expect("make a key");
        let mut wanted = wanted(names, 3650);
        wanted.distinguished_name = called(name);
        wanted.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        wanted.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let certificate = wanted.self_signed(&key).expect("sign a certificate");
        Self {
            name: name.to_owned(),
            certificate,
            issuer: Issuer::new(wanted, key),
        }
    }

    /// Its own certificate and key, for a HAProxy that serves them.
    pub fn with_key(&self) -> String {
        self.pem() + &self.issuer.key().serialize_pem()
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for these names of hosts, of which the first is its subject, valid for so many days more,
    /// less an hour.
    pub fn issue(&self, serial: u64, names: &[&str], days: u64) -> Issued {
        self.issue_for(serial, names, days, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// The same, valid from so many days after now until so many days after now: `-10..-1` has expired.
    pub fn issue_between(&self, serial: u64, names: &[&str], days: std::ops::Range<i64>) -> Issued {
        let mut wanted = wanted(names, 1);
        wanted.not_before = at(SystemTime::now()) + time::Duration::days(days.start);
        wanted.not_after = at(SystemTime::now()) + time::Duration::days(days.end);
        self.sign(serial, names, wanted, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// The same, valid for so many seconds more, or one less.
    pub fn issue_for_seconds(&self, serial: u64, names: &[&str], seconds: u32) -> Issued {
        let mut wanted = wanted(names, 1);
        wanted.not_after = at(SystemTime::now()) + time::Duration::seconds(seconds.into());
        self.sign(serial, names, wanted, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// The same for a client, with which it shows a server who it is.
    pub fn issue_client(&self, serial: u64, names: &[&str], days: u64) -> Issued {
        self.issue_for(serial, names, days, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue_for(
        &self,
        serial: u64,
        names: &[&str],
        days: u64,
        purpose: ExtendedKeyUsagePurpose,
    ) -> Issued {
        self.sign(serial, names, wanted(names, days), purpose)
    }

    fn sign(
        &self,
        serial: u64,
        names: &[&str],
        mut wanted: CertificateParams,
        purpose: ExtendedKeyUsagePurpose,
    ) -> Issued {
        let key = KeyPair::generate().expect("make a key");
        wanted.distinguished_name = called(names.first().copied().unwrap_or("nobody"));
        wanted.serial_number = Some(SerialNumber::from(serial));
        wanted.extended_key_usages = vec![purpose];
        let certificate = wanted
            .signed_by(&key, &self.issuer)
            .expect("sign a certificate");
        Issued {
            certificate: certificate.pem(),
            chain: self.pem(),
            key: key.serialize_pem(),
            serial,
        }
    }

    /// What it says by OCSP of the certificate with this serial number, in DER (RFC 6960): that it is good, and was an
    /// hour and so many minutes ago. It is not signed: HAProxy hands such responses on and leaves the signature to who
    /// gets it.
    pub fn ocsp(&self, serial: u64, minutes: u32) -> Vec<u8> {
        let since = SystemTime::now() - Duration::from_mins(60 + u64::from(minutes));
        let hashed = |bytes: &[u8]| {
            let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
            der(0x04, &[digest.as_ref()])
        };
        let name = {
            let common_name = [
                &[0x06, 3, 0x55, 4, 3][..],
                &der(0x0c, &[self.name.as_bytes()]),
            ];
            der(0x30, &[&der(0x31, &[&der(0x30, &common_name)])])
        };
        let key = hashed(self.issuer.key().der_bytes());
        let number: Vec<u8> = {
            let bytes = serial.to_be_bytes();
            let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
            // One more where the first bit would make it negative.
            let sign = if bytes[first] >= 0x80 { &[0][..] } else { &[] };
            [sign, &bytes[first..]].concat()
        };
        let sha1 = der(0x30, &[&[0x06, 5, 0x2b, 0x0e, 3, 2, 0x1a], &[0x05, 0]]);
        let id = der(0x30, &[&sha1, &hashed(&name), &key, &der(0x02, &[&number])]);
        let time = |time: SystemTime| {
            let time = at(time);
            let text = format!(
                "{:04}{:02}{:02}{:02}{:02}{:02}Z",
                time.year(),
                u8::from(time.month()),
                time.day(),
                time.hour(),
                time.minute(),
                time.second()
            );
            der(0x18, &[text.as_bytes()])
        };
        let next = der(0xa0, &[&time(SystemTime::now() + 7 * DAY - HOUR)]);
        let good = [0x80, 0];
        let single = der(0x30, &[&id, &good, &time(since), &next]);
        let data = der(
            0x30,
            &[&der(0xa2, &[&key]), &time(since), &der(0x30, &[&single])],
        );
        let ecdsa = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        let signature = der(0x03, &[&[0, 0x30, 6, 2, 1, 1, 2, 1, 1]]);
        let basic = der(0x30, &[&data, &der(0x30, &[&ecdsa]), &signature]);
        let kind = [0x06, 9, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
        let bytes = der(0x30, &[&kind, &der(0x04, &[&basic])]);
        der(0x30, &[&[0x0a, 1, 0], &der(0xa0, &[&bytes])])
    }

    /// A list that revokes these serial numbers, in PEM.
    pub fn revoke(&self, serials: &[u64]) -> String {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: at(SystemTime::now() - DAY),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: at(SystemTime::now() - DAY),
            next_update: at(SystemTime::now() + 30 * DAY),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer)
            .and_then(|list| list.pem())
            .expect("sign a list of revocations")
    }
}

/// An element of DER: its tag, its length, and what it consists of.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len())
        .expect("small elements")
        .to_be_bytes();
    let head: Vec<u8> = match length {
        [0, short @ 0..0x80] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [head, content].concat()
}

fn wanted(names: &[&str], days: u64) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut wanted = CertificateParams::new(names).expect("names of hosts");
    wanted.not_before = at(SystemTime::now() - DAY);
    wanted.not_after = at(SystemTime::now() + DAY * u32::try_from(days).expect("some days") - HOUR);
    wanted
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// To the second, as certificates have it.
fn at(time: SystemTime) -> time::OffsetDateTime {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("a clock that goes")
        .as_secs();
    let seconds = i64::try_from(seconds).expect("a date in this age");
    time::OffsetDateTime::from_unix_timestamp(seconds).expect("a date in this age")
}
