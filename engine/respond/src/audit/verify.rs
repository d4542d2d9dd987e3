//! Looks at every line of every sink: edited, cut out, in another order, or cut off at the end.

use super::{AuditKey, AuditSink, chain};

/// What the look at the audit log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Lines of each sink, by its name.
    pub lines: Vec<(String, usize)>,
    /// The seal of the last line: who keeps it can tell later that nothing before it was cut off.
    pub head: Option<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Something that is wrong with the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The sink.
    pub sink: String,
    /// The line, from 1; 0 for the sink as a whole.
    pub line: usize,
    /// What is wrong, one sentence.
    pub what: String,
}

pub(super) fn verify(key: &AuditKey, sinks: &[Box<dyn AuditSink>]) -> Checked {
    let mut checked = Checked::default();
    let mut all = Vec::new();
    for sink in sinks {
        match sink.lines() {
            Ok(lines) => {
                let head = follow(key, &sink.name(), &lines, &mut checked.problems);
                checked.lines.push((sink.name(), lines.len()));
                all.push((sink.name(), lines, head));
            }
            Err(error) => checked.problems.push(Problem {
                sink: sink.name(),
                line: 0,
                what: error.to_string(),
            }),
        }
    }
    compare(&all, &mut checked.problems);
    checked.head = all
        .into_iter()
        .max_by_key(|(_, lines, _)| lines.len())
        .and_then(|(_, _, head)| head);
    checked
}

/// Follows the chain of one sink; the last seal. After a line that is wrong it goes on from that one, so that one edit is one
/// problem.
fn follow(
    key: &AuditKey,
    sink: &str,
    lines: &[String],
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let mut last = None;
    for (index, line) in lines.iter().enumerate() {
        if let Some(what) = chain::wrong(key, last.as_ref(), line) {
            problems.push(Problem {
                sink: sink.to_owned(),
                line: index + 1,
                what,
            });
        }
        last = chain::head(line).or(last);
    }
    last.map(|head| head.seal)
}

/// The sinks should hold the same lines.
fn compare(all: &[(String, Vec<String>, Option<String>)], problems: &mut Vec<Problem>) {
    let Some((longest, lines, _)) = all.iter().max_by_key(|(_, lines, _)| lines.len()) else {
        return;
    };
    for (sink, others, _) in all {
        let mut report = |line: usize, what: String| {
            problems.push(Problem {
                sink: sink.clone(),
                line,
                what,
            });
        };
        if let Some(index) = others
            .iter()
            .zip(lines)
            .position(|(one, other)| one != other)
        {
            report(index + 1, format!("{longest} has another line here"));
        } else if others.len() < lines.len() {
            let missing = lines.len() - others.len();
            report(
                0,
                format!("{missing} lines at the end are missing, which {longest} has"),
            );
        }
    }
}
