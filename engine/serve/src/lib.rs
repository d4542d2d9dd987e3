//! Webhooks in, dead keys out: a durable queue in front of the response, and a page for people.
#![forbid(unsafe_code)]
