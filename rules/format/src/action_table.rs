//! The `[rule.revoke]` and `[rule.rotate]` tables: what can be done about a credential.
//!
//! The checks here are what makes an action safe whoever wrote the rule: https only, hosts that the rule names letter by
//! letter, an answer for "done" that is a success, none for "done already" or "refused" that servers give for other reasons,
//! and for a successor the place where its value stands and what a repeated request would do.

use std::borrow::Cow;

use leakward_core::action::{
    ACTION_VALUES, Action, Call, HttpAction, Issue, Listing, Lookup, Means, Old, Removal, Repeat,
    Verb,
};
use leakward_core::rule::{List, Text};
use leakward_core::verification::{Body, Condition};

use crate::fields::{Fields, Located};
use crate::problem::VerifyProblem;
use crate::rule_table::{owned, owned_list};
use crate::verify_table::{
    check_endpoint, check_names, is_never_proof, read_auth, read_conditions, read_pairs,
    read_place, report,
};

/// Which of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Revoke,
    Rotate,
}

/// Reads the table. `companions` are the names that the rule's companions have.
pub(crate) fn read_action(
    fields: &mut Fields<'_, '_, '_>,
    kind: Table,
    companions: &[Text],
) -> Option<Action> {
    let (key, place) = match kind {
        Table::Revoke => ("revoke", "rule.revoke"),
        Table::Rotate => ("rotate", "rule.rotate"),
    };
    let (table, start) = fields.table(key)?;
    let mut inner = Fields::new(table, start, place, fields.source);
    let breaks = owned_list(inner.texts("breaks"));
    let instructions = owned_list(inner.texts("instructions"));
    let means = if inner.has("native") {
        inner.text("native").map(|name| Means::Native(owned(name)))
    } else if inner.has("request") {
        read_http(&mut inner, kind, companions).map(|http| Means::Http(http.into()))
    } else if instructions.is_empty() {
        let start = inner.start();
        report(&mut inner, start, VerifyProblem::NothingToDo);
        None
    } else {
        Some(Means::ByHand)
    };
    inner.finish();
    Some(Action {
        means: means?,
        breaks,
        instructions,
    })
}

fn read_http(
    fields: &mut Fields<'_, '_, '_>,
    kind: Table,
    companions: &[Text],
) -> Option<HttpAction> {
    let endpoint = fields.text("endpoint");
    let identities = fields.texts("as");
    let needs = fields.texts("needs");
    let lookups = read_lookups(fields);
    let known: Vec<String> = ["secret"]
        .into_iter()
        .chain(ACTION_VALUES)
        .chain(companions.iter().map(|name| &**name))
        .chain(
            identities
                .iter()
                .chain(&needs)
                .map(|name| name.text.as_str()),
        )
        .chain(lookups.iter().map(|lookup| &*lookup.name))
        .map(str::to_owned)
        .collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    if let Some(endpoint) = &endpoint {
        check_endpoint(fields, endpoint, &known);
    }
    let call = read_call(fields, &known);
    let restore = match kind {
        Table::Revoke => call
            .as_ref()
            .and_then(|call| read_restore(fields, call, &known)),
        Table::Rotate => None,
    };
    let batch = match kind {
        Table::Revoke => fields.whole("batch", 2, 10_000),
        Table::Rotate => None,
    };
    let issue = match kind {
        Table::Revoke => None,
        Table::Rotate => Some(read_issue(fields, &known)?),
    };
    Some(HttpAction {
        endpoint: endpoint.map(owned),
        identities: owned_list(identities),
        needs: owned_list(needs),
        lookups: Cow::Owned(lookups),
        call: call?,
        restore,
        batch,
        issue,
    })
}

/// `id | /v1/keys/current | /data/id`, or `id | verify | /data/id`.
fn read_lookups(fields: &mut Fields<'_, '_, '_>) -> Vec<Lookup> {
    let mut lookups = Vec::new();
    for text in fields.texts("lookup") {
        let start = text.span.start;
        let parts: Vec<&str> = text.text.split('|').map(str::trim).collect();
        let [name, from, place] = parts.as_slice() else {
            report(fields, start, VerifyProblem::Lookup);
            continue;
        };
        let path = match *from {
            "verify" => None,
            path if path.starts_with('/') => Some(Cow::Owned(path.to_owned())),
            _ => {
                report(fields, start, VerifyProblem::Lookup);
                continue;
            }
        };
        if let Some(place) = read_place(fields, place, start) {
            lookups.push(Lookup {
                name: Cow::Owned((*name).to_owned()),
                path,
                place,
            });
        }
    }
    lookups
}

fn read_call(fields: &mut Fields<'_, '_, '_>, known: &[&str]) -> Option<Call> {
    let request = fields.required_text("request");
    let auth = fields.required_text("auth");
    let headers = fields.texts("headers");
    let body = read_body(fields, ("form", "json"), known);
    let done = fields.required_texts("done");
    let (already, refused) = (fields.texts("already"), fields.texts("refused"));
    for template in &headers {
        check_names(fields, template, known);
    }
    let (verb, path) = read_request(fields, &request?, known)?;
    Some(Call {
        verb,
        path,
        auth: read_auth(fields, &auth?, known)?,
        headers: Cow::Owned(read_pairs(fields, headers, ": ")),
        body,
        done: read_conditions(fields, done, check_done),
        already: read_conditions(fields, already, check_told),
        refused: read_conditions(fields, refused, check_refused),
    })
}

fn read_body(
    fields: &mut Fields<'_, '_, '_>,
    (form, json): (&'static str, &'static str),
    known: &[&str],
) -> Body {
    let (form, json) = (fields.text(form), fields.text(json));
    for template in form.iter().chain(&json) {
        check_names(fields, template, known);
    }
    match (form, json) {
        (Some(form), _) => Body::Form(owned(form)),
        (None, Some(json)) => Body::Json(owned(json)),
        (None, None) => Body::None,
    }
}

/// The request that takes a revocation back; its other parts are those of the revocation.
fn read_restore(fields: &mut Fields<'_, '_, '_>, call: &Call, known: &[&str]) -> Option<Call> {
    let request = fields.text("restore")?;
    let body = read_body(fields, ("restore-form", "restore-json"), known);
    let done = fields.texts("restore-done");
    let (verb, path) = read_request(fields, &request, known)?;
    Some(Call {
        verb,
        path,
        body,
        done: if done.is_empty() {
            call.done.clone()
        } else {
            read_conditions(fields, done, check_done)
        },
        already: Cow::Borrowed(&[]),
        ..call.clone()
    })
}

fn read_request(
    fields: &mut Fields<'_, '_, '_>,
    request: &Located,
    known: &[&str],
) -> Option<(Verb, Text)> {
    check_names(fields, request, known);
    let split = request.text.split_once(' ').and_then(|(word, path)| {
        let (_, verb) = Verb::ALL.iter().find(|(name, _)| *name == word)?;
        let changes = !matches!(verb, Verb::Get | Verb::Head);
        let is_path = path.starts_with('/')
            || path.starts_with("{secret:url-path}")
            || path
                .split_once(":as-path}")
                .is_some_and(|(name, _)| name.starts_with('{') && !name.contains('/'));
        (changes && is_path).then(|| (*verb, Cow::Owned(path.to_owned())))
    });
    if split.is_none() {
        report(fields, request.span.start, VerifyProblem::ActionRequest);
    }
    split
}

fn read_issue(fields: &mut Fields<'_, '_, '_>, known: &[&str]) -> Option<Issue> {
    let secret = fields.required_text("secret");
    let handle = fields.text("handle");
    let values = fields.texts("values");
    let old = fields.required_word("old", Old::ALL);
    let repeat = fields.required_word("repeat", Repeat::ALL);
    let (list, remove) = (fields.text("list"), fields.text("remove"));
    let secret = secret?;
    let list = list.and_then(|list| read_list(fields, &list, known));
    let remove = remove.and_then(|remove| read_removal(fields, &remove, known));
    Some(Issue {
        secret: read_place(fields, &secret.text, secret.span.start)?,
        handle: handle.and_then(|place| read_place(fields, &place.text, place.span.start)),
        values: read_values(fields, values),
        old: old?,
        repeat: repeat?,
        list,
        remove,
    })
}

fn read_removal(
    fields: &mut Fields<'_, '_, '_>,
    request: &Located,
    known: &[&str],
) -> Option<Removal> {
    let body = read_body(fields, ("remove-form", "remove-json"), known);
    let (verb, path) = read_request(fields, request, known)?;
    Some(Removal { verb, path, body })
}

fn read_values(
    fields: &mut Fields<'_, '_, '_>,
    texts: Vec<Located>,
) -> List<(Text, leakward_core::verification::Place)> {
    let mut values = Vec::new();
    for text in texts {
        match text.text.split_once(' ') {
            Some((name, place)) => {
                if let Some(place) = read_place(fields, place, text.span.start) {
                    values.push((Cow::Owned(name.to_owned()), place));
                }
            }
            None => report(fields, text.span.start, VerifyProblem::Identity),
        }
    }
    Cow::Owned(values)
}

/// `/v1/keys | /data | /id | /name`
fn read_list(fields: &mut Fields<'_, '_, '_>, text: &Located, known: &[&str]) -> Option<Listing> {
    check_names(fields, text, known);
    let parts: Vec<&str> = text.text.split('|').map(str::trim).collect();
    let own = |text: &str| Cow::Owned(text.to_owned());
    let is_pointer = |text: &str| text.starts_with('/');
    match parts.as_slice() {
        [path, items, handle, label]
            if is_pointer(path)
                && (items.is_empty() || is_pointer(items))
                && is_pointer(handle)
                && is_pointer(label) =>
        {
            Some(Listing {
                path: own(path),
                items: own(items),
                handle: own(handle),
                label: own(label),
            })
        }
        _ => {
            report(fields, text.span.start, VerifyProblem::Listing);
            None
        }
    }
}

/// Only a success says that something was done.
fn check_done(condition: &Condition) -> Result<(), VerifyProblem> {
    if (200..300).contains(&condition.status.0) && condition.status.1 < 300 {
        Ok(())
    } else {
        Err(VerifyProblem::DoneWithoutProof)
    }
}

/// Redirects, throttling and failures of the server tell nothing.
fn check_told(condition: &Condition) -> Result<(), VerifyProblem> {
    if is_never_proof(condition) || condition.status.1 >= 500 {
        Err(VerifyProblem::ToldByNobody)
    } else {
        Ok(())
    }
}

/// A refusal is an error of ours, or a success whose body says otherwise.
fn check_refused(condition: &Condition) -> Result<(), VerifyProblem> {
    check_told(condition)?;
    if condition.status.0 < 300 && condition.tests.is_empty() {
        return Err(VerifyProblem::ToldByNobody);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::parse::{RuleFile, parse_files};

    fn problems(tables: &str) -> String {
        let text = format!(
            "version = 1\nprovider = 'A'\n[[rule]]\nid = 'a'\ntitle = 'A'\nseverity = 'low'\n\
             literals = ['acme_']\npattern = 'acme_[a-z]'\n{tables}"
        );
        let file = RuleFile {
            name: "a.toml",
            text: &text,
        };
        parse_files(&[file], &[]).map_or_else(|errors| errors.to_string(), |_| String::new())
    }

    const REVOKE: &str = "[rule.revoke]\nendpoint = 'https://api.acme.dev'\nas = ['acme-admin']\n\
        lookup = ['id | /me | /id']\nrequest = 'DELETE /keys/{id}'\nauth = 'bearer'\n\
        done = ['204']\nalready = ['404']\nrefused = ['403']\n";

    const ROTATE: &str = "[rule.rotate]\nendpoint = 'https://api.acme.dev'\nrequest = 'POST /keys'\nauth = 'bearer'\n\
        json = '{\"name\":\"{label}\"}'\ndone = ['201']\nsecret = '/key'\nhandle = '/id'\nold = 'stays'\nrepeat = 'another'\n\
        list = '/keys | /data | /id | /name'\nremove = 'DELETE /keys/{handle}'\n";

    #[test]
    fn good_tables_are_read() {
        assert_eq!(problems(REVOKE), "");
        assert_eq!(problems(ROTATE), "");
        assert_eq!(problems("[rule.revoke]\nnative = 'aws-iam'\n"), "");
        assert_eq!(
            problems("[rule.revoke]\ninstructions = ['Open the page.']\n"),
            ""
        );
    }

    #[test]
    fn what_could_hit_somebody_else_or_be_taken_for_done_is_refused() {
        for (good, from, to, expected) in [
            (
                REVOKE,
                "https://api.acme.dev",
                "http://api.acme.dev",
                "https://",
            ),
            (
                REVOKE,
                "https://api.acme.dev",
                "https://{id}.dev",
                "written out",
            ),
            (
                REVOKE,
                "DELETE /keys/{id}",
                "GET /keys/{id}",
                "POST, PUT, PATCH or DELETE",
            ),
            (REVOKE, "{id}", "{nobody}", "nobody"),
            (REVOKE, "['204']", "['404']", "success"),
            (REVOKE, "['204']", "['2xx', '302']", "success"),
            (REVOKE, "['204']", "[]", "at least one"),
            (
                REVOKE,
                "already = ['404']",
                "already = ['503']",
                "tell nothing",
            ),
            (
                REVOKE,
                "refused = ['403']",
                "refused = ['500']",
                "tell nothing",
            ),
            (
                REVOKE,
                "refused = ['403']",
                "refused = ['200']",
                "tell nothing",
            ),
            (REVOKE, "| /me |", "| me |", "lookup"),
            (ROTATE, "secret = '/key'\n", "", "secret"),
            (ROTATE, "old = 'stays'", "old = 'maybe'", "stays"),
            (ROTATE, "repeat = 'another'\n", "", "repeat"),
            (
                ROTATE,
                "'/keys | /data | /id | /name'",
                "'/keys | /data'",
                "list",
            ),
        ] {
            let told = problems(&good.replace(from, to));
            assert!(told.contains(expected), "{to}: {told}");
        }
        assert!(problems("[rule.revoke]\nbreaks = ['x']\n").contains("instructions"));
    }
}
