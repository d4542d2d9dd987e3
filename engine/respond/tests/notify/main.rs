//! Messages to people, really sent: webhooks and trackers to a server that plays them, mail to a server that speaks SMTP and TLS.
//! Each is tried again after a lost answer, told once, and holds no credential.

mod channels;
mod mail;
#[path = "../shared/played.rs"]
mod played;
mod setup;
mod smtp;
