//! The engines of Vault that make, rotate and revoke credentials: databases, leases, AppRoles.
//!
//! Not a store: nothing is put here. `leakward-respond` drives it where the leaked credential is one that Vault itself gave out.

use leakward_core::Secret;
use reqwest::Method;
use serde_json::{Value, json};

use super::keys::address;
use super::session::Session;
use crate::error::StoreError;
use crate::exposed::{Json, text};
use crate::http::path as encoded;
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

/// What a static role of the database engine holds now.
#[derive(Clone, Debug)]
pub struct StaticCredentials {
    /// The user.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// When the engine last changed it, RFC 3339.
    pub rotated_at: Option<String>,
}

/// The engines of one Vault.
pub struct VaultEngines {
    session: Session,
}

impl VaultEngines {
    /// Those at the address that `spec` names (its path is passed over).
    ///
    /// # Errors
    /// An option cannot be used. Nothing is sent yet.
    pub fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let (address, _) = address(spec)?;
        let store = format!("vault {address}");
        Ok(Self {
            session: Session::new(store, &address, spec, surroundings)?,
        })
    }

    /// Changes the password of a static role now. The old one is dead at once, and the database engine holds the new one.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when the answer is lost: compare [`VaultEngines::static_credentials`] before and after.
    pub fn rotate_static_role(&self, mount: &str, role: &str) -> Result<(), StoreError> {
        let path = format!("{}/rotate-role/{}", encoded(mount), encoded(role));
        self.change(
            &Method::POST,
            &path,
            None,
            &format!("rotate the role {role}"),
        )
    }

    /// Changes the password with which the engine itself logs in to a database. Nobody but Vault knows it afterwards.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when the answer is lost.
    pub fn rotate_root(&self, mount: &str, connection: &str) -> Result<(), StoreError> {
        let path = format!("{}/rotate-root/{}", encoded(mount), encoded(connection));
        let what = format!("rotate the root password of {connection}");
        self.change(&Method::POST, &path, None, &what)
    }

    /// What a static role holds now.
    ///
    /// # Errors
    /// There is no such role, or it may not be read.
    pub fn static_credentials(
        &self,
        mount: &str,
        role: &str,
    ) -> Result<StaticCredentials, StoreError> {
        let path = format!("{}/static-creds/{}", encoded(mount), encoded(role));
        let json = self.read(&path, &format!("read the role {role}"))?;
        let (Some(username), Some(password)) =
            (json.text("/data/username"), json.secret("/data/password"))
        else {
            return Err(self.malformed(&path));
        };
        Ok(StaticCredentials {
            username: username.to_owned(),
            password,
            rotated_at: json.text("/data/last_vault_rotation").map(str::to_owned),
        })
    }

    /// Credentials of a dynamic role, with the lease that ends them.
    ///
    /// # Errors
    /// There is no such role, or it may not be read.
    pub fn dynamic_credentials(
        &self,
        mount: &str,
        role: &str,
    ) -> Result<(String, StaticCredentials), StoreError> {
        let path = format!("{}/creds/{}", encoded(mount), encoded(role));
        let json = self.read(&path, &format!("ask for credentials of {role}"))?;
        let (Some(lease), Some(username), Some(password)) = (
            json.text("/lease_id"),
            json.text("/data/username"),
            json.secret("/data/password"),
        ) else {
            return Err(self.malformed(&path));
        };
        let credentials = StaticCredentials {
            username: username.to_owned(),
            password,
            rotated_at: None,
        };
        Ok((lease.to_owned(), credentials))
    }

    /// Ends one lease. That it has ended already is no error.
    ///
    /// # Errors
    /// It is not permitted, or the answer is lost; the call can be repeated.
    pub fn revoke_lease(&self, lease: &str) -> Result<(), StoreError> {
        let body = json!({"lease_id": lease, "sync": true});
        let what = format!("revoke the lease {lease}");
        self.change(&Method::PUT, "sys/leases/revoke", Some(body), &what)
    }

    /// Ends all leases below a prefix, such as `database/creds/app`.
    ///
    /// # Errors
    /// It is not permitted, or the answer is lost; the call can be repeated.
    pub fn revoke_prefix(&self, prefix: &str) -> Result<(), StoreError> {
        let path = format!("sys/leases/revoke-prefix/{}", encoded(prefix));
        let what = format!("revoke all leases below {prefix}");
        self.change(&Method::PUT, &path, Some(json!({"sync": true})), &what)
    }

    /// A new SecretID of an AppRole, and the accessor with which it can be destroyed.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when the answer is lost: a SecretID that nobody knows may exist then.
    pub fn new_secret_id(&self, mount: &str, role: &str) -> Result<(Secret, String), StoreError> {
        let path = format!("auth/{}/role/{}/secret-id", encoded(mount), encoded(role));
        let what = format!("make a SecretID of {role}");
        let answer = self
            .session
            .call(&Method::POST, &path, Some(json!({})), &what)?;
        if !answer.is_ok() {
            return Err(self.session.refusal(&answer, &what, &path));
        }
        let json = answer.json().ok_or_else(|| self.malformed(&path))?;
        match (
            json.secret("/data/secret_id"),
            json.text("/data/secret_id_accessor"),
        ) {
            (Some(secret_id), Some(accessor)) => Ok((secret_id, accessor.to_owned())),
            _ => Err(self.malformed(&path)),
        }
    }

    /// Destroys a SecretID by its accessor.
    ///
    /// # Errors
    /// There is none, it is not permitted, or the answer is lost.
    pub fn destroy_secret_id(
        &self,
        mount: &str,
        role: &str,
        accessor: &str,
    ) -> Result<(), StoreError> {
        let path = format!(
            "auth/{}/role/{}/secret-id-accessor/destroy",
            encoded(mount),
            encoded(role)
        );
        let body = json!({"secret_id_accessor": accessor});
        let what = format!("destroy a SecretID of {role}");
        self.change(&Method::POST, &path, Some(body), &what)
    }

    /// Revokes a token that leaked.
    ///
    /// # Errors
    /// It is not permitted, or the answer is lost; the call can be repeated.
    pub fn revoke_token(&self, token: &Secret) -> Result<(), StoreError> {
        let body = json!({"token": text(token)});
        self.change(
            &Method::POST,
            "auth/token/revoke",
            Some(body),
            "revoke a token",
        )
    }

    fn read(&self, path: &str, what: &str) -> Result<Json, StoreError> {
        let answer = self.session.call(&Method::GET, path, None, what)?;
        if !answer.is_ok() {
            return Err(self.session.refusal(&answer, what, path));
        }
        answer.json().ok_or_else(|| self.malformed(path))
    }

    fn change(
        &self,
        method: &Method,
        path: &str,
        body: Option<Value>,
        what: &str,
    ) -> Result<(), StoreError> {
        let answer = self.session.call(method, path, body, what)?;
        if answer.is_ok() {
            Ok(())
        } else {
            Err(self.session.refusal(&answer, what, path))
        }
    }

    fn malformed(&self, path: &str) -> StoreError {
        StoreError::Malformed {
            store: self.session.store.clone(),
            what: format!("{path}: the answer is not what it should be"),
        }
    }
}
