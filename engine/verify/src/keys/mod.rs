//! Private keys as they lie in files, and the certificates that belong to them.
//!
//! A key is read far enough to sign with it and to tell its public half. It is never written anywhere. What carries a
//! passphrase is not tried.

mod certificate;
mod der;
mod openssh;
mod pem;
mod private_key;

pub use certificate::Certificate;
pub(crate) use certificate::certificates;
pub(crate) use pem::pem;
pub use private_key::PublicKey;
pub(crate) use private_key::{
    Form, PrivateKey, mpint as ssh_mpint, ssh_fingerprint, ssh_text, string as ssh_string,
    without_zeros,
};
