//! Draws the screen: a head, the list, the finding, what happened last, the keys; and what lies over it.
//!
//! LIMIT: below 30 columns or 8 rows it only says that there is no room.

mod detail;
mod list;
mod over;
mod text;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{App, Focus, Job};
use crate::theme::Theme;

/// From so many columns on, list and finding stand side by side.
const WIDE: u16 = 110;

/// Below so many rows there is room for one of them only.
const LOW: u16 = 16;

/// Draws the screen.
pub fn draw(frame: &mut Frame<'_>, app: &mut App, theme: Theme) {
    let area = frame.area();
    if area.width < 30 || area.height < 8 {
        frame.render_widget(Paragraph::new("too small; make it larger, or q"), area);
        return;
    }
    let [head, body, said, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(head_line(app, theme, head.width)), head);
    draw_body(frame, body, app, theme);
    frame.render_widget(Paragraph::new(message(app, theme)), said);
    frame.render_widget(Paragraph::new(key_line(app, theme, keys.width)), keys);
    over::draw(frame, area, app, theme);
}

fn draw_body(frame: &mut Frame<'_>, body: Rect, app: &mut App, theme: Theme) {
    let (list_area, detail_area) = if body.width >= WIDE {
        let [list, detail] =
            Layout::horizontal([Constraint::Percentage(42), Constraint::Percentage(58)])
                .areas(body);
        (Some(list), Some(detail))
    } else if body.height >= LOW {
        let rows = u16::try_from(app.shown.len()).unwrap_or(u16::MAX);
        // A short list leaves its room to the finding.
        let list = rows.saturating_add(2).clamp(4, body.height * 2 / 5);
        let [list, detail] =
            Layout::vertical([Constraint::Length(list), Constraint::Min(1)]).areas(body);
        (Some(list), Some(detail))
    } else {
        match app.focus {
            Focus::List => (Some(body), None),
            Focus::Detail => (None, Some(body)),
        }
    };
    if let Some(area) = list_area {
        list::draw(frame, area, app, theme);
    }
    if let Some(area) = detail_area {
        detail::draw(frame, area, app, theme);
    }
}

fn head_line(app: &App, theme: Theme, width: u16) -> Line<'static> {
    let at = if app.shown.is_empty() {
        0
    } else {
        app.selected + 1
    };
    let mut text = format!(
        " {}: {at} of {} {} · {} of {} decided",
        app.report,
        app.shown.len(),
        app.filter.word(),
        app.decided(),
        app.items.len()
    );
    if !app.search.is_empty() {
        text.push_str(&format!(" · /{}", app.search));
    }
    if app.reveal {
        text.push_str(" · IN CLEAR");
    }
    Line::styled(text::padded(&text, usize::from(width)), theme.selected())
}

fn message(app: &App, theme: Theme) -> Line<'static> {
    const WHEEL: [&str; 4] = ["|", "/", "-", "\\"];
    if let Some((job, index)) = &app.running {
        let what = match job {
            Job::VerificationPlan => "finding out what would be sent",
            Job::Verify => "asking the provider",
            Job::RotationPlan => "asking the provider and planning",
        };
        let title = app.items.get(*index).map_or("", |item| &item.finding.title);
        let wheel = WHEEL
            .get(app.ticks % WHEEL.len())
            .copied()
            .unwrap_or_default();
        return Line::raw(format!(" {wheel} {what}: {title}"));
    }
    match &app.message {
        Some((text, true)) => Line::styled(format!(" {text}"), theme.good()),
        Some((text, false)) => Line::styled(format!(" {text}"), theme.bad()),
        None => Line::default(),
    }
}

/// The keys, as many as there is room for; the first ones matter most.
fn key_line(app: &App, theme: Theme, width: u16) -> Line<'static> {
    const KEYS: [(&str, &str); 10] = [
        ("?", "help"),
        ("q", "quit"),
        ("x", "false positive"),
        ("t", "test value"),
        ("u", "undo"),
        ("v", "verify"),
        ("p", "plan"),
        ("r", "reveal"),
        ("/", "search"),
        ("f", "filter"),
    ];
    let mut spans = Vec::new();
    let mut room = usize::from(width);
    for (key, word) in KEYS {
        let needed = key.len() + word.len() + 3;
        if needed > room {
            break;
        }
        room -= needed;
        spans.push(Span::styled(format!(" {key}"), theme.key()));
        spans.push(Span::raw(format!(" {word} ")));
    }
    if app.focus == Focus::Detail && room > 12 {
        spans.push(Span::styled(" Esc list", theme.faint()));
    }
    Line::from(spans)
}
