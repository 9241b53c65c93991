//! Lines that stay: what is said once of an event, on a terminal above the live area and on a pipe.

use std::collections::BTreeSet;

use crate::ids::TargetId;
use crate::plan::outcome::Outcome;
use crate::report::event::{Event, EventKind, Phase};
use crate::report::paint::{Line, Tone};
use crate::report::progress::{Finished, Progress};
use crate::report::{safe, trouble, waves, words};

/// Names up to so many columns are padded, so that what follows is aligned.
pub(super) const WIDEST_NAME: usize = 24;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What the live area does not show: changed targets and trouble.
    Terminal,
    /// A line for every target and every phase.
    Pipe,
}

/// Says what stays of each event.
#[derive(Debug)]
pub struct Announcer {
    detail: Detail,
    verbose: bool,
    /// A hint is given once, not for each of a hundred accounts.
    hinted: BTreeSet<String>,
    /// Columns for names: the widest so far, within reason.
    name: usize,
}

impl Announcer {
    /// With `verbose` every target, every change and every state is said.
    pub fn new(detail: Detail, verbose: bool) -> Self {
        Self { detail, verbose, hinted: BTreeSet::new(), name: 0 }
    }

    /// The lines that stay of this event, which `progress` has taken in already.
    pub fn lines(&mut self, event: &Event, progress: &Progress) -> Vec<Line> {
        let pipe = self.detail == Detail::Pipe;
        match &event.kind {
            EventKind::TargetStarted { name, .. } => {
                self.name = safe::width(&safe::text(name)).min(WIDEST_NAME).max(self.name);
                vec![]
            }
            EventKind::RunStarted { version, command, deployment, sandbox, .. } => {
                let of = if deployment.is_empty() { "" } else { ", deployment " };
                let run = format!("linkwalk {version}: {command}{of}{deployment}");
                let sandbox = sandbox.then(|| Line::new().tone(Tone::Busy, words::SANDBOX));
                sandbox.into_iter().chain(pipe.then(|| Line::new().plain(&run))).collect()
            }
            EventKind::Discovered { consumers, skipped, .. } if progress.command == "init" => {
                let all = words::count(consumers + skipped, "account");
                vec![Line::new().plain(&format!("looking at {consumers} of {all}"))]
            }
            EventKind::Discovered { consumers, skipped, targets } => {
                let also = if targets == consumers {
                    String::new()
                } else {
                    format!(", {}", words::count(*targets, "target"))
                };
                let consumers = words::count(*consumers, "consumer");
                vec![Line::new().plain(&format!("{consumers}, {skipped} skipped{also}"))]
            }
            EventKind::PhaseStarted { phase, targets } if pipe => {
                let verb = match phase {
                    Phase::Observe => "observing",
                    Phase::Apply => "applying to",
                };
                vec![Line::new().plain(&format!("{verb} {}", accounts(*targets, progress)))]
            }
            EventKind::PhaseFinished { phase } => over(*phase, progress),
            EventKind::TargetFinished { target, outcome, .. }
                if pipe || self.verbose || stays(outcome) =>
            {
                self.finished(target, progress)
            }
            EventKind::ShutdownRequested { level } => vec![stopping(level, progress)],
            EventKind::Notice { text } => vec![Line::new().tone(Tone::Busy, text)],
            EventKind::WaveStarted { .. }
            | EventKind::WaveFinished { .. }
            | EventKind::BudgetSpent { .. }
            | EventKind::BakeStarted { .. }
            | EventKind::GateStarted { .. }
            | EventKind::GateOutput { .. }
            | EventKind::GateFinished { .. } => waves::line(&event.kind).into_iter().collect(),
            _ if self.verbose => verbose(event, progress).into_iter().collect(),
            _ => vec![],
        }
    }

    /// A target's line, and what is wrong with it below.
    fn finished(&mut self, target: &TargetId, progress: &Progress) -> Vec<Line> {
        let Some(finished) = progress.finished.get(target) else { return vec![] };
        let mark = match self.detail {
            Detail::Terminal => Line::new().then(mark(&finished.outcome)),
            Detail::Pipe => {
                let all = progress.scope().to_string();
                let so_far = format!("{:>1$}", progress.finished.len(), all.len());
                Line::new().tone(Tone::Faint, &format!("[{so_far}/{all}] "))
            }
        };
        let mut lines = vec![mark.then(self.target_line(target, finished, progress))];
        for trouble in trouble::of(&finished.outcome) {
            let request = trouble.request_id.as_ref().map(|id| format!(" (request {id})"));
            lines.push(
                Line::new()
                    .plain("    ")
                    .tone(tone(&finished.outcome), &trouble.sentence())
                    .tone(Tone::Faint, &request.unwrap_or_default()),
            );
            if let Some(hint) = trouble.hint.filter(|hint| self.hinted.insert(hint.clone())) {
                lines.push(Line::new().plain(&format!("    hint: {hint}")));
            }
        }
        lines
    }

    /// `111122223333 staging-01  changed  +6 endpoints, +1 security group  42s`
    fn target_line(&self, target: &TargetId, finished: &Finished, progress: &Progress) -> Line {
        let mut line = Line::new()
            .plain(&format!("{} ", key(target, progress)))
            .plain(&safe::pad(&finished.name, self.name))
            .plain("  ")
            .tone(tone(&finished.outcome), finished.outcome.label());
        let planned = progress.planned.get(target).copied().unwrap_or_default();
        let detail = match finished.outcome {
            Outcome::WouldChange => words::counts([
                ("to add", planned.create),
                ("to change", planned.modify),
                ("to destroy", planned.delete),
                ("blocked", planned.blocked),
            ]),
            _ => words::done(&finished.done),
        };
        if !detail.is_empty() {
            line = line.plain(&format!("  {detail}"));
        }
        match finished.took {
            Some(took) => line.tone(Tone::Faint, &format!("  {}", words::duration(took))),
            None => line,
        }
    }
}

/// How a target is named in this run: the account, with the region where there are several.
pub(super) fn key(target: &TargetId, progress: &Progress) -> String {
    if progress.has_many_regions() { target.to_string() } else { target.account.to_string() }
}

/// The tone of an outcome.
pub(super) fn tone(outcome: &Outcome) -> Tone {
    match outcome {
        Outcome::Changed => Tone::Good,
        Outcome::InSync | Outcome::Skipped { .. } => Tone::Faint,
        Outcome::WouldChange | Outcome::Interrupted { .. } | Outcome::NotStarted { .. } => {
            Tone::Busy
        }
        Outcome::PartlyChanged { .. }
        | Outcome::Diverged { .. }
        | Outcome::Failed { .. }
        | Outcome::Unreachable { .. } => Tone::Bad,
    }
}

fn mark(outcome: &Outcome) -> Line {
    let glyph = match tone(outcome) {
        Tone::Bad => "✗ ",
        Tone::Good => "✓ ",
        _ => "- ",
    };
    Line::new().tone(tone(outcome), glyph)
}

/// On a terminal only what changed or went wrong stays; the rest is counted in the bar.
fn stays(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::InSync
        | Outcome::WouldChange
        | Outcome::Skipped { .. }
        | Outcome::NotStarted { .. } => false,
        Outcome::Changed
        | Outcome::Interrupted { .. }
        | Outcome::PartlyChanged { .. }
        | Outcome::Diverged { .. }
        | Outcome::Failed { .. }
        | Outcome::Unreachable { .. } => true,
    }
}

/// `50 accounts`, or targets where there are several regions.
pub(super) fn accounts(count: usize, progress: &Progress) -> String {
    words::count(count, if progress.has_many_regions() { "target" } else { "account" })
}

fn over(phase: Phase, progress: &Progress) -> Vec<Line> {
    let verb = match phase {
        Phase::Observe => "observed",
        Phase::Apply => "applied to",
    };
    let Some(phase) = &progress.phase else { return vec![] };
    let took = phase.over.unwrap_or(progress.elapsed).saturating_sub(phase.began);
    let accounts = accounts(phase.ended.len(), progress);
    vec![Line::new().plain(&format!("{verb} {accounts} in {}", words::duration(took)))]
}

fn stopping(level: &str, progress: &Progress) -> Line {
    let in_flight = progress.in_flight().count();
    Line::new().tone(
        Tone::Busy,
        &match (level, in_flight) {
            ("drain", 0) => "stopping: nothing new is started".to_owned(),
            ("drain", n) => format!(
                "stopping: nothing new is started, {n} in flight will finish; \
                 once more to stop waiting for them"
            ),
            (_, 0) => "stopping now".to_owned(),
            (_, n) => format!("stopping now: not waiting for {n} in flight"),
        },
    )
}

/// What happens inside a target, for those who asked for more.
fn verbose(event: &Event, progress: &Progress) -> Option<Line> {
    let (target, said) = match &event.kind {
        EventKind::ActionFinished { target, what, resource, failure, .. } => {
            let id = resource.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
            let failure = failure.as_ref().map(|failure| format!(": {failure}"));
            (target, format!("{what}{id}{}", failure.unwrap_or_default()))
        }
        EventKind::EndpointState { target, service, endpoint, state } => {
            (target, format!("{service} {endpoint} {state}"))
        }
        EventKind::Throttled { target, operation } => (target, format!("throttled: {operation}")),
        _ => return None,
    };
    Some(Line::new().tone(Tone::Faint, &format!("    {} {said}", key(target, progress))))
}
