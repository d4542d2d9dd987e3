//! Reads a database of bbolt, in which containerd keeps which images it has: a tree of pages with sorted keys, and trees in trees.
//!
//! Ours, and for reading alone: what is needed is names and digests. The database's bytes are here as a whole, nothing is locked
//! and nothing is written.
//!
//! INVARIANT: offsets and counts that the bytes state are believed only within them; a page is gone to at most once for each tree, so that
//! pages that refer to each other in a circle end. Trees may share pages, and pages may lie over each other, so that what is read is also
//! counted over all trees ([`Allowance`]): else a file of some megabytes could name billions of entries.
//!
//! Format: `page.go`, `bucket.go` and `db.go` of go.etcd.io/bbolt.

use std::collections::HashSet;

/// The page's header: its number, its flags, how many elements it has, how many pages follow that belong to it.
const HEADER_BYTES: usize = 16;

/// An element of a page: 16 bytes, of leaves and of branches.
const ELEMENT_BYTES: usize = 16;

const IS_BRANCH: u16 = 1;
const IS_LEAF: u16 = 2;
const IS_META: u16 = 4;

/// What a page that says where the tree begins starts with.
const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;

/// LIMIT: entries that are read of one database, each time that they are read. An image costs about a dozen, and a node with a thousand
/// images is a large one.
pub const MAX_ENTRIES: usize = 1 << 20;

/// LIMIT: longest key. Names of images have some hundred bytes; keys may lie over each other, so that a file of some megabytes
/// could name as many as there may be entries of that length each.
const MAX_KEY_BYTES: usize = 1 << 10;

/// A database that cannot be read, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    /// It makes no sense.
    #[error("it is no database of bbolt, or damaged: {0}")]
    Damaged(&'static str),
    /// There is more in it than is read.
    #[error("it has more than {MAX_ENTRIES} entries to be read")]
    Limit,
    /// It has a longer key than is read.
    #[error("it has a key of more than {MAX_KEY_BYTES} bytes")]
    LongKey,
}

/// How many entries of a database may still be read, in all of its trees together.
#[derive(Debug)]
pub struct Allowance(usize);

impl Default for Allowance {
    fn default() -> Self {
        Self(MAX_ENTRIES)
    }
}

impl Allowance {
    fn take(&mut self, entries: usize) -> Result<(), NotRead> {
        self.0 = self.0.checked_sub(entries).ok_or(NotRead::Limit)?;
        Ok(())
    }
}

/// A database.
#[derive(Clone, Copy, Debug)]
pub struct Bolt<'d> {
    bytes: &'d [u8],
    page_bytes: usize,
    root: u64,
    transaction: u64,
}

/// A tree of keys.
#[derive(Clone, Copy, Debug)]
pub struct Bucket<'d> {
    database: Bolt<'d>,
    root: Root<'d>,
}

/// Where a tree begins.
#[derive(Clone, Copy, Debug)]
enum Root<'d> {
    /// On this page.
    Page(u64),
    /// On a page that is part of the value: small trees.
    Inline(&'d [u8]),
}

/// What stands at a key.
#[derive(Clone, Copy, Debug)]
pub enum Value<'d> {
    /// Bytes.
    Bytes(&'d [u8]),
    /// A tree of its own.
    Bucket(Bucket<'d>),
}

impl<'d> Bolt<'d> {
    /// The database that `bytes` are.
    ///
    /// # Errors
    /// When neither of the two pages that say where it begins holds.
    pub fn new(bytes: &'d [u8]) -> Result<Self, NotRead> {
        // Pages are as large as those of the machine that made the database; the first one says it.
        let first = meta(bytes, 0);
        let stated = first.map(|found| found.page_bytes);
        let sizes = stated.into_iter().chain([4_096, 16_384, 65_536]);
        let second = sizes
            .into_iter()
            .find_map(|size| meta(bytes, size).filter(|found| found.page_bytes == size));
        let newest = first
            .into_iter()
            .chain(second)
            .max_by_key(|found| found.transaction);
        newest.ok_or(NotRead::Damaged("it does not say where it begins"))
    }

    /// The number of the change that wrote it last.
    #[must_use]
    pub fn transaction(&self) -> u64 {
        self.transaction
    }

    /// The outermost tree.
    #[must_use]
    pub fn root(&self) -> Bucket<'d> {
        Bucket {
            database: *self,
            root: Root::Page(self.root),
        }
    }

    /// The page of this number, with the pages that belong to it.
    fn page(&self, number: u64) -> Result<&'d [u8], NotRead> {
        let number =
            usize::try_from(number).map_err(|_| NotRead::Damaged("a page is not there"))?;
        let start = number.checked_mul(self.page_bytes);
        let rest = start.and_then(|start| self.bytes.get(start..));
        let rest = rest.ok_or(NotRead::Damaged("a page is not there"))?;
        let more = word(rest, 12).unwrap_or(0) as usize;
        let length = more
            .saturating_add(1)
            .saturating_mul(self.page_bytes)
            .min(rest.len());
        rest.get(..length)
            .ok_or(NotRead::Damaged("a page is not there"))
    }
}

impl<'d> Bucket<'d> {
    /// Its keys, sorted, and what stands at them.
    ///
    /// # Errors
    /// When a page makes no sense, or `allowance` is used up.
    pub fn entries(
        &self,
        allowance: &mut Allowance,
    ) -> Result<Vec<(&'d [u8], Value<'d>)>, NotRead> {
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        let mut left = vec![self.root];
        while let Some(root) = left.pop() {
            let page = match root {
                Root::Inline(page) => page,
                Root::Page(number) if seen.insert(number) => self.database.page(number)?,
                Root::Page(_) => return Err(NotRead::Damaged("a page is in a tree twice")),
            };
            let flags = half(page, 8).ok_or(NotRead::Damaged("a page is cut off"))?;
            if flags & IS_BRANCH != 0 {
                // The last one is looked at first, so that the keys come in their order.
                let below =
                    elements(page, allowance)?.map(|element| long(element, 8).map(Root::Page));
                let below: Option<Vec<_>> = below.collect();
                left.extend(
                    below
                        .ok_or(NotRead::Damaged("a page is cut off"))?
                        .into_iter()
                        .rev(),
                );
            } else if flags & IS_LEAF != 0 {
                self.leaf(page, allowance, &mut entries)?;
            } else {
                return Err(NotRead::Damaged("a page is of an unknown kind"));
            }
        }
        Ok(entries)
    }

    fn leaf(
        &self,
        page: &'d [u8],
        allowance: &mut Allowance,
        entries: &mut Vec<(&'d [u8], Value<'d>)>,
    ) -> Result<(), NotRead> {
        const CUT: NotRead = NotRead::Damaged("an entry is cut off");
        for element in elements(page, allowance)? {
            let field = |at| word(element, at).map(|number| number as usize);
            let is_bucket = field(0).ok_or(CUT)? & 1 != 0;
            let (from, key, value) = (
                field(4).ok_or(CUT)?,
                field(8).ok_or(CUT)?,
                field(12).ok_or(CUT)?,
            );
            let rest = element.get(from..).ok_or(CUT)?;
            let (key, rest) = rest.split_at_checked(key).ok_or(CUT)?;
            if key.len() > MAX_KEY_BYTES {
                return Err(NotRead::LongKey);
            }
            let value = rest.get(..value).ok_or(CUT)?;
            let value = match is_bucket {
                true => Value::Bucket(self.inner(value)?),
                false => Value::Bytes(value),
            };
            entries.push((key, value));
        }
        Ok(())
    }

    /// The tree that a value is: the number of its page and a counter, or a page of its own.
    fn inner(&self, value: &'d [u8]) -> Result<Bucket<'d>, NotRead> {
        let root = long(value, 0).ok_or(NotRead::Damaged("a tree is cut off"))?;
        let root = match root {
            0 => Root::Inline(
                value
                    .get(16..)
                    .ok_or(NotRead::Damaged("a tree is cut off"))?,
            ),
            page => Root::Page(page),
        };
        Ok(Bucket {
            database: self.database,
            root,
        })
    }

    /// What stands at `key`.
    ///
    /// # Errors
    /// As for [`Bucket::entries`].
    pub fn get(&self, key: &[u8], allowance: &mut Allowance) -> Result<Option<Value<'d>>, NotRead> {
        let entries = self.entries(allowance)?;
        Ok(entries
            .into_iter()
            .find(|(found, _)| *found == key)
            .map(|(_, value)| value))
    }

    /// The tree at `key`; nothing when there is none.
    ///
    /// # Errors
    /// As for [`Bucket::entries`].
    pub fn bucket(
        &self,
        key: &[u8],
        allowance: &mut Allowance,
    ) -> Result<Option<Bucket<'d>>, NotRead> {
        Ok(match self.get(key, allowance)? {
            Some(Value::Bucket(bucket)) => Some(bucket),
            _ => None,
        })
    }
}

/// The elements of a page: each from where it begins to the page's end, for offsets in it count from there.
fn elements<'p>(
    page: &'p [u8],
    allowance: &mut Allowance,
) -> Result<impl Iterator<Item = &'p [u8]> + use<'p>, NotRead> {
    let count = usize::from(half(page, 10).ok_or(NotRead::Damaged("a page is cut off"))?);
    allowance.take(count)?;
    let end = HEADER_BYTES + count * ELEMENT_BYTES;
    if end > page.len() {
        return Err(NotRead::Damaged("a page has more entries than fit into it"));
    }
    let starts = (0..count).map(|number| HEADER_BYTES + number * ELEMENT_BYTES);
    Ok(starts.filter_map(|start| page.get(start..)))
}

/// What the page at `start` says of where the database begins, if it says it and its checksum holds.
fn meta(bytes: &[u8], start: usize) -> Option<Bolt<'_>> {
    const CHECKED_BYTES: usize = 56;
    let page = bytes.get(start..)?;
    let meta = page.get(HEADER_BYTES..)?;
    let checked = meta.get(..CHECKED_BYTES)?;
    let is_right = half(page, 8)? & IS_META != 0
        && word(meta, 0)? == MAGIC
        && word(meta, 4)? == VERSION
        && long(meta, CHECKED_BYTES)? == fnv(checked);
    let page_bytes = word(meta, 8)? as usize;
    (is_right && (512..=1 << 20).contains(&page_bytes)).then_some(Bolt {
        bytes,
        page_bytes,
        root: long(meta, 16)?,
        transaction: long(meta, 48)?,
    })
}

/// FNV-1a of 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|chunk| u16::from_le_bytes(*chunk))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|chunk| u32::from_le_bytes(*chunk))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|chunk| u64::from_le_bytes(*chunk))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const PAGE: usize = 4_096;

    fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
        bytes[at..at + value.len()].copy_from_slice(value);
    }

    /// A page: `kind`, and the elements with what they refer to.
    fn page(number: u64, kind: u16, entries: &[(u32, &[u8], &[u8])]) -> Vec<u8> {
        let mut page = vec![0; HEADER_BYTES + entries.len() * ELEMENT_BYTES];
        put(&mut page, 0, &number.to_le_bytes());
        put(&mut page, 8, &kind.to_le_bytes());
        put(&mut page, 10, &(entries.len() as u16).to_le_bytes());
        for (index, (flags, key, value)) in entries.iter().enumerate() {
            let at = HEADER_BYTES + index * ELEMENT_BYTES;
            let from = (page.len() - at) as u32;
            let numbers = [*flags, from, key.len() as u32, value.len() as u32];
            let numbers = numbers.map(u32::to_le_bytes).concat();
            put(&mut page, at, &numbers);
            page.extend_from_slice(key);
            page.extend_from_slice(value);
        }
        page
    }

    /// A page that leads to others.
    fn branch(number: u64, below: &[(&[u8], u64)]) -> Vec<u8> {
        let mut page = page(
            number,
            IS_BRANCH,
            &vec![(0, &b""[..], &b""[..]); below.len()],
        );
        for (index, (key, child)) in below.iter().enumerate() {
            let at = HEADER_BYTES + index * ELEMENT_BYTES;
            let from = (page.len() - at) as u32;
            put(&mut page, at, &from.to_le_bytes());
            put(&mut page, at + 4, &(key.len() as u32).to_le_bytes());
            put(&mut page, at + 8, &child.to_le_bytes());
            page.extend_from_slice(key);
        }
        page
    }

    fn first_page(number: u64, transaction: u64, root: u64) -> Vec<u8> {
        let mut page = vec![0; HEADER_BYTES + 64];
        put(&mut page, 8, &IS_META.to_le_bytes());
        let mut meta = vec![0; 56];
        put(&mut meta, 0, &MAGIC.to_le_bytes());
        put(&mut meta, 4, &VERSION.to_le_bytes());
        put(&mut meta, 8, &(PAGE as u32).to_le_bytes());
        put(&mut meta, 16, &root.to_le_bytes());
        put(&mut meta, 48, &transaction.to_le_bytes());
        let sum = fnv(&meta);
        put(&mut page, 0, &number.to_le_bytes());
        put(&mut page, HEADER_BYTES, &meta);
        put(&mut page, HEADER_BYTES + 56, &sum.to_le_bytes());
        page
    }

    fn database(pages: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for page in pages {
            bytes.extend_from_slice(page);
            bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
        }
        bytes
    }

    /// A small tree as the value of a key.
    fn inline(entries: &[(u32, &[u8], &[u8])]) -> Vec<u8> {
        [vec![0; 16], page(0, IS_LEAF, entries)].concat()
    }

    /// A database as containerd writes it, with one image.
    pub(in crate::image) fn of_one_image(namespace: &str, name: &str, digest: &str) -> Vec<u8> {
        of_images(namespace, &[(name, digest)])
    }

    /// The same with several, by name.
    pub(in crate::image) fn of_images(namespace: &str, images: &[(&str, &str)]) -> Vec<u8> {
        let entries: Vec<Vec<u8>> = images
            .iter()
            .map(|(_, digest)| {
                let target = inline(&[(0, b"digest", digest.as_bytes())]);
                inline(&[(0, b"createdat", b"x"), (1, b"target", &target)])
            })
            .collect();
        let named = images.iter().zip(&entries);
        let named: Vec<(u32, &[u8], &[u8])> = named
            .map(|((name, _), entry)| (1, name.as_bytes(), entry.as_slice()))
            .collect();
        let images = inline(&named);
        let of_namespace = inline(&[(1, b"images", &images)]);
        let namespaces = inline(&[(1, namespace.as_bytes(), &of_namespace)]);
        let root = page(2, IS_LEAF, &[(1, b"v1", &namespaces)]);
        database(&[first_page(0, 1, 2), first_page(1, 0, 2), root])
    }

    fn text(bucket: Bucket<'_>) -> Vec<String> {
        let entries = bucket.entries(&mut Allowance::default()).expect("entries");
        let keys = entries.iter().map(|(key, _)| key.to_vec());
        keys.map(|key| String::from_utf8(key).expect("text"))
            .collect()
    }

    #[test]
    fn keys_come_in_their_order_from_pages_and_from_trees_in_trees() {
        let small = inline(&[(0, b"x", b"1"), (0, b"y", b"2")]);
        let bytes = database(&[
            first_page(0, 7, 2),
            first_page(1, 6, 99),
            branch(2, &[(b"a", 3), (b"c", 4)]),
            page(3, IS_LEAF, &[(0, b"a", b"first"), (1, b"b", &small)]),
            page(4, IS_LEAF, &[(0, b"c", b"third")]),
        ]);
        let database = Bolt::new(&bytes).expect("a database");
        assert_eq!(database.transaction(), 7);
        assert_eq!(text(database.root()), ["a", "b", "c"]);
        let below = |key: &[u8]| database.root().bucket(key, &mut Allowance::default());
        let inner = below(b"b").expect("a tree");
        assert_eq!(text(inner.expect("a tree")), ["x", "y"]);
        assert!(below(b"a").expect("bytes").is_none());
    }

    #[test]
    fn of_the_two_beginnings_the_newer_one_that_holds_counts() {
        let leaf = |number, key: &[u8]| page(number, IS_LEAF, &[(0, key, b"")]);
        let mut bytes = database(&[
            first_page(0, 3, 2),
            first_page(1, 4, 3),
            leaf(2, b"older"),
            leaf(3, b"newer"),
        ]);
        let root = |bytes: &[u8]| text(Bolt::new(bytes).expect("a database").root());
        assert_eq!(root(&bytes), ["newer"]);
        // A write that was cut off.
        bytes[PAGE + HEADER_BYTES + 20] ^= 1;
        assert_eq!(root(&bytes), ["older"]);
        bytes[HEADER_BYTES + 20] ^= 1;
        assert!(Bolt::new(&bytes).is_err());
    }

    /// Each tree alone stays below the limit.
    #[test]
    fn entries_are_counted_over_all_trees_of_a_database() {
        let many = 60_000;
        let entries: Vec<(u32, &[u8], &[u8])> = vec![(0, b"k", b"v"); many];
        let shared = page(3, IS_LEAF, &entries);
        // Trees that all begin on the same page.
        let tree = [3_u64.to_le_bytes(), [0; 8]].concat();
        let trees = MAX_ENTRIES / many + 1;
        let root = page(2, IS_LEAF, &vec![(1, &b"tree"[..], &tree[..]); trees]);
        let mut bytes = database(&[first_page(0, 1, 2), first_page(1, 0, 2), root, shared]);
        // The page goes on over those that follow.
        put(&mut bytes, 3 * PAGE + 12, &(1_u32 << 20).to_le_bytes());
        let database = Bolt::new(&bytes).expect("a database");
        let mut allowance = Allowance::default();
        let below = database.root().entries(&mut allowance).expect("entries");
        let read: Vec<Result<usize, NotRead>> = below
            .iter()
            .filter_map(|(_, value)| match value {
                Value::Bucket(tree) => Some(*tree),
                Value::Bytes(_) => None,
            })
            .map(|tree| tree.entries(&mut allowance).map(|entries| entries.len()))
            .collect();
        assert_eq!(read.len(), trees);
        let (last, before) = read.split_last().expect("trees");
        assert!(before.iter().all(|read| *read == Ok(many)));
        assert_eq!(*last, Err(NotRead::Limit));
    }

    #[test]
    fn a_key_that_many_entries_could_share_is_not_read_when_it_is_long() {
        let entries = |length: usize| {
            let key = vec![b'k'; length];
            let root = page(2, IS_LEAF, &[(0, &key[..], b"")]);
            let bytes = database(&[first_page(0, 1, 2), first_page(1, 0, 2), root]);
            let root = Bolt::new(&bytes).expect("a beginning").root();
            root.entries(&mut Allowance::default())
                .map(|entries| entries.len())
        };
        assert_eq!(entries(MAX_KEY_BYTES), Ok(1));
        assert_eq!(entries(MAX_KEY_BYTES + 1), Err(NotRead::LongKey));
    }

    #[test]
    fn pages_in_a_circle_and_pages_that_lie_are_errors() {
        let circle = database(&[
            first_page(0, 1, 2),
            first_page(1, 0, 2),
            branch(2, &[(b"a", 2)]),
        ]);
        let far = database(&[
            first_page(0, 1, 2),
            first_page(1, 0, 2),
            branch(2, &[(b"a", u64::MAX)]),
        ]);
        let mut long = database(&[
            first_page(0, 1, 2),
            first_page(1, 0, 2),
            page(2, IS_LEAF, &[(0, b"a", b"b")]),
        ]);
        put(&mut long, 2 * PAGE + HEADER_BYTES + 12, &[0xff; 4]);
        for bytes in [circle, far, long] {
            assert!(
                Bolt::new(&bytes)
                    .expect("a beginning")
                    .root()
                    .entries(&mut Allowance::default())
                    .is_err()
            );
        }
        assert!(Bolt::new(b"").is_err());
    }
}
