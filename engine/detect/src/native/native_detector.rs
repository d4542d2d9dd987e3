//! The detectors that rules can name.

use leakward_core::Span;

use super::{assignment, authorization_header, call_arguments, private_key, url_password};
use crate::byte_set::ByteSet;
use crate::confirm::{Candidate, Runs};

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
    /// The password among the arguments of a call.
    CallArguments,
}

impl NativeDetector {
    /// Every detector with the name used in rule files. One line for each, and nowhere else.
    pub(crate) const ALL: &'static [(&'static str, NativeDetector)] = &[
        ("assignment", Self::Assignment),
        ("url-password", Self::UrlPassword),
        ("private-key", Self::PrivateKey),
        ("authorization-header", Self::AuthorizationHeader),
        ("call-arguments", Self::CallArguments),
    ];

    /// The detector of that name.
    pub(crate) fn named(name: &str) -> Option<NativeDetector> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, detector)| *detector)
    }

    /// What can follow one of its literals where it matters.
    pub(crate) fn next_bytes(self) -> Option<ByteSet> {
        match self {
            Self::Assignment => Some(assignment::NEXT),
            Self::UrlPassword => Some(url_password::NEXT),
            Self::CallArguments => Some(call_arguments::NEXT),
            Self::PrivateKey | Self::AuthorizationHeader => None,
        }
    }

    /// How far before the literal that stands at `hit`, and how far from its beginning on, the detector reads there: at most its reach.
    pub(crate) fn reads(self, bytes: &[u8], hit: Span) -> (usize, usize) {
        match self {
            Self::Assignment => assignment::reads(bytes, hit),
            _ => self.reach(),
        }
    }

    /// Whether it reads as far for every hit.
    pub(crate) fn has_fixed_reach(self) -> bool {
        self != Self::Assignment
    }

    /// How far before a hit and after it the detector reads.
    pub(crate) fn reach(self) -> (usize, usize) {
        match self {
            Self::Assignment => assignment::REACH,
            Self::UrlPassword => url_password::REACH,
            Self::PrivateKey => private_key::REACH,
            Self::AuthorizationHeader => authorization_header::REACH,
            Self::CallArguments => call_arguments::REACH,
        }
    }

    /// Looks at the literal that stands at `hit`.
    pub(crate) fn find(
        self,
        rule: usize,
        bytes: &[u8],
        hit: Span,
        runs: &mut Runs,
    ) -> Option<Candidate> {
        match self {
            Self::Assignment => assignment::find(rule, bytes, hit, runs),
            Self::UrlPassword => url_password::find(rule, bytes, hit, runs),
            Self::PrivateKey => private_key::find(rule, bytes, hit, runs),
            Self::AuthorizationHeader => authorization_header::find(rule, bytes, hit, runs),
            Self::CallArguments => call_arguments::find(rule, bytes, hit, runs),
        }
    }
}

#[cfg(test)]
mod tests {
    use leakward_core::rule::NATIVE_DETECTORS;

    use super::*;

    #[test]
    fn rules_can_name_every_detector_and_no_other() {
        let names: Vec<&str> = NativeDetector::ALL.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, NATIVE_DETECTORS);
    }
}
