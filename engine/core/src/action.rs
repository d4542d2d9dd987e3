//! How a rule says what can be done about its credential: take it away, or make a successor.
//!
//! Shapes only, as in [`crate::verification`]. Rule files are read by the rules crate, actions are carried out by the respond
//! crate. Everything that is not listed as done, done already or refused is unknown: it may have happened or not.

use crate::part::Part;
use crate::rule::{List, Text};
use crate::verification::{Auth, Body, Condition, Place};

/// What can be done, and what a person has to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Who does it.
    pub means: Means,
    /// What stops working, one sentence each.
    pub breaks: List<Text>,
    /// What a person does where there is no interface, one step each.
    pub instructions: List<Text>,
}

impl Action {
    /// Whether a program can do it.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        self.means != Means::ByHand
    }
}

/// Who does it.
#[derive(Clone, Debug, PartialEq)]
pub enum Means {
    /// HTTP requests.
    Http(Part<HttpAction>),
    /// A provider written in Rust, by the name that the respond crate registers it under: `aws-iam`, `postgresql` …
    Native(Text),
    /// A person, by the instructions.
    ByHand,
}

/// HTTP requests that do it.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpAction {
    /// Scheme and host, as for verification; none where it is the server that is asked for verification.
    pub endpoint: Option<Text>,
    /// The identities of the operator that are needed, by their names; the first one is the one that `bearer` means. None: the
    /// credential itself acts.
    pub identities: List<Text>,
    /// Values beside the rule's companions that the operator gives by name.
    pub needs: List<Text>,
    /// Values that are read before, in this order.
    pub lookups: List<Lookup>,
    /// The request that does it.
    pub call: Call,
    /// The request that takes it back; none where that is impossible.
    pub restore: Option<Call>,
    /// How many credentials one request can name, where it can name several; [`BATCH`] is then the place for their list.
    pub batch: Option<u16>,
    /// For a successor: what the answer says.
    pub issue: Option<Issue>,
}

/// The value that stands for the list of credentials in the body of a request that names several.
pub const BATCH: &str = "batch";

/// The value that stands for the name of a successor, which the provider keeps as its label.
pub const LABEL: &str = "label";

/// The value that stands for the provider's name of one credential: a key id, a token's number.
pub const HANDLE: &str = "handle";

/// The value that stands for a day ninety days ahead, `2026-11-21`.
pub const END: &str = "in-90-days";

/// Values that every action can use beside those of its rule.
pub const ACTION_VALUES: [&str; 4] = [BATCH, LABEL, HANDLE, END];

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Verb.
    pub verb: Verb,
    /// What follows the endpoint: path and query, a template.
    pub path: Text,
    /// Where the credential, or the identity, goes.
    pub auth: Auth,
    /// More headers: name and template.
    pub headers: List<(Text, Text)>,
    /// What is sent.
    pub body: Body,
    /// Answers of which one says that it is done.
    pub done: List<Condition>,
    /// Answers of which one says that there was nothing left to do.
    pub already: List<Condition>,
    /// Answers of which one says that nothing was changed.
    pub refused: List<Condition>,
}

/// The verbs of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Reads the headers.
    Head,
    /// Asks, or makes something.
    Post,
    /// Puts something in a place.
    Put,
    /// Changes a part.
    Patch,
    /// Takes away.
    Delete,
}

impl Verb {
    /// Every verb with its name.
    pub const ALL: &'static [(&'static str, Verb)] = &[
        ("GET", Self::Get),
        ("HEAD", Self::Head),
        ("POST", Self::Post),
        ("PUT", Self::Put),
        ("PATCH", Self::Patch),
        ("DELETE", Self::Delete),
    ];

    /// The name in the request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, verb)| *verb == self)
            .map_or("", |(name, _)| name)
    }
}

/// A value that is read before.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// What it is called in templates.
    pub name: Text,
    /// The path of a GET that is authenticated as the action is; none where the answer to the rule's question of verification
    /// says it.
    pub path: Option<Text>,
    /// Where the answer says it.
    pub place: Place,
}

/// What the answer says about a successor, and how one is found or taken away again whose value was lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// The new credential.
    pub secret: Place,
    /// The provider's name of it.
    pub handle: Option<Place>,
    /// The new companions.
    pub values: List<(Text, Place)>,
    /// What becomes of the old one.
    pub old: Old,
    /// What a repeated request does.
    pub repeat: Repeat,
    /// The list of those that exist.
    pub list: Option<Listing>,
    /// Takes one away by its handle.
    pub remove: Option<Removal>,
}

/// The request that takes a credential away by its handle. It is authenticated as the action is; any success says that it is
/// done, and 404 that it was gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// Verb.
    pub verb: Verb,
    /// What follows the endpoint.
    pub path: Text,
    /// What is sent.
    pub body: Body,
}

/// A list of the credentials that exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The path of a GET.
    pub path: Text,
    /// JSON pointer to the list; empty for the whole answer.
    pub items: Text,
    /// JSON pointer in an item to its handle.
    pub handle: Text,
    /// JSON pointer in an item to its label.
    pub label: Text,
}

/// What becomes of the old credential when a successor is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// It works until it is revoked.
    Stays,
    /// It ends with the answer.
    Dies,
}

impl Old {
    /// Both with their words in rule files.
    pub const ALL: &'static [(&'static str, Old)] = &[("stays", Self::Stays), ("dies", Self::Dies)];
}

/// What a repeated request for a successor does. Whatever it says, no such request is repeated before the provider was asked what
/// became of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Makes one more, which somebody has to take away.
    Another,
    /// Ends the successor too: a token that was rotated already is taken for stolen.
    Harmful,
}

impl Repeat {
    /// Both with their words in rule files.
    pub const ALL: &'static [(&'static str, Repeat)] =
        &[("another", Self::Another), ("harmful", Self::Harmful)];
}
