//! How a rule says whether its credential still works: what to ask, of whom, and which answers prove something.
//!
//! Shapes only. Rule files are read by the rules crate, questions are asked by the verify crate. Everything that is
//! not listed as live or dead is unknown; the reader of rule files refuses definitions that would break that.

use crate::part::Part;
use crate::rule::{List, Text};

/// How a credential is verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// Scheme and host that are asked, and what every path begins with: `https://api.github.com`. One label of the host
    /// can be a placeholder (`https://{org}.okta.com`). None where only the user can say which server it is.
    pub endpoint: Option<Text>,
    /// The value that names the server where the endpoint does not: a companion's name. It is believed only when the
    /// user allows it, because whoever wrote the scanned text wrote it.
    pub endpoint_from: Option<Text>,
    /// Values beside the rule's companions that the user can give by name.
    pub needs: List<Text>,
    /// What is asked.
    pub question: Question,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// One HTTP request.
    Http(Part<HttpQuestion>),
    /// A verifier written in Rust, by the name that verification registers it under: `aws-sts`, `postgresql` …
    Native(Text),
}

/// One HTTP request, and what its answers mean.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpQuestion {
    /// Verb.
    pub method: Method,
    /// What follows the endpoint: path and query, a template.
    pub path: Text,
    /// Where the credential goes.
    pub auth: Auth,
    /// More headers: name and template.
    pub headers: List<(Text, Text)>,
    /// What is sent.
    pub body: Body,
    /// Why a POST changes nothing.
    pub read_only: Option<Text>,
    /// Answers of which one proves that the credential works.
    pub live: List<Condition>,
    /// Answers of which one proves that it does not.
    pub dead: List<Condition>,
    /// What the answer says about whose it is: a name for people and where to look.
    pub identity: List<(Text, Place)>,
    /// Where the answer says what it may do.
    pub scopes: Option<Place>,
    /// Where the answer says until when.
    pub expires: Option<Place>,
    /// What else can be read with it once it is live, to say what it reaches.
    pub details: List<Detail>,
    /// Whether an answer means "live" only when a changed credential gets another one. For endpoints of which it is
    /// not documented that they look at the credential at all.
    pub control: Control,
}

/// One more thing that can be read with a live credential: a list, by a GET that is authenticated as the question is.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// What it is a list of, for people: `repositories`.
    pub name: Text,
    /// What follows the endpoint: path and query, a template.
    pub path: Text,
    /// JSON pointer to the list; empty for the whole answer.
    pub items: Text,
    /// JSON pointer in an item to what it is called; empty for the item itself.
    pub label: Text,
}

/// The verbs that verification uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Reads the headers.
    Head,
    /// Only where the rule says why nothing is changed by it.
    Post,
}

impl Method {
    /// Every verb with its name.
    pub const ALL: &'static [(&'static str, Method)] = &[
        ("GET", Self::Get),
        ("HEAD", Self::Head),
        ("POST", Self::Post),
    ];

    /// The name in the request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, method)| *method == self)
            .map_or("", |(name, _)| name)
    }
}

/// Where the credential goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Auth {
    /// It is in path, headers or body already.
    None,
    /// `Authorization: Bearer …`
    Bearer,
    /// `Authorization: Basic …` of this template for `user:password`.
    Basic(Text),
    /// A header: name and template.
    Header(Text, Text),
    /// A parameter of the query: name and template.
    Query(Text, Text),
}

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// `application/x-www-form-urlencoded`; values are percent-encoded.
    Form(Text),
    /// `application/json`; values are escaped for a JSON string.
    Json(Text),
}

/// When a changed credential is sent as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Control {
    /// When the user asks for it.
    #[default]
    OnRequest,
    /// Before anything is called live.
    Always,
}

/// One answer that proves something: a status, and tests that must all hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// HTTP status, first and last.
    pub status: (u16, u16),
    /// All of them hold.
    pub tests: List<Test>,
}

/// A test of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The JSON pointer leads to something that is neither null nor false.
    Present(Text),
    /// The JSON pointer leads to this text, number or word.
    Equals(Text, Text),
    /// The body contains this text.
    Contains(Text),
    /// There is such a header.
    Header(Text),
    /// A header has this value, in any case.
    HeaderEquals(Text, Text),
}

/// Where in an answer something is said.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A JSON pointer.
    Json(Text),
    /// A header.
    Header(Text),
}
