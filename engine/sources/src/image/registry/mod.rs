//! Images straight from a registry, over HTTPS: the OCI distribution protocol, which Docker's registry speaks as well.
//!
//! Not for: writing anything, or running a credential helper.
//!
//! INVARIANT: a password or token goes to the registry that it is for, and to the address that this registry names for
//! its tokens; never over plain HTTP unless the user said so, never to where a redirect leads.

mod challenge;
mod client;
mod credentials;
mod reference;
mod resuming;

pub use client::Registry;
pub(super) use client::chain;
pub use credentials::{Login, Mirror, NotAMirror, RegistryOptions, Transport};
pub use reference::{NotAReference, Reference};
