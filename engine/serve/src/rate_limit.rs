//! How often somebody may come: a bucket of tokens for each source, refilled at a steady pace.
//!
//! Not for: our own calls to others.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// LIMIT: sources that are remembered. Beyond it, full buckets are forgotten; they stand for nobody.
const MOST_SOURCES: usize = 16_384;

/// How often somebody may come.
#[derive(Debug)]
pub(crate) struct RateLimit<Key> {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<Key, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl<Key: Eq + Hash + Clone> RateLimit<Key> {
    /// So many a second in the long run, and so many at once.
    pub(crate) fn new(per_second: f64, burst: f64) -> Self {
        Self {
            per_second,
            burst: burst.max(1.0),
            buckets: Mutex::default(),
        }
    }

    /// Takes one token of `key`. When there is none: how long to wait for the next.
    pub(crate) fn take(&self, key: &Key, now: Instant) -> Result<(), Duration> {
        self.with(key, now, |bucket, per_second| {
            if bucket.tokens >= 1.0 {
                bucket.tokens -= 1.0;
                return Ok(());
            }
            Err(Duration::from_secs_f64(
                ((1.0 - bucket.tokens) / per_second.max(1e-6)).min(3_600.0),
            ))
        })
    }

    /// Whether there is a token left for `key`; takes none.
    pub(crate) fn check(&self, key: &Key, now: Instant) -> Result<(), Duration> {
        self.with(key, now, |bucket, per_second| {
            if bucket.tokens >= 1.0 {
                return Ok(());
            }
            Err(Duration::from_secs_f64(
                ((1.0 - bucket.tokens) / per_second.max(1e-6)).min(3_600.0),
            ))
        })
    }

    fn with<T>(&self, key: &Key, now: Instant, act: impl FnOnce(&mut Bucket, f64) -> T) -> T {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_SOURCES && !buckets.contains_key(key) {
            buckets.retain(|_, bucket| self.filled(*bucket, now).tokens < self.burst);
        }
        let full = Bucket {
            tokens: self.burst,
            at: now,
        };
        let bucket = buckets.entry(key.clone()).or_insert(full);
        *bucket = self.filled(*bucket, now);
        act(bucket, self.per_second)
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> Bucket {
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        Bucket {
            tokens: (bucket.tokens + passed * self.per_second).min(self.burst),
            at: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_gets_its_burst_and_then_its_pace_and_others_do_not_suffer() {
        let limit = RateLimit::new(2.0, 3.0);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(limit.take(&"a", start), Ok(()));
        }
        assert_eq!(limit.take(&"a", start), Err(Duration::from_millis(500)));
        assert_eq!(limit.take(&"b", start), Ok(()));
        let later = start + Duration::from_millis(500);
        assert_eq!(limit.check(&"a", later), Ok(()));
        assert_eq!(limit.take(&"a", later), Ok(()));
        assert!(limit.take(&"a", later).is_err());
    }
}
