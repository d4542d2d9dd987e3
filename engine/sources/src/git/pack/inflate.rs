//! Zlib streams into buffers of a known size.
//!
//! Every size in a pack is written before the compressed bytes, so a stream that gives more or less than that is
//! damaged. The decoder is `sirocco`: safe Rust (these bytes come from strangers), as fast as libdeflate, which is C,
//! and able to decode just the start of a stream, which libdeflate is not. DESIGN.md has the numbers; a
//! property test holds it against zlib-rs.
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

use sirocco::Format;
use sirocco::inflate::{Decoder, Error};

/// Why a stream is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InflateError {
    /// The decoder says so.
    #[error("{0}")]
    Damaged(#[from] Error),
    /// It gives fewer bytes than its header says.
    #[error("the compressed data is shorter than its header says")]
    Shorter,
    /// It gives more bytes than its header says.
    #[error("the compressed data is longer than its header says")]
    Longer,
}

/// A decoder that is used over and over.
pub(crate) struct Inflate {
    decoder: Box<Decoder>,
}

impl Inflate {
    pub(crate) fn new() -> Self {
        Self {
            decoder: Box::new(Decoder::new(Format::Zlib)),
        }
    }

    /// Fills `output` from the stream at the start of `input`, which may go on behind it, and returns the length
    /// of the stream.
    pub(crate) fn exactly(
        &mut self,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, InflateError> {
        self.decoder.reset();
        let size = output.len();
        let progress = self.decoder.decompress(input, output, true)?;
        match (progress.done, progress.output.len() == size) {
            (true, true) => Ok(progress.consumed),
            (true, false) => Err(InflateError::Shorter),
            (false, _) => Err(InflateError::Longer),
        }
    }

    /// Decodes as much of the stream as fits into `output` and returns that part.
    pub(crate) fn start<'o>(
        &mut self,
        input: &[u8],
        output: &'o mut [u8],
    ) -> Result<&'o [u8], InflateError> {
        self.decoder.reset();
        Ok(self.decoder.decompress(input, output, false)?.output)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::read::ZlibDecoder;
    use flate2::write::ZlibEncoder;
    use proptest::prelude::*;

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflated(stream: &[u8], size: usize) -> Result<Vec<u8>, InflateError> {
        let mut output = vec![0; size];
        Inflate::new().exactly(stream, &mut output).map(|_| output)
    }

    #[test]
    fn a_stream_is_read_to_its_end_and_no_further() {
        let mut stream = deflated(b"some bytes");
        let length = stream.len();
        stream.extend(b"of the next entry");
        let mut output = [0; 10];
        assert_eq!(Inflate::new().exactly(&stream, &mut output), Ok(length));
        assert_eq!(&output, b"some bytes");
        assert_eq!(inflated(&deflated(b""), 0), Ok(Vec::new()));
    }

    #[test]
    fn a_stream_of_another_size_is_refused() {
        assert_eq!(inflated(&deflated(b"ab"), 3), Err(InflateError::Shorter));
        assert!(inflated(&deflated(b"abcd"), 3).is_err());
        assert!(inflated(&deflated(b"abcd"), 0).is_err());
        let whole = deflated(b"abcd");
        assert!(inflated(&whole[..whole.len() - 1], 4).is_err(), "cut off");
        assert!(inflated(b"", 4).is_err());
    }

    #[test]
    fn the_start_of_a_stream_can_be_read_alone() {
        let stream = deflated(&[b'x'; 100_000]);
        let mut output = [0; 32];
        let cut = stream.len() / 2;
        assert_eq!(
            Inflate::new().start(&stream[..cut], &mut output),
            Ok(&[b'x'; 32][..])
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_zlib_rs_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2_000), size in 0_usize..100) {
            let stream = deflated(&bytes);
            prop_assert_eq!(inflated(&stream, bytes.len()), Ok(bytes));
            // Streams that are no streams: an error, or the same as the other decoder.
            let damaged: Vec<u8> = stream.iter().map(|byte| byte ^ u8::from(*byte > 128)).collect();
            if let Ok(output) = inflated(&damaged, size) {
                let mut twin = Vec::new();
                ZlibDecoder::new(&damaged[..]).read_to_end(&mut twin).unwrap();
                prop_assert_eq!(output, twin);
            }
        }
    }
}
