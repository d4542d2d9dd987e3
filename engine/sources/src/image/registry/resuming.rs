//! A download that goes on where it broke off.
//!
//! A layer is looked at while it comes in, so it cannot simply be fetched again: what was looked at already would be told
//! twice. The registry is asked for the rest of it instead; should that be the rest of something else, the digest tells.

use std::io::{self, Read};

/// LIMIT: how often a download goes on after it broke off.
const MAX_RESUMPTIONS: u32 = 5;

/// Opens the download from an offset on.
type Open<'o> = Box<dyn FnMut(u64) -> io::Result<Box<dyn Read + Send>> + Send + 'o>;

/// A download that goes on where it broke off.
pub(super) struct Resuming<'o> {
    open: Open<'o>,
    current: Box<dyn Read + Send>,
    offset: u64,
    resumptions: u32,
}

impl<'o> Resuming<'o> {
    /// Begins the download; `open` asks for it from an offset on.
    pub(super) fn begin(
        mut open: impl FnMut(u64) -> io::Result<Box<dyn Read + Send>> + Send + 'o,
    ) -> io::Result<Self> {
        let current = open(0)?;
        Ok(Self {
            open: Box::new(open),
            current,
            offset: 0,
            resumptions: 0,
        })
    }
}

impl Read for Resuming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.current.read(buffer) {
                Ok(read) => {
                    self.offset = self.offset.saturating_add(read as u64);
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.resumptions += 1;
                    if self.resumptions > MAX_RESUMPTIONS {
                        return Err(error);
                    }
                    self.current = (self.open)(self.offset)?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes, then breaks.
    struct Breaking(&'static [u8]);

    impl Read for Breaking {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("the connection broke")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn a_broken_download_goes_on_where_it_was() {
        let whole = b"0123456789";
        let mut asked = Vec::new();
        let mut resuming = Resuming::begin(|offset| {
            asked.push(offset);
            let from = usize::try_from(offset).map_err(io::Error::other)?;
            let rest: &'static [u8] = whole.get(from..).unwrap_or_default();
            Ok(match rest.get(..4) {
                Some(part) => Box::new(Breaking(part)),
                None => Box::new(rest),
            })
        })
        .expect("it begins");
        let mut read = Vec::new();
        resuming.read_to_end(&mut read).expect("it ends");
        drop(resuming);
        assert_eq!(
            (read.as_slice(), asked.as_slice()),
            (&whole[..], &[0, 4, 8][..])
        );
    }

    #[test]
    fn a_download_that_breaks_for_ever_is_an_error() {
        let mut resuming = Resuming::begin(|_| Ok(Box::new(Breaking(b"")))).expect("it begins");
        assert!(resuming.read_to_end(&mut Vec::new()).is_err());
    }
}
