//! Asks the provider anew whether a credential works, with `leakward-verify`; no cache, because a moment ago it was another answer.

use std::sync::Arc;

use leakward_core::Rule;
use leakward_verify::{Audit, Network, Settings, Subject, SystemClock, Verified, Verifier};

use crate::saga::Prover;

/// Asks providers.
pub struct VerifyingProver {
    rules: Arc<[Rule]>,
    settings: Settings,
    network: Network,
    audit: Audit,
}

impl VerifyingProver {
    /// With these rules and this way out; calls are written down in `audit`.
    #[must_use]
    pub fn new(rules: Arc<[Rule]>, settings: Settings, network: Network, audit: Audit) -> Self {
        Self {
            rules,
            settings,
            network,
            audit,
        }
    }
}

impl Prover for VerifyingProver {
    fn prove(&self, subject: &Subject) -> Verified {
        let clock = SystemClock;
        let verifier = Verifier::new(
            &self.rules,
            &self.settings,
            &self.network,
            &self.audit,
            &clock,
        );
        let mut verified = verifier.verify(std::slice::from_ref(subject));
        verified.pop().unwrap_or_else(|| Verified {
            fingerprint: subject.fingerprint,
            verdict: leakward_core::Verdict::NotChecked,
            evidence: leakward_core::Evidence::default(),
        })
    }
}
