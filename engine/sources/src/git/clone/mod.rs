//! A repository on another machine, as a bare copy on this one.
//!
//! All refs are fetched, pull requests included, in process through gix: no `git`, no hooks, no checkout, and neither
//! the user's nor the system's configuration. Only for `ssh://` is a program run, `ssh` itself.
//!
//! INVARIANT: a password or token goes to the host it was given for, over an encrypted connection, and nowhere else: not
//! into the copy's configuration, not into an error, and not to a host that the first one redirects to.

mod error;
mod fetch;
pub mod mirror;
mod progress;
mod remote_url;

pub use error::CloneError;
pub use fetch::bare;
pub use progress::CloneProgress;
pub use remote_url::{Credentials, RemoteUrl, UrlError};
