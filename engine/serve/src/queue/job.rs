//! A delivery as the queue holds it.

use crate::time::Moment;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is to be done.
    Waiting,
    /// Somebody is at it.
    Running,
    /// It is done.
    Done,
    /// It was tried as often as is sensible; a person has to look.
    Parked,
}

impl State {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Done, Self::Parked];

    /// The word in the database, the API and the metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Parked => "parked",
        }
    }

    /// The state that a word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What is put into the queue.
#[derive(Clone, Debug)]
pub(crate) struct NewJob {
    /// Who sent it: `github`, `gitlab`, `gitea`, `leaks`, or `tell` for what we have to tell others.
    pub(crate) source: &'static str,
    /// The sender's id of it.
    pub(crate) delivery: String,
    /// A digest of what was sent; the same content under another id is the same delivery.
    pub(crate) digest: String,
    /// What happened, in the sender's word.
    pub(crate) event: String,
    /// The repository, empty when there is none.
    pub(crate) repository: String,
    /// What there is to do, in clear; sealed before it is written.
    pub(crate) content: zeroize::Zeroizing<Vec<u8>>,
}

impl NewJob {
    /// What its content is sealed for.
    pub(crate) fn place(&self) -> String {
        place(self.source, &self.delivery)
    }
}

/// What the content of a delivery is sealed for.
pub(crate) fn place(source: &str, delivery: &str) -> String {
    format!("{source}\n{delivery}")
}

/// A delivery as it is shown to people; what it says is not shown.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Its number.
    pub(crate) id: i64,
    /// Who sent it.
    pub(crate) source: String,
    /// The sender's id.
    pub(crate) delivery: String,
    /// What happened.
    pub(crate) event: String,
    /// The repository, empty when there is none.
    pub(crate) repository: String,
    /// Where it stands.
    pub(crate) state: State,
    /// How often it was begun.
    pub(crate) attempts: i64,
    /// When it is tried (again).
    pub(crate) due_at: Moment,
    /// When it came.
    pub(crate) received_at: Moment,
    /// When it was done.
    pub(crate) finished_at: Option<Moment>,
    /// What was last said about it.
    pub(crate) note: String,
}
