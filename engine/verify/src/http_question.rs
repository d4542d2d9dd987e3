//! From a definition and a credential to a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::Secret;
use leakward_core::rule::Text;
use leakward_core::verification::{Auth, Body, HttpQuestion};
use zeroize::Zeroizing;

use crate::fill::{Where, fill, value};
use crate::plan::NotAsked;
use crate::request::{Payload, Request, Verb};
use crate::subject::Subject;
use crate::target::Target;

/// A request and whom it is for.
pub(crate) struct HttpCall {
    pub(crate) request: Request,
    /// Host and port.
    pub(crate) host: String,
}

/// Who named the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// The rule.
    Rule,
    /// The user, in the rule's place.
    User,
}

/// What a request is made of: templates.
pub(crate) struct Parts<'p> {
    pub(crate) verb: Verb,
    pub(crate) path: &'p str,
    pub(crate) auth: &'p Auth,
    /// The value that `bearer` means.
    pub(crate) bearer: &'p str,
    pub(crate) headers: &'p [(Text, Text)],
    pub(crate) body: &'p Body,
}

/// The request of `question` about a credential.
pub(crate) fn prepare(
    question: &HttpQuestion,
    target: &Target,
    subject: &Subject,
    named_by: NamedBy,
) -> Result<HttpCall, NotAsked> {
    let parts = Parts {
        verb: crate::request::verb(question.method),
        path: &question.path,
        auth: &question.auth,
        bearer: "secret",
        headers: &question.headers,
        body: &question.body,
    };
    filled(&parts, target, subject, named_by)
}

/// The request of these parts.
pub(crate) fn filled(
    parts: &Parts<'_>,
    target: &Target,
    subject: &Subject,
    named_by: NamedBy,
) -> Result<HttpCall, NotAsked> {
    if parts.path.contains("{secret:url-path}") && named_by == NamedBy::Rule {
        check_own_host(target, subject)?;
    }
    let path = fill(parts.path, Where::Url, subject)?;
    let mut headers = Vec::new();
    for (name, template) in parts.headers {
        headers.push((name.to_string(), fill(template, Where::Header, subject)?));
    }
    let mut query = None;
    match parts.auth {
        Auth::None => {}
        Auth::Bearer => headers.push(authorization(
            "Bearer ",
            &fill(&format!("{{{}}}", parts.bearer), Where::Header, subject)?,
        )),
        Auth::Basic(pair) => {
            let pair = fill(pair, Where::Pair, subject)?;
            headers.push(authorization("Basic ", &encoded(&pair)));
        }
        Auth::Header(name, template) => {
            headers.push((name.to_string(), fill(template, Where::Header, subject)?));
        }
        Auth::Query(name, template) => {
            query = Some((name, fill(template, Where::Url, subject)?));
        }
    }
    let (kind, content) = match parts.body {
        Body::None => ("", None),
        Body::Form(form) => (
            "application/x-www-form-urlencoded",
            Some(fill(form, Where::Form, subject)?),
        ),
        Body::Json(json) => ("application/json", Some(fill(json, Where::Json, subject)?)),
    };
    let query = query.as_ref().map(|(name, value)| (&***name, value));
    Ok(HttpCall {
        request: Request {
            method: parts.verb,
            url: url(target, &path, query),
            headers,
            body: content.map(|content| Payload {
                content_type: kind,
                content,
            }),
        },
        host: target.authority(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the credential is put into the question that verifies it"
)]
fn url(target: &Target, path: &Secret, query: Option<(&str, &Secret)>) -> Secret {
    let mut url = Zeroizing::new(target.base().into_bytes());
    url.extend_from_slice(path.expose());
    if let Some((name, value)) = query {
        url.push(if path.expose().contains(&b'?') {
            b'&'
        } else {
            b'?'
        });
        url.extend_from_slice(name.as_bytes());
        url.push(b'=');
        url.extend_from_slice(value.expose());
    }
    Secret::new(&url)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the credential is put into the question that verifies it"
)]
fn authorization(scheme: &str, value: &Secret) -> (String, Secret) {
    let mut header = Zeroizing::new(scheme.as_bytes().to_vec());
    header.extend_from_slice(value.expose());
    ("Authorization".to_owned(), Secret::new(&header))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the credential is put into the question that verifies it"
)]
fn encoded(pair: &Secret) -> Secret {
    Secret::new(Zeroizing::new(STANDARD.encode(pair.expose())).as_bytes())
}

/// A credential that is a URL goes to the rule's host only if it is a URL of that host or of one of its relatives: the last two
/// labels are the same, or one is the other's older name.
fn check_own_host(target: &Target, subject: &Subject) -> Result<(), NotAsked> {
    let text = value("secret", subject).ok_or_else(|| NotAsked::NeedsValue("secret".to_owned()))?;
    let rest = text.split_once("://").map_or(&**text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let domain = |host: &str| {
        let labels: Vec<&str> = host.rsplit('.').take(2).collect();
        labels.join(".").replace("com.discordapp", "com.discord")
    };
    if host.contains(['@', ':']) || domain(host) != domain(&target.host) {
        return Err(NotAsked::OtherHost);
    }
    Ok(())
}
