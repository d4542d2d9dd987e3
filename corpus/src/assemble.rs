//! Puts plants into files.

use std::collections::VecDeque;
use std::ops::Range;

use crate::dice::Dice;
use crate::document::{Category, Document, Label, Truth};
use crate::format::{Accepts, Format, Host};
use crate::library::Library;
use crate::plant::{Content, Plant};
use crate::scene::{SceneError, Stage};
use crate::vocabulary::WORDS;

/// So many formats are asked at random before all are asked in turn.
const ATTEMPTS: usize = 16;

/// So many plants are looked through for one that fits a slot.
const LOOKAHEAD: usize = 40;

/// After so many files without a plant, the rest fits none.
const FRUITLESS: usize = 40;

/// Files, and the kinds of what fits no file.
#[derive(Debug, Default)]
pub(crate) struct Assembled {
    pub(crate) documents: Vec<Document>,
    pub(crate) unplaced: Vec<String>,
}

/// Puts every plant into a file of a format that can hold it.
pub(crate) fn assemble(
    library: &Library,
    plants: Vec<Plant>,
    dice: &Dice,
) -> Result<Assembled, SceneError> {
    let mut assembled = Assembled::default();
    let mut queues: Vec<Vec<Plant>> = vec![Vec::new(); library.formats.len()];
    let mut chooser = dice.fork("formats");
    for plant in plants {
        if let Content::File { .. } = plant.content {
            assembled.documents.push(whole_file(&plant, &mut chooser));
        } else if let Some(format) = choose_format(library, &plant, &mut chooser) {
            queues[format].push(plant);
        } else {
            assembled.unplaced.push(plant.kind);
        }
    }
    for (format, queue) in library.formats.iter().zip(queues) {
        fill_files(format, queue, &dice.fork(&format.name), &mut assembled)?;
    }
    for (number, document) in assembled.documents.iter_mut().enumerate() {
        // As in a folder of many checkouts: every path is another.
        document.path = format!("{}-{number:05}/{}", chooser.word(WORDS), document.path);
        document.labels.sort_by_key(|label| label.span);
    }
    Ok(assembled)
}

fn choose_format(library: &Library, plant: &Plant, dice: &mut Dice) -> Option<usize> {
    let formats = &library.formats;
    if let [only] = plant.formats.as_slice() {
        let place = formats.iter().position(|format| format.name == *only)?;
        return formats[place].takes(plant).then_some(place);
    }
    (0..ATTEMPTS)
        .map(|_| dice.below(formats.len()))
        .find(|place| formats[*place].takes(plant))
        .or_else(|| formats.iter().position(|format| format.takes(plant)))
}

fn whole_file(plant: &Plant, dice: &mut Dice) -> Document {
    let labels = |text: &str, marked: &[Range<usize>]| plant.labels(0..text.len(), marked, "");
    match &plant.content {
        Content::File {
            path,
            format,
            text,
            marked,
        } => Document {
            path: path.clone(),
            format: format.clone(),
            labels: labels(text, marked),
            text: text.clone(),
        },
        _ => Document {
            path: dice.word(WORDS).to_string(),
            format: String::new(),
            text: String::new(),
            labels: Vec::new(),
        },
    }
}

fn fill_files(
    format: &Format,
    mut plants: Vec<Plant>,
    dice: &Dice,
    assembled: &mut Assembled,
) -> Result<(), SceneError> {
    let mut shuffler = dice.fork("order");
    shuffler.shuffle(&mut plants);
    let mut queue = VecDeque::from(plants);
    let (mut number, mut fruitless) = (0, 0);
    while !queue.is_empty() && fruitless < FRUITLESS {
        let mut dice = dice.fork(&format!("file {number}"));
        number += 1;
        let host = dice.pick(&format.host);
        let before = queue.len();
        let document = HostWriter::new(format, host, dice).write(&mut queue)?;
        if queue.len() == before {
            fruitless += 1;
            // What comes first fits nothing that was tried: let another come first.
            queue.rotate_left(LOOKAHEAD.min(before));
        } else {
            fruitless = 0;
            assembled.documents.push(document);
        }
    }
    let kinds = queue.into_iter().map(|plant| plant.kind);
    assembled.unplaced.extend(kinds);
    Ok(())
}

/// Writes one file.
struct HostWriter<'f> {
    format: &'f Format,
    host: &'f Host,
    stage: Stage,
    dice: Dice,
    text: String,
    labels: Vec<Label>,
}

impl<'f> HostWriter<'f> {
    fn new(format: &'f Format, host: &'f Host, dice: Dice) -> HostWriter<'f> {
        HostWriter {
            format,
            host,
            stage: Stage::new(dice.fork("stage")),
            dice,
            text: String::new(),
            labels: Vec::new(),
        }
    }

    fn write(mut self, queue: &mut VecDeque<Plant>) -> Result<Document, SceneError> {
        let (format, host) = (self.format, self.host);
        let path = match &host.path {
            Some(path) => path,
            None => self.dice.word(&format.paths),
        };
        let path = self.stage.write(path)?.text;
        for line in host.text.lines() {
            let slot = line
                .trim()
                .strip_prefix('‹')
                .and_then(|name| name.strip_suffix('›'))
                .and_then(|name| format.slot(name));
            match slot {
                Some(slot) => {
                    let indentation = &line[..line.len() - line.trim_start().len()];
                    if let Some((plant, way)) = self.next_plant(slot, queue) {
                        self.write_plant(&plant, &way, indentation)?;
                    }
                }
                None => {
                    let written = self.stage.write(line)?;
                    self.text.push_str(&written.text);
                    self.text.push('\n');
                }
            }
        }
        Ok(Document {
            path,
            format: format.name.clone(),
            text: self.text,
            labels: self.labels,
        })
    }

    /// The first plant in the queue that the slot can hold, with a way to write it.
    fn next_plant(
        &mut self,
        slot: &crate::format::Slot,
        queue: &mut VecDeque<Plant>,
    ) -> Option<(Plant, String)> {
        for place in 0..queue.len().min(LOOKAHEAD) {
            let plant = &queue[place];
            if !is_welcome(self.host, plant) {
                continue;
            }
            let ways = self.format.ways(slot, plant);
            if !ways.is_empty() {
                let way = (self.dice.word(&ways)).to_owned();
                return Some((queue.remove(place)?, way));
            }
        }
        None
    }

    fn write_plant(
        &mut self,
        plant: &Plant,
        way: &str,
        indentation: &str,
    ) -> Result<(), SceneError> {
        let (name, inserted, marked) = match &plant.content {
            Content::Pair { name, value } => (Some(name), value.as_str(), &[][..]),
            Content::Line { text, marked } => (None, text.as_str(), marked.as_slice()),
            Content::Block { name, text, marked } => (Some(name), text.as_str(), marked.as_slice()),
            Content::Scene { name, .. } => (Some(name), "", &[][..]),
            Content::File { .. } => return Ok(()),
        };
        let dice = Dice::new(self.dice.number());
        let mut stage = Stage::with(dice, name.cloned(), inserted);
        let scene = format!(
            "{indentation}{}",
            way.replace('\n', &format!("\n{indentation}"))
        );
        let written = stage.write(&scene)?;
        let start = self.text.len();
        self.text.push_str(&written.text);
        self.text.push('\n');
        let labels = match &written.inserted {
            Some(place) => {
                let at = start + place.start..start + place.end;
                plant.labels(at, &moved(marked, inserted, place.len()), way)
            }
            None => {
                let from = indentation.len();
                let marked: Vec<Range<usize>> = written
                    .marked
                    .iter()
                    .map(|range| range.start - from..range.end - from)
                    .collect();
                plant.labels(start + from..start + written.text.len(), &marked, way)
            }
        };
        self.labels.extend(labels);
        Ok(())
    }
}

/// Stretches of a text after its lines, but for the first, were indented so that it is `length` bytes long.
fn moved(marked: &[Range<usize>], text: &str, length: usize) -> Vec<Range<usize>> {
    let breaks = |until: usize| text[..until].matches('\n').count();
    let added = (length - text.len()) / breaks(text.len()).max(1);
    let place = |offset: usize| offset + added * breaks(offset);
    marked
        .iter()
        .map(|range| place(range.start)..place(range.end))
        .collect()
}

fn is_welcome(host: &Host, plant: &Plant) -> bool {
    let is_unmistakable = match plant.truth {
        Truth::LookAlike => true,
        Truth::Credential { category, .. } => category == Category::Provider,
    };
    host.accepts == Accepts::Everything || is_unmistakable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_move_with_their_lines() {
        let text = "a\nbcd\ne";
        // Two spaces before the second and the third line.
        assert_eq!(moved(&[0..1, 2..5, 2..7], text, 11), [0..1, 4..7, 4..11]);
        let whole = [0..1, 0..1];
        assert_eq!(moved(&whole, "a", 1), whole);
    }
}
