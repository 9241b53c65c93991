//! After the changes: look again. A target is finished when nothing is left to do.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;

use super::fleet::Slot;
use super::observe::plan_one;
use super::{Run, Target};
use crate::aws::Ec2;
use crate::plan::action::{Action, Verb};
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

/// Observes and plans again: `apply` is finished when the plan is empty. `plan` was carried out, and `changed`
/// says whether AWS took any of it.
pub(super) async fn verify(
    run: &Run,
    target: &Target,
    (ec2, mut slot): (Option<Ec2>, Slot),
    plan: &TargetPlan,
    changed: bool,
) -> Outcome {
    slot.hold().await;
    let ec2 = ec2.unwrap_or_else(|| run.ec2(&target.id));
    run.events.send(EventKind::TargetStep { target: target.id.clone(), step: Step::Verifying });
    let adopted = adopted(plan);
    let mut last = Ok(TargetPlan::default());
    for rest in LOOKS {
        let look = async {
            sleep(rest).await;
            Box::pin(plan_one(run, target, &ec2)).await.map(|plan| sparing(plan, &adopted))
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
        Ok(plan) if plan.is_in_sync() && !changed => Outcome::InSync,
        Ok(plan) if plan.is_in_sync() => Outcome::Changed,
        Ok(plan) => diverged(plan.blocked, &plan.actions),
        Err(failure) => {
            let what = "verify".to_owned();
            Outcome::PartlyChanged { failed: vec![ActionFailure { action: None, what, failure }] }
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
