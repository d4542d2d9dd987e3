//! A plan that waits for people to say yes, and the text that they sign.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::audit::hex;
use crate::plan::Plan;

/// A plan that waits for people to say yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What would be done.
    pub plan: Plan,
    /// Since when it waits, seconds since 1970.
    pub since: u64,
}

impl Waiting {
    /// Names what is said yes to: what would be done to what, and since when it waits. It does not change with the store's
    /// version or with words, so that planning again gives the same.
    #[must_use]
    pub fn digest(&self) -> String {
        let plan = &self.plan;
        let entry = plan
            .entry
            .as_ref()
            .map(|entry| json!([entry.store, entry.path, entry.fields, entry.deliveries]));
        let essence = json!([
            plan.fingerprint.to_string(),
            plan.rule,
            plan.goal,
            plan.order,
            plan.provider,
            plan.revoke_action,
            plan.rotate_action,
            entry,
            plan.grace,
            self.since,
        ]);
        hex(digest(&SHA256, essence.to_string().as_bytes()).as_ref())
    }

    /// Whether the same would be done.
    #[must_use]
    pub fn is_for(&self, plan: &Plan) -> bool {
        let other = Self {
            plan: plan.clone(),
            since: self.since,
        };
        self.digest() == other.digest()
    }

    /// What is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "leakward approval 1\nincident {}\nplan {}\n",
            self.plan.fingerprint,
            self.digest()
        )
    }
}
