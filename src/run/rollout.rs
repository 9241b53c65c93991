//! The rollout: waves in their order, within a failure budget, with time, a command and a question
//! between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::budget::{Budget, Limit};
use super::execute::{Work, execute_together};
use super::gate::{bake, gate};
use super::{Run, Target};
use crate::config::{BudgetMode, Share, Wave};
use crate::plan::outcome::{Held, HeldCode, Outcome};
use crate::report::event::{EventKind, Phase, WaveId};
use crate::shutdown::Level;

/// Asks between two waves whether to go on; what it is given is the question, for people.
pub type Ask = dyn Fn(String) -> BoxFuture<'static, bool> + Send + Sync;

/// Carries out the plans of these targets, which are all there are.
pub async fn execute(run: &Arc<Run>, work: Work) -> Vec<Outcome> {
    roll_out(run, work, &[], None).await
}

/// Carries out the plans of these targets wave by wave, and tells and answers each one's outcome.
/// `ended` are the targets in scope that have ended before, for what they spend of a budget and for the
/// share that a budget can be. With `ask` somebody is asked between the waves.
pub async fn roll_out(
    run: &Arc<Run>,
    work: Work,
    ended: &[(Arc<Target>, Outcome)],
    ask: Option<&Ask>,
) -> Vec<Outcome> {
    run.events.send(EventKind::PhaseStarted { phase: Phase::Apply, targets: work.len() });
    let mut rollout = Rollout::new(run, work, ended);
    let mut outcomes = Vec::new();
    while let Some((index, Turn { work, ended })) = rollout.turns.pop_first() {
        outcomes.extend(rollout.wave(index, work, &ended, ask).await);
    }
    run.events.send(EventKind::PhaseFinished { phase: Phase::Apply });
    outcomes
}

/// The targets of one wave.
#[derive(Default)]
struct Turn {
    work: Work,
    ended: Vec<Outcome>,
}

struct Rollout<'a> {
    run: &'a Arc<Run>,
    /// Waves to come.
    turns: BTreeMap<usize, Turn>,
    /// The number of each wave, from 1, and how many there are.
    waves: usize,
    /// The budget of the whole run, so far.
    overall: Option<Limit>,
    /// Why nothing new is started any more.
    held: Option<Held>,
}

impl<'a> Rollout<'a> {
    fn new(run: &'a Arc<Run>, work: Work, ended: &[(Arc<Target>, Outcome)]) -> Self {
        let mut turns: BTreeMap<usize, Turn> = BTreeMap::new();
        let all = work.len() + ended.len();
        for (target, outcome) in ended {
            turns.entry(target.wave).or_default().ended.push(outcome.clone());
        }
        for (id, (target, plan)) in work {
            turns.entry(target.wave).or_default().work.insert(id, (target, plan));
        }
        let rollout = &run.config.rollout;
        let overall = rollout.failure_budget.map(|share| limit("the run".to_owned(), share, all));
        let has_rest = turns.contains_key(&rollout.waves.len());
        let waves = rollout.waves.len() + usize::from(has_rest);
        Self { run, turns, waves, overall, held: None }
    }

    /// One wave, and what comes before the next.
    async fn wave(
        &mut self,
        index: usize,
        work: Work,
        ended: &[Outcome],
        ask: Option<&Ask>,
    ) -> Vec<Outcome> {
        let run = self.run;
        if let Some(held) = &self.held {
            return hold_back(run, work, held);
        }
        let (id, wave) = (self.id(index), run.config.rollout.waves.get(index));
        let (targets, to_change) = (work.len() + ended.len(), work.len());
        let budget = self.budget(&id, wave, targets, ended);
        self.tell(EventKind::WaveStarted {
            wave: id.clone(),
            targets,
            to_change,
            width: budget.width(),
        });
        if let Some(Held { reason, .. }) = budget.spent() {
            run.events.send(EventKind::BudgetSpent { reason });
        }
        let done = execute_together(run, work, &budget).await;
        let outcomes: Vec<Outcome> = done.into_iter().map(|(_, outcome)| outcome).collect();
        let failures = |outcomes: &[Outcome]| outcomes.iter().filter(|o| o.is_failure()).count();
        let failed = failures(&outcomes) + failures(ended);
        self.tell(EventKind::WaveFinished { wave: id.clone(), targets, failed });
        if let Some(overall) = &mut self.overall {
            overall.failed += failed;
        }
        self.held = budget.spent();
        let has_more = self.turns.values().any(|turn| !turn.work.is_empty());
        if let (None, Some(wave), true, true) = (&self.held, wave, to_change > 0, has_more) {
            let counts =
                Counts { targets, outcomes: outcomes.iter().chain(ended).collect(), failed };
            self.held = self.between(&id, wave, &counts, ask).await;
        }
        outcomes
    }

    /// What stands between this wave and the next. Answers why the next one does not begin.
    async fn between(
        &self,
        id: &WaveId,
        wave: &Wave,
        counts: &Counts<'_>,
        ask: Option<&Ask>,
    ) -> Option<Held> {
        let run = self.run;
        let stops = || run.shutdown.level() >= Level::Drain;
        if !wave.bake.is_zero() && !stops() {
            bake(run, id, wave.bake).await;
        }
        if let Some(command) = wave.gate.as_ref().filter(|_| !stops()) {
            let passed = gate(run, id, command, &counts.surroundings(run, id)).await;
            if let (Err(how), false) = (passed, stops()) {
                let reason = format!("the gate after {id} did not pass: `{command}` {how}");
                return Some(Held::new(HeldCode::GateFailed, reason));
            }
        }
        let ask = ask.filter(|_| !stops())?;
        run.events.flush().await;
        let next = self.turns.keys().next().map(|next| self.id(*next))?;
        let question = format!(
            "{id} is over, {} of {} failed. Go on with {next}?",
            counts.failed, counts.targets
        );
        if ask(question).await || stops() {
            return None;
        }
        Some(Held::new(HeldCode::Declined, format!("somebody was asked after {id} and said no")))
    }

    /// The budget of a wave, within that of the run.
    fn budget(
        &self,
        id: &WaveId,
        wave: Option<&Wave>,
        targets: usize,
        ended: &[Outcome],
    ) -> Arc<Budget> {
        let own = wave.and_then(|wave| wave.failure_budget);
        let own = own.map(|share| limit(id.to_string(), share, targets));
        let mut limits: Vec<Limit> = own.into_iter().chain(self.overall.clone()).collect();
        for limit in &mut limits {
            limit.failed += ended.iter().filter(|outcome| outcome.is_failure()).count();
        }
        Budget::new(limits, self.run.config.rollout.budget_mode == BudgetMode::Strict)
    }

    fn id(&self, index: usize) -> WaveId {
        let name = self.run.config.rollout.wave_name(index).to_owned();
        WaveId { wave: index + 1, waves: self.waves, wave_name: name }
    }

    /// Tells of a wave, where there are any.
    fn tell(&self, kind: EventKind) {
        if !self.run.config.rollout.waves.is_empty() {
            self.run.events.send(kind);
        }
    }
}

fn limit(whose: String, share: Share, of: usize) -> Limit {
    Limit { whose, allowed: share.rounded_down(of), of, failed: 0 }
}

/// Ends targets whose turn does not come.
fn hold_back(run: &Run, work: Work, held: &Held) -> Vec<Outcome> {
    let one = |(target, _): (Arc<Target>, _)| {
        let outcome = Outcome::NotStarted { held: held.clone() };
        run.finish(&target, outcome.clone());
        outcome
    };
    work.into_values().map(one).collect()
}

/// How a wave ended.
struct Counts<'a> {
    targets: usize,
    outcomes: Vec<&'a Outcome>,
    failed: usize,
}

impl Counts<'_> {
    /// What a gate is told, besides the surroundings of the program.
    fn surroundings(&self, run: &Run, id: &WaveId) -> Vec<(&'static str, String)> {
        let counted = |label: &str| {
            self.outcomes.iter().filter(|outcome| outcome.label() == label).count().to_string()
        };
        vec![
            ("LINKWALK_RUN", run.id.clone()),
            ("LINKWALK_DEPLOYMENT", run.config.deployment.clone()),
            ("LINKWALK_WAVE", id.wave_name.clone()),
            ("LINKWALK_WAVE_NUMBER", id.wave.to_string()),
            ("LINKWALK_WAVES", id.waves.to_string()),
            ("LINKWALK_TARGETS", self.targets.to_string()),
            ("LINKWALK_FAILURES", self.failed.to_string()),
            ("LINKWALK_CHANGED", counted("changed")),
            ("LINKWALK_IN_SYNC", counted("in sync")),
            ("LINKWALK_PARTLY_CHANGED", counted("partly changed")),
            ("LINKWALK_DIVERGED", counted("diverged")),
            ("LINKWALK_FAILED", counted("failed")),
            ("LINKWALK_UNREACHABLE", counted("unreachable")),
        ]
    }
}
