//! accounts.toml, checked: what the operator wants, in types that cannot hold nonsense.
//!
//! `file` mirrors the text, `check` turns it into [`Config`] or into every problem at once,
//! `selector` and `scope` say who is a consumer, `settings` says what one target should have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ids::{AccountId, Region};
use crate::model::account::Account;
use crate::model::endpoint::{DnsOptions, EndpointKind, IpAddressType, Tags};
use crate::model::policy::PolicyDocument;
use crate::model::spec::{
    GroupRef, IngressSource, NameTag, RouteTableSelector, SubnetSelector, VpcSelector,
};

/// Stands in until the module is written.
#[derive(Debug, Clone)]
pub struct Selector;

/// A whole accounts.toml, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The owner's name: the value of the ownership tag on all that is made.
    pub deployment: String,
    /// How to reach the organization and its accounts.
    pub organization: Organization,
    /// Selectors of consumers; empty means every active member but the shared root.
    pub include: Vec<Selector>,
    /// Selectors that keep an account out; they always win.
    pub exclude: Vec<Selector>,
    /// `[[account]]` entries: they stand in for discovery where there are any.
    pub roster: Vec<Account>,
    /// What a target should have where no override says otherwise.
    pub base: Layer,
    /// Differences for some accounts or regions, in the order of the file; later ones win.
    pub overrides: Vec<Override>,
    /// How many at once and for how long.
    pub rollout: Rollout,
}

/// `[organization]`: how to reach the accounts.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Name of the role assumed in every consumer account, with its path if it has one.
    pub role: String,
    /// Accounts that are never touched, besides the management account, which never is.
    pub shared_root: BTreeSet<AccountId>,
    /// Where endpoints are made. At least one, no region twice, all of one partition.
    pub regions: Vec<Region>,
    /// Sent with the last `AssumeRole` of the chain.
    pub external_id: Option<String>,
    /// `RoleSessionName`, seen in the accounts' CloudTrail.
    pub session_name: String,
    /// Session tags of the member role's session.
    pub session_tags: BTreeMap<String, String>,
    /// `SourceIdentity`; the trust policies must allow `sts:SetSourceIdentity`.
    pub source_identity: Option<String>,
    /// Role ARNs assumed in this order before the member role.
    pub via: Vec<String>,
}

/// `[rollout]`: how many at once and for how long.
#[derive(Debug, Clone)]
pub struct Rollout {
    /// Targets being changed at one time.
    pub max_in_flight: usize,
    /// How long an endpoint may take to become available before it counts as failed.
    pub endpoint_timeout: Duration,
}

/// One `[[override]]`: applies to a target when a selector matches its account (or there is none)
/// and its region is listed (or none is).
#[derive(Debug, Clone)]
pub struct Override {
    /// Which accounts; empty means every one.
    pub accounts: Vec<Selector>,
    /// Which regions; empty means every one.
    pub regions: Vec<Region>,
    /// What differs.
    pub layer: Layer,
}

/// What the file says about targets at one level; `None` leaves the level below in force.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// `network.vpcs`
    pub vpcs: Option<VpcSelector>,
    /// `network.subnets`
    pub subnets: Option<SubnetSelector>,
    /// `network.route_tables`
    pub route_tables: Option<RouteTableSelector>,
    /// `security_group.name`
    pub security_group_name: Option<String>,
    /// `security_group.ingress`
    pub ingress: Option<Vec<IngressSource>>,
    /// `[endpoints.*]` by the name of the table.
    pub endpoints: BTreeMap<String, EndpointTable>,
    /// `[tags]`, added to those of the level below.
    pub tags: Tags,
    /// `name_tag`
    pub name_tag: Option<NameTag>,
}

/// One `[endpoints.NAME]` table. `None` leaves the level below in force.
#[derive(Debug, Clone, Default)]
pub struct EndpointTable {
    /// `service`; without it the table's own name is the service or bundle.
    pub service: Option<String>,
    /// `enabled`; `false` takes a service (or, by its short name, a member of a bundle) out.
    pub enabled: Option<bool>,
    /// `type`
    pub kind: Option<EndpointKind>,
    /// `subnets`, instead of the network's.
    pub subnets: Option<SubnetSelector>,
    /// `route_tables`, instead of the network's.
    pub route_tables: Option<RouteTableSelector>,
    /// `security_groups`; `["managed"]` stands for the deployment's own.
    pub security_groups: Option<Vec<GroupRef>>,
    /// `private_dns`
    pub private_dns: Option<bool>,
    /// `ip_address_type`
    pub ip_address_type: Option<IpAddressType>,
    /// `dns`
    pub dns: DnsOptions,
    /// `policy`; `"full"` and files are both documents by now.
    pub policy: Option<PolicyDocument>,
    /// `tags`, added to the common ones.
    pub tags: Tags,
    /// `name`: this endpoint's own name, a template like the common one.
    pub name: Option<String>,
}
