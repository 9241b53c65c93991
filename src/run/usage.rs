//! Who uses what a plan would delete for good: asked only where it deletes something.

use std::collections::BTreeSet;

use super::{Run, Target};
use crate::aws::Ec2;
use crate::ids::SecurityGroupId;
use crate::model::failure::Failure;
use crate::plan::TargetPlan;
use crate::plan::action::Verb;
use crate::plan::aim::Usage;

/// What the deletions of `plan` have to be weighed against; `None` where there are none.
pub(super) async fn of(
    run: &Run,
    _target: &Target,
    ec2: &Ec2,
    plan: &TargetPlan,
) -> Result<Option<Usage>, Failure> {
    if !run.aim.deletes_orphans() {
        return Ok(None);
    }
    let deletes = |verb: &Verb| {
        matches!(verb, Verb::DeleteEndpoint { .. } | Verb::DeleteSecurityGroup { .. })
    };
    if !plan.actions.iter().any(|action| deletes(&action.verb)) {
        return Ok(None);
    }
    let mut usage = Usage::default();
    let groups: BTreeSet<SecurityGroupId> = plan
        .actions
        .iter()
        .filter_map(|action| match &action.verb {
            Verb::DeleteSecurityGroup { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect();
    if !groups.is_empty() {
        for (group, interfaces) in ec2.interfaces(&groups).await? {
            usage.groups.insert(group, interfaces.others);
        }
    }
    Ok(Some(usage))
}
