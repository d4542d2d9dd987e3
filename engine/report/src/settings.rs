//! How a report is to look. Resolved by the caller: this crate asks no terminal and reads no environment.

/// Whether colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Colour {
    /// Plain text.
    #[default]
    Off,
    /// With ANSI escape sequences.
    On,
}

/// How a report is to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Colours of the terminal view.
    pub colour: Colour,
    /// Columns of the terminal view; fewer than 40 are taken as 40.
    pub width: usize,
    /// Category of the analysis in SARIF (`automationDetails.id`): it tells several uploads for one commit apart.
    pub category: String,
    /// When the scan ended, in seconds after 1970-01-01T00:00:00Z, for formats that must tell; this crate looks at no
    /// clock.
    pub ended: i64,
    /// How many percent of a revealed credential the formats of gitleaks hide all the same, counted from its end
    /// (`--redact` of gitleaks).
    pub hidden_percent: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            colour: Colour::Off,
            width: 100,
            category: "leakward".to_owned(),
            ended: 0,
            hidden_percent: 0,
        }
    }
}
