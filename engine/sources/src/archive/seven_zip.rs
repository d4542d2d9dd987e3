//! What goes wrong with a 7z archive, in our words. The reader itself is a library: the format has a dozen methods and filters.
//!
//! INVARIANT: messages name methods and sizes, never bytes of the archive.

use std::io::Cursor;
use std::sync::LazyLock;

use sevenz_rust2::{Archive, BlockDecoder, Error, Password};

use super::fault::Fault;

static NO_PASSWORD: LazyLock<Password> = LazyLock::new(Password::empty);

/// The directory of an archive. `most_bytes` is what its headers may hold.
pub(crate) fn archive(source: &mut Cursor<&[u8]>, most_bytes: u64) -> Result<Archive, Fault> {
    Archive::read_with_memory_limit(source, &NO_PASSWORD, kibibytes(most_bytes))
        .map_err(|error| fault(&error))
}

/// What unpacks one block of it, in this thread. `most_bytes` is what each of its decoders may hold.
pub(crate) fn decoder<'a, 'b>(
    archive: &'a Archive,
    block: usize,
    source: &'a mut Cursor<&'b [u8]>,
    most_bytes: u64,
) -> BlockDecoder<'a, Cursor<&'b [u8]>> {
    BlockDecoder::new_with_memory_limit(
        1,
        kibibytes(most_bytes),
        block,
        archive,
        &NO_PASSWORD,
        source,
    )
}

fn kibibytes(bytes: u64) -> usize {
    usize::try_from(bytes >> 10).unwrap_or(usize::MAX)
}

/// The library's error.
pub(crate) fn fault(error: &Error) -> Fault {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            Fault::Unsupported("it is encrypted".to_owned())
        }
        Error::UnsupportedCompressionMethod(method) if method.contains("AES") => {
            Fault::Unsupported("it is encrypted".to_owned())
        }
        Error::UnsupportedCompressionMethod(method) => Fault::Unsupported(format!(
            "it is packed in a way that is not known here ({method})"
        )),
        Error::UnsupportedVersion { major, minor } => {
            Fault::Unsupported(format!("version {major}.{minor} of 7z is not known here"))
        }
        Error::Unsupported(_) | Error::ExternalUnsupported => {
            Fault::Unsupported("it uses a part of 7z that is not known here".to_owned())
        }
        Error::MaxMemLimited { max_kb, .. } => Fault::Limit(format!(
            "unpacking it takes more than {max_kb} KiB of memory"
        )),
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => {
            Fault::corrupt("its checksum is wrong")
        }
        Error::Io(error, _) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::corrupt("it ends too early")
        }
        _ => Fault::corrupt("it cannot be unpacked"),
    }
}
