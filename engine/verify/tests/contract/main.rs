//! Verification against a server of our own that speaks real TLS and plays what providers document, and what goes wrong.

mod answers;
mod every_rule;
mod failures;
mod kindness;
mod logins;
mod openbao;
mod pace;
mod private_keys;
mod proxy;
mod random_answers;
mod server;
mod setup;
