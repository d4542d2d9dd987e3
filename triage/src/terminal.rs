//! The loop between terminal and screen: keys in, drawing out, jobs beside.
//!
//! INVARIANT: the terminal is as it was before when this returns, also after a panic.

use std::io::IsTerminal as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};

use crate::app::{App, Done, Effect, Job};
use crate::draw::draw;
use crate::theme::Theme;

/// How often something that runs is drawn.
const TICK: Duration = Duration::from_millis(120);

/// A walk that cannot begin or go on.
#[derive(Debug)]
pub enum TriageError {
    /// Standard input or output is no terminal.
    NoTerminal,
    /// The terminal.
    Terminal(std::io::Error),
}

impl std::fmt::Display for TriageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoTerminal => f.write_str(
                "this needs a terminal: standard input or output is a file or a pipe. `leakward report convert` shows a report without one",
            ),
            Self::Terminal(error) => write!(f, "the terminal: {error}"),
        }
    }
}

impl std::error::Error for TriageError {}

impl From<std::io::Error> for TriageError {
    fn from(error: std::io::Error) -> Self {
        Self::Terminal(error)
    }
}

/// Shows the screen until the user is done.
///
/// # Errors
/// When there is no terminal, or it fails.
pub fn run(mut app: App, theme: Theme) -> Result<(), TriageError> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(TriageError::NoTerminal);
    }
    let mut terminal = ratatui::try_init()?;
    let ended = walk(&mut app, &mut terminal, theme);
    ratatui::try_restore()?;
    ended
}

fn walk(app: &mut App, terminal: &mut DefaultTerminal, theme: Theme) -> Result<(), TriageError> {
    let (sender, done) = channel();
    loop {
        terminal.draw(|frame| draw(frame, app, theme))?;
        if !event::poll(TICK)? {
            finish(app, &done);
            continue;
        }
        // A change of size is drawn by the next turn.
        if let Event::Key(key) = event::read()?
            && key.kind != KeyEventKind::Release
        {
            match app.key(key) {
                Effect::Nothing => {}
                Effect::Quit => return Ok(()),
                Effect::Start(job) => start(app, job, sender.clone()),
            }
        }
        finish(app, &done);
    }
}

fn start(app: &App, job: Job, sender: Sender<Done>) {
    if let Some(work) = app.work(job) {
        // It ends with the program.
        drop(std::thread::spawn(move || {
            // When the user has quit, nobody wants to know.
            let _quit = sender.send(work());
        }));
    }
}

fn finish(app: &mut App, done: &Receiver<Done>) {
    app.ticks = app.ticks.wrapping_add(1);
    if let Ok(done) = done.try_recv() {
        app.done(done);
    }
}
