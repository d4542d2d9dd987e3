//! Gzip and zlib streams inside of base64, as Helm and many tools write them.

use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};

/// The inflated bytes, at most `most`; and whether there were more. Nothing when it is no such stream.
pub(super) fn inflate(bytes: &[u8], most: usize) -> Option<(Vec<u8>, &'static str, bool)> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = Vec::new();
    let name = match bytes {
        [0x1F, 0x8B, 8, ..] => {
            // What was inflated before an error is looked at all the same: a stream may be cut off.
            GzDecoder::new(bytes)
                .take(limit)
                .read_to_end(&mut text)
                .or(Ok::<_, std::io::Error>(0))
                .ok()?;
            "gzip"
        }
        [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => {
            ZlibDecoder::new(bytes)
                .take(limit)
                .read_to_end(&mut text)
                .or(Ok::<_, std::io::Error>(0))
                .ok()?;
            "zlib"
        }
        _ => return None,
    };
    let is_cut = text.len() > most;
    text.truncate(most);
    (!text.is_empty()).then_some((text, name, is_cut))
}
