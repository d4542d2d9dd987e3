//! Users of databases whose password HashiCorp Vault or OpenBao keeps: a static role of its database engine. Vault makes the
//! new password and tells it to the database; applications read it from Vault. To revoke the leaked one is to have it rotated.
//!
//! As `vault-admin` (a token), at the server `vault`, for the role `static-role` (of the engine at `mount`, default `database`).
//! INVARIANT: only a password that the role still has is rotated, so that a repeated call does not end its successor.

use leakward_core::action::Verb;

use super::Way;
use super::rest::{Rest, identity, segment, text};
use crate::provider::{
    Abilities, Case, Instructions, ProviderError, Receipt, Revocation, Standing, Undo,
};

const NAME: &str = "vault-static-role";
const ADMIN: &str = "vault-admin";

/// A static role, and the way to its server.
pub(super) struct StaticRole<'e> {
    rest: Rest<'e>,
    mount: String,
    role: String,
}

impl<'e> StaticRole<'e> {
    /// The role that the operator named; none where none was.
    pub(super) fn of(way: &'e Way, case: &'e Case<'_>) -> Option<Result<Self, ProviderError>> {
        let given = |name: &str| {
            case.subject
                .value(name)
                .and_then(|value| text(&value.secret))
        };
        let role = given("static-role")?;
        let why = "a token that may rotate the role";
        let admin = match identity(case, NAME, ADMIN, why) {
            Ok(admin) => admin,
            Err(error) => return Some(Err(error)),
        };
        if given("vault").is_none() {
            let why = "the address of the server that keeps the role; give it with --with vault=https://…";
            return Some(Err(super::needs(NAME, "vault", why)));
        }
        let mount = given("mount").map_or_else(|| "database".to_owned(), |mount| mount.to_string());
        Some(Ok(Self {
            rest: Rest::new(way, case, "", admin)
                .at_value("vault")
                .with_header("X-Vault-Token", "{identity}"),
            mount,
            role: role.to_string(),
        }))
    }

    fn path(&self, action: &str) -> String {
        format!(
            "/v1/{}/{action}/{}",
            segment(&self.mount),
            segment(&self.role)
        )
    }

    pub(super) fn abilities(&self) -> Abilities {
        let entry = format!("{}/static-creds/{}", self.mount, self.role);
        Abilities {
            revoke: Some(Revocation {
                action: "vault-rotate-static-role".to_owned(),
                identity: ADMIN.to_owned(),
                calls: vec![self.rest.shown(Verb::Post, &self.path("rotate-role"))],
                undo: Undo::Impossible,
                breaks: vec![format!(
                    "Clients that keep the old password instead of reading {entry} anew."
                )],
            }),
            rotate: None,
            instructions: Some(Instructions {
                url: None,
                steps: vec![format!(
                    "There is nothing to put anywhere: `leakward revoke` has Vault rotate the role, and applications read the new password from {entry}."
                )],
            }),
        }
    }

    /// Whether the role still has the leaked password.
    pub(super) fn standing(&self, leaked: &str) -> Result<Standing, ProviderError> {
        let known = self.rest.get(&self.path("static-creds"))?;
        let known = known.ok_or_else(|| ProviderError::Absent {
            provider: NAME.to_owned(),
            what: format!("the static role {}", self.role),
        })?;
        let password = known
            .pointer("/data/password")
            .and_then(|value| value.as_str());
        Ok(match password {
            Some(password) if password == leaked => Standing::Active,
            Some(_) => Standing::Gone,
            None => Standing::NotKnown,
        })
    }

    pub(super) fn revoke(&self, leaked: &str) -> Result<Receipt, ProviderError> {
        let receipt = |summary: String| Receipt {
            summary,
            request_id: None,
        };
        if self.standing(leaked)? == Standing::Gone {
            return Ok(receipt(format!(
                "the static role {} has another password already",
                self.role
            )));
        }
        let what = format!("rotate the static role {}", self.role);
        let answer = self
            .rest
            .change(Verb::Post, &self.path("rotate-role"), None, &what)?;
        answer.ok_or_else(|| ProviderError::Absent {
            provider: NAME.to_owned(),
            what: format!("the static role {}", self.role),
        })?;
        Ok(receipt(format!(
            "the static role {} has a new password, which applications read from Vault",
            self.role
        )))
    }
}
