//! accounts.toml, checked: what the operator wants, in types that cannot hold nonsense.
//!
//! ```text
//! text --file--> tree --read, layer, endpoint, values--> Config --scope-----> who is a consumer
//!                       schema: which keys there are        |
//!                       check: what single values cannot    +----settings--> what a target should have
//!                       show                 problem: everything that is wrong, at once
//! ```
//!
//! Nothing here knows AWS beyond its documentation: what only a region's own catalogue or an
//! account's network can tell is left to the planner.

mod check;
mod contract;
mod digest;
mod endpoint;
mod file;
mod ignore;
mod known;
mod layer;
mod lock;
mod notify;
mod policies;
mod policy;
mod problem;
mod protect;
mod read;
mod rollout;
mod schema;
mod scope;
mod selector;
mod settings;
mod share;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::ids::{AccountId, Region};
use crate::model::account::Account;
use crate::model::endpoint::{DnsOptions, EndpointKind, IpAddressType, Tags};
use crate::model::region;
use crate::model::shard::Shard;
use crate::model::spec::{
    GroupRef, IngressSource, PolicySpec, RouteTableSelector, ServiceRef, SubnetSelector,
    VpcSelector,
};

pub use contract::{FORMAT, contract};
pub use ignore::Ignore;
pub use known::usual_kind;
pub use lock::LockBucket;
pub use notify::Notify;
pub use policies::{PolicyOf, policy_of};
pub use problem::{ConfigError, nearest};
pub use protect::Protect;
pub use rollout::{BudgetMode, Guard, Rollout, THE_REST, Wave};
pub use scope::{AppliedOverride, Explanation, Place, TriedRule, Verdict};
pub use selector::{InvalidSelector, Selector};
pub use share::Share;

/// Reads and checks a whole accounts.toml and the policy files it names. The error holds everything
/// that is wrong with it.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let shown = path.display().to_string();
    let source = match file::text(path) {
        Ok(source) => source,
        Err(problem) => return Err(ConfigError::new(shown, String::new(), vec![problem])),
    };
    parse(shown, source, path.parent().unwrap_or(Path::new("")))
}

/// The same for text that is no file. `shown` is what it is called in problems, `folder` where the
/// files are that it names.
pub fn parse(shown: String, source: String, folder: &Path) -> Result<Config, ConfigError> {
    read::config(&source, folder.to_owned())
        .map_err(|problems| ConfigError::new(shown, source, problems))
}

impl Config {
    /// What is locked while a run changes something: the deployment, or one shard of it, for shards work
    /// side by side.
    pub fn lock_name(&self) -> String {
        match self.shard {
            None => self.deployment.clone(),
            Some(Shard { index, of }) => format!("{}{index}-of-{of}", self.shard_locks()),
        }
    }

    /// Whether some endpoint should have the organization's data perimeter as its policy.
    pub fn needs_organization_id(&self) -> bool {
        let layers = self.overrides.iter().map(|over| &over.layer).chain([&self.base]);
        let mut tables = layers.flat_map(|layer| layer.endpoints.values());
        tables.any(|table| table.policy == Some(PolicySpec::Organization))
    }

    /// How the names of all shards' locks begin.
    pub fn shard_locks(&self) -> String {
        format!("{}.shard-", self.deployment)
    }

    /// Whether VPCs' DNS attributes are to be turned on anywhere.
    pub fn fixes_vpc_dns(&self) -> bool {
        let overrides = self.overrides.iter().map(|over| &over.layer);
        [&self.base].into_iter().chain(overrides).any(|layer| layer.fix_vpc_dns == Some(true))
    }

    /// The partition of the file's regions: `aws`, `aws-cn`, ... It is the second part of every
    /// ARN.
    pub fn partition(&self) -> &'static str {
        self.organization.regions.first().and_then(region::partition_of).unwrap_or("aws")
    }
}

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
    /// How many at once, in which order, and how much may go wrong.
    pub rollout: Rollout,
    /// Findings of the audit that are accepted for a while, in the order of the file.
    pub ignores: Vec<Ignore>,
    /// Who is told of news; `None`: nobody.
    pub notify: Option<Notify>,
    /// Where tables stand in the file, from 1: `endpoints.logs`, `security_group`. A table that stands
    /// in overrides only has the line of the first of these.
    pub lines: BTreeMap<String, u32>,
    /// What is never deleted for good.
    pub protect: Protect,
    /// How much a plan may change.
    pub guard: Guard,
    /// The part of the accounts that this process works on, which the command line says; `None`: all.
    pub shard: Option<Shard>,
    /// Where runs on different machines exclude each other; `None`: only on this machine.
    pub lock: Option<LockBucket>,
}

/// `[organization]`: how to reach the accounts.
#[derive(Debug, Clone)]
pub struct Organization {
    /// The organization's own id, `o-...`, where the file says it. AWS is asked as well, and must agree.
    pub id: Option<String>,
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
    /// `network.fix_vpc_dns`
    pub fix_vpc_dns: Option<bool>,
    /// `security_group.name`
    pub security_group_name: Option<String>,
    /// `security_group.ingress`
    pub ingress: Option<Vec<IngressSource>>,
    /// `[endpoints.*]` by the name of the table.
    pub endpoints: BTreeMap<String, EndpointTable>,
    /// `[tags]`, added to those of the level below.
    pub tags: Tags,
    /// `name_tag`
    pub name_tag: Naming,
}

/// `name_tag`: how endpoints are named.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// `false`: they are not.
    pub on: Option<bool>,
    /// The tag's key.
    pub key: Option<String>,
    /// The tag's value, a template.
    pub template: Option<String>,
}

/// What an `[endpoints.*]` table leads to. Every table of one name leads to the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadsTo {
    /// Several services, each of its default type.
    Bundle {
        /// Their short names.
        members: &'static [&'static str],
    },
    /// One service.
    Service {
        /// Which; a full name may still contain `{region}`.
        service: ServiceRef,
        /// The type; `None` where only AWS knows it.
        kind: Option<EndpointKind>,
    },
}

/// One `[endpoints.NAME]` table. `None` leaves the level below in force.
#[derive(Debug, Clone)]
pub struct EndpointTable {
    /// What it leads to: `service` and `type`, or what the table's own name stands for.
    pub leads_to: LeadsTo,
    /// `enabled`; `false` takes a service (or, by its short name, a member of a bundle) out.
    pub enabled: Option<bool>,
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
    pub policy: Option<PolicySpec>,
    /// `tags`, added to the common ones.
    pub tags: Tags,
    /// `name`: this endpoint's own name, a template like the common one.
    pub name: Option<String>,
}
