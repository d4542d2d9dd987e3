//! What is on the screen, and what each key does to it. Draws nothing and waits for nothing.
//!
//! INVARIANT: whatever keys come in whatever order, the selection is one of the shown findings, or there are none.

use std::sync::Arc;

use leakward_core::{Finding, Location};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::form::Line;
use crate::shown::{Filter, is_shown};
use crate::world::{Context, Decision, Kind, Known, World};

/// A finding and what is known of it here.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) finding: Finding,
    /// The decision, when there is one.
    pub(crate) known: Option<Known>,
    /// `live`, `dead`, `unknown` or `not-checked`.
    pub(crate) verdict: String,
}

/// What a walk begins with.
#[derive(Debug)]
pub struct Start {
    /// Name of the report.
    pub report: String,
    /// Its findings, and what is decided about each.
    pub findings: Vec<(Finding, Option<Known>)>,
}

/// Which part of the screen the arrows move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    #[default]
    List,
    Detail,
}

/// What lies over the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Over {
    #[default]
    Nothing,
    Help,
    /// Words to search for are typed.
    Search(Line),
    /// A reason and a date are typed.
    Reason(Reason),
    /// A question with yes and no, about one finding.
    Confirm {
        text: String,
        job: Job,
        index: usize,
    },
    /// A text to be read.
    Text {
        title: String,
        text: String,
        scroll: u16,
    },
}

/// A decision that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reason {
    pub(crate) kind: Kind,
    pub(crate) reason: Line,
    pub(crate) until: Line,
    pub(crate) on_until: bool,
    pub(crate) problem: Option<String>,
}

/// Something that takes its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// What verification would send.
    VerificationPlan,
    /// Verification.
    Verify,
    /// The plan for a successor; it asks the provider whether the credential works.
    RotationPlan,
}

/// What the loop has to do after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Nothing,
    Quit,
    /// Do this about the selected finding, beside the drawing.
    Start(Job),
}

/// A job that is done.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) job: Job,
    /// Which finding it was about.
    pub(crate) index: usize,
    /// A verdict, where there is one, and a text.
    pub(crate) result: Result<(Option<String>, String), String>,
}

/// What is on the screen.
pub struct App {
    pub(crate) report: String,
    pub(crate) items: Vec<Item>,
    /// Indexes of what is shown.
    pub(crate) shown: Vec<usize>,
    pub(crate) filter: Filter,
    pub(crate) search: String,
    /// Which of `shown`.
    pub(crate) selected: usize,
    /// Which of the selected finding's places.
    pub(crate) place: usize,
    pub(crate) focus: Focus,
    pub(crate) over: Over,
    pub(crate) reveal: bool,
    pub(crate) scroll: u16,
    /// How many rows the list has; set by who draws it.
    pub(crate) page: usize,
    /// The last thing that happened, and whether it went well.
    pub(crate) message: Option<(String, bool)>,
    /// What runs beside, about which finding.
    pub(crate) running: Option<(Job, usize)>,
    pub(crate) ticks: usize,
    undo: Vec<usize>,
    context: Option<(usize, usize, Result<Context, String>)>,
    world: Arc<dyn World>,
}

impl App {
    /// The screen at the beginning.
    #[must_use]
    pub fn new(start: Start, world: Arc<dyn World>) -> Self {
        let item = |(finding, known): (Finding, Option<Known>)| Item {
            verdict: finding.verdict.as_str().to_owned(),
            finding,
            known,
        };
        let mut app = Self {
            report: start.report,
            items: start.findings.into_iter().map(item).collect(),
            shown: Vec::new(),
            filter: Filter::default(),
            search: String::new(),
            selected: 0,
            place: 0,
            focus: Focus::default(),
            over: Over::default(),
            reveal: false,
            scroll: 0,
            page: 10,
            message: None,
            running: None,
            ticks: 0,
            undo: Vec::new(),
            context: None,
            world,
        };
        app.show();
        app
    }

    /// The selected finding.
    pub(crate) fn item(&self) -> Option<&Item> {
        self.items.get(*self.shown.get(self.selected)?)
    }

    /// The place of it that is looked at.
    pub(crate) fn location(&self) -> Option<&Location> {
        self.item()?.finding.locations.get(self.place)
    }

    /// How many of the findings something is decided about.
    pub(crate) fn decided(&self) -> usize {
        self.items
            .iter()
            .filter(|item| item.known.is_some())
            .count()
    }

    /// What stands around the place, read when it is first drawn.
    pub(crate) fn context(&mut self) -> Option<&Result<Context, String>> {
        let index = *self.shown.get(self.selected)?;
        let key = (index, self.place);
        let is_here = self
            .context
            .as_ref()
            .is_some_and(|(index, place, _)| (*index, *place) == key);
        if !is_here {
            let finding = &self.items.get(index)?.finding;
            let place = finding.locations.get(self.place)?;
            let context = self.world.context(finding, place);
            self.context = Some((index, self.place, context));
        }
        self.context.as_ref().map(|(_, _, context)| context)
    }

    /// Works out again what is shown, and keeps the selection where it was.
    fn show(&mut self) {
        let before = self.shown.get(self.selected).copied();
        let (filter, search) = (self.filter, &self.search);
        self.shown = (0..self.items.len())
            .filter(|index| {
                let item = self.items.get(*index);
                item.is_some_and(|item| is_shown(item, filter, search))
            })
            .collect();
        let same = before.and_then(|before| self.shown.iter().position(|index| *index == before));
        let last = self.shown.len().saturating_sub(1);
        self.selected = same.unwrap_or(self.selected.min(last));
        self.moved(before);
    }

    fn select(&mut self, selected: usize) {
        let before = self.shown.get(self.selected).copied();
        self.selected = selected.min(self.shown.len().saturating_sub(1));
        self.moved(before);
    }

    /// Another finding than before is looked at from its beginning.
    fn moved(&mut self, before: Option<usize>) {
        if self.shown.get(self.selected).copied() != before {
            self.place = 0;
            self.scroll = 0;
            // What was asked for was one credential in clear, not the next one as well.
            self.reveal = false;
        }
    }

    fn places(&self) -> usize {
        self.item().map_or(0, |item| item.finding.locations.len())
    }

    pub(crate) fn key(&mut self, key: KeyEvent) -> Effect {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Effect::Quit;
        }
        match std::mem::take(&mut self.over) {
            Over::Nothing => self.key_on_screen(key),
            Over::Help => Effect::Nothing,
            Over::Search(line) => self.key_in_search(key, line),
            Over::Reason(reason) => self.key_in_reason(key, reason),
            Over::Confirm { text, job, index } => self.key_in_question(key, text, job, index),
            Over::Text {
                title,
                text,
                scroll,
            } => {
                self.key_in_text(key, title, text, scroll);
                Effect::Nothing
            }
        }
    }

    fn key_on_screen(&mut self, key: KeyEvent) -> Effect {
        self.message = None;
        match key.code {
            KeyCode::Char('q') => return Effect::Quit,
            KeyCode::Esc if self.focus == Focus::Detail => self.focus = Focus::List,
            KeyCode::Esc if !self.search.is_empty() => {
                self.search.clear();
                self.show();
            }
            KeyCode::Char('?') | KeyCode::F(1) => self.over = Over::Help,
            KeyCode::Char('/') => self.over = Over::Search(Line::of(&self.search)),
            KeyCode::Char('f') => {
                self.filter = self.filter.next();
                self.show();
            }
            KeyCode::Tab | KeyCode::Enter => {
                self.focus = match self.focus {
                    Focus::List => Focus::Detail,
                    Focus::Detail => Focus::List,
                };
            }
            KeyCode::Char('r') => self.reveal = !self.reveal,
            KeyCode::Char('x') => self.begin_reason(Kind::FalsePositive),
            KeyCode::Char('t') => self.begin_reason(Kind::TestValue),
            KeyCode::Char('u') => self.undo(),
            KeyCode::Char('v') => return self.begin_verification(),
            KeyCode::Char('p') => return self.begin_plan(),
            _ => self.move_by(key),
        }
        Effect::Nothing
    }

    fn move_by(&mut self, key: KeyEvent) {
        let page = self.page.max(1);
        let last = self.shown.len().saturating_sub(1);
        if self.focus == Focus::Detail {
            let page = u16::try_from(page).unwrap_or(u16::MAX);
            match key.code {
                KeyCode::Down | KeyCode::Char('j') => self.scroll = self.scroll.saturating_add(1),
                KeyCode::Up | KeyCode::Char('k') => self.scroll = self.scroll.saturating_sub(1),
                KeyCode::PageDown | KeyCode::Char(' ') => {
                    self.scroll = self.scroll.saturating_add(page);
                }
                KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(page),
                KeyCode::Home | KeyCode::Char('g') => self.scroll = 0,
                _ => self.move_place(key),
            }
            return;
        }
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.select((self.selected + 1).min(last)),
            KeyCode::Up | KeyCode::Char('k') => self.select(self.selected.saturating_sub(1)),
            KeyCode::PageDown | KeyCode::Char(' ') => self.select((self.selected + page).min(last)),
            KeyCode::PageUp => self.select(self.selected.saturating_sub(page)),
            KeyCode::Home | KeyCode::Char('g') => self.select(0),
            KeyCode::End | KeyCode::Char('G') => self.select(last),
            _ => self.move_place(key),
        }
    }

    fn move_place(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Right | KeyCode::Char('l' | ']') => {
                self.place = (self.place + 1).min(self.places().saturating_sub(1));
            }
            KeyCode::Left | KeyCode::Char('h' | '[') => self.place = self.place.saturating_sub(1),
            _ => {}
        }
    }

    fn key_in_search(&mut self, key: KeyEvent, mut line: Line) -> Effect {
        match key.code {
            KeyCode::Enter => {}
            KeyCode::Esc => {
                self.search.clear();
                self.show();
            }
            _ => {
                line.key(key);
                // What is found shows while it is typed.
                self.search = line.text();
                self.show();
                self.over = Over::Search(line);
            }
        }
        Effect::Nothing
    }

    fn begin_reason(&mut self, kind: Kind) {
        let Some(item) = self.item() else { return };
        if let Some(known) = &item.known {
            let text = format!("decided already: {}", known.line);
            self.message = Some((text, false));
            return;
        }
        self.over = Over::Reason(Reason {
            kind,
            reason: Line::default(),
            until: Line::default(),
            on_until: false,
            problem: None,
        });
    }

    fn key_in_reason(&mut self, key: KeyEvent, mut reason: Reason) -> Effect {
        match key.code {
            KeyCode::Esc => return Effect::Nothing,
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down => {
                reason.on_until = !reason.on_until;
            }
            KeyCode::Enter => match self.decide(&reason) {
                Ok(()) => return Effect::Nothing,
                Err(problem) => reason.problem = Some(problem),
            },
            _ => {
                let line = if reason.on_until {
                    &mut reason.until
                } else {
                    &mut reason.reason
                };
                line.key(key);
                reason.problem = None;
            }
        }
        self.over = Over::Reason(reason);
        Effect::Nothing
    }

    fn decide(&mut self, typed: &Reason) -> Result<(), String> {
        let index = self.shown.get(self.selected).copied();
        let index = index.ok_or("nothing is selected")?;
        let item = self.items.get_mut(index).ok_or("nothing is selected")?;
        let reason = typed.reason.text().trim().to_owned();
        if reason.is_empty() {
            return Err(
                "say why: whoever reads the ignore file next year wants to know".to_owned(),
            );
        }
        let decision = Decision {
            fingerprint: item.finding.fingerprint,
            kind: typed.kind,
            reason,
            until: typed.until.text().trim().to_owned(),
        };
        let known = self.world.decide(&item.finding, &decision)?;
        self.message = Some((format!("written down: {}", known.line), true));
        item.known = Some(known);
        self.undo.push(index);
        self.show();
        Ok(())
    }

    fn undo(&mut self) {
        let Some(index) = self.undo.pop() else {
            self.message = Some(("there is nothing to take back".to_owned(), false));
            return;
        };
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        let Some(known) = &item.known else { return };
        match self.world.take_back(known) {
            Ok(()) => {
                self.message = Some((format!("taken back: {}", known.line), true));
                item.known = None;
                self.show();
                if let Some(at) = self.shown.iter().position(|shown| *shown == index) {
                    self.select(at);
                }
            }
            Err(problem) => {
                self.message = Some((problem, false));
                self.undo.push(index);
            }
        }
    }

    fn begin_plan(&mut self) -> Effect {
        let Some(index) = self.shown.get(self.selected).copied() else {
            return Effect::Nothing;
        };
        if self.is_busy() {
            return Effect::Nothing;
        }
        let text = "A plan begins with asking the provider whether the credential works.\nNothing is changed.".to_owned();
        self.over = Over::Confirm {
            text,
            job: Job::RotationPlan,
            index,
        };
        Effect::Nothing
    }

    fn is_busy(&mut self) -> bool {
        let busy = self.running.is_some();
        if busy {
            self.message = Some(("something else is still running".to_owned(), false));
        }
        busy
    }

    fn begin_verification(&mut self) -> Effect {
        match self.shown.get(self.selected).copied() {
            Some(index) => self.start(Job::VerificationPlan, index),
            None => Effect::Nothing,
        }
    }

    fn start(&mut self, job: Job, index: usize) -> Effect {
        if self.is_busy() {
            return Effect::Nothing;
        }
        self.running = Some((job.clone(), index));
        Effect::Start(job)
    }

    fn key_in_question(&mut self, key: KeyEvent, text: String, job: Job, index: usize) -> Effect {
        match key.code {
            KeyCode::Char('y' | 'Y') => self.start(job, index),
            KeyCode::Char('n' | 'N') | KeyCode::Esc => Effect::Nothing,
            // Enter is pressed by habit, and something would be sent.
            _ => {
                self.over = Over::Confirm { text, job, index };
                Effect::Nothing
            }
        }
    }

    fn key_in_text(&mut self, key: KeyEvent, title: String, text: String, scroll: u16) {
        let lines = u16::try_from(text.lines().count()).unwrap_or(u16::MAX);
        let page = u16::try_from(self.page).unwrap_or(10);
        let scroll = match key.code {
            KeyCode::Down | KeyCode::Char('j') => scroll.saturating_add(1),
            KeyCode::Up | KeyCode::Char('k') => scroll.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char(' ') => scroll.saturating_add(page),
            KeyCode::PageUp => scroll.saturating_sub(page),
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => return,
            _ => scroll,
        };
        let scroll = scroll.min(lines.saturating_sub(1));
        self.over = Over::Text {
            title,
            text,
            scroll,
        };
    }

    /// What is to be done about the finding that a job runs for.
    pub(crate) fn work(&self, job: Job) -> Option<impl FnOnce() -> Done + Send + 'static + use<>> {
        let (_, index) = self.running.as_ref()?;
        let index = *index;
        let fingerprint = self.items.get(index)?.finding.fingerprint;
        let world = Arc::clone(&self.world);
        Some(move || {
            let result = match job {
                Job::VerificationPlan => world
                    .verification_plan(fingerprint)
                    .map(|text| (None, text)),
                Job::Verify => world
                    .verify(fingerprint)
                    .map(|(word, text)| (Some(word), text)),
                Job::RotationPlan => world.rotation_plan(fingerprint).map(|text| (None, text)),
            };
            Done { job, index, result }
        })
    }

    /// A job is done.
    pub(crate) fn done(&mut self, done: Done) {
        self.running = None;
        let (verdict, text) = match done.result {
            Ok(result) => result,
            Err(problem) => {
                self.message = Some((problem, false));
                return;
            }
        };
        if let (Some(verdict), Some(item)) = (verdict, self.items.get_mut(done.index)) {
            item.verdict = verdict;
        }
        // Whoever types something goes on typing.
        if !matches!(self.over, Over::Nothing) {
            self.message = Some((text.lines().next().unwrap_or_default().to_owned(), true));
            return;
        }
        let title = |name: &str| name.to_owned();
        self.over = match done.job {
            Job::VerificationPlan => Over::Confirm {
                text,
                job: Job::Verify,
                index: done.index,
            },
            Job::Verify => Over::Text {
                title: title("What the provider says"),
                text,
                scroll: 0,
            },
            Job::RotationPlan => Over::Text {
                title: title("The plan: nothing was changed"),
                text,
                scroll: 0,
            },
        };
        self.show();
    }
}

#[cfg(test)]
mod tests;
