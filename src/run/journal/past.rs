//! The reading side of a journal: what a run came to, from the journal alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};
use std::time::Duration;

use serde::Deserialize;

use super::entry::{Entry, FORMAT, Intent, Opening};
use crate::exit::Exit;
use crate::ids::TargetId;
use crate::model::endpoint::EndpointState;
use crate::plan::outcome::{Held, HeldCode, Outcome};
use crate::report::event::{Event, EventKind, Phase};
use crate::report::progress::{Progress, Running};

/// What a journal says.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Each process that wrote it, in order; at least one.
    pub openings: Vec<Opening>,
    /// The targets in scope with their accounts' names, once the walk was through.
    pub scope: BTreeMap<TargetId, String>,
    /// Where the run stood at the last line.
    pub progress: Progress,
    /// Intents without an answer, by call, of targets that nobody has looked at since.
    pub unanswered: BTreeMap<u64, Intent>,
    /// The last intent's number.
    pub calls: u64,
    /// Targets in which AWS took a change, or may have.
    pub changed: BTreeSet<TargetId>,
    /// Bytes up to the end of the last whole line. What comes after them is torn.
    pub whole: u64,
    /// Whether the last line is torn: the process, or the machine, ended while it was written.
    pub is_torn: bool,
    /// How long earlier processes worked on it.
    worked: Duration,
}

/// What a journal that is continued needs to know of what it says already.
#[derive(Debug, Clone, Default)]
pub struct Before {
    /// The last intent's number.
    pub calls: u64,
    /// Targets in which AWS took a change, or may have.
    pub changed: BTreeSet<TargetId>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The journal has no end.
    Killed,
    /// Someone asked it to stop, or it stopped before every target's turn.
    Interrupted,
    /// Everything is as it should be.
    Converged,
    /// It ended, and something failed or could not be reached.
    Failed,
    /// Its plan was not confirmed: nothing was changed.
    NotApplied,
}

impl End {
    /// The word of lists.
    pub fn label(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Interrupted => "interrupted",
            Self::Converged => "converged",
            Self::Failed => "failed",
            Self::NotApplied => "not applied",
        }
    }
}

/// The one member that every line has.
#[derive(Deserialize)]
struct Name {
    event: String,
}

impl Past {
    /// Reads a journal. A torn last line is what a crash leaves and is passed over; anything else that
    /// cannot be read is an error, for people.
    pub fn read(mut journal: impl BufRead) -> Result<Self, String> {
        let mut past = Self::default();
        let mut torn = None;
        for number in 1.. {
            let mut line = Vec::new();
            let read = journal.read_until(b'\n', &mut line);
            if read.map_err(|error: io::Error| error.to_string())? == 0 {
                break;
            }
            if let Some(torn) = torn {
                return Err(format!(
                    "line {torn} is torn, and more lines follow: something else has written there"
                ));
            }
            let length = line.len() as u64;
            let whole = line.pop_if(|byte| *byte == b'\n').is_some();
            match std::str::from_utf8(&line).ok().filter(|_| whole).map(|line| past.take(line)) {
                Some(Ok(())) => past.whole += length,
                Some(Err(Wrong::Refused(why))) => return Err(format!("line {number}: {why}")),
                Some(Err(Wrong::Torn)) | None => torn = Some(number),
            }
        }
        past.is_torn = torn.is_some();
        if past.openings.is_empty() {
            return Err("it has no first line: the run ended before it began".to_owned());
        }
        Ok(past)
    }

    fn take(&mut self, line: &str) -> Result<(), Wrong> {
        let Name { event } = serde_json::from_str(line).map_err(|_| Wrong::Torn)?;
        let is_ours = matches!(event.as_str(), "journal-opened" | "scope" | "intent" | "answer");
        if is_ours {
            let entry = serde_json::from_str(line);
            return self.entry(entry.map_err(|error| Wrong::Refused(error.to_string()))?);
        }
        if self.openings.is_empty() {
            return Err(Wrong::Refused("the first line is not a journal's".to_owned()));
        }
        // A name that is not known here is of a newer minor version, which readers ignore.
        if let Ok(event) = serde_json::from_str::<Event>(line) {
            self.event(event);
        }
        Ok(())
    }

    fn entry(&mut self, entry: Entry) -> Result<(), Wrong> {
        match entry {
            Entry::JournalOpened(opening) => return self.open(opening),
            _ if self.openings.is_empty() => {
                return Err(Wrong::Refused("the first line is not a journal's".to_owned()));
            }
            Entry::Scope { targets } => {
                self.scope.extend(targets.into_iter().map(|named| (named.target, named.name)));
            }
            Entry::Intent(intent) => {
                self.calls = self.calls.max(intent.call);
                self.unanswered.insert(intent.call, intent);
            }
            Entry::Answer(answer) => {
                if answer.requests.iter().any(|request| request.status < 300) {
                    self.changed.insert(answer.target);
                }
                self.unanswered.remove(&answer.call);
            }
        }
        Ok(())
    }

    fn open(&mut self, opening: Opening) -> Result<(), Wrong> {
        let major = |format: &str| format.split('.').next().map(str::to_owned);
        if major(&opening.format) != major(FORMAT) {
            return Err(Wrong::Refused(format!(
                "a journal of format {:?}, written by linkwalk {}; this version reads {FORMAT:?}",
                opening.format, opening.version
            )));
        }
        self.openings.push(opening);
        // A process that goes on begins anew with what it does, not with what is done.
        self.worked = self.progress.elapsed;
        self.progress.exit_code = None;
        self.progress.shutdown = None;
        self.progress.phase = None;
        self.progress.running.clear();
        Ok(())
    }

    fn event(&mut self, mut event: Event) {
        // Who resumes tells again what had ended well before, and knows no more about it.
        if let EventKind::TargetFinished { target, outcome, .. } = &event.kind
            && !self.progress.running.contains_key(target)
            && self.progress.finished.get(target).is_some_and(|before| before.outcome == *outcome)
        {
            return;
        }
        match &event.kind {
            EventKind::TargetStarted { target, .. } => drop(self.progress.finished.remove(target)),
            // Whoever looked at it again has looked for what was not answered.
            EventKind::TargetPlanned { target, .. } | EventKind::TargetFinished { target, .. } => {
                self.unanswered.retain(|_, intent| intent.target != *target);
            }
            _ => {}
        }
        event.elapsed += self.worked;
        self.progress.apply(&event);
    }

    /// The first process's line.
    pub fn opening(&self) -> &Opening {
        &self.openings[0]
    }

    /// What whoever continues it needs to know.
    pub fn before(&self) -> Before {
        let unanswered = self.unanswered.values().map(|intent| intent.target.clone());
        let changed = self.changed.iter().cloned().chain(unanswered).collect();
        Before { calls: self.calls, changed }
    }

    /// How it ended.
    pub fn end(&self) -> End {
        let is_left = |outcome: &Outcome| match outcome {
            Outcome::Interrupted { .. } => true,
            Outcome::NotStarted { held } => held.code != HeldCode::StalePlan,
            _ => false,
        };
        let finished = || self.progress.finished.values().map(|finished| &finished.outcome);
        match self.progress.exit_code {
            None => End::Killed,
            Some(_) if finished().any(|outcome| *outcome == Outcome::WouldChange) => {
                End::NotApplied
            }
            Some(code) if code == Exit::Interrupted.code() => End::Interrupted,
            Some(_) if finished().any(is_left) => End::Interrupted,
            Some(code) if code == Exit::Ok.code() => End::Converged,
            Some(_) => End::Failed,
        }
    }

    /// Targets that are as they should be and need no second look.
    pub fn ended_well(&self) -> BTreeMap<TargetId, Outcome> {
        let well = |outcome: &Outcome| matches!(outcome, Outcome::InSync | Outcome::Changed);
        let ended = self.progress.finished.iter().filter(|(_, finished)| well(&finished.outcome));
        ended.map(|(target, finished)| (target.clone(), finished.outcome.clone())).collect()
    }

    /// Where the run stood, with an end for every target in scope: what was being changed was
    /// interrupted, what was not begun was not started.
    pub fn settled(&self) -> Progress {
        let mut progress = self.progress.clone();
        let is_applying = progress.phase.as_ref().is_some_and(|phase| phase.phase == Phase::Apply);
        let named = self.scope.iter().map(|(target, name)| (target.clone(), name.clone()));
        let seen = self.progress.running.iter().map(|(id, one)| (id.clone(), one.name.clone()));
        let targets: BTreeMap<TargetId, String> = seen.chain(named).collect();
        for (target, name) in targets {
            if progress.finished.contains_key(&target) {
                continue;
            }
            let running = progress.running.get(&target).filter(|_| is_applying);
            let outcome = match running {
                Some(running) => {
                    Outcome::Interrupted { in_flight: self.in_flight(&target, running) }
                }
                None => Outcome::NotStarted {
                    held: Held::new(HeldCode::Interrupted, "the run ended before its turn"),
                },
            };
            let kind = EventKind::TargetFinished { target, name, outcome };
            progress.apply(&Event { elapsed: progress.elapsed, kind });
        }
        progress
    }

    fn in_flight(&self, target: &TargetId, running: &Running) -> Vec<String> {
        let mine = self.unanswered.values().filter(|intent| intent.target == *target);
        let sent = mine.map(|intent| format!("{} (sent, no answer yet)", intent.what));
        let endpoints = running.endpoints.iter();
        let coming = endpoints.filter(|(_, seen)| seen.state != EndpointState::Available);
        sent.chain(
            coming.map(|(id, seen)| format!("{} {id} {}", seen.service, seen.state.as_str())),
        )
        .collect()
    }
}

/// What is wrong with a line.
enum Wrong {
    /// It is cut off, or nothing that this program has written.
    Torn,
    /// It is whole, and cannot be gone by.
    Refused(String),
}
