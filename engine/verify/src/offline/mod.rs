//! What a credential says about itself, without anybody being asked.

pub(crate) mod aws;
mod jwt;
mod private_key;
pub(crate) use private_key::body as key_body;
mod sas;

pub use aws::{account_of, is_canary_account};

use leakward_core::Verdict;

use crate::subject::Subject;

/// What a credential says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfflineFacts {
    /// Dead, when it says that its time has passed.
    pub verdict: Option<Verdict>,
    /// One sentence.
    pub summary: String,
    /// Whose it is.
    pub identity: Vec<(String, String)>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Until when.
    pub expires_at: Option<String>,
    /// Whether using it tells somebody who laid it out for that.
    pub is_canary: bool,
}

/// The facts of a credential at a time; none when it says nothing.
#[must_use]
pub fn facts(subject: &Subject, now: u64) -> Option<OfflineFacts> {
    jwt::facts(subject, now)
        .or_else(|| sas::facts(subject, now))
        .or_else(|| aws::facts(subject))
        .or_else(|| private_key::facts(subject))
}

/// What an expiry means at a time. A minute is granted for clocks that differ.
fn expiry(expires: u64, now: u64) -> (Option<Verdict>, String) {
    const GRACE_SECONDS: u64 = 60;
    let date = leakward_core::time::rfc3339(expires);
    if expires.saturating_add(GRACE_SECONDS) < now {
        (Some(Verdict::Dead), format!("its time ended on {date}"))
    } else {
        (None, format!("it says that it is valid until {date}"))
    }
}
