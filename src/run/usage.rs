//! Who uses what a plan would delete for good: asked only where it deletes something.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Run, Target};
use crate::aws::Ec2;
use crate::ids::{EndpointId, SecurityGroupId};
use crate::model::endpoint::{EndpointKey, EndpointKind};
use crate::model::failure::Failure;
use crate::plan::TargetPlan;
use crate::plan::action::{Action, Verb};
use crate::plan::aim::{Carried, Usage};

/// What the deletions of `plan` have to be weighed against; `None` where there are none.
pub(super) async fn of(
    run: &Run,
    target: &Target,
    ec2: &Ec2,
    plan: &TargetPlan,
) -> Result<Option<Usage>, Failure> {
    let (endpoints, groups) = deleted(plan);
    if !run.aim.deletes_orphans() || (endpoints.is_empty() && groups.is_empty()) {
        return Ok(None);
    }
    let mut usage = Usage::default();
    if !groups.is_empty() {
        for (group, interfaces) in ec2.interfaces(&groups).await? {
            usage.groups.insert(group, interfaces.others);
        }
    }
    if !run.aim.deletions.force {
        for (id, key) in endpoints {
            if key.kind != EndpointKind::Gateway {
                usage.traffic.insert(id.clone(), carried(run, target, id, key).await);
            }
        }
    }
    Ok(Some(usage))
}

/// Endpoints and security groups that go for good. One that is failed or one too many has a difference,
/// and is replaced or spare.
fn deleted(plan: &TargetPlan) -> (Vec<(&EndpointId, &EndpointKey)>, BTreeSet<SecurityGroupId>) {
    let (mut endpoints, mut groups) = (Vec::new(), BTreeSet::new());
    for Action { verb, drift, .. } in &plan.actions {
        match verb {
            Verb::DeleteEndpoint { id, key } if drift.is_empty() => endpoints.push((id, key)),
            Verb::DeleteSecurityGroup { id, .. } => drop(groups.insert(id.clone())),
            _ => {}
        }
    }
    (endpoints, groups)
}

/// What an endpoint carried lately. Where that cannot be asked, it is not known, and the plan says so.
async fn carried(run: &Run, target: &Target, id: &EndpointId, key: &EndpointKey) -> Carried {
    let traffic = run.sessions.traffic(&target.id, Arc::new(|_| {}));
    let lately = jiff::SignedDuration::try_from(run.aim.deletions.unused_for).unwrap_or_default();
    let since = Timestamp::now().checked_sub(lately).unwrap_or(Timestamp::MIN);
    match traffic.bytes(id, &key.service, &key.vpc, &key.kind, since).await {
        Ok(bytes) => Carried::Bytes(bytes.unwrap_or(0)),
        Err(failure) => Carried::Unknown(failure),
    }
}
