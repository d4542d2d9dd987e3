//! The detectors that rules can name.

use crate::confirm::Candidate;
use crate::prefilter::Spelling;

/// A detector written in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NativeDetector {
    /// A value assigned to a name such as `password`.
    Assignment,
    /// The password in a URL.
    UrlPassword,
    /// A private key in PEM, OpenSSH, PuTTY or PGP form.
    PrivateKey,
    /// The credential in an HTTP `Authorization` header.
    AuthorizationHeader,
}

impl NativeDetector {
    /// Every detector with the name used in rule files. One line for each, and nowhere else.
    pub(crate) const ALL: &'static [(&'static str, NativeDetector)] = &[
        ("assignment", Self::Assignment),
        ("url-password", Self::UrlPassword),
        ("private-key", Self::PrivateKey),
        ("authorization-header", Self::AuthorizationHeader),
    ];

    /// The detector of that name.
    pub(crate) fn named(name: &str) -> Option<NativeDetector> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, detector)| *detector)
    }

    /// How its literals are spelled.
    pub(crate) fn spelling(self) -> Spelling {
        match self {
            Self::Assignment => Spelling::Loose,
            Self::UrlPassword | Self::PrivateKey | Self::AuthorizationHeader => Spelling::AnyCase,
        }
    }

    /// Looks at the literal that stands at `span`.
    pub(crate) fn find(self, rule: usize, bytes: &[u8], span: (usize, usize)) -> Option<Candidate> {
        let _unused = (rule, bytes, span);
        None
    }
}
