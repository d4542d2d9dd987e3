//! Who said yes to which plan, and how that is known.
//!
//! A yes is bound to one plan and to the moment since which it waits ([`Waiting`]): when the plan changes, or when a response
//! of it has begun, earlier yeses count no more. It is believed as far as [`Approvers`] says: because of a signature by a key
//! of the list, because somebody was logged in at the service, or because the operating system says who the user is.
//! INVARIANT: two yeses of one person count once, and a signature is looked at anew whenever it is counted.

mod approvers;
mod asking;
mod waiting;

use serde::{Deserialize, Serialize};

pub use approvers::{ApproverError, Approvers, Listed};
pub use asking::Asking;
pub use waiting::Waiting;

/// The purpose that a signature is made for: `ssh-keygen -Y sign -n leakward-approval`.
pub const NAMESPACE: &str = "leakward-approval";

/// That somebody said yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When, seconds since 1970.
    pub at: u64,
    /// To which plan: [`Waiting::digest`]; empty for whatever is planned (the service, before there is a plan).
    #[serde(default)]
    pub plan: String,
    /// How that is known.
    #[serde(default)]
    pub proof: Proof,
}

/// How it is known who said yes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Proof {
    /// The operating system says that this user ran the program.
    #[default]
    OperatingSystem,
    /// They were logged in at the service.
    Login,
    /// They signed the text of [`Waiting::text`].
    Signature {
        /// As `ssh-keygen -Y sign` writes it.
        signature: String,
    },
}
