//! Packages of a built program, each by the rules of its installer, and the same bytes every time.
//!
//! `dist` makes what belongs to one platform, `gather` what speaks of all of them. A library, so that the end-to-end tests
//! package the program that cargo has just built for them and install it as a user does. Not for: building releases of
//! other platforms (the release workflow does, on their own machines) or publishing anything.
//!
//! INVARIANT: nothing of the machine goes into a package: no time but that of the commit, no user, no path.
#![forbid(unsafe_code)]

mod archive;
mod checksums;
mod compile;
mod contents;
mod deb;
mod dist;
mod elf;
mod gather;
mod homebrew;
mod npm;
mod red_hat;
mod reference;
mod sbom;
mod target;
mod wheel;
mod zip;

pub use compile::{Profile, compile};
pub use dist::{Dist, Effort, Kind, commit_time};
pub use gather::{gather, gather_npm};
pub use npm::name as npm_name;
pub use reference::{difference, write};
pub use target::Target;

/// The version of the program: that of the workspace, which xtask shares.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the program is, in one line.
pub const SUMMARY: &str = "Finds leaked credentials, proves which still work, and replaces them";

/// Where it is developed.
pub const HOME_PAGE: &str = env!("CARGO_PKG_REPOSITORY");

/// The licence, as SPDX writes it.
pub const LICENCE: &str = env!("CARGO_PKG_LICENSE");
