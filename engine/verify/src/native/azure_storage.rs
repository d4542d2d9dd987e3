//! Azure Storage account keys: lists one container, signed with Shared Key.
//!
//! <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>. `AuthenticationFailed` is also what a wrong
//! clock gives, so "dead" needs the sentence about the signature.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leakward_core::{Secret, Verdict};
use zeroize::Zeroizing;

use super::{Case, Exchange, HttpExchange, Native};
use crate::answer::Answer;
use crate::fill::is_label;
use crate::judge::Judgement;
use crate::plan::NotAsked;
use crate::scrub::Facts;
use crate::subject::Subject;
use leakward_core::time::http_date;

pub(super) static NATIVE: Native = Native {
    name: "azure-storage-key",
    about: "lists one container of an Azure Storage account",
    prepare,
    details: None,
    control: None,
};

const VERSION: &str = "2021-12-02";

fn prepare(case: &Case<'_>) -> Result<Exchange, NotAsked> {
    let account = case.value("account")?;
    let unfit = |name: &str| NotAsked::UnfitValue(name.to_owned());
    if !is_label(&account) {
        return Err(unfit("account"));
    }
    let target = case.target()?;
    let key = STANDARD
        .decode(&**case.secret()?)
        .map(Zeroizing::new)
        .map_err(|_| unfit("secret"))?;
    let date = http_date(case.now);
    let text = format!(
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{VERSION}\n/{}/\ncomp:list\nmaxresults:1",
        &**account
    );
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes());
    let authorization = format!(
        "SharedKey {}:{}",
        &**account,
        STANDARD.encode(signature.as_ref())
    );
    let header = |name: &str, value: &str| (name.to_owned(), Secret::new(value.as_bytes()));
    let headers = vec![
        header("x-ms-date", &date),
        header("x-ms-version", VERSION),
        header("Authorization", &authorization),
    ];
    let asked = HttpExchange::get(&target, "/?comp=list&maxresults=1", headers, read);
    Ok(Exchange::Http(Box::new(asked)))
}

fn read(answer: &Answer, subject: &Subject) -> (Judgement, Facts) {
    let account = subject
        .value("account")
        .and_then(|_| crate::fill::value("account", subject))
        .map(|account| ("account".to_owned(), account.to_string()));
    let facts = Facts {
        identity: account.into_iter().collect(),
        ..Facts::default()
    };
    let judgement = match answer.status {
        200 if answer.contains("<EnumerationResults") => Judgement {
            verdict: Verdict::Live,
            summary: "the account lists its containers (200)".to_owned(),
        },
        403 if answer.contains("AuthenticationFailed")
            && answer.contains("The MAC signature found in the HTTP request") =>
        {
            Judgement {
                verdict: Verdict::Dead,
                summary: "the signature does not fit any key of the account (403)".to_owned(),
            }
        }
        status => Judgement::unknown(format!("the answer proves nothing ({status})")),
    };
    (judgement, facts)
}
