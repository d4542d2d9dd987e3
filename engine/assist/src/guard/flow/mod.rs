//! Where what a command prints goes: onto the screen, through a pipe, into a file, into the words of another command or a
//! variable, and from there on.
//!
//! One answer is given to everybody who asks: for a file that is printed, a credential that a command is there to print, the
//! environment. Nothing is run; a program that is not known may show what it gets, and may not.
//!
//! An [`Outlet`] is what becomes of an output. [`Flow`] follows one from command to command; what a command does with
//! what it gets is said in `given`, what becomes of variables and files in `stored`, and where a line names those in `uses`.
//!
//! INVARIANT: each command is followed once.

#[expect(
    clippy::module_inception,
    reason = "the flow itself is what the folder is about"
)]
mod flow;
mod given;
mod outlet;
mod stored;
#[cfg(test)]
mod tests;
mod uses;

pub(super) use flow::Flow;
pub(super) use outlet::Outlet;
pub(super) use uses::copies;
