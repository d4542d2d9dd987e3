//! `leakward-corpus`: measures accuracy, and writes the material down for other programs.
//!
//! Not for: deciding anything. What is counted and how is the library's work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use leakward_corpus::{
    Corpus, Library, Miss, NOBODY_LOOKED, Record, Score, Set, Size, Truth, review, tables,
};
use leakward_detect::{Detector, Sensitivity, Settings};
use leakward_rules::built_in;

/// Measures accuracy on generated, labelled material.
#[derive(Debug, Parser)]
#[command(name = "leakward-corpus")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Counts what detection finds, misses and reports wrongly.
    Score(ScoreArguments),
    /// Looks at a tree of real files and prints what is reported and what is turned down, one JSON object a line, with the
    /// values: for reading by hand.
    Review {
        /// The tree.
        tree: PathBuf,
    },
    /// Writes the files and their labels to a folder, for other programs.
    Write {
        #[command(flatten)]
        material: Material,
        /// The folder, which must not be in a repository that is scanned.
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Material {
    /// Which material: `fit` to look at and tune on, `score` to measure on.
    #[arg(long, default_value = "score")]
    set: Set,
    /// Which drawing of it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much of it, compared with the usual.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
}

#[derive(Debug, Args)]
struct ScoreArguments {
    #[command(flatten)]
    material: Material,
    /// Shows so many misses and false alarms, masked, and the causes of all. Only for the set `fit`.
    #[arg(long, value_name = "N")]
    show_misses: Option<usize>,
    /// With `--show-misses`: only those of this rule, kind, format or reason.
    #[arg(long, value_name = "TEXT", requires = "show_misses")]
    only: Option<String>,
    /// Prints the numbers as JSON.
    #[arg(long)]
    json: bool,
    /// Fails when precision or recall fell since `scores.json` was written.
    #[arg(long)]
    check: bool,
    /// Writes `scores.json`.
    #[arg(long, conflicts_with = "check")]
    record: bool,
    /// Where the numbers are kept.
    #[arg(long, value_name = "FILE", default_value_os_t = Library::folder().join("scores.json"))]
    scores: PathBuf,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Score(arguments) => score(&arguments),
        Command::Review { tree } => read_tree(&tree),
        Command::Write { material, folder } => write(&material, &folder),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("leakward-corpus: {error:#}");
            ExitCode::from(2)
        }
    }
}

impl Material {
    fn generate(&self) -> anyhow::Result<Corpus> {
        let library = Library::read(Library::folder())?;
        let size = Size::scaled(self.scale);
        let corpus = Corpus::generate(&library, built_in(), self.set, self.seed, size)?;
        if !corpus.unplaced.is_empty() {
            let kinds = counted(corpus.unplaced.iter().cloned());
            eprintln!("fits no format: {kinds:?}");
        }
        Ok(corpus)
    }
}

fn score(arguments: &ScoreArguments) -> anyhow::Result<ExitCode> {
    let material = &arguments.material;
    if arguments.show_misses.is_some() && material.set == Set::Score {
        bail!(
            "the misses of the set score are not shown, so that nothing is tuned on it; use --set fit"
        );
    }
    if (arguments.check || arguments.record) && material.scale != 1.0 {
        bail!("the record is of scale 1");
    }
    let corpus = material.generate()?;
    let detector = Detector::new(built_in().to_vec(), Settings::default())?;
    let score = match arguments.show_misses {
        Some(_) => Score::explain(&detector, &corpus),
        None => Score::measure(&detector, &corpus),
    };
    let mut record = Record::read(&arguments.scores)?;
    let before = record.clone();
    record.set(material.set, material.seed, &corpus, &score);
    if arguments.json {
        let only = record.only(material.set);
        println!("{}", serde_json::to_string_pretty(&only)?);
    } else {
        let (credentials, look_alikes) = corpus.counts();
        println!(
            "set {}, seed {}: {} files, {credentials} credentials, {look_alikes} look-alikes\n",
            material.set,
            material.seed,
            corpus.documents.len()
        );
        println!("{}", tables(&score));
        if let Some(number) = arguments.show_misses {
            show_misses(&score.misses, number, arguments.only.as_deref());
        }
    }
    if arguments.record {
        record.write(&arguments.scores)?;
    }
    if material.scale != 1.0 {
        return Ok(ExitCode::SUCCESS);
    }
    compare(&before, arguments, &score)
}

/// Tells what changed since the record, and fails when that was asked for.
fn compare(before: &Record, arguments: &ScoreArguments, score: &Score) -> anyhow::Result<ExitCode> {
    let Material { set, seed, .. } = arguments.material;
    let changes = match before.changes(set, seed, score) {
        Ok(changes) => changes,
        Err(error) if arguments.check => return Err(error.into()),
        Err(_) => return Ok(ExitCode::SUCCESS),
    };
    for change in &changes {
        eprintln!("{change}");
    }
    let regressions = before.regressions(set, seed, score)?;
    for regression in &regressions {
        eprintln!("worse: {regression}");
    }
    Ok(if arguments.check && !regressions.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The causes of all misses, then single ones.
fn show_misses(misses: &[Miss], number: usize, only: Option<&str>) {
    let is_wanted = |miss: &&Miss| {
        only.is_none_or(|text| {
            [
                &miss.rule,
                &miss.kind,
                &miss.format,
                &miss.reason,
                &miss.way,
            ]
            .iter()
            .any(|field| field.contains(text))
        })
    };
    for (title, is_false_alarm) in [("missed", false), ("false alarms", true)] {
        let chosen: Vec<&Miss> = misses
            .iter()
            .filter(|miss| miss.is_false_alarm == is_false_alarm)
            .filter(is_wanted)
            .collect();
        println!("== {title}: {} by cause", chosen.len());
        for (cause, count) in counted(chosen.iter().map(|miss| cause(miss)))
            .iter()
            .take(number)
        {
            println!("{count:6}  {cause}");
        }
        println!("\n== {title}: single ones");
        // Spread over all, not the first ones.
        let step = chosen.len().div_ceil(number.max(1)).max(1);
        for miss in chosen.iter().step_by(step) {
            println!(
                "{} [{}] {}\n    {}\n    {}",
                miss.rule, miss.kind, miss.path, miss.excerpt, miss.reason
            );
        }
        println!();
    }
}

/// What a miss has in common with others.
fn cause(miss: &Miss) -> String {
    let is_sample = !miss.is_false_alarm && miss.rule == miss.kind;
    let kind = if is_sample {
        "a rule's sample"
    } else {
        &miss.kind
    };
    let reason = miss.reason.replace(&miss.rule, "its rule");
    if miss.reason == NOBODY_LOOKED {
        // What stands between name and value is the likely cause, not the value.
        let is_assigned = miss.way.contains("‹value›");
        let (kind, text) = if is_assigned {
            ("any value", &miss.way)
        } else {
            (kind, &miss.template)
        };
        return format!("{reason}: {kind}: {} {text:?}", miss.format);
    }
    if miss.is_false_alarm {
        return format!("{} on {kind}: {reason}", miss.rule);
    }
    format!("{kind}: {reason}")
}

/// Most frequent first.
fn counted(keys: impl Iterator<Item = String>) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::<String, usize>::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn read_tree(tree: &Path) -> anyhow::Result<ExitCode> {
    let settings = Settings {
        sensitivity: Sensitivity::High,
        ..Settings::default()
    };
    let detector = Detector::new(built_in().to_vec(), settings)?;
    let readings = review(&detector, tree).with_context(|| tree.display().to_string())?;
    for reading in readings {
        println!("{}", serde_json::to_string(&reading)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn write(material: &Material, folder: &Path) -> anyhow::Result<ExitCode> {
    let corpus = material.generate()?;
    let mut labels = String::new();
    for document in &corpus.documents {
        let path = folder.join("files").join(&document.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        std::fs::write(&path, &document.text).with_context(|| path.display().to_string())?;
        for label in &document.labels {
            let (category, rule) = match &label.truth {
                Truth::Credential { category, rule } => (Some(category.as_str()), rule.as_deref()),
                Truth::LookAlike => (None, None),
            };
            let line = serde_json::json!({
                "path": document.path,
                "format": document.format,
                "start": label.span.start,
                "end": label.span.end,
                "credential": category.is_some(),
                "category": category,
                "rule": rule,
                "kind": label.kind,
            });
            labels.push_str(&format!("{line}\n"));
        }
    }
    let path = folder.join("labels.jsonl");
    std::fs::write(&path, labels).with_context(|| path.display().to_string())?;
    let (credentials, look_alikes) = corpus.counts();
    println!(
        "{} files, {credentials} credentials, {look_alikes} look-alikes in {}",
        corpus.documents.len(),
        folder.display()
    );
    Ok(ExitCode::SUCCESS)
}
