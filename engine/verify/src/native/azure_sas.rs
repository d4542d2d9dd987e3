//! Shared access signatures of Azure Storage: one list with the signature as its only credential.
//!
//! <https://learn.microsoft.com/rest/api/storageservices/delegate-access-with-shared-access-signature>. What a signature may not do
//! is told in other words than that it is none. Those of Service Bus and others are told offline only.

use leakward_core::{Secret, Verdict};

use super::{Case, Exchange, HttpExchange, Native};
use crate::answer::Answer;
use crate::fill::is_label;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::request::{Request, Verb};
use crate::scrub::Facts;
use crate::subject::Subject;
use crate::target::Target;

pub(super) static NATIVE: Native = Native {
    name: "azure-sas",
    about: "lists one entry of an Azure Storage account with a shared access signature",
    prepare,
    details: None,
    control: None,
};

const DOMAIN: &str = ".core.windows.net";
const SERVICES: [&str; 4] = ["blob", "queue", "table", "file"];

/// A place in a storage account.
struct Place {
    host: String,
    path: String,
}

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let secret = case.secret()?;
    let signature = secret.replace("&amp;", "&");
    let signature = signature.trim_start_matches('?');
    let is_query = signature
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"%:._+/=&-".contains(&b));
    if !is_query {
        return Err(NotAsked::UnfitValue("secret".to_owned()));
    }
    let place = place(case)?;
    let target = if case.is_server_named() {
        case.target()?
    } else {
        Target::parse(&format!("https://{}", place.host))
            .ok_or_else(|| NotAsked::UnfitValue("account".to_owned()))?
    };
    let is_container = signature.contains("sr=c&") || signature.contains("sr=c");
    let (path, question) = if is_container {
        let container = place.path.split('/').nth(1).unwrap_or_default();
        (
            format!("/{container}"),
            "restype=container&comp=list&maxresults=1",
        )
    } else if signature.contains("sr=") {
        (place.path, "")
    } else {
        ("/".to_owned(), "comp=list&maxresults=1")
    };
    let joined = if question.is_empty() { "" } else { "&" };
    let url = format!("{}{path}?{question}{joined}{signature}", target.base());
    Ok(Exchange::Http(Box::new(HttpExchange {
        request: Request {
            // Of a blob only the head is read: it can be large.
            method: if question.is_empty() {
                Verb::Head
            } else {
                Verb::Get
            },
            url: Secret::new(url.as_bytes()),
            headers: vec![("x-ms-version".to_owned(), Secret::new(b"2021-12-02"))],
            body: None,
        },
        server: target.server(),
        host: target.authority(),
        step: if question.is_empty() { "HEAD" } else { "GET" },
        path: path.into(),
        read,
    })))
}

/// `https://account.blob.core.windows.net/container/file` before the signature, or the account that was given.
fn place(case: &Case<'_>) -> Result<Place, NotAsked> {
    let of = |host: &str| {
        let (account, rest) = host.split_once('.')?;
        let service = rest.strip_suffix(DOMAIN)?;
        (is_label(account) && SERVICES.contains(&service)).then(|| host.to_owned())
    };
    if let Some(account) = case.maybe("account") {
        let host = if account.contains('.') {
            account.to_string()
        } else {
            format!("{}.blob{DOMAIN}", &**account)
        };
        let host = of(&host).ok_or_else(|| NotAsked::UnfitValue("account".to_owned()))?;
        return Ok(Place {
            host,
            path: "/".to_owned(),
        });
    }
    let found = || {
        let before = case.maybe("before")?;
        let (_, url) = before.rsplit_once("https://")?;
        let url = url.strip_suffix('?').unwrap_or(url);
        let (host, path) = url.split_once('/').unwrap_or((url, ""));
        let is_path = path
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"%._/$~-".contains(&b));
        let host = of(host)?;
        is_path.then(|| Place {
            host,
            path: format!("/{path}"),
        })
    };
    found().ok_or_else(|| NotAsked::NeedsValue("account".to_owned()))
}

fn read(answer: &Answer, _subject: &Subject) -> (Judgement, Facts) {
    let code = answer.header("x-ms-error-code").unwrap_or_default();
    let says = |text: &str| code == text || answer.contains(text);
    let judgement = match answer.status {
        200 if answer.header("x-ms-request-id").is_some() => accepted("it may read there (200)"),
        403 if says("AuthorizationPermissionMismatch")
            || says("AuthorizationServiceMismatch")
            || says("AuthorizationResourceTypeMismatch") =>
        {
            accepted("the signature is good, and is not for this (403)")
        }
        403 if says("AuthenticationFailed") && answer.contains("Signature did not match") => {
            Judgement {
                verdict: Verdict::Dead,
                summary: "the signature does not fit any key of the account (403)".to_owned(),
            }
        }
        status => Judgement::unknown(format!("the answer proves nothing ({status})")),
    };
    (judgement, Facts::default())
}

fn accepted(summary: &str) -> Judgement {
    Judgement {
        verdict: Verdict::Live,
        summary: summary.to_owned(),
    }
}
