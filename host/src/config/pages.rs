//! Which pages there are, and who we are there.
//!
//! 1. The statistics page is the one of `stats_url`. Where that is not set, there is one at `http://127.0.0.1:8404/stats`
//!    if `stats_enabled` is true, or if neither a page nor a Runtime API is named.
//! 2. `stats_enabled = false`: there is no statistics page, and what else is said about it rests; but a `stats_url` of a
//!    stronger source is believed. (A page of `metrics_url` is not the statistics page, and stays.)
//! 3. The exporter is at `metrics_url`. Where that is not set, it is at `/metrics` of the statistics page's origin.
//! 4. User, password, certificates and time-out are those of the statistics page. Certificates and time-out hold for the
//!    exporter as well; user and password if it has none in its URL, and has the same origin or is the only page.
//! 5. Credentials may stand in a URL, but must not contradict those beside it. Half of them is refused, and so is any
//!    of them where there is no page.
//! 6. A password and a file with one: the stronger source decides; within one source, both are refused.
//!
//! A file with a password is read now; the PEM files when they are used, since they may come later.

use super::written::{Layers, Read};
use super::{ConfigError, Setting, Written, file, value};
use crate::haproxy::pages::{ClientCertificate, Credentials, PageDoor, PageUrl};
use crate::secret::Secret;
use std::path::PathBuf;
use std::time::Duration;

/// The statistics page where none is set: the one of the existing server and of most examples.
const USUAL_PAGE: &str = "http://127.0.0.1:8404/stats";

/// Path of the exporter where none is set: what HAProxy's documentation uses.
const USUAL_EXPORTER: &str = "/metrics";

/// How long one request may take where nothing else is set: the existing server's default.
const USUAL_TIMEOUT: Duration = Duration::from_secs(5);

/// The pages that were decided on.
pub(super) struct Pages {
    /// Whether the operator named one: then there is no Runtime API but a named one.
    pub(super) named: bool,
    pub(super) stats: Option<PageDoor>,
    pub(super) metrics: Option<PageDoor>,
}

/// An address, and the credentials that stood in it.
type Address = (PageUrl, Option<Credentials>);

/// Decides on the pages; `has_runtime` says whether a Runtime API is named.
pub(super) fn choose(layers: &Layers, has_runtime: bool) -> Result<Pages, ConfigError> {
    let enabled = layers.read(Setting::StatsEnabled, value::switch)?;
    let stats = layers.read(Setting::StatsUrl, value::page)?;
    let metrics = layers.read(Setting::MetricsUrl, value::page)?;
    let shared = Shared::read(layers)?;

    let is_off = enabled.as_ref().is_some_and(|enabled| {
        !enabled.value && stats.as_ref().is_none_or(|url| url.rank <= enabled.rank)
    });
    let is_on = enabled.is_some_and(|enabled| enabled.value);
    let stats = stats.filter(|_| !is_off);
    let named = stats.is_some() || metrics.is_some();
    let usual = !is_off && stats.is_none() && (is_on || !named && !has_runtime);
    if stats.is_none() && metrics.is_none() && !usual {
        return match shared.first {
            Some(written) if !is_off => Err(ConfigError::PageMissing {
                setting: written.setting,
                origin: written.origin.clone(),
            }),
            _ => Ok(Pages {
                named,
                stats: None,
                metrics: None,
            }),
        };
    }

    let access = shared.access()?;
    let stats = match stats {
        Some(url) => Some(access.door(&url.value.0, access.credentials(Some(&url))?)),
        // It is a page's address: `the_usual_page_is_a_page` holds it to that.
        None if usual => match value::page(USUAL_PAGE) {
            Some((url, _)) => Some(access.door(&url, access.credentials(None)?)),
            None => None,
        },
        None => None,
    };
    let metrics = match (metrics, &stats) {
        (Some(url), stats) => {
            let credentials = match (&url.value, stats) {
                (_, None) => access.credentials(Some(&url))?,
                ((_, Some(own)), Some(_)) => Some(own.clone()),
                ((page, None), Some(stats)) if page.same_origin(&stats.url) => {
                    stats.credentials.clone()
                }
                ((_, None), Some(_)) => None,
            };
            Some(access.door(&url.value.0, credentials))
        }
        (None, Some(stats)) => Some(PageDoor {
            url: stats.url.with_path(USUAL_EXPORTER),
            ..stats.clone()
        }),
        (None, None) => None,
    };
    Ok(Pages {
        named,
        stats,
        metrics,
    })
}

/// What is said of all pages, each from the strongest source that says it.
struct Shared<'a> {
    timeout: Option<Read<'a, Duration>>,
    user: Option<Read<'a, String>>,
    password: Option<Read<'a, Secret>>,
    password_file: Option<Read<'a, PathBuf>>,
    ca_file: Option<Read<'a, PathBuf>>,
    client_cert: Option<Read<'a, PathBuf>>,
    client_key: Option<Read<'a, PathBuf>>,
    /// The first of the settings that mean nothing without a page. A time-out is no loss then.
    first: Option<&'a Written>,
}

impl<'a> Shared<'a> {
    fn read(layers: &'a Layers) -> Result<Self, ConfigError> {
        let first = [
            Setting::StatsUser,
            Setting::StatsPassword,
            Setting::StatsPasswordFile,
            Setting::StatsCaFile,
            Setting::StatsClientCert,
            Setting::StatsClientKey,
        ]
        .into_iter()
        .find_map(|setting| layers.strongest(setting));
        Ok(Self {
            timeout: layers.read(Setting::StatsTimeout, value::timeout)?,
            user: layers.read(Setting::StatsUser, value::user)?,
            password: layers.read(Setting::StatsPassword, value::password)?,
            password_file: layers.read(Setting::StatsPasswordFile, value::absolute)?,
            ca_file: layers.read(Setting::StatsCaFile, value::absolute)?,
            client_cert: layers.read(Setting::StatsClientCert, value::absolute)?,
            client_key: layers.read(Setting::StatsClientKey, value::absolute)?,
            first: first.map(|(_, written)| written),
        })
    }

    /// What holds for the pages that there are.
    fn access(self) -> Result<Access<'a>, ConfigError> {
        let password = match (self.password, self.password_file) {
            (Some(password), Some(file)) if password.rank == file.rank => {
                return Err(ConfigError::TwoPasswords {
                    first_origin: password.written.origin.clone(),
                    second_origin: file.written.origin.clone(),
                });
            }
            (Some(password), Some(file)) if password.rank < file.rank => Some(in_file(&file)?),
            (Some(password), _) => Some((password.value, password.written)),
            (None, Some(file)) => Some(in_file(&file)?),
            (None, None) => None,
        };
        let client = match (self.client_cert, self.client_key) {
            (Some(certificate), key) => Some(ClientCertificate {
                key: key.map_or_else(|| certificate.value.clone(), |key| key.value),
                certificate: certificate.value,
            }),
            (None, Some(key)) => {
                return Err(ConfigError::CertificateMissing {
                    origin: key.written.origin.clone(),
                });
            }
            (None, None) => None,
        };
        Ok(Access {
            timeout: self.timeout.map_or(USUAL_TIMEOUT, |timeout| timeout.value),
            user: self.user,
            password,
            ca_file: self.ca_file.map(|file| file.value),
            client,
        })
    }
}

fn in_file<'a>(file: &Read<'a, PathBuf>) -> Result<(Secret, &'a Written), ConfigError> {
    let password = file::password(&file.value, &file.written.origin)?;
    Ok((password, file.written))
}

/// How the pages are reached.
struct Access<'a> {
    timeout: Duration,
    user: Option<Read<'a, String>>,
    password: Option<(Secret, &'a Written)>,
    ca_file: Option<PathBuf>,
    client: Option<ClientCertificate>,
}

impl Access<'_> {
    fn door(&self, url: &PageUrl, credentials: Option<Credentials>) -> PageDoor {
        PageDoor {
            url: url.clone(),
            credentials,
            ca_file: self.ca_file.clone(),
            client: self.client.clone(),
            timeout: self.timeout,
        }
    }

    /// Who we are on a page: who its URL says, who the settings beside it say, or nobody.
    fn credentials(
        &self,
        url: Option<&Read<'_, Address>>,
    ) -> Result<Option<Credentials>, ConfigError> {
        let incomplete = |written: &Written| {
            Err(ConfigError::CredentialsIncomplete {
                setting: written.setting,
                origin: written.origin.clone(),
            })
        };
        let within = url.and_then(|url| Some((url.value.1.as_ref()?, url.written)));
        let Some((within, url)) = within else {
            return match (&self.user, &self.password) {
                (None, None) => Ok(None),
                (Some(user), Some((password, _))) => Ok(Some(Credentials {
                    user: user.value.clone(),
                    password: password.clone(),
                })),
                (Some(user), None) => incomplete(user.written),
                (None, Some((_, password))) => incomplete(password),
            };
        };
        let differ = |what, written: &Written| {
            Err(ConfigError::CredentialsDiffer {
                url: url.setting,
                url_origin: url.origin.clone(),
                what,
                setting: written.setting,
                origin: written.origin.clone(),
            })
        };
        match (&self.user, &self.password) {
            (Some(user), _) if user.value != within.user => differ("user", user.written),
            (_, Some((password, written))) if *password != within.password => {
                differ("password", written)
            }
            _ => Ok(Some(within.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{USUAL_PAGE, value};

    #[test]
    fn the_usual_page_is_a_page() {
        let page = value::page(USUAL_PAGE).map(|(url, _)| url.to_string());
        assert_eq!(page.as_deref(), Some(USUAL_PAGE));
    }
}
