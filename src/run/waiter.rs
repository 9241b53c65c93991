//! The waiter: one `DescribeVpcEndpoints` per poll for everything a target waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Run, Target};
use crate::aws::Ec2;
use crate::ids::{EndpointId, SecurityGroupId};
use crate::model::endpoint::EndpointState;
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

/// One endpoint that is waited for.
#[derive(Debug, Clone)]
struct Awaited {
    action: Option<ActionId>,
    what: String,
    until: Until,
    deadline: Instant,
    state: Option<EndpointState>,
}

/// What a target waits for.
#[derive(Debug, Default)]
pub(super) struct Waiter {
    awaited: BTreeMap<EndpointId, Awaited>,
    polls: u32,
}

/// The end of one wait.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) action: Option<ActionId>,
    pub(super) what: String,
    pub(super) result: Result<(), Failure>,
}

impl Waiter {
    /// Waits for one more, on behalf of an action, or of none for an endpoint found `pending`.
    pub(super) fn add(
        &mut self,
        id: EndpointId,
        action: Option<ActionId>,
        what: &str,
        until: Until,
        timeout: Duration,
    ) {
        let deadline = Instant::now() + timeout;
        let awaited = Awaited { action, what: what.to_owned(), until, deadline, state: None };
        self.awaited.insert(id, awaited);
        self.polls = 0;
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

    /// How long to rest before the next poll: the first one comes at once, because gateways are
    /// available as soon as they are made.
    pub(super) fn rest(&self) -> Duration {
        Duration::from_secs(match self.polls {
            0 => 0,
            1 => 1,
            2 => 2,
            3 => 3,
            _ => 5,
        })
    }

    /// Looks once at all of them, tells every new state, and answers those whose wait is over.
    pub(super) async fn poll(&mut self, run: &Run, target: &Target, ec2: &Ec2) -> Vec<Settled> {
        self.polls += 1;
        let seen = match ec2.endpoints().await {
            Ok(seen) => seen,
            Err(failure) => return self.after_failed_poll(&failure),
        };
        for (id, awaited) in &mut self.awaited {
            let endpoint = seen.get(id);
            let state = endpoint.map(|endpoint| endpoint.state.clone());
            if state != awaited.state {
                awaited.state.clone_from(&state);
                let state = state.map_or("gone".to_owned(), |state| state.to_string());
                run.events.send(EventKind::EndpointState {
                    target: target.id.clone(),
                    service: endpoint
                        .map_or(awaited.what.as_str(), |e| {
                            short_name(&e.key.service, &target.id.region)
                        })
                        .to_owned(),
                    endpoint: id.to_string(),
                    state,
                });
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
                    what: awaited.what.clone(),
                    result,
                });
                false
            }
        });
        settled
    }
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
