//! Verification against a server of our own that speaks real TLS and plays what providers document, and what goes wrong.

mod answers;
mod directory_and_mail;
mod every_native;
mod every_rule;
mod failures;
mod kindness;
mod logins;
mod mongo;
mod openbao;
mod pace;
mod private_keys;
mod proxy;
mod random_answers;
mod reach;
mod server;
mod setup;
mod signed_keys;
mod sql_server;
