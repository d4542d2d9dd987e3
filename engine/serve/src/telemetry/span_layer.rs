//! Collects finished spans in the shape in which OpenTelemetry's protocol writes them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::hex;

/// LIMIT: characters of a value, and events of a span.
const LONGEST_VALUE: usize = 512;
const MOST_EVENTS: usize = 64;

/// Collects finished spans of this program, and hands them on.
pub(crate) struct SpanLayer {
    sender: tokio::sync::mpsc::Sender<Value>,
}

/// What is known of a span while it is open.
struct Open {
    trace: String,
    id: String,
    parent: Option<String>,
    started: u128,
    attributes: Vec<Value>,
    events: Vec<Value>,
    failed: bool,
}

impl SpanLayer {
    /// Hands finished spans to `sender`; when it is full, they are lost.
    pub(crate) fn new(sender: tokio::sync::mpsc::Sender<Value>) -> Self {
        Self { sender }
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for SpanLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        // The exporter's own HTTP calls would make spans for ever.
        if !attributes.metadata().target().starts_with("leakward") {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let parent = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            let open = extensions.get::<Open>()?;
            Some((open.trace.clone(), open.id.clone()))
        });
        let (trace, parent) = match parent {
            Some((trace, parent)) => (trace, Some(parent)),
            None => (random(16), None),
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(Open {
            trace,
            id: random(8),
            parent,
            started: nanoseconds(),
            attributes: fields.0,
            events: Vec::new(),
            failed: false,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let mut fields = Fields::default();
            values.record(&mut fields);
            open.attributes.append(&mut fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.event_span(event) else {
            return;
        };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            open.failed |= *event.metadata().level() == tracing::Level::ERROR;
            if open.events.len() < MOST_EVENTS {
                let mut fields = Fields::default();
                event.record(&mut fields);
                open.events.push(json!({
                    "timeUnixNano": nanoseconds().to_string(),
                    "name": event.metadata().level().as_str(),
                    "attributes": fields.0,
                }));
            }
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let Some(open) = span.extensions_mut().remove::<Open>() else {
            return;
        };
        // LIMIT: a collector that does not keep up costs spans, never work.
        drop(self.sender.try_send(json!({
            "traceId": open.trace,
            "spanId": open.id,
            "parentSpanId": open.parent.unwrap_or_default(),
            "name": span.name(),
            "kind": 1,
            "startTimeUnixNano": open.started.to_string(),
            "endTimeUnixNano": nanoseconds().to_string(),
            "attributes": open.attributes,
            "events": open.events,
            "status": {"code": if open.failed { 2 } else { 0 }},
        })));
    }
}

/// Fields as attributes.
#[derive(Default)]
struct Fields(Vec<Value>);

impl Fields {
    fn add(&mut self, field: &Field, value: &Value) {
        self.0.push(json!({"key": field.name(), "value": value}));
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, &json!({"intValue": value.to_string()}));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, &json!({"intValue": value.to_string()}));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, &json!({"boolValue": value}));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let cut: String = value.chars().take(LONGEST_VALUE).collect();
        self.add(field, &json!({"stringValue": cut}));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// So many random bytes, as hexadecimal digits.
fn random(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    // Without randomness ids collide, and spans of different traces are shown together.
    if aws_lc_rs::rand::fill(&mut buffer).is_err() {
        buffer.fill(1);
    }
    hex::encode(&buffer)
}

fn nanoseconds() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos()
}
