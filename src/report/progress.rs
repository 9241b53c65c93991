//! The one fold over the stream of events, and the only counters in the program: what is on screen,
//! in the summary and in the exit code is read from here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::exit::Exit;
use crate::ids::TargetId;
use crate::model::endpoint::EndpointState;
use crate::plan::outcome::Outcome;
use crate::report::event::{Event, EventKind, Phase, Step, WaveId};
use crate::report::{safe, words};

/// Where a run stands.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The verb, once the run has started.
    pub command: String,
    /// The deployment's name.
    pub deployment: String,
    /// When the last event happened, since the run began.
    pub elapsed: Duration,
    /// What discovery found, once it is through.
    pub discovered: Option<Discovered>,
    /// The phase under way, or the last one.
    pub phase: Option<PhaseProgress>,
    /// The wave under way, or the last one; `None` where there are no waves.
    pub wave: Option<WaveProgress>,
    /// Targets whose turn has come and that have not ended their phase.
    pub running: BTreeMap<TargetId, Running>,
    /// What was planned, by target.
    pub planned: BTreeMap<TargetId, Planned>,
    /// Targets at their end.
    pub finished: BTreeMap<TargetId, Finished>,
    /// Answers that asked to slow down.
    pub throttled: usize,
    /// The same by API action.
    pub throttled_by: BTreeMap<String, usize>,
    /// Mutating calls about to be sent, so far.
    pub actions_started: usize,
    /// Mutating calls that AWS refused or that got no answer.
    pub actions_failed: usize,
    /// Mutating calls that did their work.
    pub done: Done,
    /// Whether someone asked to stop, and how strongly: `drain` or `abort`.
    pub shutdown: Option<&'static str>,
    /// The program's exit code, once the run has finished.
    pub exit_code: Option<u8>,
}

/// What discovery found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discovered {
    /// Accounts that get endpoints.
    pub consumers: usize,
    /// Accounts left alone.
    pub skipped: usize,
    /// Consumers times regions.
    pub targets: usize,
}

/// How far a phase is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseProgress {
    /// Which.
    pub phase: Phase,
    /// How many targets are in it.
    pub targets: usize,
    /// Those that have ended it.
    pub ended: BTreeSet<TargetId>,
    /// When it began, since the run began.
    pub began: Duration,
    /// When it was over.
    pub over: Option<Duration>,
}

/// Where the waves stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveProgress {
    /// Which it is.
    pub id: WaveId,
    /// What the next one waits for.
    pub pause: Option<Pause>,
}

/// What a wave that is over is followed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Time.
    Bake {
        /// Until when, since the run began.
        until: Duration,
    },
    /// A command.
    Gate {
        /// Since when, since the run began.
        since: Duration,
    },
}

impl WaveProgress {
    /// `wave 1 of 3 (canary)`, `wave 1 of 3 (canary) bakes 4m12s`, `... gate 12s`; for people.
    pub fn words(&self, now: Duration) -> String {
        let wave = safe::text(&self.id.to_string());
        match self.pause {
            None => wave,
            Some(Pause::Bake { until }) => {
                format!("{wave} bakes {}", words::duration(until.saturating_sub(now)))
            }
            Some(Pause::Gate { since }) => {
                format!("{wave} gate {}", words::duration(now.saturating_sub(since)))
            }
        }
    }
}

/// A target that is being worked on.
#[derive(Debug, Clone)]
pub struct Running {
    /// The account's name; untrusted text.
    pub name: String,
    /// What it does now.
    pub step: Step,
    /// When its turn came, since the run began.
    pub since: Duration,
    /// Its endpoints as last seen, by id.
    pub endpoints: BTreeMap<String, EndpointSeen>,
    /// The last mutating call: `+ ecr.api`.
    pub last_action: Option<String>,
    /// What was done so far.
    pub done: Done,
}

/// An endpoint as last seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndpointSeen {
    /// The service's short name.
    pub service: String,
    /// Its state.
    pub state: EndpointState,
}

/// What was planned for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Planned {
    /// Actions that create.
    pub create: usize,
    /// Actions that change in place.
    pub modify: usize,
    /// Actions that delete.
    pub delete: usize,
    /// Blocked items.
    pub blocked: usize,
}

/// A target at its end.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The account's name; untrusted text.
    pub name: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// What was done.
    pub done: Done,
    /// How long it was worked on; `None` when its turn never came.
    pub took: Option<Duration>,
}

/// Mutating calls that did their work, by the symbol of the action and what it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done(BTreeMap<(char, &'static str), usize>);

impl Done {
    /// Counts one: `what` begins with the action's symbol, `resource` is an id.
    fn count(&mut self, what: &str, resource: Option<&str>) {
        let symbol = what.chars().next().filter(|c| "+~-=".contains(*c)).unwrap_or('~');
        let noun = match resource {
            Some(id) if id.starts_with("vpce-") => "endpoint",
            Some(id) if id.starts_with("sg-") => "security group",
            _ => "change",
        };
        *self.0.entry((symbol, noun)).or_default() += 1;
    }

    /// Symbol, noun and how many, creations first.
    pub fn iter(&self) -> impl Iterator<Item = (char, &'static str, usize)> {
        let order = |symbol: char| "+~-=".find(symbol);
        let mut all: Vec<_> = self.0.iter().map(|((s, noun), count)| (*s, *noun, *count)).collect();
        all.sort_by_key(|(symbol, noun, _)| (order(*symbol), *noun));
        all.into_iter()
    }

    /// How many in all.
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }
}

impl Progress {
    /// `CreateVpcEndpoint 12, DescribeVpcs 3`: what AWS throttled, the most first.
    pub fn throttled_in_words(&self) -> String {
        let mut all: Vec<_> = self.throttled_by.iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let words = all.iter().map(|(operation, count)| format!("{operation} {count}"));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        self.elapsed = self.elapsed.max(event.elapsed);
        match &event.kind {
            EventKind::RunStarted { command, deployment, .. } => {
                self.command.clone_from(command);
                self.deployment.clone_from(deployment);
            }
            EventKind::Discovered { consumers, skipped, targets } => {
                let (consumers, skipped, targets) = (*consumers, *skipped, *targets);
                self.discovered = Some(Discovered { consumers, skipped, targets });
            }
            EventKind::PhaseStarted { phase, targets } => {
                let (phase, targets, began) = (*phase, *targets, event.elapsed);
                let ended = BTreeSet::new();
                self.phase = Some(PhaseProgress { phase, targets, ended, began, over: None });
            }
            EventKind::PhaseFinished { .. } => {
                if let Some(phase) = &mut self.phase {
                    phase.over = Some(event.elapsed);
                }
            }
            EventKind::Throttled { operation, .. } => {
                self.throttled += 1;
                *self.throttled_by.entry(operation.clone()).or_default() += 1;
            }
            EventKind::WaveStarted { wave, .. } => {
                self.wave = Some(WaveProgress { id: wave.clone(), pause: None });
            }
            EventKind::BakeStarted { seconds, .. } => {
                self.pause(Pause::Bake { until: event.elapsed + Duration::from_secs(*seconds) });
            }
            EventKind::GateStarted { .. } => self.pause(Pause::Gate { since: event.elapsed }),
            EventKind::WaveFinished { .. } | EventKind::GateFinished { .. } => {
                if let Some(wave) = &mut self.wave {
                    wave.pause = None;
                }
            }
            EventKind::Finding { .. }
            | EventKind::Examined { .. }
            | EventKind::BudgetSpent { .. }
            | EventKind::GateOutput { .. }
            | EventKind::Notice { .. } => {}
            EventKind::ShutdownRequested { level } => self.shutdown = Some(level),
            EventKind::RunFinished { exit_code } => self.exit_code = Some(*exit_code),
            EventKind::TargetStarted { .. }
            | EventKind::TargetStep { .. }
            | EventKind::TargetPlanned { .. }
            | EventKind::TargetFinished { .. } => self.turn(event),
            EventKind::ActionStarted { .. }
            | EventKind::ActionFinished { .. }
            | EventKind::EndpointState { .. } => self.work(event),
        }
    }

    fn pause(&mut self, pause: Pause) {
        if let Some(wave) = &mut self.wave {
            wave.pause = Some(pause);
        }
    }

    /// A target begins, goes on or ends.
    fn turn(&mut self, event: &Event) {
        match &event.kind {
            EventKind::TargetStarted { target, name } => {
                if let Some(running) = self.running(target, event.elapsed) {
                    running.name.clone_from(name);
                }
            }
            EventKind::TargetStep { target, step } => {
                if let Some(running) = self.running(target, event.elapsed) {
                    running.step = *step;
                }
            }
            EventKind::TargetPlanned { target, name: _, create, modify, delete, blocked } => {
                let (create, modify, delete, blocked) = (*create, *modify, *delete, *blocked);
                self.planned.insert(target.clone(), Planned { create, modify, delete, blocked });
                self.end(target);
            }
            EventKind::TargetFinished { target, name, outcome } => {
                let running = self.end(target);
                let took = running.as_ref().map(|r| event.elapsed.saturating_sub(r.since));
                let done = running.map(|r| r.done).unwrap_or_default();
                let (name, outcome) = (name.clone(), outcome.clone());
                self.finished.insert(target.clone(), Finished { name, outcome, done, took });
            }
            _ => {}
        }
    }

    /// Something happens inside a target.
    fn work(&mut self, event: &Event) {
        match &event.kind {
            EventKind::ActionStarted { target, what, .. } => {
                self.actions_started += 1;
                if let Some(running) = self.running(target, event.elapsed) {
                    running.last_action = Some(what.clone());
                }
            }
            EventKind::ActionFinished { failure: Some(_), .. } => self.actions_failed += 1,
            EventKind::ActionFinished { target, what, resource, failure: None, .. } => {
                self.done.count(what, resource.as_deref());
                if let Some(running) = self.running(target, event.elapsed) {
                    running.done.count(what, resource.as_deref());
                }
            }
            EventKind::EndpointState { target, service, endpoint, state } => {
                let seen =
                    EndpointSeen { service: service.clone(), state: EndpointState::parse(state) };
                if let Some(running) = self.running(target, event.elapsed) {
                    running.endpoints.insert(endpoint.clone(), seen);
                }
            }
            _ => {}
        }
    }

    /// The target as one being worked on; `None` when it has come to its end, which is final.
    fn running(&mut self, target: &TargetId, now: Duration) -> Option<&mut Running> {
        if self.finished.contains_key(target) {
            return None;
        }
        Some(self.running.entry(target.clone()).or_insert_with(|| Running {
            name: String::new(),
            step: Step::Queued,
            since: now,
            endpoints: BTreeMap::new(),
            last_action: None,
            done: Done::default(),
        }))
    }

    /// The target has ended the phase under way.
    fn end(&mut self, target: &TargetId) -> Option<Running> {
        if let Some(phase) = self.phase.as_mut().filter(|phase| phase.over.is_none()) {
            phase.ended.insert(target.clone());
        }
        self.running.remove(target)
    }

    /// How many targets the run is about: what discovery said, or more if more were seen.
    pub fn scope(&self) -> usize {
        let said = self.discovered.map_or(0, |discovered| discovered.targets);
        said.max(self.finished.len() + self.running.len())
    }

    /// Targets per outcome, in the order of [`Outcome::LABELS`], zeros included. Together with
    /// [`Progress::unfinished`] they add up to [`Progress::scope`].
    pub fn counts(&self) -> [(&'static str, usize); Outcome::LABELS.len()] {
        let mut counts = Outcome::LABELS.map(|label| (label, 0));
        for finished in self.finished.values() {
            let label = finished.outcome.label();
            if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == label) {
                *count += 1;
            }
        }
        counts
    }

    /// Targets in scope without an outcome.
    pub fn unfinished(&self) -> usize {
        self.scope() - self.finished.len()
    }

    /// Targets that a person has to look at, in order.
    pub fn trouble(&self) -> impl Iterator<Item = (&TargetId, &Finished)> {
        self.finished.iter().filter(|(_, finished)| finished.outcome.is_trouble())
    }

    /// Targets that are being worked on, those in a queue left out.
    pub fn in_flight(&self) -> impl Iterator<Item = &Running> + Clone {
        self.running.values().filter(|running| running.step != Step::Queued)
    }

    /// Whether there is something to watch: discovery or a phase is under way.
    pub fn is_live(&self) -> bool {
        let discovering = !self.command.is_empty() && self.discovered.is_none();
        let in_phase = self.phase.as_ref().is_some_and(|phase| phase.over.is_none());
        self.exit_code.is_none() && (discovering || in_phase)
    }

    /// Whether the run has ended with everything as it should be.
    pub fn is_converged(&self) -> bool {
        self.exit_code == Some(Exit::Ok.code())
    }

    /// Whether the run has ended because someone asked it to.
    pub fn is_interrupted(&self) -> bool {
        self.exit_code == Some(Exit::Interrupted.code())
    }

    /// Whether there are several regions, so that an account alone does not name a target.
    pub fn has_many_regions(&self) -> bool {
        if self.discovered.is_some_and(|found| found.targets > found.consumers) {
            return true;
        }
        let mut seen = self.running.keys().chain(self.finished.keys()).chain(self.planned.keys());
        let first = seen.next();
        seen.any(|target| Some(&target.region) != first.map(|first| &first.region))
    }

    /// The exit code that the outcomes call for, see [`exit`]. A target without an outcome at the
    /// end is a failure. Changes that were only planned are not: the command decides about them.
    pub fn exit(&self) -> Exit {
        let left = if self.unfinished() > 0 { Exit::Failed } else { Exit::Ok };
        exit(self.finished.values().map(|finished| &finished.outcome), self.shutdown.is_some())
            .worst(left)
    }
}

/// The exit code that these outcomes call for: trouble is 1. A run that someone asked to stop is 130
/// whatever it still finished, as shells say it.
pub fn exit<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>, shutdown: bool) -> Exit {
    let asked = if shutdown { Exit::Interrupted } else { Exit::Ok };
    outcomes.into_iter().fold(asked, |so_far, outcome| {
        so_far.worst(match outcome {
            Outcome::InSync | Outcome::Changed | Outcome::WouldChange | Outcome::Skipped { .. } => {
                Exit::Ok
            }
            Outcome::Interrupted { .. } => Exit::Interrupted,
            Outcome::NotStarted { .. }
            | Outcome::PartlyChanged { .. }
            | Outcome::Diverged { .. }
            | Outcome::Failed { .. }
            | Outcome::Unreachable { .. } => Exit::Failed,
        })
    })
}

#[cfg(test)]
mod tests;
