//! Quotas known without asking. They can be raised, so going past a default is a note, not a block.

use std::collections::BTreeMap;

use crate::ids::VpcId;
use crate::model::endpoint::{EndpointKind, EndpointState};
use crate::model::observed::Observed;
use crate::plan::action::Verb;
use crate::plan::draft::Draft;

/// Defaults of L-29B6F2EB (interface and Gateway Load Balancer endpoints per VPC) and L-1B52E74A
/// (gateway endpoints per region)
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html>).
const PER_VPC: i64 = 50;
const GATEWAYS: i64 = 20;

/// Notes where the plan's creations go past a default quota.
pub(super) fn note(observed: &Observed, draft: &mut Draft) {
    let mut gateways = Count::default();
    let mut vpcs: BTreeMap<VpcId, Count> = BTreeMap::new();
    let mut count = |vpc: &VpcId, kind: &EndpointKind, there: i64, new: i64| {
        let count = match kind {
            EndpointKind::Gateway => &mut gateways,
            EndpointKind::Interface | EndpointKind::GatewayLoadBalancer => {
                vpcs.entry(vpc.clone()).or_default()
            }
            EndpointKind::Other(_) => return,
        };
        count.there += there;
        count.new += new;
    };
    for endpoint in observed.endpoints.values() {
        if !matches!(endpoint.state, EndpointState::Deleted) {
            count(&endpoint.key.vpc, &endpoint.key.kind, 1, 0);
        }
    }
    for action in draft.actions() {
        match &action.verb {
            Verb::CreateEndpoint(endpoint) => count(&endpoint.key.vpc, &endpoint.key.kind, 0, 1),
            Verb::DeleteEndpoint { key, .. } => count(&key.vpc, &key.kind, -1, 0),
            Verb::CreateSecurityGroup(_)
            | Verb::ModifySecurityGroup { .. }
            | Verb::ModifyEndpoint { .. }
            | Verb::DeleteSecurityGroup { .. }
            | Verb::EnableVpcDns { .. }
            | Verb::Adopt { .. }
            | Verb::Tag { .. } => {}
        }
    }
    if let Some(text) = gateways.past(GATEWAYS, "gateway endpoints in the region", "L-1B52E74A") {
        draft.note(None, "gateway endpoints", "quota-default-exceeded", text);
    }
    for (vpc, count) in &vpcs {
        if let Some(text) = count.past(PER_VPC, "interface endpoints in the VPC", "L-29B6F2EB") {
            draft.note(Some(vpc), "interface endpoints", "quota-default-exceeded", text);
        }
    }
}

#[derive(Debug, Default)]
struct Count {
    there: i64,
    new: i64,
}

impl Count {
    fn past(&self, default: i64, what: &str, code: &str) -> Option<String> {
        let total = self.there + self.new;
        (self.new > 0 && total > default).then(|| {
            format!(
                "there would be {total} {what}; AWS's default quota is {default}, make sure yours ({code}) is \
                 higher: `linkwalk doctor` reads it"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::model::endpoint::EndpointKind;
    use crate::plan::testing::{check, world};

    #[test]
    fn going_past_a_default_quota_is_said() {
        let full = |kind: EndpointKind, there: usize| {
            world().want(["logs", "s3"]).but(|w| {
                for _ in 0..there {
                    let endpoint = w.add_foreign("kms", kind.clone());
                    endpoint.route_tables.clear();
                }
            })
        };
        let made = vec!["+ linkwalk-endpoints", "+ logs", "+ s3"];
        let with = |note| [made.clone(), vec![note]].concat();
        check([
            ("49 and one", full(EndpointKind::Interface, 49), made.clone()),
            (
                "50 and one",
                full(EndpointKind::Interface, 50),
                with(". interface endpoints: quota-default-exceeded"),
            ),
            (
                "20 gateways and one",
                full(EndpointKind::Gateway, 20),
                with(". gateway endpoints: quota-default-exceeded"),
            ),
        ]);
    }
}
