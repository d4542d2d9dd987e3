//! How far a saga is: the journal's lines, folded. Pure, so that a resumed saga and one that never stopped are the same.

use std::collections::BTreeMap;

use super::{Knowledge, Phase, Record, Step};
use crate::provider::Birth;

/// How far one step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    /// It was not begun, or failed without a change, or was undone.
    #[default]
    Untouched,
    /// It was begun: it may have happened or not.
    Begun,
    /// It is done.
    Done,
}

/// How far a saga is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    steps: BTreeMap<Step, Status>,
    birth: Option<Birth>,
    /// What is known.
    pub(crate) known: Knowledge,
    /// Why it goes back, if it does.
    pub(crate) turning_back: Option<String>,
    /// How it ended, if it has.
    pub(crate) ended: Option<String>,
    /// When the successor was promoted, by the clock of that moment.
    pub(crate) promoted_at: Option<u64>,
    /// The next line's number.
    pub(crate) next: u64,
}

impl Progress {
    /// Of a journal.
    pub(crate) fn of(birth: Option<Birth>, records: &[Record]) -> Self {
        let mut progress = Self {
            birth,
            ..Self::default()
        };
        records.iter().for_each(|record| progress.apply(record));
        progress
    }

    /// How far `step` is.
    pub(crate) fn status(&self, step: Step) -> Status {
        self.steps.get(&step).copied().unwrap_or_default()
    }

    /// One more line.
    pub(crate) fn apply(&mut self, record: &Record) {
        self.next = record.sequence + 1;
        self.learn(&record.known);
        match (record.phase, record.step) {
            (Phase::Before, Some(step)) => self.set(step, Status::Begun),
            (Phase::Done, Some(step)) => {
                self.set(step, Status::Done);
                if step == Step::Promote {
                    self.promoted_at = Some(record.at);
                }
            }
            (Phase::Failed, Some(step)) => self.set(step, Status::Untouched),
            (Phase::Undone, Some(step)) => self.undone(step),
            (Phase::TurningBack, _) => self.turning_back = Some(record.text.clone()),
            (Phase::Ended, _) => self.ended = Some(record.text.clone()),
            _ => {}
        }
    }

    fn set(&mut self, step: Step, status: Status) {
        self.steps.insert(step, status);
    }

    fn undone(&mut self, step: Step) {
        self.set(step, Status::Untouched);
        match step {
            Step::Create => {
                self.known.handle = None;
                self.known.request = None;
                self.known.before.clear();
            }
            Step::Stage => {
                self.known.stage = None;
                self.known.staged = None;
                self.known.over = None;
                self.known.successor = None;
                // What was tested was what was staged.
                self.set(Step::Test, Status::Untouched);
                // The provider has been told a value that waits nowhere now: it has to be told the next one, or that there is none.
                if self.birth == Some(Birth::Chosen) && self.status(Step::Create) == Status::Done {
                    self.set(Step::Create, Status::Begun);
                }
            }
            _ => {}
        }
    }

    fn learn(&mut self, new: &Knowledge) {
        fn take<T: Clone>(slot: &mut Option<T>, new: &Option<T>) {
            if new.is_some() {
                slot.clone_from(new);
            }
        }
        let known = &mut self.known;
        take(&mut known.request, &new.request);
        take(&mut known.handle, &new.handle);
        take(&mut known.successor, &new.successor);
        take(&mut known.stage, &new.stage);
        take(&mut known.staged, &new.staged);
        take(&mut known.over, &new.over);
        take(&mut known.promoted, &new.promoted);
        take(&mut known.request_id, &new.request_id);
        take(&mut known.unproven, &new.unproven);
        take(&mut known.verdict_before, &new.verdict_before);
        take(&mut known.waited, &new.waited);
        take(&mut known.decision, &new.decision);
        known.delivered.extend(new.delivered.iter().cloned());
        known.ahead.extend(new.ahead.clone());
        if !new.before.is_empty() {
            known.before.clone_from(&new.before);
        }
    }
}
