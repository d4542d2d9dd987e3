//! What git tells hooks about a push: lines of refs with the ids before and after.

use anyhow::{Context as _, bail};
use leakward_sources::git::{Arriving, ObjectId};

/// LIMIT: bytes of the lines; a mirror of a very large repository pushes some 100,000 refs.
pub(super) const MAX_INPUT: u64 = 64 << 20;

/// Names of refs whose history a server has.
const ALL_REFS: &str = "refs/";

/// The lines of `pre-push`: `<local ref> <local id> <remote ref> <remote id>`.
pub(super) fn to_remote(lines: &str, remote: &str) -> anyhow::Result<Arriving> {
    let mut arriving = Arriving::default();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let [_, local, _, there] = words(line)?;
        add(&mut arriving, there, local)?;
    }
    // What was fetched from there is known there. A remote that was given as an address has no such refs.
    let is_name =
        !remote.is_empty() && !remote.contains([':', '\\']) && !remote.starts_with(['/', '.']);
    if is_name {
        arriving.known_refs = format!("refs/remotes/{remote}/");
    }
    Ok(arriving)
}

/// The lines of `pre-receive`: `<old id> <new id> <ref>`.
pub(super) fn to_server(lines: &str) -> anyhow::Result<Arriving> {
    let mut arriving = on_server();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let [old, new, _] = words(line)?;
        add(&mut arriving, old, new)?;
    }
    Ok(arriving)
}

/// The arguments of `update`: `<ref> <old id> <new id>`.
pub(super) fn of_one_ref(arguments: &[String]) -> anyhow::Result<Arriving> {
    let [_, old, new] = arguments else {
        bail!("the hook update is called with a ref and two ids");
    };
    let mut arriving = on_server();
    add(&mut arriving, old, new)?;
    Ok(arriving)
}

fn on_server() -> Arriving {
    Arriving {
        known_refs: ALL_REFS.to_owned(),
        ..Arriving::default()
    }
}

/// Names may hold blanks nowhere; a line with other words is not git's.
fn words<const N: usize>(line: &str) -> anyhow::Result<[&str; N]> {
    let words: Vec<&str> = line.split(' ').collect();
    <[&str; N]>::try_from(words).map_err(|words| {
        anyhow::anyhow!(
            "a line on standard input has {} words, not {N}: it is not git's",
            words.len()
        )
    })
}

/// A ref that goes from one id to the other. All zeros stand for no ref.
fn add(arriving: &mut Arriving, old: &str, new: &str) -> anyhow::Result<()> {
    let (old, new) = (id(old)?, id(new)?);
    if !new.is_null() {
        arriving.tips.push(new);
        if !old.is_null() {
            arriving.known.push(old);
        }
    }
    Ok(())
}

fn id(text: &str) -> anyhow::Result<ObjectId> {
    ObjectId::from_hex(text.as_bytes()).with_context(|| format!("{text:?} is no object id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digit: char) -> String {
        String::from(digit).repeat(40)
    }

    #[test]
    fn a_deleted_ref_brings_nothing_and_a_new_one_knows_nothing() {
        let (a, b, none) = (hex('a'), hex('b'), hex('0'));
        let lines =
            format!("{a} {b} refs/heads/x\n{none} {b} refs/heads/y\n{a} {none} refs/heads/z\n");
        let arriving = to_server(&lines).expect("git's lines");
        let text = |ids: &[ObjectId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(text(&arriving.tips), [b.clone(), b.clone()]);
        assert_eq!(text(&arriving.known), std::slice::from_ref(&a));
        assert_eq!(arriving.known_refs, "refs/");
        let lines =
            format!("refs/heads/x {b} refs/heads/x {a}\n(delete) {none} refs/heads/z {a}\n");
        let arriving = to_remote(&lines, "origin").expect("git's lines");
        assert_eq!(text(&arriving.tips), [b]);
        assert_eq!(arriving.known_refs, "refs/remotes/origin/");
        assert_eq!(
            to_remote("", "https://example.com/a.git")
                .expect("nothing")
                .known_refs,
            ""
        );
    }

    #[test]
    fn what_is_not_gits_is_an_error() {
        assert!(to_server("a b").is_err());
        assert!(to_server("x y z").is_err());
        assert!(of_one_ref(&[]).is_err());
    }
}
