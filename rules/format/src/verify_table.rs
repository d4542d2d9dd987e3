//! The `[rule.verify]` table: how to ask whether a credential still works.
//!
//! The checks here are what makes verification safe whoever wrote the rule: https only, hosts that the rule names
//! letter by letter, verbs that read, an answer for "live" and one for "dead", and no "dead" without evidence for
//! statuses that servers give for other reasons as well.

use std::borrow::Cow;

use leakward_core::placeholder::{Part, parts};
use leakward_core::rule::{List, Text};
use leakward_core::verification::{
    Auth, Body, Condition, Control, Detail, HttpQuestion, Method, Place, Question, Test,
    Verification,
};

use crate::fields::{Fields, Located};
use crate::problem::{Problem, VerifyProblem};
use crate::rule_table::{owned, owned_list};

/// What can be done with a value that is put into a template.
const CHANGES: [&str; 14] = [
    "",
    "base64",
    "url-path",
    "before-colon",
    "after-colon",
    "after-dash",
    "after-equals",
    "before-dash",
    "third-dash-part",
    "between-dots",
    "before-last-dot",
    "last-4",
    "as-path",
    "json",
];

/// Reads the table. `companions` are the names that the rule's companions have.
pub(crate) fn read_verify(
    fields: &mut Fields<'_, '_, '_>,
    companions: &[Text],
) -> Option<Verification> {
    let (table, start) = fields.table("verify")?;
    let mut inner = Fields::new(table, start, "rule.verify", fields.source);
    let endpoint = inner.text("endpoint");
    let endpoint_from = inner.text("endpoint-from");
    let needs = inner.texts("needs");
    let known: Vec<&str> = ["secret"]
        .into_iter()
        .chain(companions.iter().map(|name| &**name))
        .chain(needs.iter().map(|name| name.text.as_str()))
        .collect();
    if let Some(endpoint) = &endpoint {
        check_endpoint(&mut inner, endpoint, &known);
    }
    let question = if inner.has("native") {
        inner
            .text("native")
            .map(|name| Question::Native(owned(name)))
    } else {
        read_http(&mut inner, &known).map(|question| Question::Http(question.into()))
    };
    inner.finish();
    Some(Verification {
        endpoint: endpoint.map(owned),
        endpoint_from: endpoint_from.map(owned),
        needs: owned_list(needs),
        question: question?,
    })
}

fn read_http(fields: &mut Fields<'_, '_, '_>, known: &[&str]) -> Option<HttpQuestion> {
    let request = fields.required_text("request");
    let auth = fields.required_text("auth");
    let headers = fields.texts("headers");
    let (form, json) = (fields.text("form"), fields.text("json"));
    let read_only = fields.text("read-only");
    let live = fields.required_texts("live");
    let dead = fields.required_texts("dead");
    let identity = fields.texts("identity");
    let (scopes, expires) = (fields.text("scopes"), fields.text("expires"));
    let details = fields.texts("details");
    let control = fields.flag("control");
    let (method, path) = read_request(fields, &request?, known)?;
    if (method == Method::Post) != read_only.is_some() {
        report(fields, fields.start(), VerifyProblem::ReadOnlyReason);
    }
    for template in headers.iter().chain(&form).chain(&details) {
        check_names(fields, template, known);
    }
    Some(HttpQuestion {
        method,
        path,
        auth: read_auth(fields, &auth?, known)?,
        headers: Cow::Owned(read_pairs(fields, headers, ": ")),
        body: match (form, json) {
            (Some(form), _) => Body::Form(owned(form)),
            (None, Some(json)) => Body::Json(owned(json)),
            (None, None) => Body::None,
        },
        read_only: read_only.map(owned),
        live: read_conditions(fields, live, check_live),
        dead: read_conditions(fields, dead, check_dead),
        identity: read_identity(fields, identity),
        scopes: scopes.and_then(|place| read_place(fields, &place.text, place.span.start)),
        expires: expires.and_then(|place| read_place(fields, &place.text, place.span.start)),
        details: read_details(fields, details),
        control: if control {
            Control::Always
        } else {
            Control::OnRequest
        },
    })
}

pub(crate) fn report(fields: &mut Fields<'_, '_, '_>, offset: usize, problem: VerifyProblem) {
    fields.source.report(offset, Problem::Verify(problem));
}

/// https, a host of which the last two labels at least are written out, and no path but a fixed one.
pub(crate) fn check_endpoint(fields: &mut Fields<'_, '_, '_>, endpoint: &Located, known: &[&str]) {
    check_names(fields, endpoint, known);
    let Some(rest) = endpoint.text.strip_prefix("https://") else {
        return report(fields, endpoint.span.start, VerifyProblem::NotHttps);
    };
    let host = rest.split('/').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let is_literal = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_named = labels.len() >= 2 && labels.iter().rev().take(2).all(is_literal);
    if !is_named || rest.ends_with('/') {
        report(fields, endpoint.span.start, VerifyProblem::HostNotNamed);
    }
}

pub(crate) fn check_names(fields: &mut Fields<'_, '_, '_>, template: &Located, known: &[&str]) {
    for part in parts(&template.text) {
        let Part::Value { name, change, .. } = part else {
            continue;
        };
        if !known.contains(&name) || !CHANGES.contains(&change) {
            let name = if change.is_empty() {
                name.to_owned()
            } else {
                format!("{name}:{change}")
            };
            report(
                fields,
                template.span.start,
                VerifyProblem::UnknownValue(name),
            );
        }
    }
}

fn read_request(
    fields: &mut Fields<'_, '_, '_>,
    request: &Located,
    known: &[&str],
) -> Option<(Method, Text)> {
    check_names(fields, request, known);
    let split = request.text.split_once(' ').and_then(|(verb, path)| {
        let (_, method) = Method::ALL.iter().find(|(name, _)| *name == verb)?;
        (path.starts_with('/') || path.starts_with("{secret:url-path}"))
            .then(|| (*method, Cow::Owned(path.to_owned())))
    });
    if split.is_none() {
        report(fields, request.span.start, VerifyProblem::Request);
    }
    split
}

pub(crate) fn read_auth(
    fields: &mut Fields<'_, '_, '_>,
    auth: &Located,
    known: &[&str],
) -> Option<Auth> {
    check_names(fields, auth, known);
    let pair = |text: &str, between: &str| {
        let (name, template) = text.split_once(between)?;
        Some((Cow::Owned(name.to_owned()), Cow::Owned(template.to_owned())))
    };
    let (kind, rest) = auth.text.split_once(' ').unwrap_or((&auth.text, ""));
    let read = match kind {
        "none" if rest.is_empty() => Some(Auth::None),
        "bearer" if rest.is_empty() => Some(Auth::Bearer),
        "basic" if rest.contains(':') => Some(Auth::Basic(Cow::Owned(rest.to_owned()))),
        "header" => pair(rest, ": ").map(|(name, template)| Auth::Header(name, template)),
        "query" => pair(rest, "=").map(|(name, template)| Auth::Query(name, template)),
        _ => None,
    };
    if read.is_none() {
        report(fields, auth.span.start, VerifyProblem::Auth);
    }
    read
}

pub(crate) fn read_pairs(
    fields: &mut Fields<'_, '_, '_>,
    texts: Vec<Located>,
    between: &str,
) -> Vec<(Text, Text)> {
    let mut pairs = Vec::new();
    for text in texts {
        match text.text.split_once(between) {
            Some((name, value)) => {
                pairs.push((Cow::Owned(name.to_owned()), Cow::Owned(value.to_owned())));
            }
            None => report(fields, text.span.start, VerifyProblem::Header),
        }
    }
    pairs
}

fn read_identity(fields: &mut Fields<'_, '_, '_>, texts: Vec<Located>) -> List<(Text, Place)> {
    let mut entries = Vec::new();
    for text in texts {
        let (name, place) = text.text.rsplit_once(' ').unwrap_or(("", &text.text));
        if name.is_empty() {
            report(fields, text.span.start, VerifyProblem::Identity);
        } else if let Some(place) = read_place(fields, place, text.span.start) {
            entries.push((Cow::Owned(name.to_owned()), place));
        }
    }
    Cow::Owned(entries)
}

/// `repositories | /user/repos?per_page=100 | /items | /name`
fn read_details(fields: &mut Fields<'_, '_, '_>, texts: Vec<Located>) -> List<Detail> {
    let mut details = Vec::new();
    for text in texts {
        let parts: Vec<&str> = text.text.split('|').map(str::trim).collect();
        let is_pointer = |text: &str| text.is_empty() || text.starts_with('/');
        match parts.as_slice() {
            [name, path, items, label]
                if !name.is_empty()
                    && path.starts_with('/')
                    && is_pointer(items)
                    && is_pointer(label) =>
            {
                let own = |text: &str| Cow::Owned(text.to_owned());
                details.push(Detail {
                    name: own(name),
                    path: own(path),
                    items: own(items),
                    label: own(label),
                });
            }
            _ => report(fields, text.span.start, VerifyProblem::Detail),
        }
    }
    Cow::Owned(details)
}

pub(crate) fn read_place(
    fields: &mut Fields<'_, '_, '_>,
    text: &str,
    start: usize,
) -> Option<Place> {
    if let Some(name) = text.strip_prefix("header:") {
        return Some(Place::Header(Cow::Owned(name.to_owned())));
    }
    if text.starts_with('/') {
        return Some(Place::Json(Cow::Owned(text.to_owned())));
    }
    report(fields, start, VerifyProblem::Place);
    None
}

pub(crate) fn read_conditions(
    fields: &mut Fields<'_, '_, '_>,
    texts: Vec<Located>,
    check: fn(&Condition) -> Result<(), VerifyProblem>,
) -> List<Condition> {
    let mut conditions = Vec::new();
    for text in texts {
        let read = parse_condition(&text.text).ok_or(VerifyProblem::Condition);
        match read.and_then(|condition| check(&condition).map(|()| condition)) {
            Ok(condition) => conditions.push(condition),
            Err(problem) => report(fields, text.span.start, problem),
        }
    }
    Cow::Owned(conditions)
}

/// `200`, `2xx & /ok=true`, `403 & body~InvalidClientTokenId`, `200 & header:X-User`.
fn parse_condition(text: &str) -> Option<Condition> {
    let mut words = text.split(" & ");
    let status = words.next()?;
    let status = match status.strip_suffix("xx") {
        Some(hundred) => {
            let first = hundred.parse::<u16>().ok()?.checked_mul(100)?;
            (first, first + 99)
        }
        None => {
            let exact = status.parse().ok()?;
            (exact, exact)
        }
    };
    let is_status = (100..=599).contains(&status.0) && status.1 <= 599;
    let tests: Vec<Test> = words.map(parse_test).collect::<Option<_>>()?;
    is_status.then_some(Condition {
        status,
        tests: Cow::Owned(tests),
    })
}

fn parse_test(text: &str) -> Option<Test> {
    let own = |text: &str| Cow::Owned(text.to_owned());
    if let Some(part) = text.strip_prefix("body~") {
        return (!part.is_empty()).then(|| Test::Contains(own(part)));
    }
    if let Some(header) = text.strip_prefix("header:") {
        return Some(match header.split_once('=') {
            Some((name, value)) => Test::HeaderEquals(own(name), own(value)),
            None => Test::Header(own(header)),
        });
    }
    text.starts_with('/').then(|| match text.split_once('=') {
        Some((pointer, value)) => Test::Equals(own(pointer), own(value)),
        None => Test::Present(own(text)),
    })
}

/// Redirects, throttling and failures of the server prove nothing, whatever is in them.
pub(crate) fn is_never_proof(condition: &Condition) -> bool {
    let (first, last) = condition.status;
    last < 200 || (300..400).contains(&first) || first == 429 || first == 503
}

fn check_live(condition: &Condition) -> Result<(), VerifyProblem> {
    let is_success = (200..300).contains(&condition.status.0);
    if is_never_proof(condition) || (!is_success && condition.tests.is_empty()) {
        return Err(VerifyProblem::LiveWithoutProof);
    }
    Ok(())
}

/// 401 and 410 say "dead" by themselves. 403 and 404 are also what firewalls, missing rights and other versions of an
/// interface answer, 400 may be about the request, so these need a test of what the answer says.
fn check_dead(condition: &Condition) -> Result<(), VerifyProblem> {
    let speaks_for_itself = matches!(condition.status, (401, 401) | (410, 410));
    if is_never_proof(condition) || (!speaks_for_itself && condition.tests.is_empty()) {
        return Err(VerifyProblem::DeadWithoutProof);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::parse::{RuleFile, parse_files};

    fn problems(verify: &str) -> String {
        let text = format!(
            "version = 1\nprovider = 'A'\n[[rule]]\nid = 'a'\ntitle = 'A'\nseverity = 'low'\n\
             literals = ['acme_']\npattern = 'acme_[a-z]'\n[rule.verify]\n{verify}"
        );
        let file = RuleFile {
            name: "a.toml",
            text: &text,
        };
        parse_files(&[file], &[]).map_or_else(|errors| errors.to_string(), |_| String::new())
    }

    const GOOD: &str = "endpoint = 'https://api.acme.dev'\nrequest = 'GET /me'\nauth = 'bearer'\n\
                        live = ['200']\ndead = ['401']\n";

    #[test]
    fn a_good_definition_is_read() {
        assert_eq!(problems(GOOD), "");
        assert_eq!(problems("native = 'postgresql'"), "");
    }

    #[test]
    fn what_could_send_a_credential_astray_or_call_a_live_one_dead_is_refused() {
        for (from, to, expected) in [
            ("https://api.acme.dev", "http://api.acme.dev", "https://"),
            ("https://api.acme.dev", "https://{secret}", "written out"),
            (
                "https://api.acme.dev",
                "https://a.{secret}.dev",
                "written out",
            ),
            (
                "https://api.acme.dev",
                "https://api.acme.dev/",
                "written out",
            ),
            ("https://api.acme.dev", "https://{org}.acme.dev", "org"),
            ("GET /me", "DELETE /me", "GET"),
            ("GET /me", "GET me", "GET"),
            ("GET /me", "POST /me", "read-only"),
            ("GET /me", "GET /me?x={nobody}", "nobody"),
            ("'bearer'", "'digest'", "bearer"),
            ("['401']", "['403']", "needs a test"),
            ("['401']", "['404']", "needs a test"),
            ("['401']", "['429 & body~no']", "needs a test"),
            ("['401']", "['302 & body~no']", "needs a test"),
            ("['401']", "['4xx']", "needs a test"),
            ("['401']", "['503 & body~no']", "needs a test"),
            ("['401']", "[]", "at least one"),
            ("['200']", "['403']", "needs a test"),
            ("['200']", "['2000']", "status"),
            ("['200']", "['200 & nothing']", "status"),
        ] {
            let told = problems(&GOOD.replace(from, to));
            assert!(told.contains(expected), "{to}: {told:?}");
        }
    }

    #[test]
    fn a_refusal_can_be_proof_when_its_text_is_tested() {
        assert_eq!(
            problems(&GOOD.replace("['401']", "['403 & body~InvalidClientTokenId']")),
            ""
        );
        assert_eq!(
            problems(&GOOD.replace("['200']", "['403 & header:X-SSO', '200 & /ok=true']")),
            ""
        );
    }
}
