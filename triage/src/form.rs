//! A line that is typed into: one line, a cursor, the usual keys.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// LIMIT: characters of a line.
const LONGEST: usize = 500;

/// A line that is typed into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    text: Vec<char>,
    cursor: usize,
}

impl Line {
    pub(crate) fn of(text: &str) -> Self {
        let text: Vec<char> = text.chars().collect();
        Self {
            cursor: text.len(),
            text,
        }
    }

    pub(crate) fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// The text before the cursor, and the text from it on.
    pub(crate) fn halves(&self) -> (String, String) {
        let (before, after) = self.text.split_at(self.cursor.min(self.text.len()));
        (before.iter().collect(), after.iter().collect())
    }

    /// Takes a key; whether it meant something.
    pub(crate) fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if control => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char(_) if control => return false,
            KeyCode::Char(letter) => {
                if self.text.len() < LONGEST {
                    self.text.insert(self.cursor, letter);
                    self.cursor += 1;
                }
            }
            KeyCode::Backspace => {
                if self.cursor > 0 {
                    self.cursor -= 1;
                    self.text.remove(self.cursor);
                }
            }
            KeyCode::Delete => {
                if self.cursor < self.text.len() {
                    self.text.remove(self.cursor);
                }
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn a_line_is_edited_with_the_usual_keys() {
        let mut line = Line::of("añb");
        line.key(key(KeyCode::Left));
        line.key(key(KeyCode::Backspace));
        line.key(key(KeyCode::Char('x')));
        assert_eq!(line.text(), "axb");
        assert_eq!(line.halves(), ("ax".to_owned(), "b".to_owned()));
        line.key(key(KeyCode::End));
        line.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(line.text(), "");
        for code in [KeyCode::Backspace, KeyCode::Delete, KeyCode::Left] {
            line.key(key(code));
        }
        assert!(!line.key(key(KeyCode::Tab)));
    }
}
