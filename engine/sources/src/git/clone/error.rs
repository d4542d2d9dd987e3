//! Why a repository could not be cloned, in the user's terms.
//!
//! gix reports a chain of causes from several libraries as text; the few that a user can do something about are told
//! apart by the words in it.

use std::path::PathBuf;

/// Why a repository could not be cloned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloneError {
    /// The host's name leads nowhere.
    #[error("{host}: there is no such host")]
    HostNotFound {
        /// The host.
        host: String,
    },
    /// The host is there and does not let us in.
    #[error("{host}: access is denied; give a token that may read this repository")]
    Unauthorized {
        /// The host.
        host: String,
    },
    /// The host is there and has no repository at this address, or says so because access is denied.
    #[error("{url} is not a git repository, or may not be read without a token")]
    NotARepository {
        /// The address, without anything secret.
        url: String,
    },
    /// The host's certificate is not trusted.
    #[error(
        "{host}: its certificate is not trusted ({reason}); a private authority can be named in SSL_CERT_FILE"
    )]
    Certificate {
        /// The host.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The connection failed or broke off.
    #[error("{url}: {reason}")]
    Connection {
        /// The address, without anything secret.
        url: String,
        /// What happened, without anything secret.
        reason: String,
    },
    /// The folder for the copy cannot be used.
    #[error("{path}: {reason}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It was stopped.
    #[error("stopped")]
    Interrupted,
}

/// What the words of an error tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    HostNotFound,
    Unauthorized,
    NotARepository,
    Certificate,
    Other,
}

impl Cause {
    /// Tells from the whole chain of causes.
    pub(super) fn of(chain: &str) -> Self {
        const WORDS: [(Cause, &[&str]); 4] = [
            (
                Cause::HostNotFound,
                &[
                    "dns error",
                    "failed to lookup address",
                    "could not resolve hostname",
                    "name or service not known",
                ],
            ),
            (Cause::Certificate, &["certificate", "unknownissuer"]),
            (
                Cause::Unauthorized,
                &[
                    "status 401",
                    "status 403",
                    "401 unauthorized",
                    "403 forbidden",
                    "permission denied",
                    "permissiondenied",
                    "credentials",
                    "authentication",
                ],
            ),
            (
                Cause::NotARepository,
                &[
                    "status 404",
                    "404 not found",
                    "not found",
                    "'smart' protocol",
                    "didn't yield any packetline",
                    "not a git repository",
                ],
            ),
        ];
        let chain = chain.to_ascii_lowercase();
        WORDS
            .iter()
            .find(|(_, words)| words.iter().any(|word| chain.contains(word)))
            .map_or(Cause::Other, |(cause, _)| *cause)
    }
}
