//! Decoders of compressed streams: each takes a reader and is one.
//!
//! LIMIT: what a decoder may hold is bounded here: 128 MiB for the window of zstd and for the dictionary of xz, which is
//! what their own programs use at most unless asked for more.

use std::io::{self, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use lzma_rust2::XzReader;
use zstd::stream::read::Decoder as ZstdDecoder;

use super::format::Format;
use super::inflating::Inflating;

/// Bytes that a decoder is handed at once.
const INPUT_BYTES: usize = 64 << 10;

/// log2 of the largest window of zstd: 128 MiB.
const ZSTD_WINDOW_LOG: u32 = 27;

/// What a reader of xz may hold, in KiB: a dictionary of 128 MiB and what is around it.
const XZ_MEMORY_KIB: u32 = 192 << 10;

/// What `source` unpacks to.
///
/// # Errors
/// When the decoder cannot be made, or `format` is no compressed stream.
pub(crate) fn decoder<'s>(
    format: Format,
    source: impl Read + 's,
) -> io::Result<Box<dyn Read + 's>> {
    Ok(match format {
        Format::Gzip => {
            let source = BufReader::with_capacity(INPUT_BYTES, source);
            Box::new(Inflating::new(sirocco::Format::Gzip, source))
        }
        Format::Bzip2 => Box::new(MultiBzDecoder::new(source)),
        Format::Xz => {
            let source = BufReader::with_capacity(INPUT_BYTES, source);
            Box::new(XzReader::new_mem_limit(source, true, XZ_MEMORY_KIB))
        }
        Format::Zstd => {
            let mut decoder = ZstdDecoder::new(source)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
        _ => return Err(io::Error::other("not a compressed stream")),
    })
}
