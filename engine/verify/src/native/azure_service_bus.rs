//! Azure Service Bus, Event Hubs and Relay keys: signs a request for the namespace's list of queues.
//!
//! <https://learn.microsoft.com/rest/api/servicebus/sas-token>. A key without the right to manage is refused with other words than
//! a wrong one; only SubCode 40103, the signature that does not fit, means "dead".

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::{Secret, Verdict};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Case, Exchange, HttpExchange, Native};
use crate::answer::Answer;
use crate::fill::is_label;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::scrub::Facts;
use crate::subject::Subject;
use crate::target::Target;

pub(super) static NATIVE: Native = Native {
    name: "azure-service-bus",
    about: "signs a request for a Service Bus namespace's queues",
    prepare,
    details: None,
    control: None,
};

const DOMAIN: &str = ".servicebus.windows.net";

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let (namespace, name) = (namespace(case)?, key_name(case)?);
    let target = if case.is_server_named() {
        case.target()?
    } else {
        Target::parse(&format!("https://{namespace}{DOMAIN}"))
            .ok_or_else(|| NotAsked::UnfitValue("namespace".to_owned()))?
    };
    const VALID_SECONDS: u64 = 300;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let resource = encoded(&format!("https://{namespace}{DOMAIN}/"));
    let until = case.now + VALID_SECONDS;
    let key = case.secret()?;
    let text = format!("{resource}\n{until}");
    // The key signs as it stands, not decoded.
    let signature = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()),
        text.as_bytes(),
    );
    let header = format!(
        "SharedAccessSignature sr={resource}&sig={}&se={until}&skn={}",
        encoded(&STANDARD.encode(signature.as_ref())),
        encoded(&name)
    );
    let headers = vec![("Authorization".to_owned(), Secret::new(header.as_bytes()))];
    let asked = HttpExchange::get(&target, PATH, headers, read);
    Ok(Exchange::Http(Box::new(asked)))
}

const PATH: &str = "/$Resources/Queues?api-version=2017-04&$top=1";

/// The namespace: given, or of the connection string that the key stands in.
fn namespace(case: &Case<'_>) -> Result<String, NotAsked> {
    let given = case.maybe("namespace").map(|name| name.to_string());
    let found = || {
        let before = case.maybe("before")?;
        let after = case.maybe("after")?;
        [before.rsplit_once("sb://"), after.split_once("sb://")]
            .into_iter()
            .flatten()
            .find_map(|(_, rest)| {
                let host = rest.split(['/', ';', '"', '\'']).next()?;
                host.strip_suffix(DOMAIN).map(str::to_owned)
            })
    };
    let name = given
        .or_else(found)
        .ok_or_else(|| NotAsked::NeedsValue("namespace".to_owned()))?;
    is_label(&name)
        .then_some(name)
        .ok_or_else(|| NotAsked::UnfitValue("namespace".to_owned()))
}

fn key_name(case: &Case<'_>) -> Result<String, NotAsked> {
    const MARK: &str = "SharedAccessKeyName=";
    let given = case.maybe("key-name").map(|name| name.to_string());
    let found = || {
        let before = case.maybe("before")?;
        let (_, rest) = before.rsplit_once(MARK)?;
        Some(rest.split([';', '"', '\'', '\n']).next()?.to_owned())
    };
    given
        .or_else(found)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| NotAsked::NeedsValue("key-name".to_owned()))
}

fn read(answer: &Answer, _subject: &Subject) -> (Judgement, Facts) {
    let judgement = match answer.status {
        200 if answer.contains("<feed") => Judgement {
            verdict: Verdict::Live,
            summary: "the namespace lists its queues (200)".to_owned(),
        },
        401 if answer.contains("40103") || answer.contains("InvalidSignature") => Judgement {
            verdict: Verdict::Dead,
            summary: "the signature does not fit the key of that name (401)".to_owned(),
        },
        status => Judgement::unknown(format!("the answer proves nothing ({status})")),
    };
    (judgement, Facts::default())
}
