//! The simulated world as a store, and as a place that gets a copy of what the store holds.

use leakward_core::Secret;
use leakward_respond::saga::Receivers;
use leakward_stores::{
    Consumer, Entry, Fields, Health, Metadata, Select, Slot, Staged, Store, StoreError, Version,
};

use super::{PATH, Sim, text};

impl Store for Sim {
    fn describe(&self) -> String {
        "sim".to_owned()
    }

    fn check(&self) -> Result<Health, StoreError> {
        Err(StoreError::Unsupported {
            store: "sim".to_owned(),
            what: "be checked".to_owned(),
        })
    }

    fn list(&self, _: &str) -> Result<Vec<String>, StoreError> {
        Ok(vec![PATH.to_owned()])
    }

    fn metadata(&self, _: &str) -> Result<Metadata, StoreError> {
        Ok(Metadata::default())
    }

    fn read(&self, path: &str, select: &Select) -> Result<Entry, StoreError> {
        self.store("read", |state| {
            let index = match select {
                Select::Current => Some(state.current),
                Select::Previous => state.current.checked_sub(1),
                Select::Exactly(version) => version.0.parse().ok(),
            };
            let found = index.and_then(|index| Some((index, state.versions.get(index)?)));
            let (index, fields) = found.ok_or_else(|| StoreError::Absent {
                store: "sim".to_owned(),
                path: path.to_owned(),
            })?;
            Ok(Entry {
                version: Version(index.to_string()),
                fields: fields.clone(),
            })
        })
    }

    fn put(&self, _: &str, fields: &Fields, _: Option<&Version>) -> Result<Version, StoreError> {
        self.store("put", |state| Ok(state.write(fields.clone())))
    }

    fn stage(
        &self,
        _: &str,
        id: &str,
        fields: &Fields,
        expected: &Version,
    ) -> Result<Staged, StoreError> {
        self.store("stage", |state| {
            if state.current.to_string() != expected.0 {
                return state.conflict(&expected.0);
            }
            let (number, over) = (state.calls, state.current);
            let waiting = state
                .staged
                .entry(id.to_owned())
                .or_insert_with(|| (number, over, fields.clone()));
            Ok(Staged {
                id: id.to_owned(),
                version: Version(format!("pending-{}", waiting.0)),
                over: Version(waiting.1.to_string()),
            })
        })
    }

    fn staged(&self, _: &str, id: &str) -> Result<Option<(Staged, Fields)>, StoreError> {
        self.store("staged", |state| {
            Ok(state.staged.get(id).map(|(number, over, fields)| {
                let staged = Staged {
                    id: id.to_owned(),
                    version: Version(format!("pending-{number}")),
                    over: Version(over.to_string()),
                };
                (staged, fields.clone())
            }))
        })
    }

    fn promote(&self, path: &str, staged: &Staged) -> Result<Version, StoreError> {
        self.store("promote", |state| {
            let Some((_, over, fields)) = state.staged.get(&staged.id).cloned() else {
                return Err(StoreError::Absent {
                    store: "sim".to_owned(),
                    path: path.to_owned(),
                });
            };
            if state.versions[state.current] == fields {
                return Ok(Version(state.current.to_string()));
            }
            if state.current != over {
                return state.conflict(&over.to_string());
            }
            Ok(state.write(fields))
        })
    }

    fn discard(&self, _: &str, staged: &Staged) -> Result<(), StoreError> {
        self.store("discard", |state| {
            state.staged.remove(&staged.id);
            Ok(())
        })
    }

    fn roll_back(&self, _: &str, _: &Version, _: &Version) -> Result<Version, StoreError> {
        Err(StoreError::Unsupported {
            store: "sim".to_owned(),
            what: "roll back".to_owned(),
        })
    }
}

impl Receivers for Sim {
    fn receiver(&self, to: &str) -> Option<&dyn Consumer> {
        (to == "sim").then_some(self)
    }
}

impl Consumer for Sim {
    fn describe(&self) -> String {
        "sim".to_owned()
    }

    fn check(&self) -> Result<Health, StoreError> {
        Store::check(self)
    }

    fn slots(&self) -> Result<Vec<Slot>, StoreError> {
        Ok(Vec::new())
    }

    fn deliver(&self, name: &str, value: &Secret) -> Result<(), StoreError> {
        assert_eq!(name, "PASSWORD");
        let value = text(value);
        self.store("deliver", |state| {
            state.copy = value;
            Ok(())
        })
    }
}
