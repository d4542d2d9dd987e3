//! The end of the old credential: revoke it, prove that it is dead, tell people.

use std::collections::BTreeMap;
use std::time::Duration;

use leakward_core::Verdict;
use leakward_stores::Select;

use super::failure::{StepError, Stop};
use super::progress::Status;
use super::run::{Checked, Done};
use super::{Knowledge, Saga, Step};
use crate::plan::{Goal, Order};
use crate::provider::{ProviderError, Refusal, Standing};

impl Saga<'_> {
    /// What can only be learned while the old credential still works. Containment waits a few tries for it and no longer.
    pub(super) fn prepare_revoke(&self) -> Knowledge {
        let mut known = Knowledge::default();
        // INVARIANT: asked before the first try to revoke and never again: afterwards the answer would be another one.
        let needs_verdict = self.world.provider.refusal(&self.old) == Refusal::HasOtherReasons;
        if needs_verdict && self.progress.known.verdict_before.is_none() {
            known.verdict_before = Some(self.patiently_ask_old().as_str().to_owned());
        }
        let is_last_chance =
            self.plan.order == Order::ContainmentFirst && self.plan.goal == Goal::Rotate;
        if is_last_chance && self.progress.known.ahead.is_empty() {
            known.ahead = self.read_ahead();
        }
        known
    }

    /// Where the successor comes afterwards: what its making needs to know of the old one.
    fn read_ahead(&self) -> BTreeMap<String, String> {
        let most = self.world.patience.tries;
        for tries in 1..=most {
            match self.with_case(|case| self.world.provider.ahead(case)) {
                Ok(ahead) => return ahead,
                Err(ProviderError::Unavailable { .. } | ProviderError::OutcomeUnknown { .. })
                    if tries < most =>
                {
                    self.wait(tries);
                }
                // Whatever hinders this tells itself when the successor is made.
                Err(_) => break,
            }
        }
        BTreeMap::new()
    }

    pub(super) fn revoke(&mut self) -> Result<Done, Stop> {
        self.successor_is_in_use()?;
        let answer = self.with_case(|case| self.world.provider.revoke(case));
        let mut done = match answer {
            Ok(receipt) => {
                let mut done = Done::new(receipt.summary);
                done.known.request_id = receipt.request_id;
                done
            }
            Err(ProviderError::Absent { what, .. }) => {
                Done::new(format!("{what} was gone already"))
            }
            Err(error) => return Err(error.into()),
        };
        if self.plan.order == Order::ContainmentFirst {
            done.text
                .push_str(" (containment first: before its successor)");
        }
        Ok(done)
    }

    /// LAW: the old credential is not revoked before its successor is proven and is what applications read. Asked again in
    /// this moment, not taken from the journal alone: somebody may have rolled the store back.
    fn successor_is_in_use(&mut self) -> Result<(), Stop> {
        if self.plan.goal == Goal::Revoke || self.plan.order == Order::ContainmentFirst {
            return Ok(());
        }
        let is_done = |step| self.progress.status(step) == Status::Done;
        if !(is_done(Step::Test) && is_done(Step::Promote)) {
            return Err(StepError::Person(
                "the successor is not proven and promoted; nothing was revoked".to_owned(),
            )
            .into());
        }
        let (store, path) = self.store()?;
        let current = store.read(path, &Select::Current)?;
        let before = self.entry_before()?;
        if !self.holds_successor(&current.fields, &before) {
            return Err(StepError::Person(format!(
                "{path} in {} does not give applications the successor any more; nothing was revoked. Put it back \
                 and resume, or give the response up",
                store.describe()
            ))
            .into());
        }
        let successor = self.known_successor()?;
        match self.ask(&self.subject_of(&successor.parts)) {
            Verdict::Live => Ok(()),
            Verdict::Unknown(unknown) => Err(StepError::Wait(format!(
                "nothing was revoked, because it is not known whether the successor works: {}",
                unknown.reason
            ))
            .into()),
            Verdict::Dead | Verdict::NotChecked => Err(StepError::Person(
                "the successor does not work any more; nothing was revoked".to_owned(),
            )
            .into()),
        }
    }

    pub(super) fn check_revoke(&mut self) -> Result<Checked, Stop> {
        let standing = self.with_case(|case| self.world.provider.standing(case))?;
        Ok(match standing {
            Standing::Gone => Checked::Done(Done::new("it had been taken away").into()),
            Standing::Inactive => Checked::Done(Done::new("it had been switched off").into()),
            Standing::Active => Checked::NotDone,
            // Nobody lists it, but it can be asked about itself, where that says all.
            Standing::NotKnown
                if self.world.provider.refusal(&self.old) == Refusal::IsProof
                    && self.patiently_ask_old() == Verdict::Dead =>
            {
                Checked::Done(
                    Done::new("it had been revoked: the provider refuses it already").into(),
                )
            }
            Standing::NotKnown => Checked::NotDone,
        })
    }

    /// The verdict on the old credential. Where there is none after a few tries, containment does not wait for one: to revoke twice
    /// does no harm.
    fn patiently_ask_old(&self) -> Verdict {
        let mut verdict = self.ask(&self.old);
        for tries in 1..self.world.patience.tries {
            if !matches!(verdict, Verdict::Unknown(_)) {
                break;
            }
            self.wait(tries);
            verdict = self.ask(&self.old);
        }
        verdict
    }

    /// Asks until the provider refuses the old credential.
    pub(super) fn prove(&mut self) -> Result<Done, Stop> {
        let mut waited = Duration::ZERO;
        loop {
            let stretch = self.world.patience.settling / 8;
            match self.ask(&self.old) {
                Verdict::Dead => {
                    if let Some(done) = self.dead_all_over()? {
                        return Ok(done);
                    }
                    if waited >= self.world.patience.settling {
                        return Err(still_active());
                    }
                }
                Verdict::Live if waited >= self.world.patience.settling => {
                    return Err(StepError::Person(
                        "the old credential was revoked and still works: look at the provider's page at once"
                            .to_owned(),
                    )
                    .into());
                }
                Verdict::Live => {}
                Verdict::NotChecked => return self.gone_by_word(),
                Verdict::Unknown(unknown) => {
                    return Err(StepError::Wait(format!(
                        "it was revoked; whether it still works is not known: {}",
                        unknown.reason
                    ))
                    .into());
                }
            }
            self.world.pause.pause(stretch);
            waited += stretch.max(Duration::from_millis(1));
        }
    }

    /// The old credential was refused. Where that says less than the provider's own word, that has to say the same; none while it
    /// does not. LAW: what was refused before it was revoked is not proven dead by a refusal.
    fn dead_all_over(&self) -> Result<Option<Done>, Stop> {
        let done = Done::new("the provider refuses the old credential");
        let refusal = self.world.provider.refusal(&self.old);
        if refusal == Refusal::IsProof {
            return Ok(Some(done));
        }
        let standing = self.with_case(|case| self.world.provider.standing(case))?;
        Ok(match standing {
            Standing::Gone | Standing::Inactive if refusal == Refusal::HasOtherReasons => {
                Some(self.meaningless().map_or(done, unproven))
            }
            Standing::Gone | Standing::Inactive => Some(done),
            Standing::Active => None,
            Standing::NotKnown => Some(unproven(
                "it was revoked and is refused, and the provider could not look at all that it has: more of it may work",
            )),
        })
    }

    /// Why a refusal proves nothing, although the provider lists the credential no more; none when it was accepted before.
    fn meaningless(&self) -> Option<&'static str> {
        match self.progress.known.verdict_before.as_deref() {
            Some("live") => None,
            Some("dead") => Some(
                "it was revoked, and the provider lists it no more; that it is refused proves nothing, since it was refused before that \
                 as well",
            ),
            _ => Some(
                "it was revoked, and the provider lists it no more; that it is refused proves nothing, since nobody knows whether it was \
                 accepted before that",
            ),
        }
    }

    /// Nobody can be asked with the credential; the provider's word has to do, and is told as no more than that.
    fn gone_by_word(&self) -> Result<Done, Stop> {
        let standing = self.with_case(|case| self.world.provider.standing(case))?;
        let why = match standing {
            Standing::Gone | Standing::Inactive => {
                "it was revoked, and the provider lists it no more; it was not tried whether it still works"
            }
            Standing::Active => return Err(still_active()),
            Standing::NotKnown => "it was revoked; nobody can be asked whether it still works",
        };
        Ok(unproven(why))
    }

    pub(super) fn notify(&mut self) -> Result<Done, Stop> {
        let text = match &self.progress.known.unproven {
            Some(why) => why.clone(),
            None => "the leaked credential is proven dead".to_owned(),
        };
        self.world
            .messenger
            .tell(&self.plan, &self.id, &text)
            .map_err(StepError::Wait)?;
        Ok(Done::new("told"))
    }
}

fn unproven(why: &str) -> Done {
    let mut done = Done::new(why);
    done.known.unproven = Some(why.to_owned());
    done
}

fn still_active() -> Stop {
    let why = "it was revoked, and the provider still lists it as active";
    StepError::Person(why.to_owned()).into()
}
