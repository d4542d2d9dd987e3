//! Finds the payload of an RPM package: behind the lead, the signature and the header lies a compressed cpio archive.
//!
//! The header (scripts, descriptions, change log) is not compressed, and is found in the package's own bytes.
//!
//! Format: rpm.org, "RPM V4 Package format".

use std::io::{self, Read};

use super::fault::Fault;

/// Size of the lead, which nobody uses any more.
const LEAD_BYTES: u64 = 96;

/// LIMIT: largest header; that of a package with a hundred thousand files has some 30 MiB.
const MAX_HEADER_BYTES: u64 = 256 << 20;

/// Reads `package` up to its payload.
///
/// # Errors
/// When it is no package or is cut off.
pub(crate) fn to_payload(package: &mut dyn Read) -> Result<(), Fault> {
    skip(package, LEAD_BYTES)?;
    let signature = header_bytes(package)?;
    skip(package, signature)?;
    // The signature alone is padded.
    skip(package, signature.wrapping_neg() % 8)?;
    let header = header_bytes(package)?;
    skip(package, header)
}

/// How much follows the introduction of a header.
fn header_bytes(package: &mut dyn Read) -> Result<u64, Fault> {
    let mut introduction = [0; 16];
    package.read_exact(&mut introduction)?;
    if !introduction.starts_with(b"\x8e\xad\xe8") {
        return Err(Fault::corrupt("a header of the package is none"));
    }
    let number = |from: usize| {
        let bytes = introduction.iter().skip(from).take(4);
        bytes.fold(0_u64, |number, &byte| number * 256 + u64::from(byte))
    };
    let bytes = number(8) * 16 + number(12);
    if bytes > MAX_HEADER_BYTES {
        return Err(Fault::Limit(format!(
            "a header of the package is larger than {MAX_HEADER_BYTES} bytes"
        )));
    }
    Ok(bytes)
}

fn skip(package: &mut dyn Read, bytes: u64) -> Result<(), Fault> {
    if io::copy(&mut package.take(bytes), &mut io::sink())? != bytes {
        return Err(Fault::corrupt("it ends too early"));
    }
    Ok(())
}
