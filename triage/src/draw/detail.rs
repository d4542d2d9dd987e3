//! The selected finding: what it is, where it stands, who brought it, what is around it, what to do.

use leakward_core::{Finding, Location, LocationKind};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};

use super::text;
use crate::app::{App, Focus};
use crate::theme::Theme;
use crate::world::{Context, ContextLine, Piece};

/// Digits of a commit that are shown.
const SHORT: usize = 12;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &mut App, theme: Theme) {
    let is_focus = app.focus == Focus::Detail;
    let block = Block::bordered().title(if is_focus { " Finding " } else { " finding " });
    let inside = block.inner(area);
    let lines = lines(app, usize::from(inside.width), theme);
    // Lines of context are cut by themselves, so that only words wrap, and this is nearly their number.
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    app.scroll = app.scroll.min(rows.saturating_sub(1));
    let shown = Paragraph::new(lines)
        .wrap(Wrap { trim: false })
        .scroll((app.scroll, 0))
        .block(block);
    frame.render_widget(shown, area);
}

fn lines(app: &mut App, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let Some(item) = app.item() else {
        return Vec::new();
    };
    let (finding, known, verdict) = (
        item.finding.clone(),
        item.known.clone(),
        item.verdict.clone(),
    );
    let mut lines = head(&finding, &verdict, theme);
    let count = finding.locations.len() as u64 + finding.more_locations;
    if let Some(place) = app.location() {
        lines.extend(place_lines(place, app.place, count, theme));
    }
    lines.push(Line::default());
    let reveal = app.reveal;
    match app.context() {
        Some(Ok(context)) => lines.extend(context_lines(context, width, reveal, theme)),
        Some(Err(problem)) => {
            if let Some(excerpt) = &finding.excerpt {
                lines.push(Line::raw(format!("  {}", text::printable(&excerpt.text))));
            }
            lines.push(Line::styled(format!("  {problem}"), theme.faint()));
        }
        None => {}
    }
    lines.push(Line::default());
    lines.extend(tail(&finding, theme));
    if let Some(known) = known {
        lines.push(Line::styled(
            format!("decided: {}", known.line),
            theme.good(),
        ));
    }
    lines
}

fn head(finding: &Finding, verdict: &str, theme: Theme) -> Vec<Line<'static>> {
    vec![
        Line::from(vec![
            Span::styled(text::printable(&finding.title), theme.title()),
            Span::raw("  "),
            Span::styled(text::printable(&finding.masked), theme.credential()),
        ]),
        Line::from(vec![
            Span::styled(finding.severity.as_str(), theme.severity(finding.severity)),
            Span::raw(format!(" · confidence {} · ", finding.confidence)),
            Span::styled(verdict.to_owned(), theme.verdict(verdict)),
            Span::styled(format!(" · {}", finding.rule), theme.faint()),
        ]),
    ]
}

fn place_lines(place: &Location, index: usize, count: u64, theme: Theme) -> Vec<Line<'static>> {
    let start = place.range.start;
    let mut at = format!("{}:{}:{}", place.path, start.line, start.column);
    if !matches!(place.kind, LocationKind::Worktree | LocationKind::File) {
        at.push_str(&format!(" ({})", place.kind.as_str()));
    }
    let mut lines = Vec::new();
    if count > 1 {
        lines.push(Line::styled(
            format!("place {} of {count}, [ and ] for the others", index + 1),
            theme.faint(),
        ));
    }
    lines.push(Line::raw(text::printable(&at)));
    lines.extend(blame(place).map(|blame| Line::raw(text::printable(&blame))));
    if place.kind == LocationKind::Git {
        let reach = match (place.in_head, place.reachable) {
            (Some(true), _) => "still there at HEAD",
            (_, Some(true)) => "gone from HEAD, in the history",
            (_, Some(false)) => "no ref reaches it any more",
            _ => return lines,
        };
        lines.push(Line::styled(reach, theme.faint()));
    }
    lines
}

/// Who brought it, when, and with which words.
fn blame(place: &Location) -> Option<String> {
    let commit = place.commit.as_deref()?;
    let short = commit.get(..SHORT).unwrap_or(commit);
    let mut text = format!("commit {short}");
    if let Some(author) = &place.author {
        text.push_str(&format!(" by {author}"));
        if let Some(email) = &place.email {
            text.push_str(&format!(" <{email}>"));
        }
    }
    if let Some(date) = &place.date {
        text.push_str(&format!(", {}", date.get(..10).unwrap_or(date)));
    }
    if let Some(subject) = &place.subject {
        text.push_str(&format!(": {subject}"));
    }
    Some(text)
}

fn context_lines(
    context: &Context,
    width: usize,
    reveal: bool,
    theme: Theme,
) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(context.from.clone(), theme.faint())];
    let widest = context
        .lines
        .iter()
        .map(|line| line.number)
        .max()
        .unwrap_or(1);
    let digits = widest.to_string().len();
    for line in &context.lines {
        lines.push(context_line(line, digits, width, reveal, theme));
    }
    if let Some(note) = &context.note {
        lines.push(Line::styled(note.clone(), theme.bad()));
    }
    lines
}

fn context_line(
    line: &ContextLine,
    digits: usize,
    width: usize,
    reveal: bool,
    theme: Theme,
) -> Line<'static> {
    let arrow = if line.is_it { '>' } else { ' ' };
    let mut spans = vec![Span::styled(
        format!("{arrow}{:>digits$} │ ", line.number),
        theme.faint(),
    )];
    // What is left of the row; a long line is cut around its end, never in the middle of a credential's mask.
    let mut room = width.saturating_sub(digits + 4);
    for piece in &line.pieces {
        let (shown, style) = match piece {
            Piece::Text(text) => (text, ratatui::style::Style::new()),
            Piece::Credential {
                clear: Some(clear), ..
            } if reveal => (clear, theme.credential()),
            Piece::Credential { masked, .. } => (masked, theme.credential()),
        };
        let shown = text::cut(shown, room);
        room = room.saturating_sub(unicode_width::UnicodeWidthStr::width(shown.as_str()));
        spans.push(Span::styled(shown, style));
    }
    Line::from(spans)
}

fn tail(finding: &Finding, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (index, reason) in finding.reasons.iter().enumerate() {
        let begin = if index == 0 { "why:    " } else { "        " };
        lines.push(Line::raw(format!("{begin}{}", text::printable(reason))));
    }
    if let Some(url) = &finding.revoke_url {
        lines.push(Line::raw(format!("revoke: {}", text::printable(url))));
    }
    lines.push(Line::styled(
        format!("id:     {}", finding.fingerprint),
        theme.faint(),
    ));
    lines
}
