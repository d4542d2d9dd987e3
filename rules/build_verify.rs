//! The part of the build script that writes how a rule verifies.

use leakward_core::rule::Text;
use leakward_core::verification::{
    Auth, Body, Condition, HttpQuestion, Place, Question, Test, Verification,
};

use super::{Generator, optional, text};

impl Generator {
    pub(crate) fn verification(&mut self, verify: Option<&Verification>) -> String {
        let Some(verify) = verify else {
            return "None".to_owned();
        };
        let needs = self.texts(&verify.needs);
        let question = match &verify.question {
            Question::Native(name) => format!("Question::Native({})", text(name)),
            Question::Http(question) => {
                let question = self.http_question(question);
                let name = self.constant("HttpQuestion", &question);
                format!("Question::Http(Part::Embedded(&{name}))")
            }
        };
        format!(
            "Some(Verification {{ endpoint: {}, endpoint_from: {}, needs: {needs}, question: {question} }})",
            optional(verify.endpoint.as_ref()),
            optional(verify.endpoint_from.as_ref()),
        )
    }

    fn http_question(&mut self, question: &HttpQuestion) -> String {
        let headers = self.pairs(&question.headers);
        let live = self.conditions(&question.live);
        let dead = self.conditions(&question.dead);
        let identity: Vec<String> = question
            .identity
            .iter()
            .map(|(name, place)| format!("({}, {})", text(name), self::place(place)))
            .collect();
        let identity = self.list("(Text, Place)", identity.len(), &identity.join(", "));
        let details: Vec<String> = question
            .details
            .iter()
            .map(|detail| {
                format!(
                    "Detail {{ name: {}, path: {}, items: {}, label: {} }}",
                    text(&detail.name),
                    text(&detail.path),
                    text(&detail.items),
                    text(&detail.label)
                )
            })
            .collect();
        let details = self.list("Detail", details.len(), &details.join(", "));
        format!(
            "HttpQuestion {{ method: Method::{:?}, path: {}, auth: {}, headers: {headers}, body: {}, read_only: {}, \
             live: {live}, dead: {dead}, identity: {identity}, scopes: {}, expires: {}, details: {details}, control: Control::{:?} }}",
            question.method,
            text(&question.path),
            auth(&question.auth),
            body(&question.body),
            optional(question.read_only.as_ref()),
            optional_place(question.scopes.as_ref()),
            optional_place(question.expires.as_ref()),
            question.control,
        )
    }

    pub(crate) fn pairs(&mut self, pairs: &[(Text, Text)]) -> String {
        let items: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("({}, {})", text(name), text(value)))
            .collect();
        self.list("(Text, Text)", pairs.len(), &items.join(", "))
    }

    pub(crate) fn conditions(&mut self, conditions: &[Condition]) -> String {
        let items: Vec<String> = conditions
            .iter()
            .map(|condition| {
                let tests: Vec<String> = condition.tests.iter().map(test).collect();
                let tests = self.list("Test", tests.len(), &tests.join(", "));
                format!(
                    "Condition {{ status: {:?}, tests: {tests} }}",
                    condition.status
                )
            })
            .collect();
        self.list("Condition", items.len(), &items.join(", "))
    }
}

pub(crate) fn auth(auth: &Auth) -> String {
    match auth {
        Auth::None => "Auth::None".to_owned(),
        Auth::Bearer => "Auth::Bearer".to_owned(),
        Auth::Basic(pair) => format!("Auth::Basic({})", text(pair)),
        Auth::Header(name, value) => format!("Auth::Header({}, {})", text(name), text(value)),
        Auth::Query(name, value) => format!("Auth::Query({}, {})", text(name), text(value)),
    }
}

pub(crate) fn body(body: &Body) -> String {
    match body {
        Body::None => "Body::None".to_owned(),
        Body::Form(form) => format!("Body::Form({})", text(form)),
        Body::Json(json) => format!("Body::Json({})", text(json)),
    }
}

fn test(test: &Test) -> String {
    match test {
        Test::Present(pointer) => format!("Test::Present({})", text(pointer)),
        Test::Equals(pointer, value) => format!("Test::Equals({}, {})", text(pointer), text(value)),
        Test::Contains(part) => format!("Test::Contains({})", text(part)),
        Test::Header(name) => format!("Test::Header({})", text(name)),
        Test::HeaderEquals(name, value) => {
            format!("Test::HeaderEquals({}, {})", text(name), text(value))
        }
    }
}

pub(crate) fn place(place: &Place) -> String {
    match place {
        Place::Json(pointer) => format!("Place::Json({})", text(pointer)),
        Place::Header(name) => format!("Place::Header({})", text(name)),
    }
}

pub(crate) fn optional_place(place: Option<&Place>) -> String {
    place.map_or_else(
        || "None".to_owned(),
        |place| format!("Some({})", self::place(place)),
    )
}
