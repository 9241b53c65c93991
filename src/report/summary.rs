//! The end of a run in words: how many of each outcome, what is wrong and where, what to do next.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{Region, TargetId};
use crate::plan::outcome::Outcome;
use crate::report::announce::{WIDEST_NAME, accounts, key, tone};
use crate::report::paint::{Line, Tone};
use crate::report::progress::{Finished, Progress};
use crate::report::trouble::{self, Trouble};
use crate::report::{safe, words};

/// Targets named where only their number matters.
const NAMED: usize = 10;

/// How the summary is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// With colours.
    pub color: bool,
    /// Columns of the terminal, to break long lines; `None` on a pipe, where lines stay whole.
    pub columns: Option<usize>,
    /// With the targets of every outcome, not only of those that a person has to look at.
    pub verbose: bool,
}

/// Targets that ended alike: the same outcome for the same reasons.
struct Group<'a> {
    outcome: &'a Outcome,
    troubles: Vec<Trouble>,
    targets: Vec<(&'a TargetId, &'a Finished)>,
}

/// The summary of a finished run, with a line break at its end.
pub fn render(progress: &Progress, options: Options) -> String {
    let mut lines = vec![headline(progress)];
    for group in groups(progress) {
        if options.verbose || is_told(group.outcome) {
            lines.push(Line::new());
            lines.extend(told(&group, progress, options));
        }
    }
    lines.push(Line::new());
    lines.push(cost(progress));
    lines.extend(next(progress).map(|text| Line::new().plain(text)));
    let columns = options.columns.unwrap_or(usize::MAX);
    let wrapped = lines.into_iter().flat_map(|line| line.wrap(columns, 6));
    wrapped.fold(String::new(), |text, line| text + &line.paint(options.color) + "\n")
}

/// `50 accounts in eu-west-1: 6 in sync, 43 changed, 1 failed`
fn headline(progress: &Progress) -> Line {
    let regions: BTreeSet<_> = progress.finished.keys().map(|target| &target.region).collect();
    let regions: Vec<_> = regions.into_iter().map(Region::as_str).collect();
    let mut line = Line::new().plain(&accounts(progress.scope(), progress));
    if !regions.is_empty() {
        line = line.plain(&format!(" in {}", regions.join(", ")));
    }
    let counts =
        progress.counts().into_iter().chain([("without an outcome", progress.unfinished())]);
    for (index, (label, count)) in counts.filter(|(_, count)| *count > 0).enumerate() {
        let outcome = progress.finished.values().find(|one| one.outcome.label() == label);
        line = line
            .plain(if index == 0 { ": " } else { ", " })
            .tone(outcome.map_or(Tone::Bad, |one| tone(&one.outcome)), &format!("{count} {label}"));
    }
    line
}

fn is_told(outcome: &Outcome) -> bool {
    outcome.is_trouble() || is_unfinished(outcome) || matches!(outcome, Outcome::Skipped { .. })
}

fn is_unfinished(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Interrupted { .. } | Outcome::NotStarted { .. })
}

/// In the order of [`Outcome::LABELS`], then the largest first.
fn groups(progress: &Progress) -> Vec<Group<'_>> {
    let mut groups = BTreeMap::<(Option<usize>, Vec<Trouble>), Group<'_>>::new();
    for (target, finished) in &progress.finished {
        let outcome = &finished.outcome;
        let rank = Outcome::LABELS.iter().position(|label| *label == outcome.label());
        let troubles = trouble::of(outcome);
        // What is in flight differs by nature: it is told beside each target.
        let alike = match outcome {
            Outcome::Interrupted { .. } => vec![],
            _ => troubles.iter().map(|one| without(one, target)).collect(),
        };
        groups
            .entry((rank, alike))
            .or_insert_with(|| Group { outcome, troubles, targets: vec![] })
            .targets
            .push((target, finished));
    }
    let mut sorted: Vec<_> = groups
        .into_iter()
        .map(|((rank, alike), mut group)| {
            if group.targets.len() > 1 {
                group.troubles = alike;
            }
            (rank, group)
        })
        .collect();
    sorted.sort_by_key(|(rank, group)| (*rank, std::cmp::Reverse(group.targets.len())));
    sorted.into_iter().map(|(_, group)| group).collect()
}

/// The same trouble without what differs from account to account by nature.
fn without(trouble: &Trouble, target: &TargetId) -> Trouble {
    let general = |text: &String| text.replace(target.account.as_str(), "ACCOUNT");
    Trouble {
        what: trouble.what.clone(),
        reason: general(&trouble.reason),
        request_id: None,
        hint: trouble.hint.as_ref().map(general),
    }
}

fn told(group: &Group<'_>, progress: &Progress, options: Options) -> Vec<Line> {
    let (tone, label) = (tone(group.outcome), group.outcome.label());
    let mut lines = vec![];
    if let [(target, finished)] = group.targets[..] {
        let title = format!(": {} {}", key(target, progress), finished.name);
        lines.push(Line::new().tone(tone, label).plain(&title));
        lines.extend(reasons(&group.troubles));
        return lines;
    }
    let title = format!(": {}", accounts(group.targets.len(), progress));
    lines.push(Line::new().tone(tone, label).plain(&title));
    lines.extend(reasons(&group.troubles));
    let named = match group.outcome {
        Outcome::NotStarted { .. } if !options.verbose => group.targets.len().min(NAMED),
        _ => group.targets.len(),
    };
    let name = |(_, finished): &(_, &Finished)| safe::width(&safe::text(&finished.name));
    let widest = group.targets.iter().take(named).map(name).max().unwrap_or(0).min(WIDEST_NAME);
    for (target, finished) in group.targets.iter().take(named) {
        let line = format!("    {} {}", key(target, progress), safe::pad(&finished.name, widest));
        lines.push(Line::new().plain(&line).tone(Tone::Faint, &beside(&finished.outcome)));
    }
    if named < group.targets.len() {
        let more = format!("    ... and {} more", group.targets.len() - named);
        lines.push(Line::new().tone(Tone::Faint, &more));
    }
    lines
}

/// What is told of each target of a group: what it does not share with the others.
fn beside(outcome: &Outcome) -> String {
    let own: Vec<_> = match outcome {
        Outcome::Interrupted { in_flight } => in_flight.clone(),
        _ => trouble::of(outcome).into_iter().filter_map(|one| one.request_id).collect(),
    };
    let what = match outcome {
        Outcome::Interrupted { .. } => "in flight",
        _ => "request",
    };
    if own.is_empty() { String::new() } else { format!("  {what}: {}", own.join(", ")) }
}

/// Each trouble, and each hint once.
fn reasons(troubles: &[Trouble]) -> Vec<Line> {
    let mut lines = vec![];
    for trouble in troubles {
        let line = Line::new().plain(&format!("    {}", trouble.sentence()));
        let request = trouble.request_id.as_ref().map(|id| format!(" (request {id})"));
        lines.push(line.tone(Tone::Faint, &request.unwrap_or_default()));
    }
    let hints: BTreeSet<_> = troubles.iter().filter_map(|trouble| trouble.hint.as_ref()).collect();
    lines.extend(hints.into_iter().map(|hint| Line::new().plain(&format!("    hint: {hint}"))));
    lines
}

/// `+258 endpoints, +43 security groups in 4m12s; AWS asked to slow down 12 times`
fn cost(progress: &Progress) -> Line {
    let done = match words::done(&progress.done) {
        nothing if nothing.is_empty() => "nothing changed".to_owned(),
        done => done,
    };
    let throttled = match progress.throttled {
        0 => String::new(),
        n => format!(
            "; AWS asked to slow down {} ({})",
            words::count(n, "time"),
            progress.throttled_in_words()
        ),
    };
    Line::new().plain(&format!("{done} in {}{throttled}", words::duration(progress.elapsed)))
}

/// What to do next, where there is something to do.
fn next(progress: &Progress) -> Option<&'static str> {
    let any = |wanted: fn(&Outcome) -> bool| progress.finished.values().any(|f| wanted(&f.outcome));
    if any(Outcome::is_trouble) || progress.unfinished() > 0 {
        Some("What is done stays done. Mend the above, then run it again: it converges.")
    } else if any(is_unfinished) {
        Some("What is done stays done. Run it again: it converges.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
