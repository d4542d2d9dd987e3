//! Logs as structured lines on standard error, and spans to an OpenTelemetry collector.
//!
//! INVARIANT: fields are ids, names, counts and times. No credential has a `Display` or a `Debug` that shows it.

mod exporter;
mod span_layer;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt};

use crate::config::{LogFormat, Telemetry as Settings};

pub(crate) use exporter::Exporter;

/// Begins to log. Returns what sends spans, when spans are sent.
///
/// # Errors
/// When the filter is not understood, or logging has begun already.
pub(crate) fn start(settings: &Settings) -> Result<Option<Exporter>, String> {
    let filter =
        EnvFilter::try_new(&settings.log).map_err(|error| format!("telemetry.log: {error}"))?;
    let lines = match settings.format {
        LogFormat::Json => fmt::layer().json().with_writer(std::io::stderr).boxed(),
        LogFormat::Text => fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .boxed(),
    };
    let (layer, exporter) = match &settings.otlp {
        Some(endpoint) => {
            let (layer, exporter) = exporter::start(endpoint);
            (Some(layer), Some(exporter))
        }
        None => (None, None),
    };
    let subscriber = Registry::default()
        .with(lines.with_filter(filter))
        .with(layer);
    tracing::subscriber::set_global_default(subscriber).map_err(|error| error.to_string())?;
    Ok(exporter)
}
