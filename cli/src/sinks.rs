//! Which report goes where: the pairs of `--format` and `--output`, in the order they were typed.
//!
//! Each `--output` takes the `--format` that stands before it and is not taken yet, else its extension's; a
//! `--format` that no `--output` takes goes to standard output, of which there is one. With neither, the terminal
//! view goes to standard output.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use leakward_report::Format;

/// One report to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sink {
    pub(crate) format: Format,
    pub(crate) destination: Destination,
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard output.
    Standard,
    /// A file, which is replaced.
    File(PathBuf),
}

/// One of the two options, with its place on the command line.
#[derive(Clone, Debug)]
pub(crate) enum Typed {
    Format(usize, String),
    Output(usize, PathBuf),
}

impl Typed {
    fn index(&self) -> usize {
        match self {
            Self::Format(index, _) | Self::Output(index, _) => *index,
        }
    }

    /// The options as they were typed, from clap's matches of a command that has both.
    pub(crate) fn from_matches(matches: &clap::ArgMatches) -> Vec<Self> {
        let formats = matches
            .get_many::<String>("format")
            .into_iter()
            .flatten()
            .cloned();
        let outputs = matches
            .get_many::<PathBuf>("output")
            .into_iter()
            .flatten()
            .cloned();
        let format_indices = matches.indices_of("format").into_iter().flatten();
        let output_indices = matches.indices_of("output").into_iter().flatten();
        let mut typed: Vec<Self> = format_indices
            .zip(formats)
            .map(|(index, format)| Self::Format(index, format))
            .chain(
                output_indices
                    .zip(outputs)
                    .map(|(index, output)| Self::Output(index, output)),
            )
            .collect();
        typed.sort_by_key(Self::index);
        typed
    }
}

/// Pairs formats with outputs.
pub(crate) fn pair(typed: Vec<Typed>) -> anyhow::Result<Vec<Sink>> {
    let mut sinks = Vec::new();
    let mut waiting: Option<Format> = None;
    let mut standard: Option<Format> = None;
    let mut outputs_without_format: Vec<PathBuf> = Vec::new();
    for option in typed {
        match option {
            Typed::Format(_, name) => {
                let format = name
                    .parse::<Format>()
                    .map_err(|error| anyhow::anyhow!("--format: {error}"))?;
                if let Some(output) = outputs_without_format.pop() {
                    sinks.push(Sink {
                        format,
                        destination: destination(output),
                    });
                } else if let Some(earlier) = waiting.replace(format) {
                    to_standard(&mut standard, earlier)?;
                }
            }
            Typed::Output(_, path) => match waiting.take() {
                Some(format) => sinks.push(Sink {
                    format,
                    destination: destination(path),
                }),
                None if Format::for_path(&path).is_none() => outputs_without_format.push(path),
                None => sinks.extend(Format::for_path(&path).map(|format| Sink {
                    format,
                    destination: destination(path),
                })),
            },
        }
    }
    if let Some(path) = outputs_without_format.first() {
        bail!(
            "--output {}: say its format with --format, or by its extension (.json, .jsonl, .sarif, .csv, .html, .md)",
            path.display()
        );
    }
    if let Some(format) = waiting {
        to_standard(&mut standard, format)?;
    }
    let nothing_typed = sinks.is_empty() && standard.is_none();
    let standard = if nothing_typed {
        Some(terminal()?)
    } else {
        standard
    };
    sinks.extend(standard.map(|format| Sink {
        format,
        destination: Destination::Standard,
    }));
    Ok(sinks)
}

fn terminal() -> anyhow::Result<Format> {
    "terminal"
        .parse()
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("the terminal view is missing")
}

fn to_standard(standard: &mut Option<Format>, format: Format) -> anyhow::Result<()> {
    if standard.replace(format).is_some() {
        bail!("two reports for standard output: give each --format an --output of its own");
    }
    Ok(())
}

fn destination(path: PathBuf) -> Destination {
    if path == Path::new("-") {
        Destination::Standard
    } else {
        Destination::File(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(words: &[&str]) -> Result<Vec<String>, String> {
        let typed = words
            .iter()
            .enumerate()
            .map(|(index, word)| match word.strip_prefix("-o") {
                Some(path) => Typed::Output(index, PathBuf::from(path)),
                None => Typed::Format(index, (*word).to_owned()),
            });
        let shown = |sink: Sink| match sink.destination {
            Destination::Standard => format!("{}:stdout", sink.format.name()),
            Destination::File(path) => format!("{}:{}", sink.format.name(), path.display()),
        };
        pair(typed.collect())
            .map(|sinks| sinks.into_iter().map(shown).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_output_takes_the_format_before_it_or_its_extension() {
        for (words, expected) in [
            (&[][..], &["terminal:stdout"][..]),
            (&["json"], &["json:stdout"]),
            (
                &["sarif", "-oa.out", "json", "-ob.out"],
                &["sarif:a.out", "json:b.out"],
            ),
            (&["-oa.sarif"], &["sarif:a.sarif"]),
            (&["-oa.sarif", "json"], &["sarif:a.sarif", "json:stdout"]),
            (&["-oa.out", "json"], &["json:a.out"]),
            (&["json", "-o-"], &["json:stdout"]),
        ] {
            assert_eq!(pairs(words).expect("valid"), expected, "{words:?}");
        }
    }

    #[test]
    fn what_cannot_be_paired_is_an_error_that_names_it() {
        assert!(
            pairs(&["json", "csv"])
                .expect_err("two")
                .contains("two reports for standard output")
        );
        assert!(
            pairs(&["-oreport.out"])
                .expect_err("no format")
                .contains("report.out")
        );
        assert!(pairs(&["jsno"]).expect_err("misspelt").contains("jsno"));
    }
}
