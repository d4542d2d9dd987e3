//! Credentials that are encoded texts: JSON Web Tokens, Discord tokens, Basic authorisation, service-account files.
//!
//! Times are fixed numbers far away, so that a token is never expired and the text depends on the seed alone.

use super::argument::Argument;
use super::draft::Draft;
use super::encoding::{BASE62, BASE64_URL, base64, base64_url, hex};
use super::generator::inner;
use super::pem;
use super::words::{host, password, user, uuid, word};

/// 1 January 2100.
const FAR_AWAY: u64 = 4_102_444_800;

pub(super) fn jwt(draft: &mut Draft, argument: &Argument) {
    let algorithm = argument.word();
    let [valid, broken] = ["alg", "blg"]
        .map(|key| base64_url(format!("{{\"{key}\":\"{algorithm}\",\"typ\":\"JWT\"}}").as_bytes()));
    let subject = uuid(&mut draft.random);
    let issuer = host(&mut draft.random);
    let issued = 1_750_000_000 + draft.random.below(30_000_000);
    let claims = format!(
        "{{\"sub\":\"{subject}\",\"iss\":\"https://{issuer}\",\"iat\":{issued},\"exp\":{FAR_AWAY}}}"
    );
    let signature = draft.random.bytes(match algorithm {
        "HS256" => 32,
        "RS256" => 256,
        _ => 64,
    });
    draft.push_checked(&valid, &broken);
    draft.push(&format!(".{}.", base64_url(claims.as_bytes())));
    draft.push_drawn(&base64_url(&signature), 64);
}

pub(super) fn discord(draft: &mut Draft, _: &Argument) {
    let snowflake = format!("1{:018}", draft.random.below(1_000_000_000_000_000_000));
    let no_number = snowflake.replacen('1', "x", 1);
    let [valid, broken] = [snowflake, no_number].map(|text| base64_url(text.as_bytes()));
    draft.push_checked(&valid, &broken);
    for length in [6, 38] {
        let part = draft.random.text(BASE64_URL, length);
        draft.push(".");
        draft.push_drawn(&part, 64);
    }
}

pub(super) fn basic_auth(draft: &mut Draft, _: &Argument) {
    let (user, password) = (user(&mut draft.random), password(&mut draft.random, 16));
    let valid = base64(format!("{user}:{password}").as_bytes());
    let broken = base64(format!("{user};{password}").as_bytes());
    draft.push_checked(&valid, &broken);
}

pub(super) fn base64_json(draft: &mut Draft, argument: &Argument) {
    let written = inner(draft, argument);
    let json = if written.is_empty() {
        usual_json(draft)
    } else {
        written
    };
    let broken = json.replacen('{', "(", 1);
    draft.push_checked(&base64(json.as_bytes()), &base64(broken.as_bytes()));
}

fn usual_json(draft: &mut Draft) -> String {
    let key = draft.random.text(BASE62, 32);
    let name = word(&mut draft.random);
    format!(
        "{{\"k\":\"{key}\",\"n\":\"{name}\",\"id\":{}}}",
        draft.random.between(1, 900)
    )
}

pub(super) fn gcp_service_account(draft: &mut Draft, _: &Argument) {
    let project = format!(
        "{}-{}-{}",
        word(&mut draft.random),
        word(&mut draft.random),
        draft.random.between(210_000, 489_999)
    );
    let id = hex(&draft.random.array::<20>());
    let client = format!("1{:020}", draft.random.below(1_000_000_000_000_000_000));
    let name = word(&mut draft.random);
    let account = format!("{name}@{project}.iam.gserviceaccount.com");
    let key = draft.apart(|inner| pem::one_line(inner, &Argument::Word("pkcs8".to_owned())));
    draft.push(&format!(
        "{{\n  \"type\": \"service_account\",\n  \"project_id\": \"{project}\",\n  \
         \"private_key_id\": \"{id}\",\n  \"private_key\": \""
    ));
    draft.push_credential(&format!("{key}\\n"));
    draft.push(&format!(
        "\",\n  \"client_email\": \"{account}\",\n  \"client_id\": \"{client}\",\n  \
         \"auth_uri\": \"https://accounts.google.com/o/oauth2/auth\",\n  \
         \"token_uri\": \"https://oauth2.googleapis.com/token\"\n}}"
    ));
}
