//! The page for people: incidents, one incident's timeline, the plan, the inventory, charts, deliveries.
//!
//! Everything is made on the server: the page works without scripts, and without anything from elsewhere.

mod assets;
mod charts;
mod failure;
mod handlers;
mod login;
mod pages;
mod routes;

pub(crate) use pages::Pages;
pub(crate) use routes::routes;
