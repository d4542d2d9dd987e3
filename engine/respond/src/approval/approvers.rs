//! Whose yes counts: everybody whom the operating system or the service knows, or the keys of a list.
//!
//! The list is an `allowed_signers` file as OpenSSH and git have it (`ssh-keygen(1)`, ALLOWED SIGNERS): a name, a public key.

use std::path::Path;

use leakward_verify::ssh;

use super::{Approval, NAMESPACE, Proof, Waiting};
use crate::plan::Goal;

/// Whose yes counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Approvers {
    /// People who are logged in at the service. What nobody was logged in for does not count.
    #[default]
    Service,
    /// Whoever the operating system says ran the program, and people who were logged in at the service.
    OperatingSystem,
    /// Owners of these keys, by their signatures alone.
    Listed(Vec<Listed>),
}

/// Somebody whose signature counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Their name.
    pub name: String,
    /// The key, as it stands in `authorized_keys`: kind and base64.
    pub key: String,
}

/// What is wrong with a list of approvers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApproverError {
    /// It cannot be read.
    #[error("the approvers {file}: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// What was said.
        why: String,
    },
    /// A line that cannot be understood; leaving it out would change who decides.
    #[error("the approvers {file}, line {line}: {why}")]
    Line {
        /// The file.
        file: String,
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

impl Approvers {
    /// The list in a file.
    ///
    /// # Errors
    /// It cannot be read, names nobody, or a line cannot be understood.
    pub fn of_file(path: &Path) -> Result<Self, ApproverError> {
        let file = path.display().to_string();
        let unreadable = |why: String| ApproverError::Unreadable {
            file: file.clone(),
            why,
        };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let mut all: Vec<Listed> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |why: &str| ApproverError::Line {
                file: file.clone(),
                line: index + 1,
                why: why.to_owned(),
            };
            let listed = listed(line).map_err(wrong)?;
            if all
                .iter()
                .any(|one| one.key == listed.key && one.name != listed.name)
            {
                return Err(wrong(
                    "this key belongs to somebody else already: one key is one person",
                ));
            }
            all.push(listed);
        }
        if all.is_empty() {
            return Err(unreadable("it names nobody".to_owned()));
        }
        Ok(Self::Listed(all))
    }

    /// Who said yes to what waits, if it counts.
    #[must_use]
    pub fn who(&self, approval: &Approval, waiting: &Waiting) -> Option<String> {
        let is_for_it = approval.plan == waiting.digest();
        match (self, &approval.proof) {
            (Self::Listed(all), Proof::Signature { signature }) => {
                self::signer(all, signature, waiting).map(str::to_owned)
            }
            (Self::Listed(_), _) | (_, Proof::Signature { .. }) => None,
            // The service does not show what would be switched on again: a yes there is to something else.
            (_, Proof::Login) if waiting.plan.goal == Goal::Restore => None,
            (Self::Service | Self::OperatingSystem, Proof::Login) => {
                (is_for_it || approval.plan.is_empty()).then(|| approval.by.clone())
            }
            (Self::OperatingSystem, Proof::OperatingSystem) => {
                is_for_it.then(|| approval.by.clone())
            }
            (Self::Service, Proof::OperatingSystem) => None,
        }
    }

    /// The name of whoever signed what waits, if they are on the list.
    #[must_use]
    pub fn signer(&self, signature: &str, waiting: &Waiting) -> Option<&str> {
        match self {
            Self::Listed(all) => self::signer(all, signature, waiting),
            Self::Service | Self::OperatingSystem => None,
        }
    }
}

fn signer<'a>(all: &'a [Listed], signature: &str, waiting: &Waiting) -> Option<&'a str> {
    let key = ssh::signer(signature, NAMESPACE, waiting.text().as_bytes())?;
    let found = all.iter().find(|listed| listed.key == key)?;
    Some(&found.name)
}

/// `ann@corp.test ssh-ed25519 AAAA… comment`, with `namespaces="…"` before the kind at most.
fn listed(line: &str) -> Result<Listed, &'static str> {
    const GRAMMAR: &str = "a line is: NAME ssh-ed25519 KEY";
    let mut words = line.split_whitespace();
    let name = words.next().ok_or(GRAMMAR)?;
    let mut kind = words.next().ok_or(GRAMMAR)?;
    if let Some(spaces) = kind.strip_prefix("namespaces=") {
        let is_ours = spaces
            .trim_matches('"')
            .split(',')
            .any(|one| one == NAMESPACE);
        if !is_ours {
            return Err("this key is not for leakward-approval (namespaces)");
        }
        kind = words.next().ok_or(GRAMMAR)?;
    }
    if name.contains(',') || name.contains('*') {
        return Err("one name for each line: who said yes must be one person");
    }
    let known = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"];
    if !known.contains(&kind) {
        return Err(
            "keys are ssh-ed25519, ecdsa-sha2-nistp256 or ssh-rsa; the only option is namespaces",
        );
    }
    let key = words.next().ok_or(GRAMMAR)?;
    Ok(Listed {
        name: name.to_owned(),
        key: format!("{kind} {key}"),
    })
}
