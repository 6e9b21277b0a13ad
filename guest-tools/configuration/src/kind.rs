//! Kinds of sections.

use std::fmt;

macro_rules! kinds {
    ($($variant:ident $word:literal $doc:literal,)*) => {
        /// What a section is, by the word that begins it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = $doc] $variant,)*
        }

        impl Kind {
            /// All of them, those of newer versions included.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word that begins such a section.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

kinds! {
    Global "global" "Settings of the process.",
    Defaults "defaults" "Settings of the proxies that follow or name it.",
    Frontend "frontend" "A proxy that clients connect to.",
    Backend "backend" "A proxy that connects to servers.",
    Listen "listen" "A frontend and a backend in one.",
    Userlist "userlist" "Users and groups for HTTP authentication.",
    Peers "peers" "Several HAProxy processes that share stick tables.",
    Mailers "mailers" "Mail servers for alerts.",
    Resolvers "resolvers" "Name servers.",
    Cache "cache" "An HTTP cache.",
    Ring "ring" "A buffer of events.",
    Program "program" "A program beside HAProxy (up to 3.2).",
    HttpErrors "http-errors" "Error pages.",
    FcgiApp "fcgi-app" "A `FastCGI` application.",
    LogForward "log-forward" "A receiver of logs.",
    LogProfile "log-profile" "How logs are written (from 3.1).",
    CrtStore "crt-store" "Certificates (from 3.0).",
    Acme "acme" "Where certificates are got by ACME (from 3.2).",
    Traces "traces" "What is traced (from 3.1).",
    Healthcheck "healthcheck" "A health check with a name (from 3.4).",
    NamespaceList "namespace_list" "Network namespaces.",
}

impl Kind {
    /// The kind that this word begins.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// Whether it is a frontend, a backend or both.
    pub const fn is_proxy(self) -> bool {
        matches!(self, Self::Frontend | Self::Backend | Self::Listen)
    }

    /// Whether clients connect to it.
    pub const fn is_frontend(self) -> bool {
        matches!(self, Self::Frontend | Self::Listen)
    }

    /// Whether it connects to servers.
    pub const fn is_backend(self) -> bool {
        matches!(self, Self::Backend | Self::Listen)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
