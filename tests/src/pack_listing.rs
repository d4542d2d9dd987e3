//! What `git verify-pack --verbose` says is in a pack: which object lies where, and how deep in a chain of deltas.
//!
//! Tests use it to make sure that the pack they built has the shape they speak of, and to damage one chosen object.

/// One object of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackEntry {
    /// Id of the object.
    pub id: String,
    /// `commit`, `tree`, `blob` or `tag`.
    pub kind: String,
    /// Bytes it takes in the pack, header included.
    pub packed_bytes: u64,
    /// Where it starts in the pack.
    pub offset: u64,
    /// How many deltas must be applied to get it; 0 for an object that is stored whole.
    pub depth: u32,
}

/// The objects of one pack.
#[derive(Clone, Debug)]
pub struct PackListing {
    /// In the order of the index: by id.
    pub entries: Vec<PackEntry>,
}

impl PackListing {
    /// Reads the output of `git verify-pack --verbose`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self {
            entries: text.lines().filter_map(parse_entry).collect(),
        }
    }

    /// The entry of an object.
    #[must_use]
    pub fn entry(&self, id: &str) -> &PackEntry {
        self.entries
            .iter()
            .find(|entry| entry.id == id)
            .unwrap_or_else(|| panic!("{id} is not in the pack"))
    }

    /// The longest chain of deltas.
    #[must_use]
    pub fn deepest(&self) -> u32 {
        self.entries
            .iter()
            .map(|entry| entry.depth)
            .max()
            .unwrap_or(0)
    }
}

/// `id kind size packed-size offset [depth base]`; other lines are statistics.
fn parse_entry(line: &str) -> Option<PackEntry> {
    let mut words = line.split_whitespace();
    let id = words
        .next()
        .filter(|id| matches!(id.len(), 40 | 64))?
        .to_owned();
    let kind = words.next()?.to_owned();
    let _size: u64 = words.next()?.parse().ok()?;
    let packed_bytes = words.next()?.parse().ok()?;
    let offset = words.next()?.parse().ok()?;
    let depth = words
        .next()
        .and_then(|depth| depth.parse().ok())
        .unwrap_or(0);
    Some(PackEntry {
        id,
        kind,
        packed_bytes,
        offset,
        depth,
    })
}
