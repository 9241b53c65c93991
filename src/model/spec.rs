//! What the operator wants of one target: accounts.toml merged, checked and resolved into single
//! services, and still in the file's terms ("private subnets", not their ids).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use ipnet::IpNet;

use crate::ids::{RouteTableId, SecurityGroupId, ServiceName, SubnetId, VpcId};
use crate::model::endpoint::{DnsOptions, EndpointKind, IpAddressType, Tags};
use crate::model::policy::PolicyDocument;

/// A pattern for names and tag values: `*`, `?`, `[...]`, `{a,b}`; `*` crosses `/`.
#[derive(Clone)]
pub struct Glob(GlobMatcher);

impl Glob {
    /// Compiles a pattern; the error says what is wrong with it. The bounds are above the longest
    /// name or tag value AWS has, and keep the compiled form small.
    pub fn new(pattern: &str) -> Result<Self, String> {
        if pattern.chars().count() > 256 {
            return Err("it has more than 256 characters".to_owned());
        }
        if pattern.matches('{').count() > 16 {
            return Err("it has more than 16 opening braces".to_owned());
        }
        GlobBuilder::new(pattern)
            .literal_separator(false)
            .backslash_escape(true)
            .build()
            .map(|glob| Self(glob.compile_matcher()))
            .map_err(|error| error.kind().to_string())
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        self.0.glob().glob()
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Glob {}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Glob({:?})", self.as_str())
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one target should have: the base and its overrides, merged and resolved into single services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The deployment's name.
    pub deployment: String,
    /// The organization's id, `o-...`, where it is known: what [`PolicySpec::Organization`] rests on.
    pub organization: Option<String>,
    /// Which VPCs get endpoints.
    pub vpcs: VpcSelector,
    /// Whether DNS attributes of a VPC that private DNS needs are turned on, instead of blocking it.
    pub fix_vpc_dns: bool,
    /// The deployment's security group, one per VPC, made when an interface endpoint needs it.
    pub security_group: ManagedGroup,
    /// One entry per service and type; no two lead to the same endpoint.
    pub endpoints: Vec<EndpointSpec>,
    /// Tags of everything that is made, ownership tag included.
    pub tags: Tags,
    /// How endpoints are named; `None` leaves them unnamed.
    pub name_tag: Option<NameTag>,
}

/// The security group this product makes and keeps right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedGroup {
    /// Its name, unique in a VPC and so its identity.
    pub name: String,
    /// Who may reach the endpoints on 443/tcp.
    pub ingress: Vec<IngressSource>,
}

/// One endpoint wanted in every selected VPC of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSpec {
    /// The table of accounts.toml it comes from, for messages.
    pub table: String,
    /// The service.
    pub service: ServiceRef,
    /// The type asked for. `None`: the one the service has; Gateway where it has both.
    pub kind: Option<EndpointKind>,
    /// Where its network interfaces go, one subnet per zone.
    pub subnets: SubnetSelector,
    /// Where a gateway endpoint's routes go.
    pub route_tables: RouteTableSelector,
    /// Security groups of an interface endpoint; never empty.
    pub security_groups: Vec<GroupRef>,
    /// `None`: on where the service has a private DNS name.
    pub private_dns: Option<bool>,
    /// `None`: what AWS takes by itself.
    pub ip_address_type: Option<IpAddressType>,
    /// What is said of DNS records.
    pub dns: DnsOptions,
    /// The policy. Full access where the file says nothing.
    pub policy: PolicySpec,
    /// Tags of this endpoint besides the common ones.
    pub tags: Tags,
    /// Its own name template, before the common one.
    pub name: Option<String>,
}

/// `policy`: what an endpoint lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicySpec {
    /// This document, compared by meaning.
    Document(PolicyDocument),
    /// The data perimeter of the organization, whose id is known once AWS was asked.
    Organization,
}

impl From<PolicyDocument> for PolicySpec {
    fn from(document: PolicyDocument) -> Self {
        Self::Document(document)
    }
}

/// A service as the file names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceRef {
    /// `ecr.api`: the partition's prefix and the region are found in the region's catalogue.
    Short(String),
    /// `com.amazonaws.vpce.eu-west-1.vpce-svc-...`, or any other full name. May contain `{region}`,
    /// already replaced by the target's region here.
    Full(ServiceName),
}

/// Key and template of the tag that names an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTag {
    /// The tag's key, `Name`.
    pub key: String,
    /// The tag's value, with `{service}`, `{type}`, `{region}`, `{account}`, `{vpc}` and
    /// `{deployment}` to be filled in.
    pub template: String,
}

/// `network.vpcs`: which VPCs of an account get endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VpcSelector {
    /// Every one the account owns.
    All,
    /// The region's default VPC.
    Default,
    /// Every one but the default VPC.
    NonDefault,
    /// These, where they exist.
    Ids(BTreeSet<VpcId>),
    /// Those with all of these tags.
    Tags(BTreeMap<String, Glob>),
}

/// `subnets`: where network interfaces may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubnetSelector {
    /// Subnets whose effective route table has no default route to an internet gateway.
    Private,
    /// Every subnet.
    All,
    /// These, where they exist.
    Ids(BTreeSet<SubnetId>),
    /// Those with all of these tags.
    Tags(BTreeMap<String, Glob>),
}

/// `route_tables`: where a gateway endpoint's routes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTableSelector {
    /// Those without a default route to an internet gateway that a private subnet uses.
    Private,
    /// Every one.
    All,
    /// The VPC's main route table.
    Main,
    /// These, where they exist.
    Ids(BTreeSet<RouteTableId>),
    /// Those with all of these tags.
    Tags(BTreeMap<String, Glob>),
}

/// Who may reach the endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IngressSource {
    /// Every CIDR of the VPC, secondary and IPv6 too.
    Vpc,
    /// A CIDR.
    Cidr(IpNet),
    /// A prefix list, `pl-...`.
    PrefixList(String),
}

/// A security group of an interface endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupRef {
    /// The deployment's own.
    Managed,
    /// By id.
    Id(SecurityGroupId),
    /// By its name in the VPC.
    Name(String),
}
