//! Phase two: carry out the plan and wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::budget::{Budget, Entry};
use super::fleet::{Slot, Turn, fleet};
use super::journal::send_noted;
use super::send::{Sent, mutation, resource};
use super::verify::verify;
use super::waiter::{self, Settled, Soonest, Until, Wait, Waiter, tell};
use super::{Run, Target};
use crate::aws::{Ec2, Mutation, Pace, Permit, Urgency};
use crate::ids::{EndpointId, SecurityGroupId, TargetId};
use crate::model::endpoint::{EndpointKind, EndpointState};
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::TargetPlan;
use crate::plan::action::{Action, ActionId, DesiredEndpoint, Verb};
use crate::plan::aim::Purpose;
use crate::plan::outcome::{ActionFailure, Outcome};
use crate::report::event::{EventKind, Step};
use crate::shutdown::Level;

/// How long an abort waits for the answer to a call that is on its way: the answer may be the only
/// record of what was made.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Rests between looks at what was sent while more is still to be sent, in AWS's time: nothing hangs on
/// them yet, and they only show that it goes on.
const IN_LINE: Duration = Duration::from_secs(30);

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
    // Each is gone with its target: the others' are the larger part of what waits.
    let plans: BTreeMap<TargetId, TargetPlan> =
        work.into_iter().map(|(id, (_, plan))| (id, plan)).collect();
    let plans = Mutex::new(plans);
    let one = |target: Arc<Target>, slot, entry: Entry| {
        let plan = plans.lock().unwrap_or_else(PoisonError::into_inner).remove(&target.id);
        let run = Arc::clone(run);
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

async fn execute_one(run: &Run, target: &Target, plan: TargetPlan, slot: Slot) -> Outcome {
    run.events
        .send(EventKind::TargetStarted { target: target.id.clone(), name: target.name.clone() });
    let mut execution = Execution {
        run,
        target,
        ec2: None,
        pace: run.sessions.pace(&target.id),
        plan: &plan,
        slot,
        waiter: Waiter::default(),
        todo: plan.actions.iter().map(|action| action.id).collect(),
        begun: BTreeSet::new(),
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
    /// Made when there is something to send or to read, and dropped for long waits: thousands of clients
    /// kept alive would be the program's largest piece of memory.
    ec2: Option<Ec2>,
    pace: Pace,
    plan: &'a TargetPlan,
    slot: Slot,
    waiter: Waiter,
    /// Not sent yet, or throttled.
    todo: BTreeSet<ActionId>,
    /// Sent at least once.
    begun: BTreeSet<ActionId>,
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
                let Some(permit) = self.turn(action).await else { return };
                if !self.let_go(action).await {
                    return;
                }
                if self.todo.contains(&action.id) {
                    self.send(action, permit).await;
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
        let timeout = self.run.config.rollout.endpoint_timeout;
        for id in &self.plan.pending {
            let wait = Wait {
                id: id.clone(),
                action: None,
                what: "endpoint",
                until,
                soonest: Soonest::MODIFIED,
                state: None,
            };
            self.waiter.add(wait, timeout);
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
    /// before. `None` when the run was aborted; inside, leave to send where that is needed.
    async fn turn(&mut self, action: &Action) -> Option<Option<Permit>> {
        self.step(Step::Applying);
        let Some(mutation) = mutation(&action.verb) else {
            self.slot.hold().await;
            return Some(None);
        };
        let urgency = self.urgency(action);
        loop {
            self.slot.release();
            let permit = self.leave(mutation, urgency).await?;
            self.slot.hold().await;
            if self.run.shutdown.level() >= Level::Abort {
                return None;
            }
            // Whoever waited for a place while others were throttled lines up again.
            if self.pace.is_fresh(permit) {
                return Some(Some(permit));
            }
        }
    }

    /// Waits for leave to send. `None` when the run was aborted.
    async fn leave(&mut self, mutation: Mutation, urgency: Urgency) -> Option<Permit> {
        let mut settled = Vec::new();
        let permit = {
            let Self { run, target, pace, waiter, ec2, .. } = self;
            let mut turn = std::pin::pin!(pace.turn(mutation, urgency));
            if let Poll::Ready(permit) = futures::poll!(&mut turn) {
                return Some(permit);
            }
            *ec2 = None;
            loop {
                tokio::select! {
                    biased;
                    () = run.shutdown.at_least(Level::Abort) => break None,
                    permit = &mut turn => break Some(permit),
                    some = look(run, target, waiter, ec2, IN_LINE) => settled.extend(some),
                }
            }
        };
        self.take_in(settled);
        permit
    }

    /// Gateways, which are available at once, can wait where others are in a hurry.
    fn urgency(&self, action: &Action) -> Urgency {
        let is_gateway = matches!(&action.verb, Verb::CreateEndpoint(desired)
            if desired.key.kind == EndpointKind::Gateway);
        let is_needed = self.plan.actions.iter().any(|other| other.after.contains(&action.id));
        if is_gateway && !is_needed { Urgency::Last } else { Urgency::Soon }
    }

    /// Before a security group is deleted: waits, without a place, until the network interfaces of the
    /// endpoints that used it are gone, which takes longer than the endpoints themselves. Those of
    /// others are not waited for. `false` when the run was aborted.
    async fn let_go(&mut self, action: &Action) -> bool {
        let Verb::DeleteSecurityGroup { id, .. } = &action.verb else { return true };
        let run = self.run;
        self.slot.release();
        self.step(Step::Waiting);
        let timeout = run.config.rollout.endpoint_timeout;
        let ec2 = &*self.ec2.get_or_insert_with(|| run.ec2(&self.target.id));
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
        self.slot.hold().await;
        true
    }

    /// Sends one action. The place is held for the call only.
    async fn send(&mut self, action: &Action, permit: Option<Permit>) {
        self.todo.remove(&action.id);
        let what = format!("{} {}", action.verb.symbol(), action.what);
        if self.begun.insert(action.id) {
            self.run.events.send(EventKind::ActionStarted {
                target: self.target.id.clone(),
                action: action.id,
                what: what.clone(),
            });
        }
        // A call on its way is never dropped, but for the one case that someone insists: then it is
        // given a little longer, and reported. Running again finds what it made.
        let run = self.run;
        let insisted = async {
            run.shutdown.at_least(Level::Abort).await;
            sleep(LAST_WORDS).await;
        };
        let id = &self.target.id;
        let ec2 = &*self.ec2.get_or_insert_with(|| run.ec2(id));
        let answer = tokio::select! {
            biased;
            // Boxed, so that a target that only waits does not keep the room of a call.
            answer = Box::pin(send_noted(run, id, (ec2, &self.pace), action, &self.groups)) => answer,
            () = insisted => {
                self.unanswered = Some(format!("{what} (sent, no answer yet)"));
                return;
            }
        };
        match (&answer, permit) {
            (Err(failure), Some(permit)) if failure.class == ErrorClass::Throttled => {
                self.pace.throttled(permit);
                self.todo.insert(action.id);
                return;
            }
            (_, Some(_)) => self.pace.accepted(),
            (_, None) => {}
        }
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
        self.changed |= match &answer {
            Ok(_) => true,
            Err(failure) => failed_half_way(&action.verb, failure),
        };
        match answer {
            Ok(Sent::Coming(id, state)) => self.await_one(action, id, Until::Available, state),
            Ok(Sent::Leaving(id)) => self.await_one(action, id, Until::Gone, None),
            Ok(Sent::Group(id)) => {
                self.groups.insert(action.id, id);
                self.done.insert(action.id);
            }
            Ok(Sent::Nothing | Sent::Settled(_)) => drop(self.done.insert(action.id)),
            Err(failure) => {
                let what = action.what.clone();
                self.failed.push(ActionFailure { action: Some(action.id), what, failure });
            }
        }
    }

    /// Waits for what an action has begun, if the answer did not say that it is through.
    fn await_one(
        &mut self,
        action: &Action,
        id: EndpointId,
        until: Until,
        state: Option<EndpointState>,
    ) {
        if let Some(state) = &state {
            tell(self.run, self.target, (&action.what, &id), Some(state));
        }
        if state == Some(EndpointState::Available) {
            self.done.insert(action.id);
            return;
        }
        let soonest = match &action.verb {
            Verb::CreateEndpoint(DesiredEndpoint { key, .. })
            | Verb::DeleteEndpoint { key, .. } => Soonest::of(&key.kind),
            _ => Soonest::MODIFIED,
        };
        let (action, what) = (Some(action.id), action.what.as_str());
        let wait = Wait { id, action, what, until, soonest, state };
        self.waiter.add(wait, self.run.config.rollout.endpoint_timeout);
    }

    /// Rests and looks once, without a place. `false` when the run was aborted meanwhile.
    async fn wait(&mut self) -> bool {
        self.slot.release();
        self.step(Step::Waiting);
        let Self { run, target, waiter, ec2, .. } = self;
        let settled = tokio::select! {
            biased;
            () = run.shutdown.at_least(Level::Abort) => return false,
            settled = look(run, target, waiter, ec2, Duration::ZERO) => settled,
        };
        self.take_in(settled);
        true
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
        let Self { run, target, ec2, slot, plan, changed, .. } = self;
        verify(run, target, (ec2, slot), plan, changed).await
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
}

/// Rests until a look is worth its call, and at least for a while, then looks; rests for ever where
/// nothing is waited for.
async fn look(
    run: &Run,
    target: &Target,
    waiter: &mut Waiter,
    ec2: &mut Option<Ec2>,
    at_least: Duration,
) -> Vec<Settled> {
    if waiter.is_empty() {
        return std::future::pending().await;
    }
    let at_least = Instant::now() + run.sessions.here(at_least);
    let next = waiter.next_look(&run.sessions).max(at_least);
    if next > Instant::now() {
        *ec2 = None;
        sleep_until(next).await;
    }
    let ec2 = ec2.get_or_insert_with(|| run.ec2(&target.id));
    Box::pin(waiter.poll(run, target, ec2)).await
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
