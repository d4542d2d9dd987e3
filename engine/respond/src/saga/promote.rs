//! The steps between a successor that waits and one that all applications use: test, promote, grace.

use std::time::Duration;

use leakward_core::Verdict;
use leakward_stores::{Select, StoreError};

use super::failure::{StepError, Stop};
use super::run::{Checked, Done};
use super::{Knowledge, Phase, Saga, Step};

/// How long is waited at once; after each stretch the journal says how long it has been.
const STRETCH: Duration = Duration::from_secs(15);

impl Saga<'_> {
    /// Proves that the provider accepts the successor. New credentials take a moment to be known everywhere.
    pub(super) fn test(&mut self) -> Result<Done, Stop> {
        let successor = self.known_successor()?;
        let subject = self.subject_of(&successor.parts);
        let mut waited = Duration::ZERO;
        loop {
            let stretch = self.world.patience.settling / 8;
            match self.ask(&subject) {
                Verdict::Live => return Ok(Done::new("the successor works")),
                Verdict::Dead if waited >= self.world.patience.settling => {
                    return Err(StepError::Refused(
                        "the provider does not accept the successor".to_owned(),
                    )
                    .into());
                }
                Verdict::Dead => {}
                Verdict::NotChecked => {
                    return Err(StepError::Refused(
                        "the successor cannot be tested: nobody can be asked".to_owned(),
                    )
                    .into());
                }
                Verdict::Unknown(unknown) => {
                    return Err(StepError::Wait(format!(
                        "whether the successor works is not known: {}",
                        unknown.reason
                    ))
                    .into());
                }
            }
            self.world.pause.pause(stretch);
            waited += stretch.max(Duration::from_millis(1));
        }
    }

    pub(super) fn promote(&mut self) -> Result<Done, Stop> {
        let (store, path) = self.store()?;
        let staged = self.known_staged().ok_or_else(|| {
            StepError::Person("the journal does not say what waits in the store".to_owned())
        })?;
        match store.promote(path, &staged) {
            Ok(version) => {
                let mut done = Done::new(format!(
                    "applications read the successor at {path}, version {}",
                    version.0
                ));
                done.known.promoted = Some(version.0);
                Ok(done)
            }
            Err(StoreError::Conflict { .. }) => self.after_conflict(),
            Err(StoreError::Absent { .. }) => self.after_loss(),
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody changed the entry meanwhile. The successor goes over what is there now, if that still holds the old
    /// credential.
    fn after_conflict(&mut self) -> Result<Done, Stop> {
        match self.check_promote()? {
            Checked::Done(done) => Ok(*done),
            Checked::NotDone => {
                let text = "somebody changed the entry meanwhile; nothing was promoted";
                self.write(
                    Some(Step::Promote),
                    Phase::Failed,
                    text,
                    Knowledge::default(),
                )?;
                self.known_successor()?;
                self.discard("the entry was changed meanwhile; it is put there again")?;
                Err(StepError::Again.into())
            }
        }
    }

    /// Nothing waits in the store: the process ended while it was being put there again. Another one is put there.
    fn after_loss(&mut self) -> Result<Done, Stop> {
        match self.check_promote()? {
            Checked::Done(done) => Ok(*done),
            Checked::NotDone => {
                let text = "nothing waits in the store; nothing was promoted";
                self.write(
                    Some(Step::Promote),
                    Phase::Failed,
                    text,
                    Knowledge::default(),
                )?;
                self.successor = None;
                self.discard("it is put there again")?;
                Err(StepError::Again.into())
            }
        }
    }

    pub(super) fn check_promote(&mut self) -> Result<Checked, Stop> {
        let (store, path) = self.store()?;
        let current = store.read(path, &Select::Current)?;
        let before = self.entry_before()?;
        if self.holds_successor(&current.fields, &before) {
            let mut done = Done::new(format!(
                "applications read the successor at {path}, version {}",
                current.version.0
            ));
            done.known.promoted = Some(current.version.0);
            return Ok(Checked::Done(done.into()));
        }
        if self.holds_old(&current.fields) {
            return Ok(Checked::NotDone);
        }
        Err(StepError::Superseded(format!(
            "{path} in {} holds neither the leaked value nor the successor: somebody else has changed it",
            store.describe()
        ))
        .into())
    }

    /// Waits until applications have had the time to change over. Time in which the machine's clock went back, or in which
    /// nobody waited, is not lost: what was waited is in the journal.
    pub(super) fn grace(&mut self) -> Result<Done, Stop> {
        let grace = Duration::from_secs(self.plan.grace);
        loop {
            let waited = self.waited();
            let left = grace.saturating_sub(waited);
            if left.is_zero() {
                return Ok(Done::new(format!("{} s have passed", grace.as_secs())));
            }
            if left > self.world.patience.longest_grace {
                return Err(StepError::Later {
                    at: self.world.clock.now().saturating_add(left.as_secs()),
                    why: format!(
                        "applications have {} s left to change over to the successor",
                        left.as_secs()
                    ),
                }
                .into());
            }
            let stretch = left.min(STRETCH);
            self.world.pause.pause(stretch);
            let known = Knowledge {
                waited: Some((waited + stretch).as_secs().max(waited.as_secs() + 1)),
                ..Knowledge::default()
            };
            self.write(Some(Step::Grace), Phase::Before, "waits", known)?;
        }
    }

    /// How long it is since the promotion: what was waited, or what the clock says, if that is more and makes sense.
    fn waited(&self) -> Duration {
        let slept = self.progress.known.waited.unwrap_or(0);
        let by_clock = self
            .progress
            .promoted_at
            .map_or(0, |then| self.world.clock.now().saturating_sub(then));
        Duration::from_secs(slept.max(by_clock))
    }
}
