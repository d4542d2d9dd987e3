//! A git server asks, before it takes a push, whether credentials are in it.
//!
//! The hook sends what `git cat-file --batch` writes of the new objects: a line `ID TYPE SIZE PATH`, the bytes, a line's end, and so
//! on. So nothing has to be installed on the git server, and nothing is written down here.

/// One object of a push that is not taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PushedObject<'b> {
    /// Its id.
    pub(crate) id: &'b str,
    /// What it is: `blob`, `commit`, `tag`, `tree`.
    pub(crate) kind: &'b str,
    /// Its path, where the hook said it.
    pub(crate) path: &'b str,
    /// Its bytes.
    pub(crate) bytes: &'b [u8],
}

/// What is not `git cat-file --batch` wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not what `git cat-file --batch` writes (at byte {at})")]
pub(crate) struct NotABatch {
    at: usize,
}

/// The objects in what `git cat-file --batch='%(objectname) %(objecttype) %(objectsize) %(rest)'` wrote.
pub(crate) fn objects(body: &[u8]) -> Result<Vec<PushedObject<'_>>, NotABatch> {
    let mut objects = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let wrong = || NotABatch {
            at: body.len() - rest.len(),
        };
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(wrong)?;
        let (line, after) = rest.split_at_checked(end).ok_or_else(wrong)?;
        let line = std::str::from_utf8(line).map_err(|_| wrong())?;
        let mut words = line.splitn(4, ' ');
        let (id, kind, size) = match (words.next(), words.next(), words.next()) {
            (Some(id), Some(kind), Some(size)) => (id, kind, size),
            _ => return Err(wrong()),
        };
        let size: usize = size.parse().map_err(|_| wrong())?;
        let is_object = matches!(kind, "blob" | "commit" | "tag" | "tree");
        let content = after.get(1..).unwrap_or_default();
        let (bytes, after) = content.split_at_checked(size).ok_or_else(wrong)?;
        rest = after
            .strip_prefix(b"\n")
            .filter(|_| is_object)
            .ok_or_else(wrong)?;
        objects.push(PushedObject {
            id,
            kind,
            path: words.next().unwrap_or_default(),
            bytes,
        });
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_taken_apart_and_what_is_cut_or_else_is_refused() {
        let body = b"aa blob 3 dir/a file\nx\ny\nbb commit 0\n\n";
        let found = objects(body).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            found.first().map(|one| (one.path, one.bytes)),
            Some(("dir/a file", &b"x\ny"[..]))
        );
        assert_eq!(objects(b""), Ok(Vec::new()));
        for wrong in [
            &b"aa blob 4\nx\ny\n"[..],
            b"aa blob 99999999999999999999\n",
            b"aa missing\n",
            b"hello\n",
            b"aa file 0\n\n",
            b"aa blob 1\nxaa",
        ] {
            assert!(objects(wrong).is_err(), "{wrong:?}");
        }
    }
}
