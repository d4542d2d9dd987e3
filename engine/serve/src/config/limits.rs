//! Sizes and paces, with what holds when nothing is said.

use schemars::JsonSchema;
use serde::Deserialize;

/// Sizes and paces.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a body. GitHub sends at most 25 MB.
    pub body_bytes: usize,
    /// Deliveries a second from one source, in the long run; three times as many at once.
    pub deliveries_per_second: f64,
    /// Refused deliveries a minute from one address, before it is not listened to.
    pub refusals_per_minute: f64,
    /// Deliveries that may wait before others are turned away.
    pub waiting: i64,
    /// Deliveries that are worked on at the same time.
    pub workers: usize,
    /// How often a delivery is tried before a person has to look.
    pub attempts: i64,
    /// Bytes of all mirrors together.
    pub mirror_bytes: u64,
    /// Days that a finished delivery's id keeps replays out.
    pub remember_days: u64,
    /// Connections at the same time.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 25 << 20,
            deliveries_per_second: 5_000.0,
            refusals_per_minute: 60.0,
            waiting: 100_000,
            workers: 4,
            attempts: 8,
            mirror_bytes: 20 << 30,
            remember_days: 30,
            connections: 2_048,
        }
    }
}
