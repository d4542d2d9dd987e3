//! Who we are to AWS: the platform's chain of credentials.
//!
//! In AWS's own order: variables, the named profile, web identity (EKS, GitHub Actions), the default profile, the container, the
//! instance (IMDSv2 only). <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
//!
//! INVARIANT: credentials are held in memory only, and renewed five minutes before they end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use leakward_core::Secret;
use leakward_core::time::parse_rfc3339;
use leakward_signing::sigv4::{FORM, Key, Scope, headers_with};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::exposed::{Json, secret, text, trimmed};
use crate::http::{Ask, Effect, Http, HttpSettings, form, segment};
use crate::spec::StoreSpec;
use crate::surroundings::Surroundings;

/// How long before their end credentials are renewed, in seconds.
const EARLY: u64 = 300;

/// LIMIT: how many profiles may lean on each other.
const PROFILES: usize = 5;

/// A key of AWS.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    secret: Secret,
    session_token: Option<Secret>,
    /// Seconds since 1970.
    expires: Option<u64>,
    /// Where they are from, for people.
    pub(crate) source: String,
}

impl Credentials {
    /// Signs a POST. `also` are the other headers, in lower case.
    pub(crate) fn sign(
        &self,
        scope: &Scope<'_>,
        body: &[u8],
        also: &[(&str, &str)],
    ) -> Vec<(String, Secret)> {
        let key = Key {
            id: &self.id,
            secret: text(&self.secret).unwrap_or_default(),
            session_token: self.session_token.as_ref().and_then(text),
        };
        headers_with(&key, scope, body, also)
    }
}

/// The chain.
pub(crate) struct Chain {
    store: String,
    http: Http,
    local: Http,
    surroundings: Surroundings,
    profile: Option<String>,
    region: String,
    sts: Option<String>,
    held: Mutex<Option<Credentials>>,
}

type Found = Result<Option<Credentials>, StoreError>;

impl Chain {
    /// The chain for a store. Nothing is read yet.
    pub(crate) fn new(spec: &StoreSpec, surroundings: &Surroundings) -> Result<Self, StoreError> {
        let store = spec.to_string();
        let profile = spec
            .option("profile")
            .map(str::to_owned)
            .or_else(|| surroundings.variable("AWS_PROFILE"));
        Ok(Self {
            http: Http::new(&store, &HttpSettings::of(spec, surroundings)?)?,
            local: Http::local(&store)?,
            profile,
            region: spec
                .option("region")
                .map(str::to_owned)
                .or_else(|| surroundings.one_of(&["AWS_REGION", "AWS_DEFAULT_REGION"]))
                .unwrap_or_else(|| "us-east-1".to_owned()),
            sts: surroundings.one_of(&["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"]),
            surroundings: surroundings.clone(),
            store,
            held: Mutex::new(None),
        })
    }

    /// The same chain, signing for another region.
    pub(crate) fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// Credentials that hold for a while.
    pub(crate) fn current(&self) -> Result<Credentials, StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.surroundings.now();
        if let Some(credentials) = held.as_ref()
            && credentials.expires.is_none_or(|end| now + EARLY < end)
        {
            return Ok(credentials.clone());
        }
        let found = self.find()?.ok_or_else(|| {
            self.wrong(
                "no AWS credentials: neither variables, a profile, a web identity, a container's nor an instance's role",
            )
        })?;
        *held = Some(found.clone());
        Ok(found)
    }

    /// Forgets what it holds: it was refused.
    pub(crate) fn forget(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn wrong(&self, what: impl Into<String>) -> StoreError {
        StoreError::Setting {
            store: self.store.clone(),
            what: what.into(),
        }
    }

    fn find(&self) -> Found {
        if let Some(found) = self.of_variables() {
            return Ok(Some(found));
        }
        if let Some(name) = &self.profile {
            return match self.of_profile(name, 0)? {
                Some(found) => Ok(Some(found)),
                None => Err(self.wrong(format!("the profile {name} holds no credentials"))),
            };
        }
        if let Some(found) = self.of_web_identity()? {
            return Ok(Some(found));
        }
        if let Some(found) = self.of_profile("default", 0)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.of_container()? {
            return Ok(Some(found));
        }
        self.of_instance()
    }

    fn of_variables(&self) -> Option<Credentials> {
        let variable = |name| self.surroundings.variable(name);
        Some(Credentials {
            id: variable("AWS_ACCESS_KEY_ID")?.trim().to_owned(),
            secret: trimmed(variable("AWS_SECRET_ACCESS_KEY")?),
            session_token: variable("AWS_SESSION_TOKEN").map(trimmed),
            expires: None,
            source: "environment".to_owned(),
        })
    }

    fn of_web_identity(&self) -> Found {
        let variable = |name| self.surroundings.variable(name);
        let (Some(role), Some(file)) = (
            variable("AWS_ROLE_ARN"),
            variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
        ) else {
            return Ok(None);
        };
        let session = variable("AWS_ROLE_SESSION_NAME");
        self.assume_with_token(&role, &file, session.as_deref())
            .map(Some)
    }

    fn assume_with_token(
        &self,
        role: &str,
        file: &str,
        session: Option<&str>,
    ) -> Result<Credentials, StoreError> {
        let file = self.surroundings.path(file);
        let token = std::fs::read_to_string(&file)
            .map(trimmed)
            .map_err(|error| self.wrong(format!("{}: {error}", file.display())))?;
        let body = form(&[
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
            ("RoleSessionName", session.unwrap_or("leakward")),
            ("WebIdentityToken", text(&token).unwrap_or_default()),
        ]);
        let ask = Ask::login(self.sts_url()).body(FORM, body.as_bytes().to_vec());
        self.granted(&ask, &format!("assume {role}"), "web identity")
    }

    fn assume_with_key(
        &self,
        role: &str,
        source: &Credentials,
        settings: &BTreeMap<String, String>,
    ) -> Result<Credentials, StoreError> {
        let mut pairs = vec![
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
        ];
        let session = settings
            .get("role_session_name")
            .map_or("leakward", String::as_str);
        pairs.push(("RoleSessionName", session));
        if let Some(id) = settings.get("external_id") {
            pairs.push(("ExternalId", id));
        }
        let body = form(&pairs);
        let url = self.sts_url();
        let scope = Scope {
            host: host_of(&url),
            region: &self.region,
            service: "sts",
            now: self.surroundings.now(),
        };
        let mut ask = Ask::login(&url).body(FORM, body.as_bytes().to_vec());
        for (name, value) in source.sign(&scope, body.as_bytes(), &[("content-type", FORM)]) {
            ask = ask.secret_header(&name, &value);
        }
        self.granted(&ask, &format!("assume {role}"), "assumed role")
    }

    /// What STS grants.
    fn granted(&self, ask: &Ask, what: &str, source: &str) -> Result<Credentials, StoreError> {
        let answer = self.http.send(ask, what)?;
        let body = answer.text().unwrap_or_default();
        if !answer.is_ok() {
            let code = tag(body, "Code").unwrap_or("no reason");
            return Err(StoreError::LoggedOut {
                store: self.store.clone(),
                why: format!("{what}: {code} ({})", answer.status),
            });
        }
        let (Some(id), Some(key), Some(token)) = (
            tag(body, "AccessKeyId"),
            tag(body, "SecretAccessKey"),
            tag(body, "SessionToken"),
        ) else {
            return Err(self.wrong(format!("{what}: the answer holds no key")));
        };
        Ok(Credentials {
            id: id.to_owned(),
            secret: secret(key),
            session_token: Some(secret(token)),
            expires: tag(body, "Expiration").and_then(parse_rfc3339),
            source: source.to_owned(),
        })
    }

    fn sts_url(&self) -> String {
        match &self.sts {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => format!("https://sts.{}.amazonaws.com/", self.region),
        }
    }

    /// What a profile of `~/.aws` holds.
    fn of_profile(&self, name: &str, depth: usize) -> Found {
        if depth > PROFILES {
            return Err(self.wrong(format!("the profile {name} leans on itself")));
        }
        let settings = self.profile_settings(name)?;
        let get = |key: &str| settings.get(key).map(String::as_str);
        if let (Some(id), Some(key)) = (get("aws_access_key_id"), get("aws_secret_access_key")) {
            let direct = Credentials {
                id: id.to_owned(),
                secret: secret(key),
                session_token: get("aws_session_token").map(secret),
                expires: None,
                source: format!("profile {name}"),
            };
            // A profile may lean on itself: its own key assumes its role.
            if get("role_arn").is_none() || depth > 0 {
                return Ok(Some(direct));
            }
        }
        if let Some(role) = get("role_arn") {
            if let Some(file) = get("web_identity_token_file") {
                return self
                    .assume_with_token(role, file, get("role_session_name"))
                    .map(Some);
            }
            let source = match (get("source_profile"), get("credential_source")) {
                (Some(source), _) => self.of_profile(source, depth + 1)?,
                (None, Some("Environment")) => self.of_variables(),
                (None, Some("EcsContainer")) => self.of_container()?,
                (None, Some("Ec2InstanceMetadata")) => self.of_instance()?,
                _ => None,
            };
            let source = source.ok_or_else(|| {
                self.wrong(format!(
                    "the profile {name} has a role and no source for it"
                ))
            })?;
            return self.assume_with_key(role, &source, &settings).map(Some);
        }
        if let Some(program) = get("credential_process") {
            return self.of_program(program).map(Some);
        }
        if get("sso_account_id").is_some() || get("sso_session").is_some() {
            return Err(self.wrong(format!(
                "the profile {name} logs in by SSO in a browser; run `eval \"$(aws configure export-credentials --format env)\"` first"
            )));
        }
        Ok(None)
    }

    /// The settings of a profile, from both of AWS's files; a missing file has none.
    fn profile_settings(&self, name: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let file = |variable: &str, usual: &str| -> Option<PathBuf> {
            self.surroundings
                .variable(variable)
                .map(PathBuf::from)
                .or_else(|| self.surroundings.in_home(usual))
        };
        let mut settings = BTreeMap::new();
        for (path, is_config) in [
            (file("AWS_CONFIG_FILE", ".aws/config"), true),
            (
                file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
                false,
            ),
        ] {
            let Some(path) = path.filter(|path| path.is_file()) else {
                continue;
            };
            let content = std::fs::read_to_string(&path)
                .map(Zeroizing::new)
                .map_err(|error| self.wrong(format!("{}: {error}", path.display())))?;
            let header = if is_config && name != "default" {
                format!("profile {name}")
            } else {
                name.to_owned()
            };
            settings.extend(section(&content, &header));
        }
        Ok(settings)
    }

    /// The program that the user's own profile names.
    fn of_program(&self, line: &str) -> Result<Credentials, StoreError> {
        let mut words = line.split_whitespace();
        let program = words.next().unwrap_or_default();
        let output = Command::new(program)
            .args(words)
            .output()
            .map_err(|error| self.wrong(format!("credential_process {program}: {error}")))?;
        let printed = Zeroizing::new(output.stdout);
        let json = serde_json::from_slice(&printed)
            .ok()
            .map(Json)
            .filter(|_| output.status.success())
            .ok_or_else(|| {
                self.wrong(format!("credential_process {program} gave no credentials"))
            })?;
        self.of_json(&json, "SessionToken", "credential process")
    }

    /// What containers, instances and programs answer.
    fn of_json(&self, json: &Json, token: &str, source: &str) -> Result<Credentials, StoreError> {
        let (Some(id), Some(key)) = (json.text("/AccessKeyId"), json.secret("/SecretAccessKey"))
        else {
            return Err(self.wrong(format!("the answer of the {source} holds no key")));
        };
        Ok(Credentials {
            id: id.to_owned(),
            secret: key,
            session_token: json.secret(&format!("/{token}")),
            expires: json.text("/Expiration").and_then(parse_rfc3339),
            source: source.to_owned(),
        })
    }

    /// ECS tasks and EKS Pod Identity.
    fn of_container(&self) -> Found {
        let variable = |name| self.surroundings.variable(name);
        let url = match (
            variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
            variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        ) {
            (Some(path), _) => format!("http://169.254.170.2{path}"),
            (None, Some(url)) => url,
            (None, None) => return Ok(None),
        };
        let host = host_of(&url)
            .rsplit_once(':')
            .map_or(host_of(&url), |(host, _)| host);
        let is_near = [
            "169.254.170.2",
            "169.254.170.23",
            "[fd00:ec2::23]",
            "localhost",
        ]
        .contains(&host)
            || host.starts_with("127.");
        if !(url.starts_with("https://") || is_near) {
            return Err(self
                .wrong("AWS_CONTAINER_CREDENTIALS_FULL_URI leads to another machine without TLS"));
        }
        let mut ask = Ask::get(url);
        let token = match variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            Some(file) => Some(
                std::fs::read_to_string(&file)
                    .map(trimmed)
                    .map_err(|error| self.wrong(format!("{file}: {error}")))?,
            ),
            None => variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(trimmed),
        };
        if let Some(token) = token {
            ask = ask.secret_header("authorization", &token);
        }
        let answer = self.local.send(&ask, "ask the container for its role")?;
        match answer.json().filter(|_| answer.is_ok()) {
            Some(json) => self.of_json(&json, "Token", "container role").map(Some),
            None => Err(self.wrong(format!(
                "the container's service answers {} to the question for its role",
                answer.status
            ))),
        }
    }

    /// The role of an EC2 instance. Nothing is there on other machines.
    fn of_instance(&self) -> Found {
        let variable = |name| self.surroundings.variable(name);
        if variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value == "true") {
            return Ok(None);
        }
        let base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            .unwrap_or_else(|| "http://169.254.169.254".to_owned());
        let base = base.trim_end_matches('/');
        let ask = Ask::new(
            reqwest::Method::PUT,
            format!("{base}/latest/api/token"),
            // Sent once: on a machine that is no instance nobody answers, and that should not take long.
            Effect::Changes,
        )
        .header("x-aws-ec2-metadata-token-ttl-seconds", "21600");
        let Ok(answer) = self.local.send(&ask, "ask the instance") else {
            return Ok(None);
        };
        let Some(token) = answer.text().filter(|_| answer.is_ok()).map(secret) else {
            return Ok(None);
        };
        let read = |path: &str| {
            let ask = Ask::get(format!(
                "{base}/latest/meta-data/iam/security-credentials/{path}"
            ))
            .secret_header("x-aws-ec2-metadata-token", &token);
            self.local.send(&ask, "ask the instance for its role")
        };
        let roles = read("")?;
        let Some(role) = roles
            .text()
            .filter(|_| roles.is_ok())
            .and_then(|text| text.lines().next())
        else {
            return Ok(None);
        };
        match read(&segment(role.trim()))?.json() {
            Some(json) => self.of_json(&json, "Token", "instance role").map(Some),
            None => Ok(None),
        }
    }

    /// The signed headers of `GetCallerIdentity`, for whoever wants to ask AWS in our name who we are.
    pub(crate) fn signed_identity(
        &self,
        url: &str,
        region: &str,
        body: &str,
        server_id: Option<&str>,
    ) -> Result<Vec<(String, Secret)>, StoreError> {
        let credentials = self.current()?;
        let host = host_of(url);
        let scope = Scope {
            host,
            region,
            service: "sts",
            now: self.surroundings.now(),
        };
        let mut also = vec![("content-type", FORM)];
        also.extend(server_id.map(|id| ("x-vault-aws-iam-server-id", id)));
        let mut headers = credentials.sign(&scope, body.as_bytes(), &also);
        headers.push(("Content-Type".to_owned(), secret(FORM)));
        headers.push(("Host".to_owned(), secret(host)));
        headers.extend(server_id.map(|id| ("X-Vault-AWS-IAM-Server-ID".to_owned(), secret(id))));
        Ok(headers)
    }
}

/// Host and port of a URL.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// What an element of an answer in XML holds.
pub(super) fn tag<'b>(body: &'b str, name: &str) -> Option<&'b str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    Some(value.trim())
}

/// The keys of one section of AWS's files.
fn section(content: &str, header: &str) -> BTreeMap<String, String> {
    let mut is_inside = false;
    let mut settings = BTreeMap::new();
    for line in content.lines() {
        let line = line.split(" #").next().unwrap_or(line);
        let trimmed = line.trim();
        if let Some(name) = trimmed
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let name: Vec<&str> = name.split_whitespace().collect();
            is_inside = name.join(" ") == header;
        } else if let Some((key, value)) = trimmed.split_once('=')
            && is_inside
            && !trimmed.starts_with(['#', ';'])
            && !line.starts_with([' ', '\t'])
        {
            settings.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_without_its_neighbours_and_comments() {
        let text = "[default]\nregion = a\n[profile  two] # c\n# role_arn = no\nrole_arn=arn:x # why\nsource_profile = default\ns3 =\n  max = 3\n[three]\nrole_arn = no\n";
        let found = section(text, "profile two");
        let pairs: Vec<(&str, &str)> = found
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("role_arn", "arn:x"),
                ("s3", ""),
                ("source_profile", "default")
            ]
        );
    }
}
