//! Verification against a server of our own that speaks real TLS and plays what providers document, and what goes wrong.

mod answers;
mod every_rule;
mod failures;
mod kindness;
mod logins;
mod pace;
mod random_answers;
mod server;
mod setup;
