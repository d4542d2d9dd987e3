//! What there is to do: the few facts of a delivery that are needed, as they are sealed in the queue.
//!
//! INVARIANT: nothing here is believed beyond what the allow-list and our own configuration say: no address to clone from, no
//! list of files.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which kind of code host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HostKind {
    /// GitHub, or a GitHub Enterprise Server.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea or Forgejo.
    Gitea,
}

impl HostKind {
    /// The word, which is also the source of its deliveries.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
        }
    }

    /// The kind of that word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Github, Self::Gitlab, Self::Gitea]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for HostKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A repository on a code host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct RepositoryName {
    /// The host.
    pub(crate) host: HostKind,
    /// `owner/name`, or a longer path on GitLab.
    pub(crate) path: String,
    /// The installation of a GitHub App that may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) installation: Option<u64>,
    /// GitLab's number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<u64>,
}

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Task {
    /// Look at what a push brought.
    Push(Push),
    /// Look into an alert of GitHub's secret scanning.
    Alert(Alert),
    /// Look into a vulnerability of GitLab's secret detection.
    Vulnerability(Vulnerability),
    /// Look into a leak that somebody posted.
    Leak(GivenLeak),
    /// The installation of an App changed: make mirrors of what it may read now.
    Installation(Installation),
    /// Do what somebody approved.
    Approval(Approval),
    /// Tell a code host something.
    Tell(Telling),
}

/// What somebody approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Approval {
    /// The incident.
    pub(crate) incident: String,
    /// Who.
    pub(crate) by: String,
}

/// A push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Push {
    /// Where to.
    pub(crate) repository: RepositoryName,
    /// The full name of the ref.
    pub(crate) reference: String,
    /// What it pointed to; none when it is new.
    pub(crate) before: Option<String>,
    /// What it points to; none when it was deleted.
    pub(crate) after: Option<String>,
    /// The branch that others grow from.
    pub(crate) default_branch: Option<String>,
}

/// An alert of GitHub's secret scanning. It holds neither the secret nor its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alert {
    /// Where.
    pub(crate) repository: RepositoryName,
    /// Its number.
    pub(crate) number: u64,
    /// What happened to it.
    pub(crate) action: String,
}

/// A vulnerability of GitLab's secret detection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vulnerability {
    /// Where.
    pub(crate) repository: RepositoryName,
    /// Its number.
    pub(crate) number: u64,
    /// Its page.
    pub(crate) url: String,
    /// `detected`, `confirmed`, `dismissed`, `resolved`.
    pub(crate) state: String,
    /// The file.
    pub(crate) file: String,
    /// The line.
    pub(crate) line: u32,
}

/// A leak that somebody posted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GivenLeak {
    /// Where it was seen, for people.
    pub(crate) seen_at: String,
    /// The rule, if the sender knows.
    pub(crate) rule: Option<String>,
    /// The credential itself, if it is not to be read from a repository.
    pub(crate) secret: Option<String>,
    /// The repository and commit that it stands in.
    pub(crate) commit: Option<(RepositoryName, String)>,
    /// Whether everybody can see it.
    pub(crate) public: bool,
}

impl fmt::Debug for GivenLeak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GivenLeak({})", self.seen_at)
    }
}

impl Drop for GivenLeak {
    fn drop(&mut self) {
        if let Some(secret) = &mut self.secret {
            zeroize::Zeroize::zeroize(secret);
        }
    }
}

/// A changed installation of a GitHub App.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installation {
    /// Its number.
    pub(crate) number: u64,
    /// `created`, `deleted`, `suspend` …
    pub(crate) action: String,
    /// What it may read now, as far as it is served.
    pub(crate) repositories: Vec<String>,
}

/// Something that a code host is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Telling {
    /// Where.
    pub(crate) repository: RepositoryName,
    /// What.
    pub(crate) what: Told,
}

/// What a code host is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(crate) enum Told {
    /// What became of an alert or a vulnerability.
    Alert {
        /// Its number.
        number: u64,
        /// Whether the credential is known to work; none when it is not known.
        live: Option<bool>,
        /// Whether the leak is contained.
        contained: bool,
        /// For people.
        comment: String,
    },
    /// How a commit looks.
    Commit {
        /// The commit.
        commit: String,
        /// How many leaked credentials it brought.
        leaks: usize,
        /// Whether everything could be looked at.
        complete: bool,
        /// For people, in Markdown; no credential.
        summary: String,
        /// How it is told.
        how: How,
    },
}

/// How something about a commit is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum How {
    /// A commit status.
    Status,
    /// A check run.
    Check,
    /// A comment on the commit.
    Comment,
}

impl Task {
    /// The sealed form, wiped when it is dropped.
    pub(crate) fn to_bytes(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(zeroize::Zeroizing::new)
    }

    /// Reads what [`Task::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}
