//! What a Linux program needs of the machine that runs it: nothing, or a C library of at least some version.
//!
//! Reads the few fields of ELF (64 bits, little endian: every Linux platform that has releases) that say so.

use anyhow::{Context as _, bail};

/// What a program needs of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: everything is in it.
    Nothing,
    /// The GNU C library, at least of this version.
    Glibc(u32, u32),
}

const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;
const STRING_TABLE: u64 = 5;
const STRING_TABLE_SIZE: u64 = 10;

/// A part of the file, and where it is in memory.
struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

/// What the program needs.
pub(crate) fn needs(program: &[u8]) -> anyhow::Result<Needs> {
    let magic = program.get(..6);
    if magic != Some(b"\x7fELF\x02\x01") {
        bail!("this is no ELF program of 64 bits");
    }
    let segments = segments(program)?;
    if !segments.iter().any(|segment| segment.kind == INTERPRETER) {
        return Ok(Needs::Nothing);
    }
    let names = names(program, &segments).context("the program has no table of dynamic names")?;
    let versions = names
        .split(|byte| *byte == 0)
        .filter_map(|name| std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_"))
        .filter_map(|version| {
            let (major, rest) = version.split_once('.')?;
            let minor = rest.split('.').next()?;
            Some((major.parse().ok()?, minor.parse().ok()?))
        });
    let (major, minor) = versions
        .max()
        .context("the program is linked to a C library that is not GNU's")?;
    Ok(Needs::Glibc(major, minor))
}

fn segments(program: &[u8]) -> anyhow::Result<Vec<Segment>> {
    let start = number(program, 0x20, 8)?;
    let (size, count) = (number(program, 0x36, 2)?, number(program, 0x38, 2)?);
    (0..count)
        .map(|index| {
            let at = start.saturating_add(index * size);
            Ok(Segment {
                kind: u32::try_from(number(program, at, 4)?)?,
                offset: number(program, at + 8, 8)?,
                address: number(program, at + 16, 8)?,
                size: number(program, at + 32, 8)?,
            })
        })
        .collect()
}

/// The table of the names that are looked up when the program starts.
fn names<'p>(program: &'p [u8], segments: &[Segment]) -> Option<&'p [u8]> {
    let dynamic = segments.iter().find(|segment| segment.kind == DYNAMIC)?;
    let entry = |wanted: u64| {
        let mut at = dynamic.offset;
        while at < dynamic.offset + dynamic.size {
            if number(program, at, 8).ok()? == wanted {
                return number(program, at + 8, 8).ok();
            }
            at += 16;
        }
        None
    };
    let (address, size) = (entry(STRING_TABLE)?, entry(STRING_TABLE_SIZE)?);
    let holder = segments.iter().find(|segment| {
        segment.kind == LOAD && (segment.address..segment.address + segment.size).contains(&address)
    })?;
    let start = usize::try_from(address - holder.address + holder.offset).ok()?;
    program.get(start..start + usize::try_from(size).ok()?)
}

/// A number of so many bytes.
fn number(program: &[u8], at: u64, bytes: usize) -> anyhow::Result<u64> {
    let start = usize::try_from(at)?;
    let slice = program
        .get(start..start.saturating_add(bytes))
        .context("the program ends too early")?;
    Ok(slice
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::{Needs, needs};

    #[test]
    fn this_very_test_needs_the_c_library_that_it_was_linked_to() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let Needs::Glibc(major, minor) = needs(&program).unwrap() else {
            panic!("cargo links tests dynamically here");
        };
        assert!(major == 2 && (17..100).contains(&minor), "{major}.{minor}");
    }

    #[test]
    fn what_is_no_program_is_refused() {
        for bytes in [
            b"".as_slice(),
            b"#!/bin/sh\n",
            b"\x7fELF\x02\x01 and no more",
        ] {
            assert!(needs(bytes).is_err());
        }
    }
}
