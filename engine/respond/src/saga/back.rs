//! The way back: what was made is taken away again, and the old credential stays as it is by then.
//!
//! The provider comes first and the store second: a successor that works is never out of the store.

use std::fmt;

use super::failure::{SagaError, StepError, Stop};
use super::progress::{Progress, Status};
use super::run::Outcome;
use super::{Knowledge, Phase, Saga, Step};

/// What has become of the old credential of a response that went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldCredential {
    /// Nothing was done to it.
    AsItWas,
    /// Its revocation was begun, and how that ended is not known.
    MayBeRevoked,
    /// It is revoked, and stays so.
    Revoked,
}

impl OldCredential {
    pub(crate) fn after(progress: &Progress) -> Self {
        match progress.status(Step::Revoke) {
            Status::Untouched => Self::AsItWas,
            Status::Begun => Self::MayBeRevoked,
            Status::Done => Self::Revoked,
        }
    }
}

impl fmt::Display for OldCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsItWas => "the old credential is as it was",
            Self::MayBeRevoked => {
                "the old credential may be revoked: that was begun, and how it ended is not known"
            }
            Self::Revoked => "the old credential was revoked by then, and stays so",
        })
    }
}

impl Saga<'_> {
    /// Goes back, if nothing depends on what was made; otherwise it stays where it is and says so.
    ///
    /// # Errors
    /// The journal cannot be written; then nothing more was done.
    pub fn give_up(&mut self, why: &str) -> Result<Outcome, SagaError> {
        let promoted = self.progress.status(Step::Promote);
        if promoted != Status::Untouched {
            return Ok(Outcome::Parked {
                why: "applications may use the successor already: resume instead".to_owned(),
                resume_at: None,
            });
        }
        if self.progress.turning_back.is_none() {
            self.write(None, Phase::TurningBack, why, Knowledge::default())?;
        }
        self.go_back()
    }

    /// Goes back from wherever it is.
    pub(super) fn go_back(&mut self) -> Result<Outcome, SagaError> {
        let why = self.progress.turning_back.clone().unwrap_or_default();
        for step in [Step::Create, Step::Stage] {
            let mut tries = 0;
            while self.progress.status(step) != Status::Untouched {
                let failed = match self.undo(step, &why) {
                    Ok(()) | Err(Stop::Step(StepError::Again)) => continue,
                    Err(Stop::Saga(error)) => return Err(error),
                    Err(Stop::Step(failed)) => failed,
                };
                tries += 1;
                let is_passing = matches!(failed, StepError::Wait(_) | StepError::Unknown(_));
                if is_passing && tries < self.world.patience.tries {
                    self.wait(tries);
                    continue;
                }
                return self.stuck(step, &failed, is_passing);
            }
        }
        if self.progress.ended.is_none() {
            self.write(None, Phase::Ended, &why, Knowledge::default())?;
        }
        let old = OldCredential::after(&self.progress);
        Ok(Outcome::TurnedBack { why, old })
    }

    fn undo(&mut self, step: Step, why: &str) -> Result<(), Stop> {
        if step == Step::Stage {
            return self.discard(why);
        }
        match self.created_handle()? {
            Some(handle) => self.take_away(&handle, why),
            None => Ok(self.write(
                Some(step),
                Phase::Undone,
                "nothing had been made",
                Knowledge::default(),
            )?),
        }
    }

    /// It cannot go back now. What may pass is tried again later; the rest is for a person, at once.
    fn stuck(
        &mut self,
        step: Step,
        failed: &StepError,
        is_passing: bool,
    ) -> Result<Outcome, SagaError> {
        let text = failed.text().to_owned();
        if is_passing {
            let at = self.world.clock.now() + 60;
            return self.park(step, text, Some(at));
        }
        self.write(Some(step), Phase::UndoFailed, &text, Knowledge::default())?;
        self.world.journal.wake_at(&self.id, None)?;
        let handle = self.progress.known.handle.clone();
        let what = handle.map_or_else(
            || "what was made".to_owned(),
            |handle| format!("the successor {handle}"),
        );
        Ok(Outcome::UndoFailed(format!(
            "{what} could not be taken away again: {text}"
        )))
    }
}
