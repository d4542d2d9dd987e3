//! What lies over the screen: help, a question, a text, a form.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};

use super::text;
use crate::app::{App, Over, Reason};
use crate::form;
use crate::theme::Theme;

const HELP: &str = "\
Move
  j k  ↓ ↑       next and previous finding      g G  Home End   first, last
  space  PgUp    a page                         [ ]  ← →        other places
  Enter  Tab     into the finding and back, to scroll it
  /              search by words: title, rule, path, author, verdict
  f              show open, all, decided, live

Decide
  x              false positive: writes its fingerprint into .leakwardignore
  t              test value: the same, with that reason
  u              take the last decision back

Look
  r              show this credential in clear, until r or the next one
  v              verify: shows first what would be sent where
  p              plan a rotation: shows what `leakward rotate` would do

  q  Ctrl-C      quit; everything that was decided is written already";

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, theme: Theme) {
    match &app.over {
        Over::Nothing => {}
        Over::Help => popup(frame, area, " Keys (any key closes) ", help(theme), 0),
        Over::Search(line) => search(frame, area, line, theme),
        Over::Reason(reason) => form(frame, area, reason, theme),
        Over::Confirm { text, .. } => {
            let mut lines = plain(text);
            lines.push(Line::default());
            lines.push(Line::from(vec![
                Span::styled("y", theme.key()),
                Span::raw(" do it   "),
                Span::styled("n", theme.key()),
                Span::raw(" do not"),
            ]));
            popup(frame, area, " Ask the provider? ", lines, 0);
        }
        Over::Text {
            title,
            text,
            scroll,
        } => {
            let title = format!(" {title} (Esc closes) ");
            popup(frame, area, &title, plain(text), *scroll);
        }
    }
}

fn plain(text: &str) -> Vec<Line<'static>> {
    let line = |line: &str| Line::raw(text::printable(line));
    text.lines().map(line).collect()
}

fn help(theme: Theme) -> Vec<Line<'static>> {
    let line = |line: &str| {
        if line.starts_with(' ') {
            Line::raw(line.to_owned())
        } else {
            Line::styled(line.to_owned(), theme.title())
        }
    };
    HELP.lines().map(line).collect()
}

/// A box in the middle, as large as its text needs and the screen lets it be.
fn popup(frame: &mut Frame<'_>, area: Rect, title: &str, lines: Vec<Line<'_>>, scroll: u16) {
    let widest = lines
        .iter()
        .map(Line::width)
        .max()
        .unwrap_or(0)
        .max(title.len());
    let width = u16::try_from(widest + 4)
        .unwrap_or(u16::MAX)
        .min(area.width);
    let inside = usize::from(width.saturating_sub(4)).max(1);
    let rows: usize = lines
        .iter()
        .map(|line| line.width().div_ceil(inside).max(1))
        .sum();
    let height = u16::try_from(rows + 2).unwrap_or(u16::MAX).min(area.height);
    let place = middle(area, width, height);
    let block = Block::bordered()
        .title(title.to_owned())
        .padding(ratatui::widgets::Padding::horizontal(1));
    let shown = Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .scroll((scroll, 0))
        .block(block);
    frame.render_widget(Clear, place);
    frame.render_widget(shown, place);
}

fn middle(area: Rect, width: u16, height: u16) -> Rect {
    Rect {
        x: area.x + (area.width.saturating_sub(width)) / 2,
        y: area.y + (area.height.saturating_sub(height)) / 2,
        width: width.min(area.width),
        height: height.min(area.height),
    }
}

fn search(frame: &mut Frame<'_>, area: Rect, line: &form::Line, theme: Theme) {
    let row = Rect {
        y: area.y + area.height.saturating_sub(2),
        height: 1,
        ..area
    };
    let mut spans = vec![Span::styled(" /", theme.key())];
    spans.extend(typed(line, true));
    frame.render_widget(Clear, row);
    frame.render_widget(Paragraph::new(Line::from(spans)), row);
}

/// What was typed, with the cursor.
fn typed(line: &form::Line, has_cursor: bool) -> Vec<Span<'static>> {
    let (before, after) = line.halves();
    let mut rest = after.chars();
    let under = rest.next().unwrap_or(' ').to_string();
    let cursor = if has_cursor {
        ratatui::style::Style::new().add_modifier(Modifier::REVERSED)
    } else {
        ratatui::style::Style::new()
    };
    vec![
        Span::raw(before),
        Span::styled(under, cursor),
        Span::raw(rest.collect::<String>()),
    ]
}

fn form(frame: &mut Frame<'_>, area: Rect, reason: &Reason, theme: Theme) {
    let field = |name: &'static str, line: &form::Line, is_on: bool| {
        let mut spans = vec![Span::styled(name, theme.key())];
        spans.extend(typed(line, is_on));
        Line::from(spans)
    };
    let mut lines = vec![
        field("why:   ", &reason.reason, !reason.on_until),
        field("until: ", &reason.until, reason.on_until),
        Line::default(),
        Line::styled(
            "until: a date (2027-01-31), a time (90d), or nothing",
            theme.faint(),
        ),
        Line::styled(
            "Enter writes it down, Tab changes the line, Esc leaves",
            theme.faint(),
        ),
    ];
    if let Some(problem) = &reason.problem {
        lines.push(Line::styled(text::printable(problem), theme.bad()));
    }
    let title = format!(" {} ", reason.kind.words());
    popup(frame, area, &title, lines, 0);
}
