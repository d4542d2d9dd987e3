//! Grows the forest of a few objects of a pack by following each delta to its base.
//!
//! Unlike the survey this never looks at an entry that is not needed, so a handful of objects costs the same in a
//! small and in a huge pack. It is also the survey's slow twin: asked for all objects it must grow the same trees.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::file::Pack;
use super::forest::{Entries, Forest, Mark, ROOT};
use super::order::Order;

/// What is known of the entry at one offset.
struct Link {
    base: Option<u64>,
    position: Option<u32>,
}

/// The forest of the objects at `positions` of the index, and those that cannot be reached.
pub(crate) fn chains(
    pack: &Pack,
    positions: impl IntoIterator<Item = u32>,
) -> Result<(Forest, Vec<(u32, Fault)>), String> {
    let mut order =
        Order::for_pack(pack).ok_or("it has too many objects for its size to be walked")?;
    let mut links = BTreeMap::new();
    let mut lost = Vec::new();
    for position in positions {
        if let Err(fault) = follow(pack, position, &mut links) {
            lost.push((position, fault));
        }
    }
    for (&offset, link) in &links {
        order.push(offset, link.position);
    }
    let marks = links.values().map(|link| {
        let mut mark = Mark::UNKNOWN;
        if link.position.is_some() {
            mark.want();
        }
        mark
    });
    let parent = |link: &Link| link.base.and_then(|base| order.find(base));
    let parents = links
        .values()
        .map(|link| parent(link).map_or(ROOT, |at| u32::try_from(at).unwrap_or(ROOT)));
    let (parents, marks) = (parents.collect(), marks.collect());
    let forest = Forest::grow(
        Entries {
            order,
            parents,
            marks,
        },
        pack.size(),
    );
    lost.extend(
        forest
            .circular()
            .iter()
            .map(|&position| (position, Fault::Circle)),
    );
    Ok((forest, lost))
}

/// Adds the entry at `position` and all its bases.
fn follow(pack: &Pack, position: u32, links: &mut BTreeMap<u64, Link>) -> Result<(), Fault> {
    let start = pack.offset(position).ok_or(Fault::OutsidePack)?;
    let mut added = BTreeMap::new();
    let mut next = Some(start);
    while let Some(offset) =
        next.filter(|offset| !links.contains_key(offset) && !added.contains_key(offset))
    {
        let base = match pack.entry(offset) {
            Ok(entry) => pack.base_offset(offset, entry.header.stored)?,
            Err(fault) if offset == start => return Err(fault),
            Err(fault) => return Err(fault.of_base()),
        };
        added.insert(
            offset,
            Link {
                base,
                position: None,
            },
        );
        next = base;
    }
    // PERF: `append` would rebuild all of `links` each time.
    links.extend(added);
    if let Some(link) = links.get_mut(&start) {
        link.position = Some(position);
    }
    Ok(())
}
