//! Whether the trees that an index remembers are nested too deeply to be decoded.
//!
//! Gix decodes them by a function that calls itself for each folder in a folder. Git writes as many levels as there are folders; a
//! file that was made for it has a level for every eight bytes and ends the process. So they are counted first, without calls.
//! Not for reading them: that is gix's.
//!
//! The format: <https://git-scm.com/docs/index-format>, "Cache tree".

use bstr::ByteSlice;
use gix::index::extension::tree::SIGNATURE;

/// LIMIT: places in one index that look like remembered trees. There is one; the name of a file can end with the same letters, but
/// what stands behind it there does not begin with a folder.
const MOST_PLACES: usize = 64;

/// Whether an index holds, wherever it may be, trees that are nested deeper than `most`.
pub(crate) fn are_too_deep_in(index: &[u8], id_length: usize, most: usize) -> bool {
    let places = memchr::memmem::find_iter(index, &SIGNATURE).filter_map(|at| {
        let size = index.get(at + 4..at + 8)?.try_into().ok()?;
        let size = usize::try_from(u32::from_be_bytes(size)).ok()?;
        let content = index.get(at + 8..at + 8 + size)?;
        folders_of_next(&mut &*content, id_length).map(|_| content)
    });
    places
        .enumerate()
        .any(|(count, content)| count >= MOST_PLACES || are_too_deep(content, id_length, most))
}

/// Whether these trees, the content of the extension, are nested deeper than `most`. What cannot be read is not decoded further either.
pub(crate) fn are_too_deep(mut content: &[u8], id_length: usize, most: usize) -> bool {
    // For each folder above, how many of its folders are still to come.
    let mut above: Vec<usize> = Vec::new();
    loop {
        if above.len() > most {
            return true;
        }
        let Some(folders) = folders_of_next(&mut content, id_length) else {
            return false;
        };
        above.push(folders);
        while above.last() == Some(&0) {
            above.pop();
        }
        match above.last_mut() {
            Some(folders) => *folders -= 1,
            None => return false,
        }
    }
}

/// How many folders the next one has; it is taken off the content.
fn folders_of_next(content: &mut &[u8], id_length: usize) -> Option<usize> {
    let (_, rest) = content.split_once_str("\0")?;
    let (entries, rest) = rest.split_once_str(" ")?;
    let (folders, rest) = rest.split_once_str("\n")?;
    // Only what is up to date has an id. INVARIANT: read as gix reads it, for whom `-0` is no less than zero.
    let entries: i32 = entries.to_str().ok()?.parse().ok()?;
    let id_length = if entries < 0 { 0 } else { id_length };
    *content = rest.get(id_length..)?;
    folders.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Vec<u8> {
        let mut content = Vec::new();
        for _ in 1..levels {
            content.extend_from_slice(b"d\0-1 1\n");
        }
        content.extend_from_slice(b"last\x000 0\n01234567890123456789");
        content
    }

    #[test]
    fn levels_are_counted_and_neighbours_are_not() {
        assert!(!are_too_deep(&nested(10), 20, 10));
        // For gix `-0` is zero, and an id follows.
        let signed = b"d\x00-0 1\n01234567890123456789".repeat(10);
        assert!(are_too_deep(&signed, 20, 9));
        assert!(are_too_deep(&nested(11), 20, 9));
        let mut wide = b"\x00-1 50\n".to_vec();
        for _ in 0..50 {
            wide.extend_from_slice(b"d\x00-1 2\na\x00-1 0\nb\x00-1 0\n");
        }
        assert!(!are_too_deep(&wide, 20, 3) && are_too_deep(&wide, 20, 1));
        for length in 0..wide.len() {
            assert!(!are_too_deep(&wide[..length], 20, 3), "{length}");
        }
    }

    #[test]
    fn they_are_found_wherever_they_are() {
        let place = |content: &[u8]| {
            let size = u32::try_from(content.len()).unwrap().to_be_bytes();
            [b"TREE".as_slice(), &size, content].concat()
        };
        let names = b"a/TREE\0\0\0\0b/TREES\0".repeat(100);
        let index = |levels| [names.as_slice(), &place(&nested(levels)), b"checksum"].concat();
        assert!(!are_too_deep_in(&index(5), 20, 10));
        assert!(are_too_deep_in(&index(50), 20, 10));
        assert!(!are_too_deep_in(b"TREE\xff\xff\xff\xff", 20, 10));
        assert!(are_too_deep_in(&place(b"\x00-1 0\n").repeat(100), 20, 10));
    }
}
