//! What was seen in one target.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{EndpointId, RouteTableId, SecurityGroupId, SubnetId, VpcId};
use crate::model::endpoint::{DnsOptions, EndpointKey, EndpointState, IpAddressType, Tags};
use crate::model::network::Vpc;
use crate::model::policy::PolicyDocument;

/// Everything the planner needs to know about one account in one region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// VPCs, shared ones too (their owner differs).
    pub vpcs: BTreeMap<VpcId, Vpc>,
    /// Endpoints, foreign and requester-managed ones too; deleted ones are left out.
    pub endpoints: BTreeMap<EndpointId, Endpoint>,
}

/// An endpoint as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `vpce-...`
    pub id: EndpointId,
    /// Its immutable part.
    pub key: EndpointKey,
    /// Where it is in its life.
    pub state: EndpointState,
    /// Made by an AWS service (GuardDuty, say) on the account's behalf; never touched.
    pub requester_managed: bool,
    /// Interface and Gateway Load Balancer endpoints only.
    pub subnets: BTreeSet<SubnetId>,
    /// Interface endpoints only.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Gateway endpoints only.
    pub route_tables: BTreeSet<RouteTableId>,
    /// `PrivateDnsEnabled`
    pub private_dns: bool,
    /// `IpAddressType`; `None` where AWS names none or one this version does not know.
    pub ip_address_type: Option<IpAddressType>,
    /// `DnsOptions`
    pub dns: DnsOptions,
    /// `PolicyDocument`; `None` where the endpoint has none.
    pub policy: Option<PolicyDocument>,
    /// Its tags.
    pub tags: Tags,
    /// `LastError` and `FailureReason`, in AWS's words.
    pub last_error: Option<String>,
    /// `CreationTimestamp`, seconds since 1970: the older of two twins is kept.
    pub created: i64,
}
