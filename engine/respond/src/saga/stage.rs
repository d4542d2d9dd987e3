//! The step that puts the successor into the store, where no application reads it; and reading it from there again.

use leakward_stores::{Select, Staged, Store, StoreError, Version};

use super::failure::{StepError, Stop};
use super::progress::Status;
use super::run::{Checked, Done};
use super::{Knowledge, Phase, Saga, Step, entry};
use crate::provider::{Birth, Handle, Successor};

impl Saga<'_> {
    pub(super) fn prepare_stage(&mut self) -> Result<Knowledge, Stop> {
        let request = match self.birth() {
            Birth::Chosen => Some(self.new_request()),
            Birth::Issued => None,
        };
        let successor = self.successor_to_stage(request.as_ref())?;
        let over = self.current_with_old()?;
        let fingerprint = self.subject_of(&successor.parts).fingerprint;
        Ok(Knowledge {
            request,
            handle: Some(successor.handle),
            stage: Some(self.new_request()),
            over: Some(over.0),
            successor: Some(fingerprint.to_string()),
            ..Knowledge::default()
        })
    }

    /// The successor in memory; or a new draft; or, when the process that knew it has ended, the way back to making one.
    fn successor_to_stage(
        &mut self,
        request: Option<&crate::provider::RequestId>,
    ) -> Result<Successor, Stop> {
        if let Some(successor) = &self.successor {
            return Ok(successor.clone());
        }
        if let Some(request) = request {
            let draft = self.with_case(|case| self.world.provider.draft(case, request))?;
            self.successor = Some(draft.clone());
            return Ok(draft);
        }
        let handle = self.progress.known.handle.clone();
        let handle = handle.ok_or_else(|| {
            StepError::Person("the journal does not say what was made".to_owned())
        })?;
        self.take_away(&handle, "its value was lost before it was in the store")?;
        Err(StepError::Again.into())
    }

    pub(super) fn stage(&mut self) -> Result<Done, Stop> {
        let (store, path) = self.store()?;
        let known = &self.progress.known;
        let (id, over) = (known.stage.clone(), known.over.clone());
        let (Some(id), Some(over), Some(successor)) = (id, over, self.successor.clone()) else {
            return Err(StepError::Person("the journal has a hole".to_owned()).into());
        };
        let before = self.entry_before()?;
        let changes = self.plan.entry.as_ref().map(|entry| entry.fields.clone());
        let changes = changes.unwrap_or_default();
        let old = self.old_parts();
        let fields = entry::with_successor(&before, &changes, &old, &successor.parts);
        let fields = fields
            .filter(|fields| self.holds_whole_successor(fields, &before, &successor))
            .ok_or_else(|| {
                StepError::Refused(format!(
                    "{path} in {} has no field for every part of the successor that changes",
                    store.describe()
                ))
            })?;
        let staged =
            store
                .stage(path, &id.0, &fields, &Version(over))
                .map_err(|error| match error {
                    // Read it again and put the successor over what is there now.
                    StoreError::Conflict { .. } => StepError::Wait(error.to_string()),
                    other => other.into(),
                })?;
        let mut done = Done::new(format!(
            "the successor waits at {path} as version {}",
            staged.version.0
        ));
        done.known.staged = Some(staged.version.0);
        Ok(done)
    }

    /// Whether the successor can be read out of the fields again, whole.
    fn holds_whole_successor(
        &self,
        fields: &leakward_stores::Fields,
        before: &leakward_stores::Fields,
        successor: &Successor,
    ) -> bool {
        let Some(place) = &self.plan.entry else {
            return false;
        };
        let read = entry::parts_of(fields, before, &place.fields, &self.old_parts());
        read.is_some_and(|parts| {
            self.world.provider.parts(&self.subject_of(&parts))
                == self
                    .world
                    .provider
                    .parts(&self.subject_of(&successor.parts))
        })
    }

    pub(super) fn check_stage(&mut self) -> Result<Checked, Stop> {
        let (store, path) = self.store()?;
        let Some(id) = self.progress.known.stage.clone() else {
            return Ok(Checked::NotDone);
        };
        let Some((staged, fields)) = store.staged(path, &id.0)? else {
            return Ok(Checked::NotDone);
        };
        let before = self.entry_before()?;
        if !self.holds_successor(&fields, &before) {
            return Err(StepError::Refused(format!(
                "what waits at {path} in {} is not what was put there",
                store.describe()
            ))
            .into());
        }
        let mut done = Done::new(format!(
            "the successor had been put to {path} as version {}",
            staged.version.0
        ));
        done.known.staged = Some(staged.version.0);
        Ok(Checked::Done(done.into()))
    }

    /// The successor: from memory, from where it waits, or from where applications read it.
    pub(super) fn known_successor(&mut self) -> Result<Successor, Stop> {
        if let Some(successor) = &self.successor {
            return Ok(successor.clone());
        }
        let (store, path) = self.store()?;
        let before = self.entry_before()?;
        let id = self.progress.known.stage.clone().map(|id| id.0);
        let waiting = store.staged(path, &id.unwrap_or_default())?;
        let fields = match waiting {
            Some((_, fields)) => fields,
            None => store.read(path, &Select::Current)?.fields,
        };
        if !self.holds_successor(&fields, &before) {
            return Err(StepError::Person(format!(
                "the successor is not at {path} in {} any more",
                store.describe()
            ))
            .into());
        }
        let place = self.plan.entry.as_ref().map(|entry| entry.fields.clone());
        let parts = entry::parts_of(
            &fields,
            &before,
            &place.unwrap_or_default(),
            &self.old_parts(),
        )
        .map(|parts| self.world.provider.parts(&self.subject_of(&parts)));
        let successor = Successor {
            handle: self
                .progress
                .known
                .handle
                .clone()
                .unwrap_or_else(|| Handle(String::new())),
            parts: parts.unwrap_or_default(),
        };
        self.successor = Some(successor.clone());
        Ok(successor)
    }

    /// What waits in the store, as the journal knows it.
    pub(super) fn known_staged(&self) -> Option<Staged> {
        let known = &self.progress.known;
        Some(Staged {
            id: known.stage.clone()?.0,
            version: Version(known.staged.clone()?),
            over: Version(known.over.clone()?),
        })
    }

    /// Takes what waits in the store away, and says so in the journal.
    pub(super) fn discard(&mut self, why: &str) -> Result<(), Stop> {
        let (store, path) = self.store()?;
        let (store, path): (&dyn Store, String) = (store, path.to_owned());
        let text = format!("take what waits at {path} away: {why}");
        let record = self.record(
            Some(Step::Stage),
            Phase::Undoing,
            text,
            Knowledge::default(),
        );
        self.must_be_witnessed(&record)?;
        self.append(&record)?;
        if let Some(staged) = self.staged_anyway(store, &path)? {
            store.discard(&path, &staged)?;
        }
        let text = format!("nothing waits at {path} any more");
        Ok(self.write(
            Some(Step::Stage),
            Phase::Undone,
            &text,
            Knowledge::default(),
        )?)
    }

    /// What waits in the store; asked, where the journal has no answer.
    fn staged_anyway(&self, store: &dyn Store, path: &str) -> Result<Option<Staged>, Stop> {
        let id = self.progress.known.stage.clone();
        match (self.known_staged(), id) {
            (Some(staged), _) if self.progress.status(Step::Stage) == Status::Done => {
                Ok(Some(staged))
            }
            (_, Some(id)) => Ok(store.staged(path, &id.0)?.map(|(staged, _)| staged)),
            _ => Ok(None),
        }
    }
}
