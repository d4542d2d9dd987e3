//! The part of the build script that writes what can be done about a credential.

use leakward_core::action::{Action, Call, HttpAction, Issue, Listing, Lookup, Means};

use super::build_verify::{auth, body, optional_place, place};
use super::{Generator, optional, text};

impl Generator {
    pub(crate) fn action(&mut self, action: Option<&Action>) -> String {
        let Some(action) = action else {
            return "None".to_owned();
        };
        let breaks = self.texts(&action.breaks);
        let instructions = self.texts(&action.instructions);
        let means = match &action.means {
            Means::ByHand => "Means::ByHand".to_owned(),
            Means::Native(name) => format!("Means::Native({})", text(name)),
            Means::Http(http) => {
                let http = self.http_action(http);
                let name = self.constant("HttpAction", &http);
                format!("Means::Http(Part::Embedded(&{name}))")
            }
        };
        format!("Some(Action {{ means: {means}, breaks: {breaks}, instructions: {instructions} }})")
    }

    fn http_action(&mut self, action: &HttpAction) -> String {
        let identities = self.texts(&action.identities);
        let needs = self.texts(&action.needs);
        let lookups: Vec<String> = action.lookups.iter().map(lookup).collect();
        let lookups = self.list("Lookup", lookups.len(), &lookups.join(", "));
        let call = self.call(&action.call);
        let restore = match &action.restore {
            Some(restore) => format!("Some({})", self.call(restore)),
            None => "None".to_owned(),
        };
        let issue = match &action.issue {
            Some(issue) => format!("Some({})", self.issue(issue)),
            None => "None".to_owned(),
        };
        format!(
            "HttpAction {{ endpoint: {}, identities: {identities}, needs: {needs}, lookups: {lookups}, call: {call}, \
             restore: {restore}, batch: {:?}, issue: {issue} }}",
            optional(action.endpoint.as_ref()),
            action.batch,
        )
    }

    fn call(&mut self, call: &Call) -> String {
        let headers = self.pairs(&call.headers);
        let done = self.conditions(&call.done);
        let already = self.conditions(&call.already);
        let refused = self.conditions(&call.refused);
        format!(
            "Call {{ verb: Verb::{:?}, path: {}, auth: {}, headers: {headers}, body: {}, done: {done}, \
             already: {already}, refused: {refused} }}",
            call.verb,
            text(&call.path),
            auth(&call.auth),
            body(&call.body),
        )
    }

    fn issue(&mut self, issue: &Issue) -> String {
        let values: Vec<String> = issue
            .values
            .iter()
            .map(|(name, at)| format!("({}, {})", text(name), place(at)))
            .collect();
        let values = self.list("(Text, Place)", values.len(), &values.join(", "));
        format!(
            "Issue {{ secret: {}, handle: {}, values: {values}, old: Old::{:?}, repeat: Repeat::{:?}, list: {}, remove: {} }}",
            place(&issue.secret),
            optional_place(issue.handle.as_ref()),
            issue.old,
            issue.repeat,
            listing(issue.list.as_ref()),
            issue.remove.as_ref().map_or_else(
                || "None".to_owned(),
                |removal| format!(
                    "Some(Removal {{ verb: Verb::{:?}, path: {}, body: {} }})",
                    removal.verb,
                    text(&removal.path),
                    body(&removal.body)
                )
            ),
        )
    }
}

fn lookup(lookup: &Lookup) -> String {
    format!(
        "Lookup {{ name: {}, path: {}, place: {} }}",
        text(&lookup.name),
        optional(lookup.path.as_ref()),
        place(&lookup.place),
    )
}

fn listing(list: Option<&Listing>) -> String {
    list.map_or_else(
        || "None".to_owned(),
        |list| {
            format!(
                "Some(Listing {{ path: {}, items: {}, handle: {}, label: {} }})",
                text(&list.path),
                text(&list.items),
                text(&list.handle),
                text(&list.label),
            )
        },
    )
}
