//! Draws plants from the hand-written material: credentials without a format of their own, and look-alikes.

use crate::dice::Dice;
use crate::document::{Category, Truth};
use crate::library::Library;
use crate::material::WholeFile;
use crate::name::Name;
use crate::plant::{Content, Plant};
use crate::scene::{SceneError, Stage, Written};
use crate::vocabulary::WORDS;

/// Lines of a whole file, where it leaves their number open.
const ROWS: (usize, usize) = (12, 60);

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Credentials,
    LookAlikes,
}

impl Wanted {
    /// The groups of sources (values, lines, lines of one format) as often as they are drawn. Most credentials are assigned
    /// to names; much of what looks like one is code.
    fn groups(self) -> &'static [usize] {
        match self {
            Wanted::Credentials => &[0, 0, 0, 0, 0, 0, 0, 1, 1, 2],
            Wanted::LookAlikes => &[0, 0, 0, 0, 0, 1, 1, 2, 2, 2],
        }
    }
}

/// A text of the material that a plant can be made of.
struct Source<'l> {
    kind: &'l str,
    names: Vec<&'l str>,
    texts: Vec<&'l str>,
    formats: Vec<String>,
    weight: usize,
    truth: Truth,
    form: Form<'l>,
}

#[derive(Clone, Copy)]
enum Form<'l> {
    Pair,
    Line,
    Scene { slot: &'l str },
}

/// Draws so many plants.
pub(crate) fn draw(
    library: &Library,
    wanted: Wanted,
    count: usize,
    dice: &Dice,
) -> Result<Vec<Plant>, SceneError> {
    let mut groups = [
        values(library, wanted),
        lines(library, wanted),
        own_lines(library, wanted),
    ];
    for group in &mut groups {
        group.retain(|source| !source.texts.is_empty());
    }
    let weights = groups
        .each_ref()
        .map(|group| group.iter().map(|source| source.weight).collect::<Vec<_>>());
    (0..count)
        .map(|number| {
            let mut dice = dice.fork(&format!("{wanted:?} {number}"));
            let group = *dice.pick(wanted.groups());
            let source = &groups[group][weighted(&weights[group], &mut dice)];
            source.plant(dice)
        })
        .collect()
}

/// A place in the list, more often one of more weight.
fn weighted(weights: &[usize], dice: &mut Dice) -> usize {
    let mut left = dice.below(weights.iter().sum());
    for (place, weight) in weights.iter().enumerate() {
        if left < *weight {
            return place;
        }
        left -= weight;
    }
    0
}

fn values(library: &Library, wanted: Wanted) -> Vec<Source<'_>> {
    let material = &library.material;
    let (list, truth) = match wanted {
        Wanted::Credentials => (&material.credential, credential(Category::Generic)),
        Wanted::LookAlikes => (&material.look_alike, Truth::LookAlike),
    };
    list.iter()
        .map(|values| Source {
            kind: &values.kind,
            names: material.resolved(&values.names, "secret"),
            texts: values.values.iter().map(String::as_str).collect(),
            formats: values.formats.clone(),
            weight: values.weight,
            truth: truth.clone(),
            form: Form::Pair,
        })
        .collect()
}

fn lines(library: &Library, wanted: Wanted) -> Vec<Source<'_>> {
    let material = &library.material;
    material
        .line
        .iter()
        .map(|lines| Source {
            kind: &lines.kind,
            names: material.resolved(&lines.names, "secret"),
            texts: of_truth(&lines.text, wanted),
            formats: lines.formats.clone(),
            weight: lines.weight,
            truth: truth(wanted, lines.category.unwrap_or(Category::Connection)),
            form: Form::Line,
        })
        .collect()
}

fn own_lines(library: &Library, wanted: Wanted) -> Vec<Source<'_>> {
    let sources = library.formats.iter().flat_map(|format| {
        format.line.iter().map(|lines| Source {
            kind: &lines.kind,
            names: library.material.resolved(&lines.names, "secret"),
            texts: of_truth(&lines.text, wanted),
            formats: vec![format.name.clone()],
            weight: lines.text.len(),
            truth: truth(wanted, lines.category.unwrap_or(Category::Generic)),
            form: Form::Scene { slot: &lines.slot },
        })
    });
    sources.collect()
}

fn of_truth(texts: &[String], wanted: Wanted) -> Vec<&str> {
    let is_wanted = |text: &&str| text.contains('«') == (wanted == Wanted::Credentials);
    texts.iter().map(String::as_str).filter(is_wanted).collect()
}

fn truth(wanted: Wanted, category: Category) -> Truth {
    match wanted {
        Wanted::Credentials => credential(category),
        Wanted::LookAlikes => Truth::LookAlike,
    }
}

fn credential(category: Category) -> Truth {
    Truth::Credential {
        category,
        rule: None,
    }
}

impl Source<'_> {
    fn plant(&self, mut dice: Dice) -> Result<Plant, SceneError> {
        let mut name = Name::of(dice.word(&self.names));
        if matches!(self.form, Form::Pair) && dice.chance(25) {
            name = name.prefixed(dice.word(WORDS));
        }
        let template = dice.word(&self.texts);
        let write = |name: &Name, dice: &Dice| -> Result<Written, SceneError> {
            Stage::with(dice.fork("text"), Some(name.clone()), "").write(template)
        };
        let content = match self.form {
            Form::Pair => Content::Pair {
                value: write(&name, &dice)?.text,
                name,
            },
            Form::Line => {
                let written = write(&name, &dice)?;
                match written.text.contains('\n') {
                    true => Content::Block {
                        name,
                        text: written.text,
                        marked: written.marked,
                    },
                    false => Content::Line {
                        text: written.text,
                        marked: written.marked,
                    },
                }
            }
            Form::Scene { slot } => Content::Scene {
                slot: slot.to_owned(),
                scene: template.to_owned(),
                name,
            },
        };
        Ok(Plant {
            content,
            truth: self.truth.clone(),
            kind: self.kind.to_owned(),
            template: template.to_owned(),
            formats: self.formats.clone(),
        })
    }
}

/// Every whole file, so many times.
pub(crate) fn whole_files(
    library: &Library,
    times: usize,
    dice: &Dice,
) -> Result<Vec<Plant>, SceneError> {
    let mut plants = Vec::new();
    for (number, file) in library.material.file.iter().enumerate() {
        for time in 0..times {
            plants.push(whole_file(
                file,
                dice.fork(&format!("file {number} {time}")),
            )?);
        }
    }
    Ok(plants)
}

fn whole_file(file: &WholeFile, mut dice: Dice) -> Result<Plant, SceneError> {
    let mut scene = String::new();
    for line in file.text.lines() {
        if line.trim() == "‹rows›" {
            for _ in 0..dice.between(ROWS.0, ROWS.1) {
                scene.push_str(dice.word(&file.rows));
                scene.push('\n');
            }
        } else {
            scene.push_str(line);
            scene.push('\n');
        }
    }
    let mut stage = Stage::new(dice.fork("text"));
    let written = stage.write(&scene)?;
    let path = stage.write(&file.path)?.text;
    let truth = if written.marked.is_empty() {
        Truth::LookAlike
    } else {
        credential(Category::Connection)
    };
    Ok(Plant {
        content: Content::File {
            path,
            format: file.format.clone(),
            text: written.text,
            marked: written.marked,
        },
        truth,
        kind: file.kind.clone(),
        template: format!("a file {}", file.path),
        formats: Vec::new(),
    })
}
