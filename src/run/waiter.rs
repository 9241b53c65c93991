//! The waiter: one `DescribeVpcEndpoints` per poll for everything a target waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Run, Target};
use crate::aws::{Ec2, Sessions};
use crate::ids::{EndpointId, SecurityGroupId};
use crate::model::endpoint::{EndpointKind, EndpointState};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::observed::Endpoint;
use crate::model::service::short_name;
use crate::plan::action::ActionId;
use crate::report::event::EventKind;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// It carries traffic, or a partner has to accept it: nothing more will happen by itself.
    Available,
    /// AWS does not show it any more.
    Gone,
}

/// How soon the end of a wait can come: the time before the first look, in AWS's time. A look before it
/// would add nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Soonest(Duration);

impl Soonest {
    /// Gateways, which are there or gone within seconds.
    pub(super) const GATEWAY: Self = Self(Duration::from_secs(1));
    /// A modification, or the rest of a wait that an earlier run began.
    pub(super) const MODIFIED: Self = Self(Duration::from_secs(5));
    /// Anything with network interfaces. In public logs that takes 43 seconds and more, to come and to
    /// go.
    pub(super) const INTERFACE: Self = Self(Duration::from_secs(30));

    /// Of something of this kind, made or deleted.
    pub(super) fn of(kind: &EndpointKind) -> Self {
        if *kind == EndpointKind::Gateway { Self::GATEWAY } else { Self::INTERFACE }
    }
}

/// The shortest rest between two looks, in AWS's time.
const SHORTEST_REST: Duration = Duration::from_secs(1);

/// The longest rest between two looks, in AWS's time.
const LONGEST_REST: Duration = Duration::from_secs(15);

/// One endpoint to wait for.
#[derive(Debug)]
pub(super) struct Wait<'a> {
    pub(super) id: EndpointId,
    /// On behalf of which action; none for an endpoint found `pending`.
    pub(super) action: Option<ActionId>,
    pub(super) what: &'a str,
    pub(super) until: Until,
    pub(super) soonest: Soonest,
    /// As the answer told it.
    pub(super) state: Option<EndpointState>,
}

/// One endpoint that is waited for.
#[derive(Debug, Clone)]
struct Awaited {
    action: Option<ActionId>,
    what: Box<str>,
    until: Until,
    soonest: Soonest,
    since: Instant,
    deadline: Instant,
    state: Option<EndpointState>,
}

/// What a target waits for.
#[derive(Debug, Default)]
pub(super) struct Waiter {
    awaited: BTreeMap<EndpointId, Awaited>,
    last_look: Option<Instant>,
}

/// The end of one wait.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) action: Option<ActionId>,
    pub(super) what: String,
    pub(super) result: Result<(), Failure>,
}

impl Waiter {
    /// Waits for one more.
    pub(super) fn add(&mut self, wait: Wait<'_>, timeout: Duration) {
        let Wait { id, action, what, until, soonest, state } = wait;
        let since = Instant::now();
        let (what, deadline) = (what.into(), since + timeout);
        let awaited = Awaited { action, what, until, soonest, since, deadline, state };
        self.awaited.insert(id, awaited);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.awaited.is_empty()
    }

    /// What is still waited for, in words.
    pub(super) fn in_flight(&self) -> Vec<String> {
        let word = |awaited: &Awaited| match &awaited.state {
            Some(state) => state.to_string(),
            None => "not seen yet".to_owned(),
        };
        self.awaited
            .iter()
            .map(|(id, awaited)| format!("{} {id} ({})", awaited.what, word(awaited)))
            .collect()
    }

    /// When the next look is worth its call: not before anything can have come to its end, and then
    /// after a part of the time waited so far, so that calls are few and nothing is seen much too late.
    pub(super) fn next_look(&self, sessions: &Sessions) -> Instant {
        let of = |awaited: &Awaited| {
            let Soonest(soonest) = awaited.soonest;
            let first = awaited.since + sessions.here(soonest);
            let next = self.last_look.map_or(first, |last| {
                let shortest = sessions.here(soonest / 4).max(sessions.here(SHORTEST_REST));
                let waited = last.saturating_duration_since(awaited.since);
                let rest = (waited / 15).clamp(shortest, sessions.here(LONGEST_REST));
                first.max(last + rest)
            });
            next.min(awaited.deadline)
        };
        self.awaited.values().map(of).min().unwrap_or_else(Instant::now)
    }

    /// Looks once at all of them, tells every new state, and answers those whose wait is over.
    pub(super) async fn poll(&mut self, run: &Run, target: &Target, ec2: &Ec2) -> Vec<Settled> {
        self.last_look = Some(Instant::now());
        let seen = match ec2.endpoints().await {
            Ok(seen) => seen,
            Err(failure) => return self.after_failed_poll(&failure),
        };
        for (id, awaited) in &mut self.awaited {
            let endpoint = seen.get(id);
            let state = endpoint.map(|endpoint| endpoint.state.clone());
            if state != awaited.state {
                awaited.state.clone_from(&state);
                let service = endpoint.map_or(awaited.what.as_ref(), |e| {
                    short_name(&e.key.service, &target.id.region)
                });
                tell(run, target, (service, id), state.as_ref());
            }
        }
        self.settle(|id, awaited| verdict(awaited, seen.get(id)))
    }

    /// A poll that got no answer is tried again until the deadline, unless it can never succeed.
    fn after_failed_poll(&mut self, failure: &Failure) -> Vec<Settled> {
        let passing = is_passing(failure);
        self.settle(|_, awaited| {
            let over = !passing || Instant::now() >= awaited.deadline;
            over.then(|| Err(failure.clone()))
        })
    }

    /// Takes out those with a verdict.
    fn settle(
        &mut self,
        verdict: impl Fn(&EndpointId, &Awaited) -> Option<Result<(), Failure>>,
    ) -> Vec<Settled> {
        let mut settled = Vec::new();
        self.awaited.retain(|id, awaited| match verdict(id, awaited) {
            None => true,
            Some(result) => {
                settled.push(Settled {
                    action: awaited.action,
                    what: awaited.what.to_string(),
                    result,
                });
                false
            }
        });
        settled
    }
}

/// Tells an endpoint's state: that of a service's short name and an id.
pub(super) fn tell(
    run: &Run,
    target: &Target,
    (service, id): (&str, &EndpointId),
    state: Option<&EndpointState>,
) {
    run.events.send(EventKind::EndpointState {
        target: target.id.clone(),
        service: service.to_owned(),
        endpoint: id.to_string(),
        state: state.map_or("gone".to_owned(), ToString::to_string),
    });
}

/// Waits until no endpoint's network interface is on a security group any more.
pub(super) async fn let_go(
    ec2: &Ec2,
    group: &SecurityGroupId,
    timeout: Duration,
) -> Result<(), Failure> {
    let deadline = Instant::now() + timeout;
    let groups = BTreeSet::from([group.clone()]);
    loop {
        let left = match ec2.interfaces(&groups).await {
            Ok(mut left) => left.remove(group).unwrap_or_default().endpoints,
            Err(failure) if is_passing(&failure) && Instant::now() < deadline => {
                sleep(Duration::from_secs(5)).await;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let left: Vec<String> = left.into_iter().collect();
            let now = format!("{group} is still on {}", left.join(", "));
            let mut failure =
                Failure::local("wait for network interfaces", ErrorClass::TimedOut, now);
            failure.hint = Some("running again waits on".to_owned());
            return Err(failure);
        }
        sleep(Duration::from_secs(5)).await;
    }
}

/// Whether the same call may get an answer in a moment.
fn is_passing(failure: &Failure) -> bool {
    matches!(failure.class, ErrorClass::Throttled | ErrorClass::Transient | ErrorClass::TimedOut)
}

/// Whether the wait for one endpoint is over. AWS may not show an endpoint yet that it has just made.
fn verdict(awaited: &Awaited, seen: Option<&Endpoint>) -> Option<Result<(), Failure>> {
    use EndpointState::{Available, Deleting, Expired, Failed, PendingAcceptance, Rejected};
    match (awaited.until, seen) {
        (Until::Gone, None) => return Some(Ok(())),
        (Until::Available, Some(endpoint)) => match &endpoint.state {
            Available | PendingAcceptance => return Some(Ok(())),
            Failed | Rejected | Expired | Deleting => return Some(Err(ended(endpoint))),
            _ => {}
        },
        _ => {}
    }
    (Instant::now() >= awaited.deadline).then(|| Err(too_late(awaited, seen)))
}

/// An endpoint that will never be available, with AWS's own reason.
fn ended(endpoint: &Endpoint) -> Failure {
    let reason = endpoint.last_error.as_deref().unwrap_or("AWS gives no reason");
    let message = format!("{} is {}: {reason}", endpoint.id, endpoint.state);
    let mut failure = Failure::local("wait until available", ErrorClass::Invalid, message);
    failure.hint = Some("running apply again replaces it".to_owned());
    failure
}

fn too_late(awaited: &Awaited, seen: Option<&Endpoint>) -> Failure {
    let (operation, now) = match (awaited.until, seen) {
        (Until::Available, Some(endpoint)) => {
            ("wait until available", format!("{} is still {}", endpoint.id, endpoint.state))
        }
        (Until::Available, None) => {
            ("wait until available", "AWS does not show the endpoint".to_owned())
        }
        (Until::Gone, _) => ("wait until deleted", "AWS still shows the endpoint".to_owned()),
    };
    let mut failure = Failure::local(operation, ErrorClass::TimedOut, now);
    failure.hint =
        Some("running again waits on; rollout.endpoint_timeout sets the patience".to_owned());
    failure
}
