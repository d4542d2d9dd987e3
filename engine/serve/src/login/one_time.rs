//! A link for one log-in, printed when the service starts, for somebody who runs it alone.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::{constant_time, digest, rand};

use crate::hex;

/// Bytes of a token.
const LENGTH: usize = 24;

/// A token that is good for one log-in.
pub(crate) struct OneTime(Mutex<Option<Vec<u8>>>);

impl OneTime {
    /// None.
    pub(crate) fn off() -> Self {
        Self(Mutex::new(None))
    }

    /// A new one, and its text; nothing without randomness.
    pub(crate) fn new() -> Option<(Self, String)> {
        let mut bytes = [0; LENGTH];
        rand::fill(&mut bytes).ok()?;
        let text = hex::encode(&bytes);
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        Some((Self(Mutex::new(Some(digest.as_ref().to_vec()))), text))
    }

    /// Whether one can log in this way.
    pub(crate) fn is_open(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Uses it up, when it is the one.
    pub(crate) fn redeem(&self, text: &str) -> bool {
        let theirs = digest::digest(&digest::SHA256, text.as_bytes());
        let mut ours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = ours.as_ref().is_some_and(|ours| {
            constant_time::verify_slices_are_equal(ours, theirs.as_ref()).is_ok()
        });
        if fits {
            *ours = None;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_good_once() {
        let (one_time, text) = OneTime::new().unwrap();
        assert!(!one_time.redeem("another") && one_time.is_open());
        assert!(one_time.redeem(&text));
        assert!(!one_time.redeem(&text) && !one_time.is_open());
        assert!(!OneTime::off().redeem(""));
    }
}
