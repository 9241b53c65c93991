//! Actions: what would be sent, complete, so that the executor has nothing left to decide.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{EndpointId, RouteTableId, SecurityGroupId, SubnetId, VpcId};
use crate::model::endpoint::{DnsOptions, EndpointKey, IpAddressType, Tags};
use crate::model::network::{DnsAttribute, Rule};
use crate::model::policy::PolicyDocument;

/// Number of an action within its target's plan, from 0.
pub type ActionId = u32;

/// One change of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// Its number. Written as `number`, because `id` is the resource's.
    #[serde(rename = "number")]
    pub id: ActionId,
    /// Actions that must have succeeded before this one is sent. For a created or deleted endpoint
    /// that means more than the answer: it must be `available`, or gone.
    pub after: BTreeSet<ActionId>,
    /// What it is about, in short: the service's short name, or the security group's name.
    pub what: String,
    /// The change.
    #[serde(flatten)]
    pub verb: Verb,
    /// Why: what differs, attribute by attribute. Empty for plain creations.
    pub drift: Vec<Drift>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Verb {
    /// `CreateSecurityGroup` with its tags, then `AuthorizeSecurityGroupIngress`.
    CreateSecurityGroup(DesiredGroup),
    /// `RevokeSecurityGroupIngress` and `AuthorizeSecurityGroupIngress`.
    ModifySecurityGroup {
        /// The group.
        id: SecurityGroupId,
        /// Its VPC.
        vpc: VpcId,
        /// Rules to add.
        authorize: BTreeSet<Rule>,
        /// Rules to take away.
        revoke: BTreeSet<Rule>,
    },
    /// `CreateVpcEndpoint` with its tags.
    CreateEndpoint(DesiredEndpoint),
    /// One `ModifyVpcEndpoint` that carries every change, because AWS serialises modifications.
    ModifyEndpoint {
        /// The endpoint.
        id: EndpointId,
        /// Its identity.
        key: EndpointKey,
        /// What changes.
        change: EndpointChange,
    },
    /// `DeleteVpcEndpoints`, for an endpoint that can only be replaced (failed, rejected, expired) or
    /// is one too many.
    DeleteEndpoint {
        /// The endpoint.
        id: EndpointId,
        /// Its identity.
        key: EndpointKey,
    },
    /// `DeleteSecurityGroup`, once no network interface uses it any more.
    DeleteSecurityGroup {
        /// The group.
        id: SecurityGroupId,
        /// Its VPC.
        vpc: VpcId,
    },
    /// `CreateTags` that takes a foreign endpoint or security group into the deployment. The action's
    /// drift is what else differs: it stays until an action of its own repairs it.
    Adopt {
        /// `vpce-...` or `sg-...`.
        resource: String,
        /// Its VPC.
        vpc: VpcId,
        /// Tags to set, ownership among them.
        set: Tags,
    },
    /// `ModifyVpcAttribute` that turns on what private DNS needs: one attribute a call. The VPC is not
    /// ours, and this is the one change of something nobody tagged; `network.fix_vpc_dns` allows it.
    EnableVpcDns {
        /// The VPC.
        vpc: VpcId,
        /// What is turned on.
        attribute: DnsAttribute,
    },
    /// `CreateTags`. Tags that are not ours are never taken away.
    Tag {
        /// `vpce-...` or `sg-...`.
        resource: String,
        /// Its VPC.
        vpc: VpcId,
        /// Tags to set.
        set: Tags,
    },
}

impl Verb {
    /// The VPC the change is in.
    pub fn vpc(&self) -> &VpcId {
        match self {
            Self::CreateSecurityGroup(group) => &group.vpc,
            Self::CreateEndpoint(endpoint) => &endpoint.key.vpc,
            Self::ModifyEndpoint { key, .. } | Self::DeleteEndpoint { key, .. } => &key.vpc,
            Self::ModifySecurityGroup { vpc, .. }
            | Self::DeleteSecurityGroup { vpc, .. }
            | Self::Adopt { vpc, .. }
            | Self::EnableVpcDns { vpc, .. }
            | Self::Tag { vpc, .. } => vpc,
        }
    }

    /// Terraform's symbol for the kind of change: `+`, `~` or `-`; `=` for an adoption.
    pub fn symbol(&self) -> char {
        match self {
            Self::CreateSecurityGroup(_) | Self::CreateEndpoint(_) => '+',
            Self::ModifySecurityGroup { .. }
            | Self::ModifyEndpoint { .. }
            | Self::EnableVpcDns { .. }
            | Self::Tag { .. } => '~',
            Self::DeleteEndpoint { .. } | Self::DeleteSecurityGroup { .. } => '-',
            Self::Adopt { .. } => '=',
        }
    }
}

/// A security group to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DesiredGroup {
    /// Where.
    pub vpc: VpcId,
    /// Its name.
    pub name: String,
    /// Its description, which AWS never lets change.
    pub description: String,
    /// Who may come in.
    pub ingress: BTreeSet<Rule>,
    /// Its tags.
    pub tags: Tags,
}

/// An endpoint as it should be, in the form in which AWS will describe it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DesiredEndpoint {
    /// Its identity.
    pub key: EndpointKey,
    /// One per zone; empty for gateways.
    pub subnets: BTreeSet<SubnetId>,
    /// Empty for gateways and Gateway Load Balancer endpoints.
    pub security_groups: BTreeSet<SecurityGroupRef>,
    /// Empty for all but gateways.
    pub route_tables: BTreeSet<RouteTableId>,
    /// Always sent.
    pub private_dns: bool,
    /// `None`: what AWS takes by itself.
    pub ip_address_type: Option<IpAddressType>,
    /// What is said of DNS records.
    pub dns: DnsOptions,
    /// `None` where the service takes no policy.
    pub policy: Option<PolicyDocument>,
    /// Its tags, ownership and name included.
    pub tags: Tags,
}

/// A security group that exists, or one that the same plan makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityGroupRef {
    /// It is there.
    Id(SecurityGroupId),
    /// The action of this number makes it, in the same VPC.
    MadeBy(ActionId),
}

/// What one `ModifyVpcEndpoint` changes; all of it or none is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointChange {
    /// Subnets.
    pub add_subnets: BTreeSet<SubnetId>,
    /// Subnets.
    pub remove_subnets: BTreeSet<SubnetId>,
    /// Security groups.
    pub add_security_groups: BTreeSet<SecurityGroupRef>,
    /// Security groups.
    pub remove_security_groups: BTreeSet<SecurityGroupId>,
    /// Route tables.
    pub add_route_tables: BTreeSet<RouteTableId>,
    /// Route tables.
    pub remove_route_tables: BTreeSet<RouteTableId>,
    /// `PrivateDnsEnabled`
    pub private_dns: Option<bool>,
    /// `IpAddressType`
    pub ip_address_type: Option<IpAddressType>,
    /// `DnsOptions`
    pub dns: Option<DnsOptions>,
    /// `PolicyDocument`; full access is sent as `ResetPolicy`.
    pub policy: Option<PolicyDocument>,
}

/// One attribute that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// The attribute: `subnets`, `private_dns`, `tags.Name`, `ingress`, ...
    pub field: String,
    /// What is there; `null` where nothing is.
    pub was: Value,
    /// What should be there; `null` where nothing should.
    pub should_be: Value,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::world;

    #[test]
    fn every_action_is_read_back_as_it_was_written() {
        let fresh = world().want(["logs", "s3"]);
        let drifted = fresh.clone().applied().but(|w| {
            w.endpoint("logs").private_dns = false;
            w.endpoint("logs").tags.remove("Name");
            w.endpoint("s3").state = crate::model::endpoint::EndpointState::Failed;
            w.vpc().security_groups.values_mut().for_each(|group| group.ingress.clear());
        });
        let dark = fresh.clone().but(|w| {
            w.settings.fix_vpc_dns = true;
            w.vpc().dns_hostnames = false;
        });
        let actions: Vec<Action> =
            [fresh, drifted, dark].iter().flat_map(|world| world.plan().actions).collect();
        let kinds: BTreeSet<_> = actions
            .iter()
            .map(|action| std::mem::discriminant(&action.verb))
            .map(|d| format!("{d:?}"))
            .collect();
        assert_eq!(kinds.len(), 7);
        for action in actions {
            let text = serde_json::to_string(&action).unwrap();
            assert_eq!(serde_json::from_str::<Action>(&text).unwrap(), action, "{text}");
        }
    }
}
