//! Which format some bytes are in, told from the bytes alone.
//!
//! A name says nothing here: a jar, a wheel, an office document and a zip file are the same to a reader, and a file that
//! calls itself a picture may be any of them.

use memchr::memmem;

/// A format that holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// gzip, also of several members (RFC 1952).
    Gzip,
    /// xz.
    Xz,
    /// bzip2.
    Bzip2,
    /// Zstandard (RFC 8878).
    Zstd,
    /// A tape archive: v7, ustar, pax, GNU.
    Tar,
    /// zip: jar, war, whl, apk, nupkg, docx, xlsx, pptx, odt.
    Zip,
    /// The archive of `ar`: deb packages, static libraries.
    Ar,
    /// cpio, in its two textual forms.
    Cpio,
    /// An RPM package.
    Rpm,
    /// A PDF document.
    Pdf,
    /// An SQLite database.
    Sqlite,
    /// A compiled Java class.
    JavaClass,
    /// A compiled Python module.
    PythonBytecode,
    /// A mail, or a mailbox.
    Mail,
    /// 7z.
    SevenZip,
    /// rar, which is known and cannot be opened.
    Rar,
}

impl Format {
    /// How many of the first bytes are looked at.
    pub const HEAD_BYTES: usize = 512;

    /// How far from the end a zip file's directory is told of: its longest comment.
    const ZIP_TAIL_BYTES: usize = 65_557;

    /// The format of something that begins with `head`, which has [`Format::HEAD_BYTES`] bytes unless it ends before.
    #[must_use]
    pub fn of_head(head: &[u8]) -> Option<Self> {
        // PERF: one look at the first byte turns nearly everything away.
        match *head.first()? {
            0x1f if is_gzip(head) => Some(Self::Gzip),
            0xfd if head.starts_with(b"\xfd7zXZ\0") => Some(Self::Xz),
            b'B' if is_bzip2(head) => Some(Self::Bzip2),
            0x28 if head.starts_with(b"\x28\xb5\x2f\xfd") => Some(Self::Zstd),
            0x50..=0x5f if is_zstd_skippable(head) => Some(Self::Zstd),
            b'P' if head.starts_with(b"PK\x03\x04") => Some(Self::Zip),
            b'!' if head.starts_with(b"!<arch>\n") => Some(Self::Ar),
            b'0' if is_cpio(head) => Some(Self::Cpio),
            b'%' if head.starts_with(b"%PDF-") => Some(Self::Pdf),
            b'S' if head.starts_with(b"SQLite format 3\0") => Some(Self::Sqlite),
            0xca if super::java_class::is_class(head) => Some(Self::JavaClass),
            b'7' if head.starts_with(b"7z\xbc\xaf\x27\x1c") => Some(Self::SevenZip),
            b'R' if head.starts_with(b"Rar!\x1a\x07") => Some(Self::Rar),
            b'F' | b'R' | b'D' | b'M' | b'C' | b'X' if super::mail::is_mail(head) => {
                Some(Self::Mail)
            }
            0xed if head.starts_with(b"\xed\xab\xee\xdb") => Some(Self::Rpm),
            _ if super::python_bytecode::is_module(head) => Some(Self::PythonBytecode),
            _ if is_tar(head) => Some(Self::Tar),
            _ => None,
        }
    }

    /// The format of something that is here as a whole: a program with a zip file behind it (a self-extracting
    /// archive, a Python zipapp, an executable jar) is a zip file too.
    #[must_use]
    pub fn of_whole(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..Self::HEAD_BYTES).unwrap_or(bytes);
        if let Some(format) = Self::of_head(head) {
            return Some(format);
        }
        let is_program = [&b"MZ"[..], b"#!", b"\x7fELF"]
            .iter()
            .any(|mark| bytes.starts_with(mark));
        if !is_program {
            return None;
        }
        let tail = bytes
            .get(bytes.len().saturating_sub(Self::ZIP_TAIL_BYTES)..)
            .unwrap_or(bytes);
        // PERF: nearly all programs are scripts, of which each version would be searched for a mark; text has no such byte.
        let last = memchr::memrchr(0x06, tail)?;
        let at = memmem::rfind(tail.get(..=last)?, b"PK\x05\x06")?;
        // A program that reads zip files holds the mark as well; its directory would end where the mark begins.
        super::zip::ends_here(tail.get(at..)?).then_some(Self::Zip)
    }

    /// Its name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::Zstd => "zstd",
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::Ar => "ar",
            Self::Cpio => "cpio",
            Self::Rpm => "rpm",
            Self::Pdf => "PDF",
            Self::Sqlite => "SQLite",
            Self::JavaClass => "Java class",
            Self::PythonBytecode => "Python bytecode",
            Self::Mail => "mail",
            Self::SevenZip => "7z",
            Self::Rar => "rar",
        }
    }

    /// Whether it is one compressed stream, not several members.
    pub(crate) fn is_compression(self) -> bool {
        matches!(self, Self::Gzip | Self::Xz | Self::Bzip2 | Self::Zstd)
    }

    /// Whether everything in it is a member. (A document has text beside what is taken out of it.)
    pub(crate) fn is_archive(self) -> bool {
        !matches!(
            self,
            Self::Pdf
                | Self::Sqlite
                | Self::JavaClass
                | Self::PythonBytecode
                | Self::Mail
                | Self::Rar
        )
    }

    /// Whether it can only be read with all of its bytes at hand.
    pub(crate) fn needs_all_bytes(self) -> bool {
        matches!(self, Self::Zip | Self::SevenZip) || !self.is_archive()
    }

    /// Whether its members, once read without a fault, are all that is in it: there is nothing between them that its own
    /// bytes would show and they do not.
    pub(crate) fn is_covered_by_members(self) -> bool {
        self.is_compression() || matches!(self, Self::Tar | Self::Cpio)
    }
}

/// Deflate, and none of the reserved flags.
fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b\x08") && head.get(3).is_some_and(|flags| flags & 0xe0 == 0)
}

/// The mark, the block size, and the digits of pi that begin a block or those of its square root that end the file.
fn is_bzip2(head: &[u8]) -> bool {
    head.starts_with(b"BZh")
        && matches!(head.get(3), Some(b'1'..=b'9'))
        && matches!(
            head.get(4..10),
            Some(b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90")
        )
}

/// A frame that carries no data: what pzstd and the chunked layers of images begin with.
fn is_zstd_skippable(head: &[u8]) -> bool {
    head.get(1..4) == Some(b"\x2a\x4d\x18")
}

fn is_cpio(head: &[u8]) -> bool {
    [&b"070701"[..], b"070702", b"070707"]
        .iter()
        .any(|mark| head.starts_with(mark))
}

/// The mark of ustar and of GNU tar; archives of v7 have none, and are known by their checksum.
fn is_tar(head: &[u8]) -> bool {
    match head.get(257..262) {
        Some(b"ustar") => true,
        Some(b"\0\0\0\0\0") => <&[u8; 512]>::try_from(head).is_ok_and(super::tar::is_header),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_zeros_are_no_archive() {
        for bytes in [
            &b""[..],
            b"P",
            b"BZhang is a name",
            b"0707 is a number",
            b"(\xb5/",
            &[0; 512],
        ] {
            assert_eq!(Format::of_whole(bytes), None);
        }
    }

    #[test]
    fn a_program_that_only_knows_the_mark_of_zip_is_no_zip() {
        let mut program = b"\x7fELF".to_vec();
        program.extend_from_slice(b"looks for PK\x05\x06 at the end of a file");
        assert_eq!(Format::of_whole(&program), None);
    }

    #[test]
    fn a_zip_file_behind_a_script_is_found_before_whatever_comment_it_ends_with() {
        for comment in [&b""[..], b"text", b"\x06", b"\x05\x06 and more"] {
            let mut program = b"#!/bin/sh\nexec python3 \"$0\"\n".to_vec();
            program.extend_from_slice(b"PK\x05\x06");
            program.extend_from_slice(&[0; 16]);
            program.extend_from_slice(&u16::try_from(comment.len()).unwrap().to_le_bytes());
            program.extend_from_slice(comment);
            assert_eq!(Format::of_whole(&program), Some(Format::Zip), "{comment:?}");
        }
    }
}
