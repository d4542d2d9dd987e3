//! Places that get a copy of what a store's entry holds, or have to read it again, as the configuration names them.

use std::sync::Arc;

use leakward_stores::Consumer;

use super::Responder;
use crate::plan::{Delivery, FieldChange};
use crate::provider::SECRET;
use crate::saga::Receivers;

/// A place that gets a copy of a store's entry, or has to read it again.
#[derive(Clone)]
pub struct Reader {
    /// The store's name in the configuration.
    pub store: String,
    /// The entry.
    pub path: String,
    /// The field; none: the one that holds the credential.
    pub field: Option<String>,
    /// The consumer as the configuration names it, `KIND:PLACE`.
    pub to: String,
    /// The name that the value has there.
    pub name: String,
    /// The way there.
    pub consumer: Arc<dyn Consumer>,
}

impl Responder {
    /// Who gets a copy when these fields change. Fields that are not the entry's are told as a sentence.
    pub(super) fn deliveries(
        &self,
        store: &str,
        path: &str,
        changes: &[FieldChange],
    ) -> (Vec<Delivery>, Vec<String>) {
        let (mut deliveries, mut warnings) = (Vec::new(), Vec::new());
        let readers = self.readers.iter();
        for reader in readers.filter(|reader| reader.store == store && reader.path == path) {
            let field = reader.field.clone().or_else(|| usual_field(changes));
            match field {
                Some(field) => deliveries.push(Delivery {
                    to: reader.to.clone(),
                    name: reader.name.clone(),
                    field,
                }),
                None => warnings.push(format!(
                    "{} {} gets no copy: several fields change; say which with `field` in [[consumers]]",
                    reader.to, reader.name
                )),
            }
        }
        (deliveries, warnings)
    }
}

impl Receivers for Responder {
    fn receiver(&self, to: &str) -> Option<&dyn Consumer> {
        let found = self.readers.iter().find(|reader| reader.to == to);
        found.map(|reader| reader.consumer.as_ref())
    }
}

/// The only field that changes, or the only one that is the credential itself.
fn usual_field(changes: &[FieldChange]) -> Option<String> {
    if let [only] = changes {
        return Some(only.field.clone());
    }
    let mut secrets = changes.iter().filter(|change| change.part == SECRET);
    match (secrets.next(), secrets.next()) {
        (Some(only), None) => Some(only.field.clone()),
        _ => None,
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader({} {})", self.to, self.name)
    }
}
