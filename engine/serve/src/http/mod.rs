//! The service's HTTP side: which path leads to what, and what every answer carries.

mod api;
mod deliveries;
mod guard;
mod openapi;
mod operation;
mod pre_receive;
mod problem;
mod router;
mod tls;
mod view;

pub(crate) use guard::{Caller, Form, require, require_form};
pub(crate) use problem::Problem;
pub(crate) use router::router;
pub(crate) use tls::{Certificate, Incoming, Peer};
pub(crate) use view::{DeliveryView, EventView, IncidentView, PlanView};
