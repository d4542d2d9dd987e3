//! Azure Cosmos DB keys: lists the account's databases, signed with the master key.
//!
//! <https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources>

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::{Secret, Verdict};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::{Case, Exchange, HttpExchange, Native};
use crate::answer::Answer;
use crate::fill::is_label;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::scrub::Facts;
use crate::subject::Subject;
use crate::target::Target;
use leakward_core::time::http_date;

pub(super) static NATIVE: Native = Native {
    name: "azure-cosmos",
    about: "lists the databases of an Azure Cosmos DB account",
    prepare,
    details: None,
    control: None,
};

const DOMAIN: &str = ".documents.azure.com";

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let target = if case.is_server_named() {
        case.target()?
    } else {
        let account = account(case)?;
        Target::parse(&format!("https://{account}{DOMAIN}"))
            .ok_or_else(|| NotAsked::UnfitValue("account".to_owned()))?
    };
    let key = STANDARD
        .decode(&**case.secret()?)
        .map(Zeroizing::new)
        .map_err(|_| NotAsked::UnfitValue("secret".to_owned()))?;
    let date = http_date(case.now).to_ascii_lowercase();
    let text = format!("get\ndbs\n\n{date}\n\n");
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes());
    let authorization = format!(
        "type=master&ver=1.0&sig={}",
        STANDARD.encode(signature.as_ref())
    );
    let authorization = utf8_percent_encode(&authorization, NON_ALPHANUMERIC).to_string();
    let header = |name: &str, value: &str| (name.to_owned(), Secret::new(value.as_bytes()));
    let headers = vec![
        header("x-ms-date", &date),
        header("x-ms-version", "2018-12-31"),
        header("Authorization", &authorization),
    ];
    let asked = HttpExchange::get(&target, "/dbs", headers, read);
    Ok(Exchange::Http(Box::new(asked)))
}

/// The account: given, or of the address that stands near the key.
fn account(case: &Case<'_>) -> Result<String, NotAsked> {
    let given = case.maybe("account").map(|name| name.to_string());
    let near = || {
        let texts = [case.maybe("before"), case.maybe("after")];
        texts.iter().flatten().find_map(|text| {
            let (before, _) = text.split_once(DOMAIN)?;
            let label = before
                .rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                .next()?;
            Some(label.to_owned())
        })
    };
    let name = given
        .or_else(near)
        .ok_or_else(|| NotAsked::NeedsValue("account".to_owned()))?;
    is_label(&name)
        .then_some(name)
        .ok_or_else(|| NotAsked::UnfitValue("account".to_owned()))
}

fn read(answer: &Answer, _subject: &Subject) -> (Judgement, Facts) {
    let has_list = answer.json().is_some_and(|json| {
        json.get("Databases")
            .is_some_and(serde_json::Value::is_array)
    });
    let judgement = match answer.status {
        200 if has_list => Judgement {
            verdict: Verdict::Live,
            summary: "the account lists its databases (200)".to_owned(),
        },
        401 if answer.contains("The input authorization token can't serve the request")
            || answer.contains("The MAC signature found in the HTTP request") =>
        {
            Judgement {
                verdict: Verdict::Dead,
                summary: "the signature does not fit any key of the account (401)".to_owned(),
            }
        }
        status => Judgement::unknown(format!("the answer proves nothing ({status})")),
    };
    (judgement, Facts::default())
}
