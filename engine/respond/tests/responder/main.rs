//! The responder with a real database, audit log and HTTP provider: many credentials with few requests, decisions that outlive
//! the process, several responses at once.

mod decisions;
mod desk;
#[path = "../shared/played.rs"]
mod played;
mod restore;
mod together;
