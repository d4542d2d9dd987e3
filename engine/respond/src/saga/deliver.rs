//! The step that hands the successor to places which hold copies (variables of CI systems, sealed files), and tells workloads
//! to read again. The old credential is not revoked before all of them have it.
//!
//! Handing out twice does no harm, so that a lost answer is simply sent again; who has it is in the journal.

use leakward_stores::Select;

use super::failure::{StepError, Stop};
use super::run::Done;
use super::{Knowledge, Phase, Saga, Step};
use crate::plan::Delivery;

impl Saga<'_> {
    pub(super) fn deliver(&mut self) -> Result<Done, Stop> {
        let entry = self.plan.entry.as_ref();
        let all = entry
            .map(|entry| entry.deliveries.clone())
            .unwrap_or_default();
        for delivery in &all {
            let label = format!("{} {}", delivery.to, delivery.name);
            if self.progress.known.delivered.contains(&label) {
                continue;
            }
            self.hand_out(delivery)?;
            let known = Knowledge {
                delivered: vec![label.clone()],
                ..Knowledge::default()
            };
            let text = format!("{label} has the successor");
            self.write(Some(Step::Deliver), Phase::Before, &text, known)?;
        }
        Ok(Done::new(format!(
            "{} places have the successor",
            all.len()
        )))
    }

    /// Reads the value from where applications read it: a copy is never anything else.
    fn hand_out(&self, delivery: &Delivery) -> Result<(), Stop> {
        let (store, path) = self.store()?;
        let current = store.read(path, &Select::Current)?;
        let before = self.entry_before()?;
        if !self.holds_successor(&current.fields, &before) {
            return Err(StepError::Person(format!(
                "{path} in {} does not give applications the successor any more; {} got nothing and nothing was revoked",
                store.describe(),
                delivery.to
            ))
            .into());
        }
        let receiver = self.world.receivers.receiver(&delivery.to);
        let receiver = receiver.ok_or_else(|| {
            StepError::Person(format!(
                "{} gets a copy and is not in the configuration any more; nothing was revoked. Name it there and resume",
                delivery.to
            ))
        })?;
        let value = current.fields.get(&delivery.field).ok_or_else(|| {
            StepError::Person(format!(
                "{path} in {} has no field {}, of which {} {} gets a copy; nothing was revoked",
                store.describe(),
                delivery.field,
                delivery.to,
                delivery.name
            ))
        })?;
        let handed = receiver.deliver(&delivery.name, value);
        handed.map_err(|error| match StepError::from(error) {
            // Applications use the successor already: there is no way back, and a person sees to the rest.
            StepError::Refused(why) => StepError::Person(format!("{why}; nothing was revoked")),
            // To hand it out again does no harm.
            StepError::Unknown(why) => StepError::Wait(why),
            other => other,
        })?;
        Ok(())
    }
}
