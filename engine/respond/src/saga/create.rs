//! The step in which the provider makes the successor.
//!
//! A value that the provider issues is told once. When it is lost on the way (no answer, or the process ended before it was
//! in the store), the provider is asked what it made; that is taken away, and another one is made.

use super::failure::{StepError, Stop};
use super::progress::Status;
use super::run::{Checked, Done};
use super::{Knowledge, Phase, Saga, Step};
use crate::provider::{Birth, Created, Creation, Handle};

impl Saga<'_> {
    pub(super) fn prepare_create(&mut self) -> Result<Knowledge, Stop> {
        // Nothing is made that has no place.
        if self.birth() == Birth::Issued {
            self.current_with_old()?;
        }
        let handles = self.with_case(|case| self.world.provider.handles(case))?;
        let request = match (self.birth(), &self.progress.known.request) {
            (Birth::Chosen, Some(request)) => request.clone(),
            _ => self.new_request(),
        };
        Ok(Knowledge {
            request: Some(request),
            before: handles,
            ..Knowledge::default()
        })
    }

    pub(super) fn create(&mut self) -> Result<Done, Stop> {
        let creation = self.creation()?;
        let made = self.with_case(|case| self.world.provider.create(case, &creation))?;
        let mut done = Done::new(format!(
            "{} made {}",
            self.world.provider.name(),
            made.handle
        ));
        done.known.handle = Some(made.handle.clone());
        // What was chosen is read from where it waits, and from nowhere else.
        if self.birth() == Birth::Issued {
            self.successor = Some(made);
        }
        Ok(done)
    }

    pub(super) fn check_create(&mut self) -> Result<Checked, Stop> {
        if self.birth() == Birth::Chosen {
            return Ok(Checked::NotDone);
        }
        let creation = self.creation()?;
        let mut found = self.with_case(|case| self.world.provider.find_created(case, &creation))?;
        if matches!(found, Created::No) {
            // Lists of providers lag behind; what is not there is believed only the second time.
            self.wait(1);
            found = self.with_case(|case| self.world.provider.find_created(case, &creation))?;
        }
        match found {
            Created::No => Ok(Checked::NotDone),
            Created::Whole(successor) => {
                let mut done = Done::new(format!("{} had been made", successor.handle));
                done.known.handle = Some(successor.handle.clone());
                self.successor = Some(successor);
                Ok(Checked::Done(done.into()))
            }
            Created::Orphan(handle) => {
                self.take_away(&handle, "its value was lost with the answer")?;
                Err(StepError::Again.into())
            }
        }
    }

    /// Takes a successor away of which no application knows, and says so in the journal.
    pub(super) fn take_away(&mut self, handle: &Handle, why: &str) -> Result<(), Stop> {
        let known = Knowledge {
            handle: Some(handle.clone()),
            ..Knowledge::default()
        };
        let text = format!("take {handle} away again: {why}");
        let record = self.record(Some(Step::Create), Phase::Undoing, text, known);
        self.must_be_witnessed(&record)?;
        self.append(&record)?;
        self.with_case(|case| self.world.provider.remove(case, handle))?;
        self.successor = None;
        let text = format!("{handle} is gone again");
        Ok(self.write(
            Some(Step::Create),
            Phase::Undone,
            &text,
            Knowledge::default(),
        )?)
    }

    /// Finds out what was made, if anything, so that it can be taken away.
    pub(super) fn created_handle(&mut self) -> Result<Option<Handle>, Stop> {
        let known = self.progress.known.handle.clone();
        let is_unclear = self.progress.status(Step::Create) == Status::Begun;
        if known.is_some() || self.birth() == Birth::Chosen || !is_unclear {
            return Ok(known);
        }
        let creation = self.creation()?;
        let found = self.with_case(|case| self.world.provider.find_created(case, &creation))?;
        Ok(match found {
            Created::No => None,
            Created::Whole(successor) => Some(successor.handle),
            Created::Orphan(handle) => Some(handle),
        })
    }

    fn creation(&mut self) -> Result<Creation, Stop> {
        let known = &self.progress.known;
        let id = known.request.clone().unwrap_or_else(|| self.new_request());
        let before = known.before.clone();
        let draft = match self.birth() {
            Birth::Chosen => Some(self.known_successor()?),
            Birth::Issued => None,
        };
        Ok(Creation { id, draft, before })
    }
}
