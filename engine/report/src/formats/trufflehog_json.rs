//! `trufflehog-json`: TruffleHog's JSON lines, one for each place, for scripts that read them.
//!
//! Field names and order as TruffleHog 3 writes them. `DetectorName` and `DetectorType` are TruffleHog's own for the
//! providers that [`DETECTORS`] lists, else the provider's name and the number of its generic detector. `Raw` holds the
//! credential when it was revealed, else its masked form. A credential is `Verified` when its verdict is live. What made
//! the scan incomplete has lines of its own, of the detector [`INCOMPLETE`].

use std::io;

use leakward_core::{EvidenceSource, Finding, Location, LocationKind, Secret, Skipped, Verdict};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::ReportError;
use crate::format::Definition;
use crate::json_text;
use crate::report::Report;
use crate::settings::Settings;
use crate::timestamp::Timestamp;

pub(crate) static FORMAT: Definition = Definition {
    name: "trufflehog-json",
    about: "TruffleHog's JSON lines, for scripts that read them",
    extensions: &[],
    write,
};

/// The detector of a line that tells of something that was not scanned.
const INCOMPLETE: &str = "IncompleteScan";

/// The number of TruffleHog's generic detector.
const GENERIC: u16 = 7;

/// Our providers, and TruffleHog's name and number of the detector (its file `proto/detectors.proto`).
const DETECTORS: &[(&str, &str, u16)] = &[
    ("Airtable", "AirtableApiKey", 51),
    ("Alibaba Cloud", "Alibaba", 0),
    ("Amazon", "AWS", 2),
    ("Atlassian", "Atlassian", 190),
    ("Buildkite", "Buildkite", 142),
    ("CircleCI", "CircleCI", 37),
    ("Cloudflare", "CloudflareApiToken", 100),
    ("Databricks", "DatabricksToken", 62),
    ("Datadog", "DatadogToken", 39),
    ("DigitalOcean", "DigitalOceanToken", 64),
    ("Discord", "DiscordBotToken", 65),
    ("Docker", "Docker", 343),
    ("Doppler", "Doppler", 196),
    ("Dropbox", "Dropbox", 18),
    ("Fastly", "FastlyPersonalToken", 68),
    ("Figma", "FigmaPersonalAccessToken", 113),
    ("GitHub", "Github", 8),
    ("GitLab", "Gitlab", 9),
    ("Google Cloud", "GCP", 6),
    ("Heroku", "Heroku", 19),
    ("HubSpot", "HubSpotApiKey", 107),
    ("LaunchDarkly", "LaunchDarkly", 191),
    ("Linear", "LinearAPI", 177),
    ("Mailchimp", "Mailchimp", 20),
    ("Mailgun", "Mailgun", 34),
    ("Microsoft Azure", "Azure", 3),
    ("Netlify", "Netlify", 74),
    ("New Relic", "NewRelicPersonalApiKey", 50),
    ("Notion", "Notion", 134),
    ("npm", "NpmToken", 49),
    ("Okta", "Okta", 21),
    ("OpenAI", "OpenAI", 201),
    ("PlanetScale", "PlanetScale", 195),
    ("Postman", "Postman", 118),
    ("RubyGems", "RubyGems", 200),
    ("SendGrid", "SendGrid", 12),
    ("Sentry", "SentryToken", 87),
    ("Shodan", "ShodanKey", 88),
    ("Slack", "Slack", 13),
    ("Snyk", "SnykKey", 89),
    ("Square", "Square", 14),
    ("Stripe", "Stripe", 16),
    ("Telegram", "TelegramBotToken", 91),
    ("Twilio", "Twilio", 26),
    ("Twitch", "Twitch", 310),
    ("Vercel", "Vercel", 160),
];

/// One line.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    source_metadata: Value,
    #[serde(rename = "SourceID")]
    source_id: u32,
    source_type: u16,
    source_name: &'static str,
    detector_type: u16,
    detector_name: String,
    detector_description: String,
    decoder_name: &'static str,
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_error: Option<String>,
    verification_from_cache: bool,
    raw: String,
    raw_v2: String,
    redacted: String,
    extra_data: Value,
    structured_data: Value,
}

fn write(
    report: &Report<'_>,
    _settings: &Settings,
    out: &mut dyn io::Write,
) -> Result<(), ReportError> {
    let outcome = report.outcome;
    for finding in &outcome.findings {
        for place in &finding.locations {
            json_text::write_compact(out, &line(finding, place))?;
            out.write_all(b"\n")?;
        }
    }
    let missed = outcome.skipped.iter();
    for skipped in missed.filter(|skipped| skipped.kind.makes_incomplete()) {
        json_text::write_compact(out, &not_scanned(skipped))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn line(finding: &Finding, place: &Location) -> Line {
    let source = Source::of(place);
    let (detector_name, detector_type) = detector(finding);
    let from_cache = finding
        .evidence
        .as_deref()
        .is_some_and(|evidence| evidence.source == EvidenceSource::Cache);
    Line {
        source_metadata: json!({"Data": {source.key: source.metadata(place)}}),
        source_id: 1,
        source_type: source.number,
        source_name: source.name,
        detector_type,
        detector_name,
        detector_description: finding.title.clone(),
        decoder_name: decoder(place),
        verified: finding.verdict == Verdict::Live,
        verification_error: match &finding.verdict {
            Verdict::Unknown(unknown) => Some(unknown.reason.clone()),
            _ => None,
        },
        verification_from_cache: from_cache,
        raw: finding
            .secret
            .as_ref()
            .map_or_else(|| finding.masked.clone(), revealed),
        raw_v2: String::new(),
        redacted: finding.masked.clone(),
        extra_data: extra_data(finding),
        structured_data: Value::Null,
    }
}

/// What TruffleHog calls the detector, and its number.
fn detector(finding: &Finding) -> (String, u16) {
    match finding.rule.as_str() {
        "private-key" => return ("PrivateKey".to_owned(), 15),
        "url-password" => return ("URI".to_owned(), 17),
        _ => {}
    }
    let known = DETECTORS
        .iter()
        .find(|(provider, ..)| *provider == finding.provider);
    match known {
        Some((_, name, number)) => ((*name).to_owned(), *number),
        None => {
            let letters = finding.provider.chars().filter(|c| c.is_alphanumeric());
            (letters.collect(), GENERIC)
        }
    }
}

/// The kind of source, in TruffleHog's terms.
struct Source {
    key: &'static str,
    number: u16,
    name: &'static str,
}

impl Source {
    fn of(place: &Location) -> Self {
        let (key, number, name) = match place.kind {
            LocationKind::Layer | LocationKind::ImageConfig => ("Docker", 4, "trufflehog - docker"),
            _ if place.image.is_some() => ("Docker", 4, "trufflehog - docker"),
            LocationKind::Stdin => ("Stdin", 35, "trufflehog - stdin"),
            LocationKind::File | LocationKind::Worktree => {
                ("Filesystem", 15, "trufflehog - filesystem")
            }
            LocationKind::Git
            | LocationKind::Index
            | LocationKind::Message
            | LocationKind::Ref
            | LocationKind::Path
            | LocationKind::Lfs => ("Git", 16, "trufflehog - git"),
        };
        Self { key, number, name }
    }

    fn metadata(&self, place: &Location) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        let text = |text: &Option<String>| Value::from(text.clone().unwrap_or_default());
        match self.key {
            "Git" => {
                put("commit", text(&place.commit));
                put("file", place.path.clone().into());
                put("email", author(place).into());
                put("repository", "".into());
                put("timestamp", timestamp(place).into());
                put("line", place.range.start.line.into());
            }
            "Docker" => {
                let image = place.image.as_ref();
                put("file", place.path.clone().into());
                put("image", image.map_or("", |image| &image.image).into());
                put("layer", text(&image.and_then(|image| image.layer.clone())));
            }
            "Filesystem" => {
                put("file", place.path.clone().into());
                put("line", place.range.start.line.into());
            }
            _ => {}
        }
        Value::Object(fields)
    }
}

/// `Ada Lovelace <ada@example.org>`.
fn author(place: &Location) -> String {
    match (&place.author, &place.email) {
        (Some(author), Some(email)) => format!("{author} <{email}>"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    }
}

/// `2019-03-02 09:20:30 +0000`.
fn timestamp(place: &Location) -> String {
    let date = place.date.as_deref().unwrap_or_default();
    Timestamp::parse(date).map_or_else(|| date.to_owned(), Timestamp::spaced)
}

fn decoder(place: &Location) -> &'static str {
    match place.decoded.last().map(String::as_str) {
        None => "PLAIN",
        Some(encoding) if encoding.starts_with("base64") => "BASE64",
        Some(encoding) if encoding.starts_with("utf-16") => "UTF16",
        Some(_) => "ESCAPED_UNICODE",
    }
}

/// What is known about whose it is, and our own names for the finding.
fn extra_data(finding: &Finding) -> Value {
    let mut fields = Map::new();
    fields.insert("rule".to_owned(), finding.rule.as_str().into());
    fields.insert(
        "fingerprint".to_owned(),
        finding.fingerprint.to_string().into(),
    );
    let identity = finding.evidence.as_deref();
    for (name, value) in identity.into_iter().flat_map(|evidence| &evidence.identity) {
        fields.insert(name.clone(), value.clone().into());
    }
    Value::Object(fields)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the secret is present only because the user said --reveal, or called us as trufflehog"
)]
fn revealed(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}

fn not_scanned(skipped: &Skipped) -> Line {
    Line {
        source_metadata: json!({"Data": {"Filesystem": {"file": skipped.what}}}),
        source_id: 1,
        source_type: 15,
        source_name: "trufflehog - filesystem",
        detector_type: GENERIC,
        detector_name: INCOMPLETE.to_owned(),
        detector_description: format!("Not scanned ({})", skipped.kind.as_str()),
        decoder_name: "PLAIN",
        verified: false,
        verification_error: Some(skipped.reason.clone()),
        verification_from_cache: false,
        raw: String::new(),
        raw_v2: String::new(),
        redacted: String::new(),
        extra_data: Value::Null,
        structured_data: Value::Null,
    }
}
