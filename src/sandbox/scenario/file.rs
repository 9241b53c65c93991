//! The scenario file, as it is written. Every key is documented here; unknown ones are errors.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::sandbox::load::faults::FaultRule;
use crate::sandbox::world::account::AccountState;
use crate::sandbox::world::quota::Quotas;

type Tags = BTreeMap<String, String>;

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// The version of this format: 1.
    pub(crate) format: u32,
    /// What ids, zone names and delays are drawn from.
    #[serde(default = "one")]
    pub(crate) seed: u64,
    /// The region of VPCs that name none, and of the clients.
    #[serde(default = "home")]
    pub(crate) home: String,
    /// How far AWS's clock is ahead of the machine's.
    #[serde(default)]
    pub(crate) clock_skew_seconds: i64,
    /// The management account; without an organization, the only one that need be there.
    #[serde(default)]
    pub(crate) management: Management,
    /// The organization; without this table the accounts are on their own.
    pub(crate) organization: Option<OrganizationTable>,
    /// Units with tags; units that accounts name need no entry.
    #[serde(default)]
    pub(crate) unit: Vec<Unit>,
    /// Service control policies that deny.
    #[serde(default)]
    pub(crate) policy: Vec<Policy>,
    /// Services that do not support all zones.
    #[serde(default)]
    pub(crate) service: Vec<Service>,
    #[serde(default)]
    pub(crate) account: Vec<Account>,
    #[serde(default)]
    pub(crate) fault: Vec<FaultRule>,
    /// S3 buckets.
    #[serde(default)]
    pub(crate) bucket: Vec<Place>,
    /// SNS topics.
    #[serde(default)]
    pub(crate) topic: Vec<Place>,
    /// ECR repositories.
    #[serde(default)]
    pub(crate) repository: Vec<Repository>,
}

fn one() -> u64 {
    1
}

fn home() -> String {
    "eu-west-1".to_owned()
}

fn yes() -> bool {
    true
}

/// `[management]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Management {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) vpc: Vec<Vpc>,
    /// Policy documents of its operator, as JSON texts; without any, the operator may do everything.
    pub(crate) policies: Vec<String>,
}

impl Default for Management {
    fn default() -> Self {
        Self {
            id: "111122223333".to_owned(),
            name: "management".to_owned(),
            email: "management@example.com".to_owned(),
            vpc: Vec::new(),
            policies: Vec::new(),
        }
    }
}

/// `[organization]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OrganizationTable {
    /// Delegated administrators: the account's name, then service principals.
    pub(crate) delegated: BTreeMap<String, Vec<String>>,
    /// Tags of the root.
    pub(crate) tags: Tags,
}

/// `[[unit]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit {
    /// `/Workloads/Staging`.
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// `[[policy]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// `p-…`.
    pub(crate) id: String,
    /// `/` for the root, a unit's path, or an account's name.
    pub(crate) target: String,
    /// Actions, with wildcards.
    pub(crate) deny: Vec<String>,
    /// Only in these regions.
    #[serde(default)]
    pub(crate) regions: Vec<String>,
}

/// `[[service]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// The short name (`logs`) or the full one.
    pub(crate) name: String,
    /// By default the home region.
    pub(crate) region: Option<String>,
    /// The ids of the zones it supports.
    pub(crate) zones: Vec<String>,
}

/// `[[bucket]]` and `[[topic]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// By default the home region.
    pub(crate) region: Option<String>,
    /// Whose it is, by name or id; by default the management account's.
    pub(crate) account: Option<String>,
}

/// `[[repository]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repository {
    pub(crate) name: String,
    /// By default the home region.
    pub(crate) region: Option<String>,
    /// Whose it is, by name or id; by default the management account's.
    pub(crate) account: Option<String>,
    /// Its policy, JSON; without one it is for its own account alone. `ORGANIZATION` stands for the id of the
    /// organization.
    pub(crate) policy: Option<String>,
}

/// `[[account]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// Twelve digits; drawn from the seed if not given.
    pub(crate) id: Option<String>,
    pub(crate) email: Option<String>,
    /// The unit's path; the root if not given.
    pub(crate) unit: Option<String>,
    pub(crate) state: Option<AccountState>,
    #[serde(default)]
    pub(crate) invited: bool,
    #[serde(default)]
    pub(crate) tags: Tags,
    /// Its roles; by default `OrganizationAccountAccessRole`, an administrator that the management account
    /// may assume. `roles = []` for an account without.
    pub(crate) roles: Option<Vec<Role>>,
    /// Opt-in regions it has enabled.
    #[serde(default)]
    pub(crate) regions_on: Vec<String>,
    /// Regions it cannot use.
    #[serde(default)]
    pub(crate) regions_off: Vec<String>,
    #[serde(default)]
    pub(crate) quotas: Quotas,
    /// Whether its regions have AWS's default VPC.
    #[serde(default)]
    pub(crate) default_vpcs: bool,
    #[serde(default)]
    pub(crate) vpc: Vec<Vpc>,
}

/// `[[account.roles]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub(crate) name: String,
    #[serde(default = "slash")]
    pub(crate) path: String,
    /// Account ids or names, ARNs, or `*`; by default the management account.
    pub(crate) trusts: Option<Vec<String>>,
    pub(crate) external_id: Option<String>,
    #[serde(default = "hour")]
    pub(crate) max_session_seconds: u32,
    #[serde(default = "yes")]
    pub(crate) tag_session: bool,
    #[serde(default = "yes")]
    pub(crate) source_identity: bool,
    #[serde(default = "everything")]
    pub(crate) allows: Vec<String>,
    #[serde(default)]
    pub(crate) denies: Vec<String>,
    /// Policy documents, as JSON texts; where there are any, they alone say what it may do.
    #[serde(default)]
    pub(crate) policies: Vec<String>,
    /// A trust policy, as a JSON text; where there is one, it alone says who may assume the role.
    pub(crate) trust_policy: Option<String>,
    /// Actions its permissions boundary allows; no boundary if not given.
    pub(crate) boundary: Option<Vec<String>>,
}

fn slash() -> String {
    "/".to_owned()
}

fn hour() -> u32 {
    3600
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

/// `[[account.vpc]]`: with a private and a public subnet in each zone, an internet gateway and a NAT gateway,
/// unless told otherwise.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
pub(crate) struct Vpc {
    pub(crate) name: String,
    pub(crate) region: Option<String>,
    /// The first is the primary one; subnets are cut from it.
    pub(crate) cidrs: Vec<String>,
    pub(crate) ipv6: bool,
    /// Whether it is the default VPC.
    pub(crate) is_default: bool,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    pub(crate) tags: Tags,
    /// The ids of the zones with subnets; by default all of the region.
    pub(crate) zones: Option<Vec<String>>,
    pub(crate) private: bool,
    pub(crate) public: bool,
    pub(crate) nat: bool,
    /// How many addresses of each private subnet are free; by default all.
    pub(crate) free_addresses: Option<u64>,
    /// The account that shares this VPC, by name or id.
    pub(crate) owner: Option<String>,
    /// Names of private hosted zones the customer has associated.
    pub(crate) hosted_zones: Vec<String>,
    pub(crate) group: Vec<Group>,
    pub(crate) endpoint: Vec<Endpoint>,
}

impl Default for Vpc {
    fn default() -> Self {
        Self {
            name: "main".to_owned(),
            region: None,
            cidrs: vec!["10.0.0.0/16".to_owned()],
            ipv6: false,
            is_default: false,
            dns_support: true,
            dns_hostnames: true,
            tags: Tags::new(),
            zones: None,
            private: true,
            public: true,
            nat: true,
            free_addresses: None,
            owner: None,
            hosted_zones: Vec::new(),
            group: Vec::new(),
            endpoint: Vec::new(),
        }
    }
}

/// `[[account.vpc.group]]`: a security group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) tags: Tags,
    /// Blocks of addresses from which HTTPS is admitted.
    #[serde(default)]
    pub(crate) https_from: Vec<String>,
    /// Whether the rule that lets everything out is there, as after creation.
    #[serde(default = "yes")]
    pub(crate) egress: bool,
}

/// `[[account.vpc.endpoint]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// The short name (`logs`) or the full one.
    pub(crate) service: String,
    /// `Interface` or `Gateway`; by default the first type the service has.
    #[serde(rename = "type")]
    pub(crate) kind: Option<crate::sandbox::world::endpoint::Kind>,
    #[serde(default)]
    pub(crate) tags: Tags,
    /// Whether it answers for the service's own name; by default if the service has one.
    pub(crate) private_dns: Option<bool>,
    /// In how many private subnets it is, or route tables for a gateway; by default all.
    pub(crate) places: Option<usize>,
    /// The name of its security group; by default the VPC's default group.
    pub(crate) group: Option<String>,
    pub(crate) policy: Option<String>,
    #[serde(default)]
    pub(crate) requester_managed: bool,
    /// What it carries, as CloudWatch tells; nothing by default.
    #[serde(default)]
    pub(crate) bytes_per_minute: u64,
    /// By default available.
    pub(crate) state: Option<EndpointState>,
}

/// The state an endpoint of a scenario begins in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EndpointState {
    Available,
    Failed,
    /// Being deleted: gone some minutes after the start.
    Deleting,
}
