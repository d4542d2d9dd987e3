//! Colours, and what stands for them where there are none.

use leakward_core::Severity;
use ratatui::style::{Color, Modifier, Style};

/// How things look. Without colours, weight and inversion say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    colours: bool,
}

impl Theme {
    /// With colours.
    #[must_use]
    pub fn colours() -> Self {
        Self { colours: true }
    }

    /// Without.
    #[must_use]
    pub fn plain() -> Self {
        Self { colours: false }
    }

    fn colour(self, colour: Color) -> Style {
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    pub(crate) fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Critical => self.colour(Color::Red).add_modifier(Modifier::BOLD),
            Severity::High => self.colour(Color::Red),
            Severity::Medium => self.colour(Color::Yellow),
            Severity::Low => self.colour(Color::Blue),
        }
    }

    pub(crate) fn verdict(self, verdict: &str) -> Style {
        match verdict {
            "live" => self.colour(Color::Red).add_modifier(Modifier::BOLD),
            "dead" => self.colour(Color::Green),
            _ => self.faint(),
        }
    }

    pub(crate) fn credential(self) -> Style {
        self.colour(Color::Red)
            .add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    pub(crate) fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(crate) fn faint(self) -> Style {
        if self.colours {
            Style::new().fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    pub(crate) fn key(self) -> Style {
        self.colour(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(crate) fn bad(self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(crate) fn good(self) -> Style {
        self.colour(Color::Green)
    }
}
