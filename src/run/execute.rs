//! Phase two: carry out the plan, wait, and look again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::budget::{Budget, Entry};
use super::fleet::{Slot, Turn, fleet};
use super::journal::send_noted;
use super::observe::plan_one;
use super::send::{Sent, mutation, resource};
use super::waiter::{self, Settled, Until, Waiter};
use super::{Run, Target};
use crate::aws::Ec2;
use crate::ids::{SecurityGroupId, TargetId};
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::action::{Action, ActionId, Verb};
use crate::plan::aim::Purpose;
use crate::plan::outcome::{ActionFailure, Outcome};
use crate::plan::{Blocked, TargetPlan, sparing};
use crate::report::event::{EventKind, Step};
use crate::shutdown::Level;

/// Rests between looks at a target that AWS does not yet show as changed: reads lag behind writes
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).
const LOOKS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// How long an abort waits for the answer to a call that is on its way: the answer may be the only
/// record of what was made.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Work to be done: targets and their plans.
pub type Work = BTreeMap<TargetId, (Arc<Target>, TargetPlan)>;

/// Carries out the plans of these targets side by side, within the budget, and tells and answers each
/// one's outcome.
pub(super) async fn execute_together(
    run: &Arc<Run>,
    work: Work,
    budget: &Arc<Budget>,
) -> Vec<(Arc<Target>, Outcome)> {
    let targets = work.values().map(|(target, _)| Arc::clone(target)).collect();
    let plans: BTreeMap<TargetId, Arc<TargetPlan>> =
        work.into_iter().map(|(id, (_, plan))| (id, Arc::new(plan))).collect();
    let one = |target: Arc<Target>, slot, entry: Entry| {
        let (run, plan) = (Arc::clone(run), plans.get(&target.id).cloned());
        async move {
            let outcome = execute_one(&run, &target, plan.unwrap_or_default(), slot).await;
            run.finish(&target, outcome.clone());
            if let Some(spent) = entry.end(outcome.is_failure()) {
                run.events.send(EventKind::BudgetSpent { reason: spent.reason });
            }
            outcome
        }
    };
    let places = run.config.rollout.max_in_flight;
    let mut outcomes = Vec::new();
    for (target, turn) in fleet(targets, places, &run.shutdown, budget, one).await {
        let outcome = match turn {
            Turn::Done(outcome) => {
                outcomes.push((target, outcome));
                continue;
            }
            Turn::NotStarted(held) => Outcome::NotStarted { held },
            Turn::Panicked(failure) => Outcome::Failed {
                failed: vec![ActionFailure { action: None, what: "target".to_owned(), failure }],
            },
        };
        run.finish(&target, outcome.clone());
        outcomes.push((target, outcome));
    }
    outcomes
}

async fn execute_one(run: &Run, target: &Target, plan: Arc<TargetPlan>, slot: Slot) -> Outcome {
    run.events
        .send(EventKind::TargetStarted { target: target.id.clone(), name: target.name.clone() });
    let ec2 = run.ec2(&target.id);
    let mut execution = Execution {
        run,
        target,
        ec2: &ec2,
        plan: &plan,
        slot,
        waiter: Waiter::default(),
        todo: plan.actions.iter().map(|action| action.id).collect(),
        done: BTreeSet::new(),
        groups: BTreeMap::new(),
        failed: Vec::new(),
        changed: run.journal.has_changed(&target.id),
        unanswered: None,
    };
    execution.carry_out().await;
    execution.outcome().await
}

/// One target's plan being carried out.
struct Execution<'a> {
    run: &'a Run,
    target: &'a Target,
    ec2: &'a Ec2,
    plan: &'a TargetPlan,
    slot: Slot,
    waiter: Waiter,
    /// Not sent yet.
    todo: BTreeSet<ActionId>,
    /// Sent, and what it made has come to its end.
    done: BTreeSet<ActionId>,
    /// Security groups made here, for the endpoints that use them.
    groups: BTreeMap<ActionId, SecurityGroupId>,
    failed: Vec<ActionFailure>,
    /// Whether AWS took any change.
    changed: bool,
    /// Sent, and the run was aborted before the answer came.
    unanswered: Option<String>,
}

impl<'a> Execution<'a> {
    /// Sends what is ready, waits where nothing is, until all is done or the run is aborted.
    async fn carry_out(&mut self) {
        self.await_pending();
        loop {
            self.give_up_dependents();
            if self.run.shutdown.level() >= Level::Abort {
                return;
            }
            if let Some(action) = self.next_ready() {
                if !self.turn(action).await || !self.let_go(action).await {
                    return;
                }
                if self.todo.contains(&action.id) {
                    self.send(action).await;
                }
            } else if self.waiter.is_empty() || !self.wait().await {
                return;
            }
        }
    }

    /// Endpoints that an earlier run has made or deleted and that are still on their way.
    fn await_pending(&mut self) {
        let until = match self.run.aim.purpose {
            Purpose::Converge(_) => Until::Available,
            Purpose::Destroy => Until::Gone,
        };
        for id in &self.plan.pending {
            let timeout = self.run.config.rollout.endpoint_timeout;
            self.waiter.add(id.clone(), None, "endpoint", until, timeout);
        }
    }

    fn next_ready(&self) -> Option<&'a Action> {
        self.plan
            .actions
            .iter()
            .find(|action| self.todo.contains(&action.id) && action.after.is_subset(&self.done))
    }

    /// What rests on a failed action is not sent; that is a failure of its own, with its cause.
    fn give_up_dependents(&mut self) {
        loop {
            let failed: BTreeSet<ActionId> = self.failed.iter().filter_map(|f| f.action).collect();
            let orphan = self.plan.actions.iter().find(|action| {
                self.todo.contains(&action.id) && !action.after.is_disjoint(&failed)
            });
            let Some(action) = orphan else { return };
            let cause = self
                .plan
                .actions
                .iter()
                .find(|earlier| action.after.contains(&earlier.id) && failed.contains(&earlier.id))
                .map_or("an earlier action", |earlier| earlier.what.as_str());
            let failure = Failure::local(
                "not sent",
                ErrorClass::Unknown,
                format!("it needs {cause}, which failed"),
            );
            self.todo.remove(&action.id);
            self.failed.push(ActionFailure {
                action: Some(action.id),
                what: action.what.clone(),
                failure,
            });
        }
    }

    /// Waits for an action's turn at EC2's pace, without a place, and looks meanwhile at what was sent
    /// before. `false` when the run was aborted.
    async fn turn(&mut self, action: &Action) -> bool {
        self.step(Step::Applying);
        let Some(mutation) = mutation(&action.verb) else { return true };
        let (run, ec2) = (self.run, self.ec2);
        self.slot.release();
        loop {
            let is_waiting = !self.waiter.is_empty();
            let settled = tokio::select! {
                biased;
                () = run.shutdown.at_least(Level::Abort) => return false,
                () = ec2.pace(mutation) => return true,
                settled = self.rest_and_poll(), if is_waiting => settled,
            };
            self.take_in(settled);
        }
    }

    /// Before a security group is deleted: waits, without a place, until the network interfaces of the
    /// endpoints that used it are gone, which takes longer than the endpoints themselves. Those of
    /// others are not waited for. `false` when the run was aborted.
    async fn let_go(&mut self, action: &Action) -> bool {
        let Verb::DeleteSecurityGroup { id, .. } = &action.verb else { return true };
        let (run, ec2) = (self.run, self.ec2);
        self.slot.release();
        self.step(Step::Waiting);
        let timeout = run.config.rollout.endpoint_timeout;
        let freed = tokio::select! {
            biased;
            () = run.shutdown.at_least(Level::Abort) => return false,
            freed = waiter::let_go(ec2, id, timeout) => freed,
        };
        if let Err(failure) = freed {
            self.todo.remove(&action.id);
            let what = action.what.clone();
            self.failed.push(ActionFailure { action: Some(action.id), what, failure });
        }
        true
    }

    /// Sends one action. The place is held for the call only.
    async fn send(&mut self, action: &Action) {
        self.todo.remove(&action.id);
        let what = format!("{} {}", action.verb.symbol(), action.what);
        self.slot.hold().await;
        self.run.events.send(EventKind::ActionStarted {
            target: self.target.id.clone(),
            action: action.id,
            what: what.clone(),
        });
        // A call on its way is never dropped, but for the one case that someone insists: then it is
        // given a little longer, and reported. Running again finds what it made.
        let run = self.run;
        let insisted = async {
            run.shutdown.at_least(Level::Abort).await;
            sleep(LAST_WORDS).await;
        };
        let answer = tokio::select! {
            biased;
            answer = send_noted(run, &self.target.id, self.ec2, action, &self.groups) => answer,
            () = insisted => {
                self.unanswered = Some(format!("{what} (sent, no answer yet)"));
                return;
            }
        };
        self.run.events.send(EventKind::ActionFinished {
            target: self.target.id.clone(),
            action: action.id,
            what,
            resource: answer.as_ref().ok().and_then(resource),
            failure: answer.as_ref().err().cloned(),
        });
        self.note(action, answer);
    }

    fn note(&mut self, action: &Action, answer: Result<Sent, Failure>) {
        let timeout = self.run.config.rollout.endpoint_timeout;
        self.changed |= match &answer {
            Ok(_) => true,
            Err(failure) => failed_half_way(&action.verb, failure),
        };
        let (id, until) = match answer {
            Ok(Sent::Coming(id)) => (id, Until::Available),
            Ok(Sent::Leaving(id)) => (id, Until::Gone),
            Ok(Sent::Group(id)) => {
                self.groups.insert(action.id, id);
                self.done.insert(action.id);
                return;
            }
            Ok(Sent::Nothing | Sent::Settled(_)) => {
                self.done.insert(action.id);
                return;
            }
            Err(failure) => {
                let what = action.what.clone();
                self.failed.push(ActionFailure { action: Some(action.id), what, failure });
                return;
            }
        };
        self.waiter.add(id, Some(action.id), &action.what, until, timeout);
    }

    /// Rests and polls once, without a place. `false` when the run was aborted meanwhile.
    async fn wait(&mut self) -> bool {
        self.slot.release();
        self.step(Step::Waiting);
        let run = self.run;
        let settled = tokio::select! {
            biased;
            () = run.shutdown.at_least(Level::Abort) => return false,
            settled = self.rest_and_poll() => settled,
        };
        self.take_in(settled);
        true
    }

    async fn rest_and_poll(&mut self) -> Vec<Settled> {
        sleep(self.waiter.rest()).await;
        self.waiter.poll(self.run, self.target, self.ec2).await
    }

    fn take_in(&mut self, settled: Vec<Settled>) {
        for Settled { action, what, result } in settled {
            match result {
                Ok(()) => self.done.extend(action),
                Err(failure) => self.failed.push(ActionFailure { action, what, failure }),
            }
        }
    }

    fn step(&self, step: Step) {
        self.run.events.send(EventKind::TargetStep { target: self.target.id.clone(), step });
    }

    async fn outcome(mut self) -> Outcome {
        let in_flight = self.in_flight();
        if !in_flight.is_empty() {
            return Outcome::Interrupted { in_flight };
        }
        let failed = std::mem::take(&mut self.failed);
        if !failed.is_empty() {
            return if self.changed {
                Outcome::PartlyChanged { failed }
            } else {
                Outcome::Failed { failed }
            };
        }
        self.verify().await
    }

    /// What an abort left under way: still coming, or not sent.
    fn in_flight(&self) -> Vec<String> {
        let unsent = self
            .plan
            .actions
            .iter()
            .filter(|action| self.todo.contains(&action.id))
            .map(|action| format!("{} {} (not sent)", action.verb.symbol(), action.what));
        let sent = self.unanswered.clone().into_iter().chain(self.waiter.in_flight());
        let mut left: Vec<String> = sent.chain(unsent).collect();
        if !left.is_empty() {
            left.extend(self.failed.iter().map(|f| format!("{} failed: {}", f.what, f.failure)));
        }
        left
    }

    /// Observes and plans again: `apply` is finished when the plan is empty.
    async fn verify(self) -> Outcome {
        let Self { run, target, ec2, mut slot, .. } = self;
        slot.hold().await;
        run.events.send(EventKind::TargetStep { target: target.id.clone(), step: Step::Verifying });
        let adopted = adopted(self.plan);
        let mut last = Ok(TargetPlan::default());
        for rest in LOOKS {
            let look = async {
                sleep(rest).await;
                plan_one(run, target, ec2).await.map(|plan| sparing(plan, &adopted))
            };
            last = tokio::select! {
                biased;
                () = run.shutdown.at_least(Level::Abort) => {
                    let in_flight = vec!["everything is done, but was not looked at again".to_owned()];
                    return Outcome::Interrupted { in_flight };
                }
                looked = look => looked,
            };
            if matches!(&last, Ok(plan) if plan.actions.is_empty()) {
                break;
            }
        }
        match last {
            Ok(plan) if plan.is_in_sync() && !self.changed => Outcome::InSync,
            Ok(plan) if plan.is_in_sync() => Outcome::Changed,
            Ok(plan) => diverged(plan.blocked, &plan.actions),
            Err(failure) => {
                let what = "verify".to_owned();
                Outcome::PartlyChanged {
                    failed: vec![ActionFailure { action: None, what, failure }],
                }
            }
        }
    }
}

/// The outcome of a target that is not what accounts.toml says after all that was possible.
fn diverged(blocked: Vec<Blocked>, left: &[Action]) -> Outcome {
    let left = left.iter().map(|a| format!("{} {}", a.verb.symbol(), a.what)).collect();
    Outcome::Diverged { blocked, left }
}

/// What a plan takes into the deployment.
fn adopted(plan: &TargetPlan) -> BTreeSet<String> {
    let adopted = plan.actions.iter().filter_map(|action| match &action.verb {
        Verb::Adopt { resource, .. } => Some(resource.clone()),
        _ => None,
    });
    adopted.collect()
}

/// Whether an action that is several calls failed after the first of them.
fn failed_half_way(verb: &Verb, failure: &Failure) -> bool {
    match verb {
        Verb::CreateSecurityGroup(_) => failure.operation != "CreateSecurityGroup",
        Verb::ModifySecurityGroup { authorize, .. } => {
            failure.operation == "RevokeSecurityGroupIngress" && !authorize.is_empty()
        }
        _ => false,
    }
}
