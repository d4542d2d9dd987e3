//! A number for each object, made of where the packs list it: no table is needed to go from an id to its number.
//!
//! What no pack holds (loose, borrowed, missing) is numbered behind them as it is met.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gix::ObjectId;
use gix::hashtable::HashMap;

use super::fan::Fan;
use crate::git::objects::store::Store;

/// Numbers objects.
pub(crate) struct ObjectNumbers {
    store: Arc<Store>,
    /// For each pack the number of its first object, and the number behind the last pack.
    firsts: Vec<u32>,
    /// For each pack a way into its index, made when the first object is asked for.
    fans: Vec<OnceLock<Option<Fan>>>,
    others: Mutex<HashMap<ObjectId, u32>>,
}

impl ObjectNumbers {
    /// LIMIT: numbers have 30 bits, so that a kind or a mark fits beside them. Of an object beyond that the places are
    /// not known; it needs a repository of a thousand million objects.
    pub(super) const MAX: u32 = 1 << 30;

    /// PERF: what is asked for in vain takes memory's time too. An object is in one of the first packs mostly.
    const EXPECTED: usize = 2;

    pub(crate) fn of(store: Arc<Store>) -> Self {
        let mut firsts = vec![0_u32];
        let mut next = 0_u32;
        for pack in &store.packs {
            next = next.saturating_add(pack.objects());
            firsts.push(next);
        }
        Self {
            fans: store.packs.iter().map(|_| OnceLock::new()).collect(),
            store,
            firsts,
            others: Mutex::default(),
        }
    }

    /// Makes the ways into the packs' indexes, which the first object that is asked for would wait for.
    pub(super) fn prepare(&self) {
        for (pack, fan) in self.store.packs.iter().zip(&self.fans) {
            fan.get_or_init(|| Fan::of(pack));
        }
    }

    /// The number of an object, and whether the repository itself holds it in a pack.
    pub(crate) fn number(&self, id: &gix::oid) -> (u32, bool) {
        if let Some(number) = self.packed(id) {
            return (number, true);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self
            .first_other()
            .saturating_add(u32::try_from(others.len()).unwrap_or(u32::MAX))
            .min(Self::MAX - 1);
        (*others.entry(id.to_owned()).or_insert(next), false)
    }

    /// Asks for what tells the number of an object, before it is needed.
    pub(super) fn expect(&self, id: &gix::oid) {
        for fan in self.fans.iter().take(Self::EXPECTED) {
            if let Some(Some(fan)) = fan.get() {
                fan.expect(id);
            }
        }
    }

    /// The same once more, when what the first one asked for has come.
    pub(super) fn expect_ids(&self, id: &gix::oid) {
        let packs = self.store.packs.iter().zip(&self.fans);
        for (pack, fan) in packs.take(Self::EXPECTED) {
            if let Some(Some(fan)) = fan.get() {
                fan.expect_ids(pack, id);
            }
        }
    }

    /// Whether a pack of the repository holds an object.
    pub(crate) fn is_packed(&self, id: &gix::oid) -> bool {
        self.packed(id).is_some()
    }

    /// The number of an object, if it has one.
    pub(crate) fn get(&self, id: &gix::oid) -> Option<u32> {
        self.packed(id).or_else(|| {
            let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            others.get(id).copied()
        })
    }

    /// The number of the object that a pack lists at `position`, when that is the copy which counts.
    pub(crate) fn of_position(&self, pack: usize, position: u32) -> Option<u32> {
        let number = self.firsts.get(pack)?.checked_add(position)?;
        (number < Self::MAX).then_some(number)
    }

    /// The id of the object with this number.
    pub(crate) fn id(&self, number: u32) -> Option<ObjectId> {
        self.packed_id(number)
            .or_else(|| self.others(|other| other == number).pop())
    }

    /// The id of the object with this number, when a pack holds it.
    pub(super) fn packed_id(&self, number: u32) -> Option<ObjectId> {
        let behind = self.firsts.partition_point(|&first| first <= number);
        let pack = behind.checked_sub(1)?;
        let position = number - self.firsts.get(pack)?;
        self.store.packs.get(pack)?.id(position)
    }

    /// The ids of those objects that no pack holds and whose numbers are chosen.
    pub(super) fn others(&self, chosen: impl Fn(u32) -> bool) -> Vec<ObjectId> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let others = others.iter().filter(|(_, number)| chosen(**number));
        others.map(|(id, _)| *id).collect()
    }

    /// The objects with a number that the repository does not hold.
    pub(super) fn missing(&self) -> HashMap<ObjectId, u32> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = others
            .iter()
            .filter(|(id, _)| self.store.loose_folder(id).is_none());
        missing.map(|(id, number)| (*id, *number)).collect()
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> usize {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        self.first_other() as usize + others.len()
    }

    fn packed(&self, id: &gix::oid) -> Option<u32> {
        let packs = self.store.packs.iter().zip(&self.fans).enumerate();
        let mut found = packs.filter_map(|(number, (pack, fan))| {
            let position = match fan.get_or_init(|| Fan::of(pack)) {
                Some(fan) => fan.position(pack, id),
                None => pack.position(id),
            };
            Some((number, position?))
        });
        let (pack, position) = found.next()?;
        self.of_position(pack, position)
    }

    fn first_other(&self) -> u32 {
        self.firsts.last().copied().unwrap_or(0)
    }
}
