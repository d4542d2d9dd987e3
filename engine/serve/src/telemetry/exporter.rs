//! Sends spans by OTLP over HTTP, in its JSON form: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
//!
//! Written here because the usual crates bring some sixty others for this one call.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::span_layer::SpanLayer;

/// LIMIT: spans that wait to be sent, and spans in one call.
const MOST_WAITING: usize = 4_096;
const MOST_SENT: usize = 512;

/// How long spans wait for others.
const INTERVAL: Duration = Duration::from_secs(2);

const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends spans until it is told to end.
pub(crate) struct Exporter {
    end: tokio::sync::oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporter {
    /// Sends what is left, and ends.
    pub(crate) async fn finish(self) {
        let _heard = self.end.send(());
        // A collector that hangs does not keep the program.
        drop(tokio::time::timeout(TIMEOUT, self.task).await);
    }
}

/// A layer that collects spans, and what sends them to `endpoint`.
pub(super) fn start(endpoint: &str) -> (SpanLayer, Exporter) {
    let (sender, receiver) = mpsc::channel(MOST_WAITING);
    let (end, ended) = tokio::sync::oneshot::channel();
    let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let task = tokio::spawn(send_all(url, receiver, ended));
    (SpanLayer::new(sender), Exporter { end, task })
}

async fn send_all(
    url: String,
    mut receiver: mpsc::Receiver<Value>,
    ended: tokio::sync::oneshot::Receiver<()>,
) {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build();
    let Ok(client) = client else { return };
    tokio::pin!(ended);
    let mut spans = Vec::new();
    loop {
        let is_end = tokio::select! {
            _ = &mut ended => true,
            () = tokio::time::sleep(INTERVAL) => false,
        };
        while let Ok(span) = receiver.try_recv() {
            spans.push(span);
            if spans.len() == MOST_SENT {
                send(&client, &url, std::mem::take(&mut spans)).await;
            }
        }
        if !spans.is_empty() {
            send(&client, &url, std::mem::take(&mut spans)).await;
        }
        if is_end {
            return;
        }
    }
}

async fn send(client: &reqwest::Client, url: &str, spans: Vec<Value>) {
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "leakward"}},
            {"key": "service.version", "value": {"stringValue": env!("CARGO_PKG_VERSION")}},
        ]},
        "scopeSpans": [{"scope": {"name": "leakward-serve"}, "spans": spans}],
    }]});
    let sent = client
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await;
    match sent {
        Ok(answer) if answer.status().is_success() => {}
        Ok(answer) => tracing::debug!(
            status = answer.status().as_u16(),
            "the collector refused spans"
        ),
        Err(_) => tracing::debug!("the collector does not answer; spans are lost"),
    }
}
