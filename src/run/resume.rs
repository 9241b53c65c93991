//! Going on with a run that was killed or interrupted: what it had not ended well is observed again, and
//! what is left of its plan is carried out. Nothing else is: where planning again comes to something that
//! the saved plan does not contain, the target has moved.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use super::journal::{Intent, Past};
use super::observe::{Seen, observe_by, see};
use super::send::operation;
use super::{Run, Target};
use crate::ids::TargetId;
use crate::model::failure::Failure;
use crate::plan::remains::remains;
use crate::plan::{Plan, Planned, TargetPlan};

/// Rests between looks for what was sent and not answered: reads lag behind writes, so that a thing which
/// is not seen yet may be there
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).
const LOOKS: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// What is left of a plan.
#[derive(Debug)]
pub struct Left {
    /// The rest of it, with today's ids. A target whose turn did not come is not in it.
    pub plan: Plan,
    /// What is no part of the saved plan, in words, by target: these have moved, and stand in `plan`
    /// without actions.
    pub moved: BTreeMap<TargetId, Vec<String>>,
}

/// Observes these targets and works out what is left of the saved plan in each.
pub async fn observe_left(
    run: &Arc<Run>,
    targets: &[Arc<Target>],
    saved: &Plan,
    past: &Past,
) -> Left {
    let moved = Arc::new(Mutex::new(BTreeMap::new()));
    let one = |run: Arc<Run>, target: Arc<Target>| {
        let saved = match saved.targets.get(&target.id) {
            Some(Planned::Ready(plan)) => plan.clone(),
            Some(Planned::Unreachable { .. }) | None => TargetPlan::default(),
        };
        let mine = past.unanswered.values().filter(|intent| intent.target == target.id);
        let (unanswered, moved) = (mine.cloned().collect::<Vec<_>>(), Arc::clone(&moved));
        async move {
            let seen = match look(&run, &target, &unanswered).await {
                Ok(seen) => seen,
                Err(failure) => return Planned::Unreachable { failure },
            };
            let Seen { observed, catalogue, plan } = seen;
            let Target { id, settings, .. } = &*target;
            Planned::Ready(
                remains(&saved, &plan, id, settings, &observed, &catalogue).unwrap_or_else(|why| {
                    let mut moved = moved.lock().unwrap_or_else(PoisonError::into_inner);
                    moved.insert(id.clone(), why);
                    TargetPlan { actions: Vec::new(), ..plan }
                }),
            )
        }
    };
    let plan = observe_by(run, targets, one).await;
    let moved = std::mem::take(&mut *moved.lock().unwrap_or_else(PoisonError::into_inner));
    Left { plan, moved }
}

/// Reads the target, and once more for as long as something that was sent and not answered is still to be
/// done by what is seen.
async fn look(run: &Run, target: &Target, unanswered: &[Intent]) -> Result<Seen, Failure> {
    let ec2 = run.ec2(&target.id);
    let mut seen = see(run, target, &ec2).await?;
    for rest in LOOKS {
        let is_missing = seen.plan.actions.iter().any(|action| {
            let what = format!("{} {}", action.verb.symbol(), action.what);
            let name = (operation(&action.verb), what);
            unanswered.iter().any(|intent| (intent.operation.as_str(), &intent.what) == (name.0, &name.1))
        });
        if !is_missing {
            break;
        }
        sleep(rest).await;
        seen = see(run, target, &ec2).await?;
    }
    Ok(seen)
}
