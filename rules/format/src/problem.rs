//! Everything that can be wrong in a rule file, in words that say what to do about it.
//!
//! A problem names keys, ids and expressions, which are the author's own text. It never prints a rendered sample.

use std::fmt;

use crate::sample::TemplateProblem;

/// What is wrong with how a rule verifies, or what it says can be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyProblem {
    /// The endpoint is not https.
    #[error("`endpoint` must begin with https://")]
    NotHttps,
    /// The host could be anybody's.
    #[error(
        "`endpoint` must be a host whose last two labels are written out, without a slash at its end: a credential is sent to hosts that the rule names, and to no others"
    )]
    HostNotNamed,
    /// Not a verb and a path.
    #[error("`request` must be GET, HEAD or POST, a space, and a path that begins with /")]
    Request,
    /// A POST without a reason, or a reason without a POST.
    #[error(
        "a POST needs `read-only`, the reason why it changes nothing, and nothing else has one"
    )]
    ReadOnlyReason,
    /// No such way to authenticate.
    #[error(
        "`auth` must be \"none\", \"bearer\", \"basic USER:PASSWORD\", \"header NAME: VALUE\" or \"query NAME=VALUE\""
    )]
    Auth,
    /// Not a header.
    #[error("each of `headers` must be \"NAME: VALUE\"")]
    Header,
    /// Not a name and a place.
    #[error("each of `identity` must be a name for people, a space, and a place in the answer")]
    Identity,
    /// Not a name, a path and two pointers.
    #[error(
        "each of `details` must be \"NAME | /PATH | LIST | LABEL\", where the last two are JSON pointers or empty"
    )]
    Detail,
    /// Neither a pointer nor a header.
    #[error("a place in the answer is a JSON pointer such as /user/name, or header:NAME")]
    Place,
    /// Not a status and tests.
    #[error(
        "an answer is a status (\"200\", \"2xx\") and tests joined by \" & \": /pointer, /pointer=value, body~text, header:NAME, header:NAME=value"
    )]
    Condition,
    /// A value that the rule does not have.
    #[error(
        "{{{0}}} is neither the secret nor a companion nor one of `needs`, or cannot be changed so"
    )]
    UnknownValue(String),
    /// An answer that does not prove that the credential works.
    #[error(
        "this answer does not prove \"live\": another status than 2xx needs a test of what the answer says, and redirects, 429 and 503 never prove anything"
    )]
    LiveWithoutProof,
    /// An answer that does not prove that the credential is dead.
    #[error(
        "this answer does not prove \"dead\": another status than 401 or 410 needs a test of what the answer says, and redirects, 429 and 503 never prove anything"
    )]
    DeadWithoutProof,
    /// Not a verb that changes something, and a path.
    #[error(
        "a request that acts must be POST, PUT, PATCH or DELETE, a space, and a path that begins with /"
    )]
    ActionRequest,
    /// A table that says nothing.
    #[error("what can be done is missing: `request`, `native`, or `instructions` for a person")]
    NothingToDo,
    /// Not a name, a source and a place.
    #[error("each of `lookup` must be \"NAME | /PATH | PLACE\" or \"NAME | verify | PLACE\"")]
    Lookup,
    /// Not a path and three pointers.
    #[error(
        "`list` must be \"/PATH | LIST | HANDLE | LABEL\", where the last three are JSON pointers and LIST can be empty"
    )]
    Listing,
    /// An answer that is no success.
    #[error("only a success (2xx) says that it is done")]
    DoneWithoutProof,
    /// An answer that proves nothing.
    #[error(
        "this answer proves nothing here: redirects, 429 and 5xx tell nothing, and a success is a refusal only with a test of what it says"
    )]
    ToldByNobody,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// Not TOML.
    Syntax(String),
    /// There is no rule in the file.
    NoRules,
    /// `version` is missing or not one that this program reads.
    Version,
    /// A key that does not exist here.
    UnknownKey {
        /// As written.
        key: String,
        /// The table it stands in.
        place: &'static str,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A key that belongs to rules of another kind.
    ForeignKey {
        /// As written.
        key: String,
        /// The kind of this rule.
        kind: &'static str,
        /// The kind of rule that has it.
        owner: &'static str,
    },
    /// A key that must be there is not.
    MissingKey {
        /// Its name.
        key: &'static str,
        /// The table it belongs into.
        place: &'static str,
    },
    /// A value of the wrong type.
    WrongType {
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A number outside its bounds.
    OutOfRange {
        /// The key.
        key: &'static str,
        /// Least allowed.
        least: f64,
        /// Most allowed.
        most: f64,
    },
    /// An empty text where one is needed.
    EmptyText {
        /// The key.
        key: String,
    },
    /// An empty list where at least one entry is needed.
    EmptyList {
        /// The key.
        key: &'static str,
    },
    /// A word that is none of those that the key knows.
    UnknownWord {
        /// The key.
        key: &'static str,
        /// As written.
        word: String,
        /// What could have been written.
        known: Vec<&'static str>,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A rule id that is not lower-case words joined by dashes.
    BadId(String),
    /// An id used twice.
    DuplicateId {
        /// The id.
        id: String,
        /// Where it was used first: file and line.
        first: String,
    },
    /// None of the three ways to find a credential, or more than one.
    WaysToFind {
        /// The deciding keys that were given.
        given: Vec<&'static str>,
    },
    /// How the credential is verified.
    Verify(VerifyProblem),
    /// A link that is not https.
    NotHttps(String),
    /// A regular expression that cannot be read.
    Regex {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A construct that linear-time matching does not have.
    NotLinear {
        /// The key.
        key: &'static str,
        /// Which one, and what to write in its place.
        advice: &'static str,
    },
    /// A regular expression that would be too large once compiled.
    RegexTooLarge {
        /// The key.
        key: &'static str,
        /// Estimated size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A regular expression that matches the empty text.
    MatchesNothing {
        /// The key.
        key: &'static str,
    },
    /// A pattern that starts with an unbounded repetition of nearly everything.
    OpenStart,
    /// `group` is not a group of the pattern.
    NoSuchGroup {
        /// As written.
        group: u8,
        /// How many there are.
        groups: usize,
    },
    /// A literal or keyword too short to be looked for.
    ShortLiteral {
        /// The key.
        key: &'static str,
        /// As written.
        literal: String,
    },
    /// The pattern may match a text that has none of the literals, which would then never be looked at.
    LiteralNotProven,
    /// A sample in which none of the rule's literals occurs.
    SampleWithoutLiteral,
    /// A template that cannot be read.
    Template {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        problem: TemplateProblem,
    },
    /// A companion that no rule finds.
    UnknownCompanion {
        /// As written.
        rule: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => write!(f, "{}", message.trim_end()),
            Self::NoRules => f.write_str("no rule in this file: it needs at least one [[rule]]"),
            Self::Version => f.write_str(
                "the first key must be `version = 1`; no other version of the format exists",
            ),
            Self::Regex { key, message } => write!(f, "`{key}`: {message}"),
            Self::NotLinear { key, advice } => write!(f, "`{key}`: {advice}"),
            Self::Template { key, problem } => write!(f, "`{key}`: {problem}"),
            Self::UnknownKey { .. }
            | Self::ForeignKey { .. }
            | Self::MissingKey { .. }
            | Self::WrongType { .. }
            | Self::OutOfRange { .. }
            | Self::EmptyText { .. }
            | Self::EmptyList { .. }
            | Self::UnknownWord { .. } => self.fmt_shape(f),
            Self::Verify(problem) => write!(f, "{problem}"),
            Self::BadId(_)
            | Self::DuplicateId { .. }
            | Self::WaysToFind { .. }
            | Self::NotHttps(_)
            | Self::UnknownCompanion { .. } => self.fmt_rule(f),
            Self::RegexTooLarge { .. }
            | Self::MatchesNothing { .. }
            | Self::OpenStart
            | Self::NoSuchGroup { .. }
            | Self::ShortLiteral { .. }
            | Self::LiteralNotProven
            | Self::SampleWithoutLiteral => self.fmt_expression(f),
        }
    }
}

impl Problem {
    /// Keys, types and words.
    fn fmt_shape(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey {
                key,
                place,
                nearest,
            } => {
                write!(f, "unknown key `{key}` in {place}")?;
                meant(f, nearest.as_deref())
            }
            Self::ForeignKey { key, kind, owner } => {
                write!(
                    f,
                    "`{key}` belongs to a {owner} rule, and this is a {kind} rule"
                )
            }
            Self::MissingKey { key, place } => write!(f, "`{key}` is missing in {place}"),
            Self::WrongType {
                key,
                expected,
                found,
            } => {
                write!(f, "`{key}` must be {expected}, not {found}")
            }
            Self::OutOfRange { key, least, most } => {
                write!(f, "`{key}` must be from {least} to {most}")
            }
            Self::EmptyText { key } => write!(f, "`{key}` is empty"),
            Self::EmptyList { key } => write!(f, "`{key}` needs at least one entry"),
            Self::UnknownWord {
                key,
                word,
                known,
                nearest,
            } => {
                write!(f, "`{key}` cannot be {word:?}")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean {nearest:?}?"),
                    None => write!(f, "; it is one of {}", known.join(", ")),
                }
            }
            _ => Ok(()),
        }
    }

    /// Identity and references.
    fn fmt_rule(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadId(id) => {
                write!(f, "the id {id:?} is not lower-case words and digits joined by single dashes")
            }
            Self::DuplicateId { id, first } => {
                write!(f, "the id `{id}` is used before, in {first}")
            }
            Self::WaysToFind { given } if given.is_empty() => f.write_str(
                "the rule does not say how to find its credential: give `pattern` with `literals`, or `keywords` with `value`, or `native`",
            ),
            Self::WaysToFind { given } => write!(
                f,
                "the rule has {} at once; give only one of `pattern`, `keywords` and `native`",
                given.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ")
            ),
            Self::NotHttps(key) => write!(f, "`{key}` must be a link that starts with https://"),
            Self::UnknownCompanion { rule, nearest } => {
                write!(f, "no rule has the id `{rule}`")?;
                meant(f, nearest.as_deref())
            }
            _ => Ok(()),
        }
    }

    /// Expressions and literals.
    fn fmt_expression(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RegexTooLarge { key, bytes, limit } => write!(
                f,
                "`{key}` would take about {} KiB once compiled, and the limit is {} KiB; lower its counted repetitions",
                bytes.div_ceil(1024),
                limit / 1024
            ),
            Self::MatchesNothing { key } => write!(f, "`{key}` matches the empty text"),
            Self::OpenStart => f.write_str(
                "`pattern` starts with an unbounded repetition of nearly every character, which makes scanning slow; start at a literal or give a bound such as {0,40}",
            ),
            Self::NoSuchGroup { group, groups } => {
                write!(f, "`group` is {group}, and the pattern has {groups} groups")
            }
            Self::ShortLiteral { key, literal } => write!(
                f,
                "{literal:?} in `{key}` is shorter than 3 bytes: it would be found nearly everywhere"
            ),
            Self::LiteralNotProven => f.write_str(
                "`pattern` can match a text that holds none of `literals`, and such a text would never be looked at; add the missing literals, or `ignore-case = true` when the pattern ignores case",
            ),
            Self::SampleWithoutLiteral => {
                f.write_str("none of the rule's literals occurs in this sample")
            }
            _ => Ok(()),
        }
    }
}

fn meant(f: &mut fmt::Formatter<'_>, nearest: Option<&str>) -> fmt::Result {
    match nearest {
        Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
        None => Ok(()),
    }
}
