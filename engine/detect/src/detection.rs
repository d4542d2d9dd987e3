//! What detection gives back for one piece of bytes.

use std::hash::{Hash, Hasher};

use leakward_core::{Confidence, Secret, Span};

/// One credential that was found.
#[derive(Clone, Debug)]
pub struct Match {
    /// Index of the rule in [`Detector::rules`](crate::Detector::rules).
    pub rule: usize,
    /// The credential in the original bytes; for a decoded one, the smallest run of original bytes that holds it.
    pub span: Span,
    /// Everything that the rule's expression matched in the original bytes; the credential's own span where nothing around
    /// it belongs to the match.
    pub whole: Span,
    /// The credential itself: decoded, and for private keys the normalised base64 body.
    pub secret: Secret,
    /// Shannon entropy of the credential, bits per byte.
    pub entropy: f64,
    /// How sure we are that it is a credential.
    pub confidence: Confidence,
    /// Why, in short sentences; the strongest first.
    pub reasons: Vec<String>,
    /// The encodings that had to be undone, outermost first: `base64`, `percent` …
    pub decoded: Vec<&'static str>,
    /// Values near by that belong to it: the companion's name and where it stands.
    pub companions: Vec<(String, Span)>,
    /// What the text around says about it, for [`Detector::judge_path`](crate::Detector::judge_path).
    pub(crate) manner: Manner,
    /// Whether it is named as what a session is called by, `access_token`: manuals show answers of servers.
    pub(crate) names_session: bool,
    /// Exceptions of the rule that hold as far as the text goes, and depend on the place.
    pub(crate) open: Vec<u16>,
}

/// What is known of a place: empty where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaceFacts<'a> {
    /// Path of the file, whose folders are separated by `/`.
    pub path: &'a str,
    /// Id of the commit that brought it there.
    pub commit: &'a str,
    /// Name of the commit's author.
    pub author: &'a str,
    /// Address of the commit's author.
    pub email: &'a str,
}

impl Match {
    /// Hashes everything that decides what becomes of it at some place: all but where in the text it stands.
    pub fn hash_without_span<H: Hasher>(&self, state: &mut H) {
        (self.rule, &self.secret, self.entropy.to_bits()).hash(state);
        (&self.reasons, &self.decoded, self.manner, &self.open).hash(state);
        self.names_session.hash(state);
        std::mem::discriminant(&self.confidence).hash(state);
    }

    /// Whether the commit that brought it may decide, and not only its path.
    #[must_use]
    pub fn may_depend_on_commit(&self) -> bool {
        !self.open.is_empty()
    }
}

/// How a value is written down, which decides in which kinds of file it means something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Manner {
    /// Its own shape says what it is.
    #[default]
    Itself,
    /// In quotes, after a name.
    Quoted,
    /// Without quotes of its own, after a name, in a comment or inside of a text: a command line, a query, a header.
    Inside,
    /// Without quotes, after a name: means something in configuration, not in program text.
    Bare,
}

/// A candidate that was turned down, for `--explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Index of the rule in [`Detector::rules`](crate::Detector::rules).
    pub rule: usize,
    /// Where it stands in the original bytes.
    pub span: Span,
    /// Why it is no credential, in one sentence.
    pub reason: String,
}

/// What detection gives back for one piece of bytes.
#[derive(Clone, Debug, Default)]
pub struct Detection {
    /// The credentials, by position.
    pub matches: Vec<Match>,
    /// Candidates that the judge turned down.
    pub rejected: u64,
    /// Credentials with an allowing comment on their line.
    pub suppressed: u64,
    /// What a limit cut short, one sentence for each.
    pub limited: Vec<String>,
}

/// A detection together with what it turned down.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    /// What was found.
    pub detection: Detection,
    /// What was turned down and why, by position.
    pub rejected: Vec<Rejected>,
}

/// What a path says about a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathJudgement {
    /// Nothing against it.
    Keep,
    /// It means less there: one step less of confidence, for this reason.
    Lower(String),
    /// It is no leak there, for this reason.
    Drop(String),
}
