//! Runs a saga: check, write down, do, write down; park, or go back.
//!
//! A step that was begun and of which no end is written down is looked at first (`check`); it is done (again) only when it
//! is known not to have happened, or when doing it twice does no harm.

use leakward_core::Verdict;
use leakward_stores::{Fields, Select, Version};
use leakward_verify::Subject;

use super::back::OldCredential;
use super::failure::{SagaError, StepError, Stop};
use super::progress::{Progress, Status};
use super::{Knowledge, Phase, Record, SagaId, Step, World, entry};
use crate::plan::{Goal, Order, Plan};
use crate::provider::{Birth, Case, Overlap, RequestId, Successor};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is done, and the old credential is proven dead.
    Finished,
    /// Everything is done, but nobody could ask whether the old credential still works.
    Unproven(String),
    /// It waits, and goes on when it is resumed.
    Parked {
        /// For what, one sentence.
        why: String,
        /// When to go on by itself, seconds since 1970; none when somebody has to act.
        resume_at: Option<u64>,
    },
    /// It went back: what was made was taken away again. A revocation is not taken back with it.
    TurnedBack {
        /// Why, one sentence.
        why: String,
        /// What has become of the old credential.
        old: OldCredential,
    },
    /// It wanted to go back and could not: somebody has to look at once.
    UndoFailed(String),
}

/// What came of doing a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) text: String,
    pub(crate) known: Knowledge,
}

impl Done {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            known: Knowledge::default(),
        }
    }
}

/// What came of looking at a step that may have happened.
pub(crate) enum Checked {
    /// It has happened.
    Done(Box<Done>),
    /// It has not, or doing it again does no harm.
    NotDone,
}

/// A saga that runs.
pub struct Saga<'a> {
    pub(crate) world: World<'a>,
    pub(crate) id: SagaId,
    pub(crate) plan: Plan,
    pub(crate) progress: Progress,
    /// The leaked credential. In memory only.
    pub(crate) old: Subject,
    /// The successor, as long as this process knows it. In memory only.
    pub(crate) successor: Option<Successor>,
}

enum Advance {
    Done,
    Over(Outcome),
    TurnBack(String),
}

impl<'a> Saga<'a> {
    /// A saga that was begun, with what its journal says.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn new(world: World<'a>, id: SagaId, plan: Plan, old: Subject) -> Result<Self, SagaError> {
        let progress = Progress::of(plan.birth, &world.journal.records(&id)?);
        Ok(Self {
            world,
            id,
            plan,
            progress,
            old,
            successor: None,
        })
    }

    /// Runs until it is over or has to wait.
    ///
    /// # Errors
    /// The journal cannot be written; then nothing more was done.
    pub fn run(&mut self) -> Result<Outcome, SagaError> {
        if self.progress.turning_back.is_some() {
            return self.go_back();
        }
        for step in steps(&self.plan) {
            // A step can send the saga back to an earlier one, whose value was lost.
            while self.progress.status(step) != Status::Done {
                let next = self.first_open();
                match self.advance(next)? {
                    Advance::Done => {}
                    Advance::Over(outcome) => return Ok(outcome),
                    Advance::TurnBack(why) => {
                        self.write(None, Phase::TurningBack, &why, Knowledge::default())?;
                        return self.go_back();
                    }
                }
            }
        }
        self.finish()
    }

    fn first_open(&self) -> Step {
        steps(&self.plan)
            .into_iter()
            .find(|step| self.progress.status(*step) != Status::Done)
            .unwrap_or(Step::Notify)
    }

    fn finish(&mut self) -> Result<Outcome, SagaError> {
        let unproven = self.progress.known.unproven.clone();
        let text = match &unproven {
            None => "the old credential is proven dead".to_owned(),
            Some(why) => why.clone(),
        };
        if self.progress.ended.is_none() {
            self.write(None, Phase::Ended, &text, Knowledge::default())?;
        }
        Ok(unproven.map_or(Outcome::Finished, Outcome::Unproven))
    }

    /// One step, until it is done or cannot be.
    fn advance(&mut self, step: Step) -> Result<Advance, SagaError> {
        let mut tries = 0;
        loop {
            let failed = match self.attempt(step) {
                Ok(()) | Err(Stop::Step(StepError::Again)) => return Ok(Advance::Done),
                Err(Stop::Saga(error)) => return Err(error),
                Err(Stop::Step(failed)) => failed,
            };
            tries += 1;
            match failed {
                StepError::Wait(_) | StepError::Unknown(_) if tries < self.world.patience.tries => {
                    self.wait(tries);
                }
                StepError::Wait(why) | StepError::Unknown(why) => {
                    // It is tried again by whoever resumes: a minute from now at the earliest.
                    let at = self.world.clock.now() + 60;
                    return self.park(step, why, Some(at)).map(Advance::Over);
                }
                StepError::Later { at, why } => {
                    return self.park(step, why, Some(at)).map(Advance::Over);
                }
                StepError::Refused(why) if self.can_turn_back(step) => {
                    return Ok(Advance::TurnBack(format!("{step}: {why}")));
                }
                StepError::Superseded(why) if self.is_open_to_all(step) => {
                    return Ok(Advance::TurnBack(format!("{step}: {why}")));
                }
                StepError::Refused(why) | StepError::Superseded(why) | StepError::Person(why) => {
                    return self.park(step, why, None).map(Advance::Over);
                }
                StepError::Again => {}
            }
        }
    }

    /// Before try number `tries + 1`.
    pub(crate) fn wait(&self, tries: u32) {
        self.world.pause.pause(self.world.patience.after(tries));
    }

    /// Looks whether a step that was begun has happened, and does it otherwise.
    fn attempt(&mut self, step: Step) -> Result<(), Stop> {
        if self.progress.status(step) == Status::Begun
            && let Checked::Done(done) = self.check(step)?
        {
            return Ok(self.done(step, *done)?);
        }
        let known = match step {
            Step::Create => self.prepare_create()?,
            Step::Stage => self.prepare_stage()?,
            Step::Revoke => self.prepare_revoke(),
            _ => Knowledge::default(),
        };
        self.announce(step, known)?;
        match self.perform(step) {
            Ok(done) => Ok(self.done(step, done)?),
            Err(Stop::Step(error)) => {
                if !matches!(error, StepError::Unknown(_) | StepError::Again) {
                    let text = error.text().to_owned();
                    self.write(Some(step), Phase::Failed, &text, Knowledge::default())?;
                }
                Err(error.into())
            }
            Err(stop) => Err(stop),
        }
    }

    /// Writes down that the step is about to be done: for the audit first, where it changes anything.
    fn announce(&mut self, step: Step, known: Knowledge) -> Result<(), Stop> {
        let record = self.record(Some(step), Phase::Before, self.intent(step), known);
        if step.changes() {
            self.must_be_witnessed(&record)?;
        }
        Ok(self.append(&record)?)
    }

    /// What no audit log takes is not done.
    pub(crate) fn must_be_witnessed(&self, record: &Record) -> Result<(), StepError> {
        let told = self.world.witness.witness(&self.plan, &self.id, record);
        told.map_err(|why| {
            StepError::Person(format!(
                "nothing was changed, because no audit log can be written: {why}"
            ))
        })
    }

    fn intent(&self, step: Step) -> String {
        self.plan
            .steps
            .iter()
            .find(|planned| planned.step == step)
            .map_or_else(|| step.to_string(), |planned| planned.text.clone())
    }

    fn done(&mut self, step: Step, done: Done) -> Result<(), SagaError> {
        self.write(Some(step), Phase::Done, &done.text, done.known)
    }

    pub(crate) fn park(
        &mut self,
        step: Step,
        why: String,
        resume_at: Option<u64>,
    ) -> Result<Outcome, SagaError> {
        self.write(Some(step), Phase::Parked, &why, Knowledge::default())?;
        self.world.journal.wake_at(&self.id, resume_at)?;
        Ok(Outcome::Parked { why, resume_at })
    }

    /// A line of the journal, and what it means.
    pub(crate) fn write(
        &mut self,
        step: Option<Step>,
        phase: Phase,
        text: &str,
        known: Knowledge,
    ) -> Result<(), SagaError> {
        let record = self.record(step, phase, text.to_owned(), known);
        self.append(&record)?;
        let is_news = matches!(
            phase,
            Phase::Done | Phase::Undone | Phase::UndoFailed | Phase::Ended | Phase::TurningBack
        );
        if is_news {
            // It has happened and is in the journal. The next change finds out that the audit cannot be written.
            let _told = self
                .world
                .witness
                .witness(&self.plan, &self.id, &record)
                .is_ok();
        }
        Ok(())
    }

    pub(crate) fn record(
        &self,
        step: Option<Step>,
        phase: Phase,
        text: String,
        known: Knowledge,
    ) -> Record {
        Record {
            sequence: self.progress.next,
            at: self.world.clock.now(),
            step,
            phase,
            text,
            known,
        }
    }

    pub(crate) fn append(&mut self, record: &Record) -> Result<(), SagaError> {
        self.world.journal.append(&self.id, record)?;
        self.progress.apply(record);
        Ok(())
    }

    fn perform(&mut self, step: Step) -> Result<Done, Stop> {
        match step {
            Step::Create => self.create(),
            Step::Stage => self.stage(),
            Step::Test => self.test(),
            Step::Promote => self.promote(),
            Step::Deliver => self.deliver(),
            Step::Grace => self.grace(),
            Step::Revoke => self.revoke(),
            Step::Prove => self.prove(),
            Step::Notify => self.notify(),
        }
    }

    fn check(&mut self, step: Step) -> Result<Checked, Stop> {
        match step {
            Step::Create => self.check_create(),
            Step::Stage => self.check_stage(),
            Step::Promote => self.check_promote(),
            Step::Revoke => self.check_revoke(),
            // Asking, handing out, waiting and telling do no harm when they are done again.
            Step::Test | Step::Deliver | Step::Grace | Step::Prove | Step::Notify => {
                Ok(Checked::NotDone)
            }
        }
    }

    /// Whether what was done can be taken away without hurting anybody.
    fn can_turn_back(&self, step: Step) -> bool {
        // Making the successor has ended the old one: without the successor there would be nothing.
        let is_one_way = self.plan.overlap == Some(Overlap::None)
            && self.progress.status(Step::Create) != Status::Untouched;
        self.is_open_to_all(step) && !is_one_way
    }

    /// Whether no application uses the successor yet, and the old credential is as it was meant to be at this point.
    fn is_open_to_all(&self, step: Step) -> bool {
        let status = |step| self.progress.status(step);
        let is_promoted = status(Step::Promote) != Status::Untouched && step != Step::Promote;
        let is_revoked =
            self.plan.order == Order::SuccessorFirst && status(Step::Revoke) != Status::Untouched;
        self.plan.goal == Goal::Rotate && !is_promoted && !is_revoked
    }

    /// Runs `ask` with the case that providers take.
    pub(crate) fn with_case<T>(&self, ask: impl FnOnce(&Case<'_>) -> T) -> T {
        let identities = self.world.identities.read();
        ask(&Case {
            ahead: &self.progress.known.ahead,
            ..Case::new(self.world.rule, &self.old, &identities)
        })
    }

    /// The old credential's parts.
    pub(crate) fn old_parts(&self) -> Fields {
        self.world.provider.parts(&self.old)
    }

    /// A credential of these parts, with its own fingerprint.
    pub(crate) fn subject_of(&self, parts: &Fields) -> Subject {
        let mut subject = self.world.provider.subject(&self.old, parts);
        subject.fingerprint = self
            .world
            .key
            .fingerprint(&self.world.rule.id, &subject.secret);
        subject
    }

    /// Whether the fields hold the successor whose fingerprint is known.
    pub(crate) fn holds_successor(&self, fields: &Fields, over: &Fields) -> bool {
        let Some(place) = &self.plan.entry else {
            return false;
        };
        let parts = entry::parts_of(fields, over, &place.fields, &self.old_parts());
        let found = parts.map(|parts| self.subject_of(&parts).fingerprint.to_string());
        found.is_some() && found == self.progress.known.successor
    }

    /// Whether the fields hold the old credential in all places of the plan.
    pub(crate) fn holds_old(&self, fields: &Fields) -> bool {
        let old = self.old_parts();
        self.plan
            .entry
            .as_ref()
            .is_some_and(|place| entry::with_successor(fields, &place.fields, &old, &old).is_some())
    }

    /// The entry as it was when the successor was staged over it.
    pub(crate) fn entry_before(&self) -> Result<Fields, StepError> {
        let (store, path) = self.store()?;
        let over = self.progress.known.over.clone().unwrap_or_default();
        Ok(store.read(path, &Select::Exactly(Version(over)))?.fields)
    }

    /// The version that applications read now. It must still hold the old credential: the successor takes its place, nothing
    /// else's.
    pub(crate) fn current_with_old(&self) -> Result<Version, StepError> {
        let (store, path) = self.store()?;
        let current = store.read(path, &Select::Current)?;
        if self.holds_old(&current.fields) {
            return Ok(current.version);
        }
        Err(StepError::Superseded(format!(
            "{path} in {} no longer holds the leaked value: somebody has rotated it meanwhile",
            store.describe()
        )))
    }

    pub(crate) fn store(&self) -> Result<(&'a dyn leakward_stores::Store, &str), StepError> {
        match (&self.plan.entry, self.world.store) {
            (Some(entry), Some(store)) => Ok((store, entry.path.as_str())),
            (Some(entry), None) => Err(StepError::Person(format!(
                "the store {} is not connected; connect it and resume",
                entry.store
            ))),
            (None, _) => Err(StepError::Refused(
                "there is no store's entry for the successor".to_owned(),
            )),
        }
    }

    /// A name that no other act of this saga has.
    pub(crate) fn new_request(&self) -> RequestId {
        RequestId(format!("leakward-{}-{}", self.id, self.progress.next))
    }

    /// The verdict on a credential, asked now.
    pub(crate) fn ask(&self, subject: &Subject) -> Verdict {
        self.world.prover.prove(subject).verdict
    }

    /// Who chooses the successor's value.
    pub(crate) fn birth(&self) -> Birth {
        self.plan.birth.unwrap_or(Birth::Issued)
    }
}

/// The steps of a plan, in its order.
#[must_use]
pub fn steps(plan: &Plan) -> Vec<Step> {
    let making = match plan.birth {
        Some(Birth::Chosen) => [Step::Stage, Step::Create],
        _ => [Step::Create, Step::Stage],
    };
    let ending = [Step::Revoke, Step::Prove];
    let mut steps = Vec::new();
    if plan.order == Order::ContainmentFirst || plan.goal == Goal::Revoke {
        steps.extend(ending);
    }
    if plan.goal == Goal::Rotate {
        steps.extend(making);
        steps.extend([Step::Test, Step::Promote]);
        let has_copies = |entry: &crate::plan::PlannedEntry| !entry.deliveries.is_empty();
        if plan.entry.as_ref().is_some_and(has_copies) {
            steps.push(Step::Deliver);
        }
        if plan.order == Order::SuccessorFirst {
            steps.push(Step::Grace);
            steps.extend(ending);
        }
    }
    steps.push(Step::Notify);
    steps
}
