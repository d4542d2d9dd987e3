//! Asks one registry for one repository.
//!
//! Protocol: OCI Distribution Specification 1.1; tokens as in the distribution project's "Token Authentication
//! Specification".

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use leakward_core::Secret;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, LINK, RANGE, WWW_AUTHENTICATE};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::challenge::Challenge;
use super::credentials::{Login, RegistryOptions, Transport};
use super::reference::{Reference, is_local};
use super::resuming::Resuming;
use crate::image::load::{Images, Platform};
use crate::image::store::{BlobName, BlobStore, MAX_DOCUMENT_BYTES};
use crate::image::{Digest, ImageError};

/// What manifests we understand, with the index first: of an image for several platforms all are wanted.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.artifact.manifest.v1+json";

/// How long a registry may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long it may then say nothing. (Of the blocking client this holds for each read: a large layer takes as long as it
/// takes.)
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);

/// LIMIT: how many redirects are followed. Registries send those who want a blob to where they store it.
const MAX_REDIRECTS: usize = 5;

/// LIMIT: most tags of a repository that are scanned, and most pages of them.
const MAX_TAGS: usize = 10_000;
const MAX_PAGES: usize = 1_000;

/// One repository of a registry.
pub struct Registry {
    http: Client,
    base: Url,
    reference: Reference,
    host: String,
    login: Option<Login>,
    transport: Transport,
    /// What the registry takes for an answer to who we are; found out with the first request.
    authorization: Mutex<Option<HeaderValue>>,
    /// Manifests that were asked for by tag, so that they are not fetched twice.
    fetched: Mutex<HashMap<Digest, Vec<u8>>>,
}

impl Registry {
    /// The repository that `reference` names. Nothing is asked yet.
    ///
    /// # Errors
    /// When no TLS client can be made.
    pub fn new(reference: &Reference, options: &RegistryOptions) -> Result<Self, ImageError> {
        let login = options.login_for(&reference.registry);
        Self::asking(reference.host(), reference, login, options.transport)
    }

    /// The same repository, as the host of a mirror has it.
    fn at_mirror(
        host: &str,
        reference: &Reference,
        options: &RegistryOptions,
    ) -> Result<Self, ImageError> {
        Self::asking(
            host,
            reference,
            options.known_login(host),
            options.transport,
        )
    }

    fn asking(
        host: &str,
        reference: &Reference,
        login: Option<Login>,
        transport: Transport,
    ) -> Result<Self, ImageError> {
        let failed = |reason: String| ImageError::Registry {
            what: reference.to_string(),
            reason,
        };
        let allows_plain = is_local(host) || transport == Transport::InsecureAllowed;
        let redirects = Policy::custom(move |attempt| {
            let is_safe = attempt.url().scheme() == "https" || allows_plain;
            if attempt.previous().len() > MAX_REDIRECTS || !is_safe {
                attempt.error("a redirect that is not followed")
            } else {
                attempt.follow()
            }
        });
        let http = Client::builder()
            .redirect(redirects)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(SILENCE_TIMEOUT)
            .user_agent(concat!("leakward/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(chain(&error)))?;
        let base = |scheme: &str| {
            let text = format!("{scheme}://{host}/v2/");
            Url::parse(&text).map_err(|error| failed(error.to_string()))
        };
        let mut registry = Self {
            http,
            base: base("https")?,
            reference: reference.clone(),
            host: host.to_owned(),
            login,
            transport: if allows_plain {
                Transport::InsecureAllowed
            } else {
                Transport::Secure
            },
            authorization: Mutex::new(None),
            fetched: Mutex::new(HashMap::new()),
        };
        if allows_plain && registry.http.get(registry.base.clone()).send().is_err() {
            registry.base = base("http")?;
        }
        Ok(registry)
    }

    /// The images that `reference` names; with `platform`, only those for it.
    ///
    /// # Errors
    /// When the registry cannot be asked, does not let us in, or has no such image.
    pub fn pull(
        reference: &Reference,
        options: &RegistryOptions,
        platform: Option<&Platform>,
    ) -> Result<Images, ImageError> {
        let (registry, digest) = Self::first(reference, options, |registry| {
            registry.resolve(reference.tag_or_digest())
        })?;
        let name = reference.to_string();
        Images::of_manifests(
            Box::new(registry),
            &[(name.clone(), digest)],
            &name,
            platform,
        )
    }

    /// The images of all tags of the repository.
    ///
    /// # Errors
    /// As for [`Registry::pull`]; a tag that is gone meanwhile is told among what was skipped.
    pub fn pull_all_tags(
        reference: &Reference,
        options: &RegistryOptions,
        platform: Option<&Platform>,
    ) -> Result<Images, ImageError> {
        let (registry, tags) = Self::first(reference, options, Self::tags)?;
        let mut manifests: Vec<(String, Digest)> = Vec::new();
        for tag in tags {
            let digest = registry.resolve(&tag)?;
            let name = reference.with_tag(&tag).to_string();
            match manifests.iter_mut().find(|(_, known)| *known == digest) {
                // Several tags of one image are one image with several names.
                Some((names, _)) => *names += &format!(", {name}"),
                None => manifests.push((name, digest)),
            }
        }
        let what = reference.to_string();
        Images::of_manifests(Box::new(registry), &manifests, &what, platform)
    }

    /// The first of the mirrors, and then of the registry itself, that answers what it is asked. A mirror that does not is passed
    /// over: what counts is what the registry says.
    fn first<T>(
        reference: &Reference,
        options: &RegistryOptions,
        ask: impl Fn(&Self) -> Result<T, ImageError>,
    ) -> Result<(Self, T), ImageError> {
        for host in options.mirrors_of(&reference.registry) {
            let asked = Self::at_mirror(host, reference, options)
                .and_then(|mirror| ask(&mirror).map(|answer| (mirror, answer)));
            if asked.is_ok() {
                return asked;
            }
        }
        let registry = Self::new(reference, options)?;
        let answer = ask(&registry)?;
        Ok((registry, answer))
    }

    /// The digest of the manifest with this tag. (That with this digest is fetched as well.)
    fn resolve(&self, tag_or_digest: &str) -> Result<Digest, ImageError> {
        let bytes = self.manifest(tag_or_digest)?;
        let digest = tag_or_digest.parse().unwrap_or_else(|_| Digest::of(&bytes));
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.insert(digest.clone(), bytes);
        Ok(digest)
    }

    fn manifest(&self, tag_or_digest: &str) -> Result<Vec<u8>, ImageError> {
        let what = format!("manifest {tag_or_digest} of {}", self.reference);
        let url = self.url(&format!("manifests/{tag_or_digest}"))?;
        let response = self.get(&url, &what, |request| request.header(ACCEPT, MANIFESTS))?;
        let mut bytes = Vec::new();
        let read = response
            .take(MAX_DOCUMENT_BYTES + 1)
            .read_to_end(&mut bytes);
        read.map_err(|source| ImageError::Io {
            what: what.clone(),
            source,
        })?;
        if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
            return Err(ImageError::Limit {
                what,
                reason: format!("a manifest has at most {MAX_DOCUMENT_BYTES} bytes"),
            });
        }
        Ok(bytes)
    }

    /// All tags of the repository.
    fn tags(&self) -> Result<Vec<String>, ImageError> {
        let what = format!("the tags of {}", self.reference);
        let limit = |reason: String| ImageError::Limit {
            what: what.clone(),
            reason,
        };
        let mut tags = Vec::new();
        let mut next = Some(self.url("tags/list?n=1000")?);
        for _ in 0..MAX_PAGES {
            let Some(url) = next.take() else {
                return Ok(tags);
            };
            let response = self.get(&url, &what, |request| request)?;
            next = next_page(&url, response.headers().get(LINK));
            let page = response.take(MAX_DOCUMENT_BYTES);
            let page: Value =
                serde_json::from_reader(page).map_err(|error| ImageError::Malformed {
                    what: what.clone(),
                    reason: error.to_string(),
                })?;
            let listed = page.get("tags").and_then(Value::as_array);
            let texts = listed.into_iter().flatten().filter_map(Value::as_str);
            tags.extend(texts.map(str::to_owned));
            if tags.len() > MAX_TAGS {
                return Err(limit(format!("there are more than {MAX_TAGS}")));
            }
        }
        Err(limit(format!("they come on more than {MAX_PAGES} pages")))
    }

    fn url(&self, path: &str) -> Result<Url, ImageError> {
        let full = format!("{}/{path}", self.reference.repository);
        self.base.join(&full).map_err(|error| ImageError::Registry {
            what: self.reference.to_string(),
            reason: error.to_string(),
        })
    }

    /// Asks, and says who we are when the registry wants to know.
    fn get(
        &self,
        url: &Url,
        what: &str,
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, ImageError> {
        let failed = |reason: String| ImageError::Registry {
            what: what.to_owned(),
            reason,
        };
        let send = || {
            let mut request = with(self.http.get(url.clone()));
            let known = self
                .authorization
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            if let Some(known) = known {
                request = request.header(AUTHORIZATION, known);
            }
            request.send().map_err(|error| failed(chain(&error)))
        };
        let mut response = send()?;
        if response.status() == StatusCode::UNAUTHORIZED && response.url().host() == url.host() {
            let header = response.headers().get(WWW_AUTHENTICATE);
            let challenge = header
                .and_then(|header| Challenge::parse(header.to_str().ok()?))
                .ok_or_else(|| {
                    failed("it wants to know who asks, in a way that is not known here".to_owned())
                })?;
            let answer = self.answer(&challenge).map_err(failed)?;
            *self
                .authorization
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(answer);
            response = send()?;
        }
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::NOT_FOUND => Err(ImageError::Missing {
                what: what.to_owned(),
            }),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let who = self
                    .login
                    .as_ref()
                    .map_or("without a login", |_| "with the login that it was given");
                Err(failed(format!("{} denied access {who}", self.host)))
            }
            status => Err(failed(format!("{} answered {status}", self.host))),
        }
    }

    /// What the registry takes for an answer to who we are.
    fn answer(&self, challenge: &Challenge) -> Result<HeaderValue, String> {
        let (realm, service, scope) = match challenge {
            Challenge::Basic => {
                let login = self
                    .login
                    .as_ref()
                    .ok_or("a login is needed: --registry-user")?;
                self.allow_secret(&self.base)?;
                return basic(login);
            }
            Challenge::Bearer {
                realm,
                service,
                scope,
            } => (realm, service, scope),
        };
        let mut url = Url::parse(realm).map_err(|error| format!("its token server: {error}"))?;
        let own = format!("repository:{}:pull", self.reference.repository);
        url.query_pairs_mut()
            .extend_pairs(service.iter().map(|service| ("service", service)))
            .append_pair("scope", scope.as_ref().unwrap_or(&own));
        self.allow_secret(&url)?;
        let mut request = self.http.get(url);
        if let Some(login) = &self.login {
            request = request.header(AUTHORIZATION, basic(login)?);
        }
        let response = request
            .send()
            .map_err(|error| format!("its token server: {}", chain(&error)))?;
        if !response.status().is_success() {
            return Err(format!("its token server answered {}", response.status()));
        }
        let answer: Value = serde_json::from_reader(response.take(MAX_DOCUMENT_BYTES))
            .map_err(|error| format!("its token server: {error}"))?;
        let token = ["token", "access_token"]
            .iter()
            .find_map(|field| answer.get(*field)?.as_str());
        let token = token.ok_or("its token server gave no token")?;
        secret_header(&Secret::new(format!("Bearer {token}").as_bytes()))
    }

    /// Whether a password or token may go to `url`.
    fn allow_secret(&self, url: &Url) -> Result<(), String> {
        if url.scheme() == "https" || self.transport == Transport::InsecureAllowed {
            Ok(())
        } else {
            Err("it wants a password or token without TLS; --insecure would allow it".to_owned())
        }
    }
}

impl BlobStore for Registry {
    fn open<'s>(&'s self, name: &BlobName) -> Result<Box<dyn Read + Send + 's>, ImageError> {
        let BlobName::Digest(digest) = name else {
            return Err(ImageError::Missing { what: name.words() });
        };
        let what = format!("{digest} of {}", self.reference);
        let url = self.url(&format!("blobs/{digest}"))?;
        // The first answer tells whether it is there at all.
        let mut first = Some(self.get(&url, &what, |request| request)?);
        let resuming = Resuming::begin(move |offset| {
            if let Some(response) = first.take() {
                return Ok(Box::new(response) as Box<dyn Read + Send>);
            }
            let range = format!("bytes={offset}-");
            let response = self
                .get(&url, &what, |request| request.header(RANGE, &range))
                .map_err(io::Error::other)?;
            if response.status() != StatusCode::PARTIAL_CONTENT {
                return Err(io::Error::other(
                    "the connection broke, and it does not go on",
                ));
            }
            Ok(Box::new(response))
        });
        let resuming = resuming.map_err(|source| ImageError::Io {
            what: digest.to_string(),
            source,
        })?;
        Ok(Box::new(resuming))
    }

    fn open_manifest<'s>(
        &'s self,
        digest: &Digest,
    ) -> Result<Box<dyn Read + Send + 's>, ImageError> {
        let known = self
            .fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(digest);
        let bytes = match known {
            Some(bytes) => bytes,
            None => self.manifest(digest.as_str())?,
        };
        Ok(Box::new(io::Cursor::new(bytes)))
    }
}

/// The next page of a list, when it is on the same server.
fn next_page(url: &Url, link: Option<&HeaderValue>) -> Option<Url> {
    let link = link?.to_str().ok()?;
    let (target, relation) = link.strip_prefix('<')?.split_once('>')?;
    if !relation.contains("next") {
        return None;
    }
    let next = url.join(target).ok()?;
    (next.origin() == url.origin()).then_some(next)
}

/// `Basic` and the login (RFC 7617).
#[expect(
    clippy::disallowed_methods,
    reason = "the password is sent to the registry that it is for"
)]
fn basic(login: &Login) -> Result<HeaderValue, String> {
    use base64::Engine as _;
    let mut text = format!("{}:", login.user).into_bytes();
    text.extend_from_slice(login.password.expose());
    let encoded = base64::engine::general_purpose::STANDARD.encode(&text);
    secret_header(&Secret::new(format!("Basic {encoded}").as_bytes()))
}

/// A header that no log shows.
#[expect(
    clippy::disallowed_methods,
    reason = "the token is sent to the registry that it is for"
)]
fn secret_header(value: &Secret) -> Result<HeaderValue, String> {
    let mut header = HeaderValue::from_bytes(value.expose())
        .map_err(|_| "the login cannot be written into a header".to_owned())?;
    header.set_sensitive(true);
    Ok(header)
}

/// An error with what caused it: the outermost says no more than that something failed.
pub(in crate::image) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
