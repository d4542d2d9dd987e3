//! The OpenAPI document, generated from the types that are sent and taken, and served at `/v1/openapi.json`.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::api::{Deliveries, Said};
use super::view::IncidentView;
use crate::incidents::{Listed, Whole};
use crate::response::InventoryView;

/// `GET /v1/openapi.json`
pub(super) async fn document() -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        whole().to_string(),
    )
        .into_response()
}

/// One operation.
struct Operation {
    method: &'static str,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    /// Name, place and meaning of each parameter.
    parameters: &'static [(&'static str, &'static str, &'static str)],
    /// The schema of the body that is taken.
    takes: Option<Value>,
    /// Status, meaning and schema of each answer.
    answers: Vec<(&'static str, &'static str, Option<Value>)>,
    /// What proves who asks.
    security: Value,
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// The whole document.
pub(super) fn whole() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let mut paths = Map::new();
    let operations = incidents(&mut generator)
        .into_iter()
        .chain(others(&mut generator))
        .chain(deliveries());
    for operation in operations {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(methods) = path {
            methods.insert(operation.method.to_owned(), operation.into_value());
        }
    }
    let schemas = Value::Object(generator.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Leakward",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Incidents about leaked credentials, and what is done about them.",
            "license": {"name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "githubSignature": {"type": "apiKey", "in": "header", "name": "X-Hub-Signature-256"},
                "gitlabToken": {"type": "apiKey", "in": "header", "name": "X-Gitlab-Token"},
                "giteaSignature": {"type": "apiKey", "in": "header", "name": "X-Gitea-Signature"},
                "leakSignature": {"type": "apiKey", "in": "header", "name": "X-Leakward-Signature"},
            },
        },
    })
}

const FINGERPRINT: (&str, &str, &str) =
    ("fingerprint", "path", "The incident: 32 hexadecimal digits");

fn with_token() -> Value {
    json!([{"token": []}])
}

fn incidents(generator: &mut SchemaGenerator) -> Vec<Operation> {
    let one = schema::<IncidentView>(generator);
    let decision = |path, id, summary, status| Operation {
        method: "post",
        path,
        id,
        summary,
        parameters: &[FINGERPRINT],
        takes: None,
        answers: vec![
            (status, "Decided", Some(one.clone())),
            ("403", "The role is not enough", None),
            ("404", "There is no such incident", None),
            ("409", "It is in another state", None),
        ],
        security: with_token(),
    };
    let mut decisions = vec![
        decision(
            "/v1/incidents/{fingerprint}/approve",
            "approveIncident",
            "Do what is planned",
            "202",
        ),
        decision(
            "/v1/incidents/{fingerprint}/reject",
            "rejectIncident",
            "Do not do what is planned",
            "200",
        ),
        decision(
            "/v1/incidents/{fingerprint}/close",
            "closeIncident",
            "Nothing is left to do; needs a reason",
            "200",
        ),
    ];
    for operation in &mut decisions {
        operation.takes = Some(schema::<Said>(generator));
    }
    let mut all = vec![
        Operation {
            method: "get",
            path: "/v1/incidents",
            id: "listIncidents",
            summary: "Incidents; what is due first comes first",
            parameters: &[
                (
                    "state",
                    "query",
                    "open, verifying, waiting-for-approval, responding, needs-person, contained, closed, or unsettled",
                ),
                ("severity", "query", "low, medium, high, critical"),
                ("provider", "query", "Who issues the credential"),
                ("owner", "query", "Who has to act"),
                ("text", "query", "In title, rule, path or repository"),
                ("limit", "query", "At most so many; 200 are the most"),
                ("offset", "query", "After so many"),
            ],
            takes: None,
            answers: vec![("200", "The incidents", Some(schema::<Listed>(generator)))],
            security: with_token(),
        },
        Operation {
            method: "get",
            path: "/v1/incidents/{fingerprint}",
            id: "getIncident",
            summary: "One incident with what happened, what is planned, and alerts about it",
            parameters: &[FINGERPRINT],
            takes: None,
            answers: vec![
                ("200", "The incident", Some(schema::<Whole>(generator))),
                ("404", "There is no such incident", None),
            ],
            security: with_token(),
        },
    ];
    all.append(&mut decisions);
    all
}

fn others(generator: &mut SchemaGenerator) -> Vec<Operation> {
    vec![
        Operation {
            method: "get",
            path: "/v1/deliveries",
            id: "listDeliveries",
            summary: "What came in, the newest first",
            parameters: &[("state", "query", "waiting, running, done, parked")],
            takes: None,
            answers: vec![(
                "200",
                "The deliveries",
                Some(schema::<Deliveries>(generator)),
            )],
            security: with_token(),
        },
        Operation {
            method: "post",
            path: "/v1/deliveries/{id}/retry",
            id: "retryDelivery",
            summary: "Try a parked delivery again",
            parameters: &[("id", "path", "The delivery's number")],
            takes: None,
            answers: vec![
                ("202", "It is tried again", None),
                ("404", "There is no such parked delivery", None),
            ],
            security: with_token(),
        },
        Operation {
            method: "get",
            path: "/v1/inventory",
            id: "getInventory",
            summary: "Entries of the connected stores and their ages",
            parameters: &[],
            takes: None,
            answers: vec![(
                "200",
                "The entries",
                Some(schema::<InventoryView>(generator)),
            )],
            security: with_token(),
        },
    ]
}

fn deliveries() -> Vec<Operation> {
    let hook = |path, id, summary, scheme: &str| Operation {
        method: "post",
        path,
        id,
        summary,
        parameters: &[],
        takes: Some(json!({"type": "object"})),
        answers: vec![
            ("202", "It is on disk", None),
            ("200", "It was known already, or is a ping", None),
            ("204", "It is of no concern here", None),
            ("400", "It is not what its header says", None),
            ("401", "The signature or token is missing or wrong", None),
            ("404", "The repository is not served here", None),
            ("413", "It is too large", None),
            ("429", "Too often; see Retry-After", None),
            ("503", "It could not be stored; see Retry-After", None),
        ],
        security: json!([{ scheme: [] }]),
    };
    let mut pre_receive = hook(
        "/v1/pre-receive",
        "preReceive",
        "May this push be taken? Takes what git cat-file --batch writes",
        "token",
    );
    pre_receive.parameters = &[("repository", "query", "owner/name")];
    pre_receive.takes = Some(json!({"type": "string", "format": "binary"}));
    pre_receive.answers = vec![
        ("200", "It may", None),
        ("422", "There are credentials in it; they are listed", None),
        ("401", "The token is missing or wrong", None),
        ("404", "The repository is not served here", None),
    ];
    vec![
        hook(
            "/v1/webhooks/github",
            "githubWebhook",
            "A delivery of GitHub's",
            "githubSignature",
        ),
        hook(
            "/v1/webhooks/gitlab",
            "gitlabWebhook",
            "A delivery of GitLab's",
            "gitlabToken",
        ),
        hook(
            "/v1/webhooks/gitea",
            "giteaWebhook",
            "A delivery of Gitea's or Forgejo's",
            "giteaSignature",
        ),
        hook(
            "/v1/leaks",
            "postLeak",
            "A leak that somebody else found",
            "leakSignature",
        ),
        pre_receive,
    ]
}

impl Operation {
    fn into_value(self) -> Value {
        let parameters: Vec<Value> = self
            .parameters
            .iter()
            .map(|(name, place, meaning)| {
                let kind = if matches!(*name, "limit" | "offset" | "id") {
                    "integer"
                } else {
                    "string"
                };
                json!({
                    "name": name, "in": place, "description": meaning, "required": *place == "path",
                    "schema": {"type": kind},
                })
            })
            .collect();
        let mut answers = Map::new();
        for (status, meaning, schema) in self.answers {
            let mut answer = json!({"description": meaning});
            if let (Some(schema), Value::Object(fields)) = (schema, &mut answer) {
                fields.insert(
                    "content".to_owned(),
                    json!({"application/json": {"schema": schema}}),
                );
            }
            answers.insert(status.to_owned(), answer);
        }
        let mut operation = json!({
            "operationId": self.id, "summary": self.summary, "parameters": parameters,
            "responses": answers, "security": self.security,
        });
        if let (Some(schema), Value::Object(fields)) = (self.takes, &mut operation) {
            let binary = schema.get("format").is_some();
            let kind = if binary {
                "application/octet-stream"
            } else {
                "application/json"
            };
            fields.insert(
                "requestBody".to_owned(),
                json!({"content": {kind: {"schema": schema}}}),
            );
        }
        operation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        let document = whole();
        let text = document.to_string();
        let mut references = 0;
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
            references += 1;
        }
        assert!(references > 10);
    }
}
