//! Templates from which tests, benches and the corpus make texts with credentials in them.
//!
//! No credential, not even an invented one, stands in the repository: a rule file says `ghp_{base62:30}{crc32-base62:6}`, and
//! this engine makes a valid token of it, the same one for the same seed. `docs/rule-format.md` is the reference of the language; the list
//! of generators is [`GENERATORS`].
//!
//! INVARIANT: the checksums here are written apart from those of detection, after the same published descriptions, so
//! that each tests the other. Keys have a true structure, but their numbers are random: none opens anything.

mod argument;
mod aws;
mod azure;
mod bitcoin;
mod characters;
mod crc;
mod decoded;
mod der;
mod draft;
mod encoding;
mod generator;
mod gitlab;
mod json_token;
mod marvin;
mod openssh;
mod pem;
mod pgp;
mod plausible;
mod putty;
mod pypi;
mod random;
mod seed_key;
mod template;
mod template_error;
mod trailing;
mod words;

pub use argument::Takes;
pub use generator::{GENERATORS, Generator};
pub use template::{Rendered, Template, render, render_broken};
pub use template_error::{TemplateError, TemplateProblem};
