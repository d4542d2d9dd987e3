//! The list of findings.

use leakward_core::Severity;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::text;
use crate::app::{App, Focus, Item};
use crate::theme::Theme;
use crate::world::Kind;

/// Columns of mark, severity and verdict, with what stands between them.
const FIXED: usize = 2 + 5 + 5;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &mut App, theme: Theme) {
    let is_focus = app.focus == Focus::List;
    let title = if is_focus { " Findings " } else { " findings " };
    let block = Block::bordered().title(title);
    let inside = block.inner(area);
    app.page = usize::from(inside.height);
    let rows = usize::from(inside.height).max(1);
    // The selection stays in the middle, so that what comes next is seen.
    let first = app
        .selected
        .saturating_sub(rows / 2)
        .min(app.shown.len().saturating_sub(rows));
    let lines: Vec<Line<'_>> = app
        .shown
        .iter()
        .enumerate()
        .skip(first)
        .take(rows)
        .filter_map(|(at, index)| {
            let item = app.items.get(*index)?;
            let line = row(item, usize::from(inside.width), theme);
            Some(if at == app.selected {
                line.style(theme.selected())
            } else {
                line
            })
        })
        .collect();
    let list = if lines.is_empty() {
        Paragraph::new(nothing(app)).block(block)
    } else {
        Paragraph::new(lines).block(block)
    };
    frame.render_widget(list, area);
}

/// What is said when there is nothing in the list.
fn nothing(app: &App) -> String {
    if app.items.is_empty() {
        "the report has no findings".to_owned()
    } else if !app.search.is_empty() {
        format!("nothing with {:?}; Esc shows the others", app.search)
    } else {
        format!("nothing is {}; f shows others", app.filter.word())
    }
}

fn row(item: &Item, width: usize, theme: Theme) -> Line<'static> {
    let finding = &item.finding;
    let severity = match finding.severity {
        Severity::Critical => "CRIT",
        Severity::High => "HIGH",
        Severity::Medium => "MED",
        Severity::Low => "LOW",
    };
    let verdict = match item.verdict.as_str() {
        "live" => "LIVE",
        "dead" => "dead",
        "unknown" => "?",
        _ => "",
    };
    let room = width.saturating_sub(FIXED);
    let title_room = (room * 3 / 5).min(40);
    let place = finding.locations.first().map_or(String::new(), |place| {
        format!("{}:{}", place.path, place.range.start.line)
    });
    let place_room = room.saturating_sub(title_room + 1);
    Line::from(vec![
        Span::raw(format!("{} ", mark(item))),
        Span::styled(text::padded(severity, 4), theme.severity(finding.severity)),
        Span::raw(" "),
        Span::styled(text::padded(verdict, 4), theme.verdict(&item.verdict)),
        Span::raw(" "),
        Span::raw(text::padded(&finding.title, title_room)),
        Span::raw(" "),
        Span::raw(text::padded(
            &text::cut_front(&place, place_room),
            place_room,
        )),
    ])
}

/// What is decided, as a letter: the ones that decide it.
fn mark(item: &Item) -> char {
    match &item.known {
        None => ' ',
        Some(known) if known.line.contains(Kind::TestValue.words()) => 't',
        Some(_) => 'x',
    }
}
