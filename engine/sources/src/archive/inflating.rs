//! Readers of what DEFLATE packed: raw as in zip, in zlib's frame as in PDF, in gzip's as in layers.
//!
//! The decoder is `sirocco`, as for what git packs. PERF: the gzip layers of an image, 609 MB unpacked, take it 1.2 seconds and zlib-rs 1.97
//! (processor time, three runs each in turn).
//!
//! INVARIANT: everything before a damaged place comes out before the error does, to the byte: what is cut off or overwritten may have a
//! credential in its first half. A property test holds it against zlib-rs.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use sirocco::Format;
use sirocco::inflate::{Decoder, Error};

/// How many bytes are unpacked at once: few at first, as most streams are small.
const FIRST_BYTES: usize = 16 << 10;
const MOST_BYTES: usize = 256 << 10;

/// What a stream unpacks to. Of gzip, what all members behind one another do.
pub(crate) struct Inflating<R> {
    source: R,
    decoder: Box<Decoder>,
    /// As it was before the last call: after an error the same bytes are unpacked again, into less room.
    before: Box<Decoder>,
    /// The last bytes that came out, which the next ones refer to.
    window: Vec<u8>,
    /// How much of the window is filled.
    filled: usize,
    /// What of it was not handed out yet.
    pending: Range<usize>,
    /// The window has to be moved on before more comes out.
    is_full: bool,
    /// A member has come to its end, and nothing that follows it was read.
    is_behind_member: bool,
    is_done: bool,
    /// Why nothing more comes.
    failed: Option<Error>,
}

impl<R: BufRead> Inflating<R> {
    /// Of a stream in this frame.
    pub(crate) fn new(format: Format, source: R) -> Self {
        let decoder = Box::new(Decoder::new(format));
        Self {
            source,
            before: decoder.clone(),
            decoder,
            window: Vec::new(),
            filled: 0,
            pending: 0..0,
            is_full: false,
            is_behind_member: false,
            is_done: false,
            failed: None,
        }
    }

    /// Unpacks until something has come out, or nothing is left.
    fn fill(&mut self) -> io::Result<()> {
        while self.pending.is_empty() && !self.is_done {
            if let Some(error) = self.failed {
                return Err(error.into());
            }
            // The source may fail there: only once what it gave before is handed out.
            if self.is_behind_member {
                self.end_member()?;
                continue;
            }
            self.make_room();
            self.before.clone_from(&self.decoder);
            let input = self.source.fill_buf()?;
            let unpacked = match unpack(&mut self.decoder, input, &mut self.window) {
                Ok(unpacked) => unpacked,
                Err(error) => {
                    self.failed = Some(error);
                    let again = Again {
                        decoder: &mut self.decoder,
                        before: &self.before,
                        input,
                        window: &mut self.window,
                        filled: self.filled,
                    };
                    self.pending = self.filled..self.filled + again.up_to_the_damage();
                    continue;
                }
            };
            self.is_full = unpacked.is_full;
            self.pending = self.filled..self.filled + unpacked.count;
            self.filled = self.pending.end;
            self.source.consume(unpacked.consumed);
            self.is_behind_member = unpacked.is_done;
        }
        Ok(())
    }

    /// Makes the window larger, or moves it on when it is as large as it may be.
    fn make_room(&mut self) {
        if self.window.is_empty() {
            self.window.resize(FIRST_BYTES, 0);
        } else if self.is_full && self.window.len() < MOST_BYTES {
            self.window.resize(self.window.len() * 4, 0);
        } else if self.is_full {
            self.filled -= self.decoder.make_room(&mut self.window);
        }
        self.is_full = false;
    }

    /// Goes on with what follows a member of gzip. Zeros behind the last one are padding, as for gzip's own program.
    fn end_member(&mut self) -> io::Result<()> {
        if self.decoder.format() != Format::Gzip {
            self.is_done = true;
            return Ok(());
        }
        loop {
            let rest = self.source.fill_buf()?;
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            let (is_end, is_member) = (rest.is_empty(), zeros < rest.len());
            self.source.consume(zeros);
            if is_end || is_member {
                self.is_done = is_end;
                self.is_behind_member = false;
                self.decoder.reset();
                (self.filled, self.is_full) = (0, false);
                return Ok(());
            }
        }
    }
}

/// What one call of the decoder did.
struct Unpacked {
    /// Bytes of the source that were used.
    consumed: usize,
    /// Bytes that came out.
    count: usize,
    is_full: bool,
    is_done: bool,
}

/// Unpacks into the window; no more input is its end.
fn unpack(decoder: &mut Decoder, input: &[u8], window: &mut [u8]) -> Result<Unpacked, Error> {
    let progress = decoder.decompress(input, window, input.is_empty())?;
    Ok(Unpacked {
        consumed: progress.consumed,
        count: progress.output.len(),
        is_full: progress.full,
        is_done: progress.done,
    })
}

/// Unpacks input with a damaged place again, up to that.
struct Again<'d> {
    decoder: &'d mut Decoder,
    before: &'d Decoder,
    input: &'d [u8],
    window: &'d mut [u8],
    filled: usize,
}

impl Again<'_> {
    /// How many bytes come out before the damage. They are in the window then.
    ///
    /// The decoder does not say how far it came, so the most room is looked for that it fills without an error. It may need one byte more to
    /// get there: whether it wrote that is seen by what was there before.
    fn up_to_the_damage(mut self) -> usize {
        let (mut fits, mut fails) = (0, self.window.len().saturating_sub(self.filled) + 1);
        while fails - fits > 1 {
            let room = usize::midpoint(fits, fails);
            if self.fills(room) {
                fits = room;
            } else {
                fails = room;
            }
        }
        let last = [0, u8::MAX].map(|other| {
            let at = self.filled + fits;
            if let Some(byte) = self.window.get_mut(at) {
                *byte = other;
            }
            let _filled = self.fills(fits + 1);
            self.window.get(at).copied()
        });
        match last {
            [Some(one), Some(other)] if one == other => fits + 1,
            _ => {
                let _filled = self.fills(fits);
                fits
            }
        }
    }

    /// Whether so much room is filled without an error.
    fn fills(&mut self, room: usize) -> bool {
        self.decoder.clone_from(self.before);
        let window = self.window.get_mut(..self.filled + room);
        let unpacked = unpack(self.decoder, self.input, window.unwrap_or_default());
        unpacked.is_ok_and(|unpacked| unpacked.count == room)
    }
}

impl<R: BufRead> Read for Inflating<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.fill()?;
        let count = self.pending.len().min(buffer.len());
        let end = self.pending.start + count;
        if let (Some(to), Some(from)) = (
            buffer.get_mut(..count),
            self.window.get(self.pending.start..end),
        ) {
            to.copy_from_slice(from);
        }
        self.pending.start = end;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use flate2::Compression;
    use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    fn packed(format: Format, bytes: &[u8]) -> Vec<u8> {
        fn all(mut encoder: impl io::Write, bytes: &[u8]) {
            encoder.write_all(bytes).unwrap();
            encoder.flush().unwrap();
        }
        let (mut out, level) = (Vec::new(), Compression::default());
        match format {
            Format::Gzip => all(GzEncoder::new(&mut out, level), bytes),
            Format::Zlib => all(ZlibEncoder::new(&mut out, level), bytes),
            _ => all(DeflateEncoder::new(&mut out, level), bytes),
        }
        out
    }

    /// What came out, and whether the stream ended well.
    fn all(mut reader: impl Read) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let is_whole = reader.read_to_end(&mut out).is_ok();
        assert_eq!(
            reader.read(&mut [0; 1]).is_ok(),
            is_whole,
            "it says the same again"
        );
        (out, is_whole)
    }

    fn inflated(format: Format, stream: &[u8], at_once: usize) -> (Vec<u8>, bool) {
        all(Inflating::new(
            format,
            BufReader::with_capacity(at_once, stream),
        ))
    }

    fn of_the_twin(format: Format, stream: &[u8]) -> (Vec<u8>, bool) {
        // A byte at a time, so that all that comes before a damaged place comes out.
        let stream = BufReader::with_capacity(1, stream);
        let mut reader: Box<dyn Read> = match format {
            Format::Gzip => Box::new(MultiGzDecoder::new(stream)),
            Format::Zlib => Box::new(ZlibDecoder::new(stream)),
            _ => Box::new(DeflateDecoder::new(stream)),
        };
        let mut out = Vec::new();
        let is_whole = loop {
            let mut buffer = [0; 1];
            match reader.read(&mut buffer) {
                Ok(0) => break true,
                Ok(_) => out.extend(buffer),
                Err(_) => break false,
            }
        };
        (out, is_whole)
    }

    /// Text that is packed well, badly, and over more than the window.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..2_000),
            (any::<u8>(), 0_usize..70_000).prop_map(|(byte, count)| vec![byte; count]),
            (0_usize..3_000).prop_map(|count| {
                let lines = (0..count).map(|line| format!("line {} of {count}\n", line * line));
                lines.collect::<String>().into_bytes()
            }),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    fn format() -> impl Strategy<Value = Format> {
        prop_oneof![
            Just(Format::Gzip),
            Just(Format::Zlib),
            Just(Format::Deflate)
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_packed_comes_out(format in format(), text in text(), at_once in 1_usize..100_000) {
            let stream = packed(format, &text);
            prop_assert_eq!(inflated(format, &stream, at_once), (text, true));
        }

        #[test]
        fn members_behind_one_another_are_one_text(texts in prop::collection::vec(text(), 0..4), at_once in 1_usize..100_000, zeros in 0_usize..1_000) {
            let mut stream: Vec<u8> = texts.iter().flat_map(|text| packed(Format::Gzip, text)).collect();
            let is_stream = !stream.is_empty();
            stream.resize(stream.len() + zeros, 0);
            prop_assert_eq!(inflated(Format::Gzip, &stream, at_once), (texts.concat(), is_stream));
        }

        #[test]
        fn all_that_the_twin_reads_of_damaged_streams_is_read(
            format in format(), text in text(), at_once in 1_usize..100_000, places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            cut in any::<prop::sample::Index>(), is_cut in any::<bool>()
        ) {
            let mut stream = packed(format, &text);
            for (place, byte) in places {
                *place.get_mut(&mut stream) = byte;
            }
            if is_cut {
                stream.truncate(cut.index(stream.len()));
            }
            let (expected, is_whole) = of_the_twin(format, &stream);
            let (found, is_ended) = inflated(format, &stream, at_once);
            prop_assert_eq!(is_ended, is_whole);
            prop_assert!(found.starts_with(&expected), "{} of {} bytes", found.len(), expected.len());
        }
    }

    /// Of a run a few bits are hundreds of bytes, which are still to come out when the input is at its end.
    #[test]
    fn a_run_that_is_cut_off_or_damaged_comes_out_to_its_last_byte() {
        for format in [Format::Zlib, Format::Gzip, Format::Deflate] {
            let stream = packed(format, &vec![2; 17_030]);
            for at in 0..stream.len() {
                let mut damaged = stream.clone();
                damaged[at] ^= 0x55;
                for stream in [&stream[..at], &damaged] {
                    let (expected, is_whole) = of_the_twin(format, stream);
                    let (found, is_ended) = inflated(format, stream, 1);
                    assert_eq!(is_ended, is_whole, "{format:?} at {at}");
                    assert!(found.starts_with(&expected), "{format:?} at {at}");
                }
            }
        }
    }

    /// The source fails behind each member, for a moment and for good.
    #[test]
    fn a_source_that_fails_behind_a_member_takes_nothing_of_it_away() {
        let inner = packed(Format::Gzip, b"text");
        let mut outer = packed(Format::Gzip, &inner);
        *outer.last_mut().unwrap() ^= 1;
        let nested = Inflating::new(Format::Gzip, BufReader::new(&outer[..]));
        let (found, is_whole) = all(Inflating::new(Format::Gzip, BufReader::new(nested)));
        assert_eq!((&*found, is_whole), (b"text".as_slice(), false));

        let text = b"another text\n".repeat(50_000);
        let stream = [inner, packed(Format::Gzip, &text)].concat();
        let source = BufReader::with_capacity(
            1_000,
            Moments {
                stream: &stream,
                is_one: false,
            },
        );
        let mut reader = Inflating::new(Format::Gzip, source);
        let mut out: Vec<u8> = Vec::new();
        loop {
            let mut buffer = [0; 700];
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => out.extend(&buffer[..count]),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert_eq!(out, [b"text".as_slice(), &text].concat());
    }

    /// Gives few bytes at a time, and fails for a moment before each time.
    struct Moments<'s> {
        stream: &'s [u8],
        is_one: bool,
    }

    impl Read for Moments<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.is_one = !self.is_one;
            if self.is_one {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let length = buffer.len().min(24);
            self.stream.read(&mut buffer[..length])
        }
    }

    #[test]
    fn what_is_no_member_behind_a_member_is_told() {
        let mut stream = packed(Format::Gzip, b"text");
        stream.extend(b"and more");
        assert_eq!(
            inflated(Format::Gzip, &stream, 4_096),
            (b"text".to_vec(), false)
        );
    }
}
