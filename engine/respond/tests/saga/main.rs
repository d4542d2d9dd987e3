//! The laws of the saga, in a simulated world in which every call can fail, be lost, or be the last one of the process.

mod laws;
mod sim;
