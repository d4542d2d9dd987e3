//! Signatures that cloud providers ask of a request: AWS Signature Version 4 and RS256 assertions.
//!
//! Pure: bytes in, headers or a text out. No network, no clock (the time is passed in), no choice of credentials.
#![forbid(unsafe_code)]

pub mod assertion;
pub mod sigv4;
