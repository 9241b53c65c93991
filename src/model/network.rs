//! What an account's network looks like: VPCs, subnets, route tables, security groups.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, RouteTableId, SecurityGroupId, SubnetId, VpcId, ZoneId};
use crate::model::endpoint::Tags;

/// A VPC with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// `vpc-...`
    pub id: VpcId,
    /// The account that owns it; another one's VPC is shared and left alone.
    pub owner: AccountId,
    /// Whether it is the region's default VPC.
    pub is_default: bool,
    /// Every associated CIDR, primary first, secondary and IPv6 too.
    pub cidrs: Vec<IpNet>,
    /// `enableDnsSupport`
    pub dns_support: bool,
    /// `enableDnsHostnames`
    pub dns_hostnames: bool,
    /// Its tags.
    pub tags: Tags,
    /// Its subnets.
    pub subnets: BTreeMap<SubnetId, Subnet>,
    /// Its route tables.
    pub route_tables: BTreeMap<RouteTableId, RouteTable>,
    /// Its security groups.
    pub security_groups: BTreeMap<SecurityGroupId, SecurityGroup>,
}

/// An attribute of a VPC that private DNS needs to be on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DnsAttribute {
    /// `enableDnsSupport`: AWS's resolver answers in the VPC.
    Support,
    /// `enableDnsHostnames`, which can only be turned on while support is
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html>).
    Hostnames,
}

impl DnsAttribute {
    /// Both, in the order in which they can be turned on.
    pub const ALL: [Self; 2] = [Self::Support, Self::Hostnames];

    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Support => "enableDnsSupport",
            Self::Hostnames => "enableDnsHostnames",
        }
    }

    /// Its name for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Support => "DNS support",
            Self::Hostnames => "DNS hostnames",
        }
    }
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// `subnet-...`
    pub id: SubnetId,
    /// The account that owns it; no endpoint can be made in another one's.
    pub owner: AccountId,
    /// The zone's id, the same in every account.
    pub zone: ZoneId,
    /// The zone's name in this account.
    pub zone_name: String,
    /// Its IPv4 range; none in an IPv6-only subnet.
    pub ipv4: Option<IpNet>,
    /// Its IPv6 range.
    pub ipv6: Option<IpNet>,
    /// `AvailableIpAddressCount`
    pub free_addresses: u32,
    /// Its tags.
    pub tags: Tags,
}

/// A route table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// `rtb-...`
    pub id: RouteTableId,
    /// The account that owns it.
    pub owner: AccountId,
    /// Whether subnets without a table of their own use it.
    pub main: bool,
    /// Subnets that name it.
    pub subnets: BTreeSet<SubnetId>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its tags.
    pub tags: Tags,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Route {
    /// A CIDR or a prefix list.
    pub destination: String,
    /// Where it leads: `local`, `igw-...`, `nat-...`, `vpce-...`, ...; empty when AWS names none.
    pub target: String,
}

impl RouteTable {
    /// Whether it has a default route, IPv4 or IPv6, to an internet gateway, which makes the
    /// subnets that use it public.
    pub fn leads_to_internet_gateway(&self) -> bool {
        self.routes.iter().any(|route| {
            matches!(route.destination.as_str(), "0.0.0.0/0" | "::/0")
                && route.target.starts_with("igw-")
        })
    }
}

impl Vpc {
    /// Whether an attribute is on.
    pub fn has(&self, attribute: DnsAttribute) -> bool {
        match attribute {
            DnsAttribute::Support => self.dns_support,
            DnsAttribute::Hostnames => self.dns_hostnames,
        }
    }

    /// The attributes that private DNS needs and that are off, in the order in which they can be turned on.
    pub fn dns_off(&self) -> impl Iterator<Item = DnsAttribute> {
        DnsAttribute::ALL.into_iter().filter(|attribute| !self.has(*attribute))
    }

    /// The route table a subnet really uses: its own, else the main one.
    pub fn effective_route_table(&self, subnet: &SubnetId) -> Option<&RouteTable> {
        self.route_tables
            .values()
            .find(|table| table.subnets.contains(subnet))
            .or_else(|| self.route_tables.values().find(|table| table.main))
    }

    /// A private subnet is one whose effective route table has no default route to an internet
    /// gateway. A subnet whose table cannot be seen is not called private.
    pub fn is_private(&self, subnet: &SubnetId) -> bool {
        self.effective_route_table(subnet).is_some_and(|table| !table.leads_to_internet_gateway())
    }
}

/// A security group with its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// `sg-...`
    pub id: SecurityGroupId,
    /// Unique in its VPC.
    pub name: String,
    /// Cannot be changed after creation.
    pub description: String,
    /// Rules for traffic coming in.
    pub ingress: BTreeSet<Rule>,
    /// Rules for traffic going out.
    pub egress: BTreeSet<Rule>,
    /// Its tags.
    pub tags: Tags,
}

/// One permission of a security group, split up so that it has exactly one peer.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, a protocol number, or `-1` for all.
    pub protocol: String,
    /// First port; none where the protocol has none.
    pub from_port: Option<i32>,
    /// Last port.
    pub to_port: Option<i32>,
    /// The other side.
    pub peer: Peer,
}

impl Rule {
    /// HTTPS from one peer: what every interface endpoint needs.
    pub fn https_from(peer: Peer) -> Self {
        Self { protocol: "tcp".to_owned(), from_port: Some(443), to_port: Some(443), peer }
    }

    /// Whether HTTPS from its peer gets through.
    pub fn admits_https(&self) -> bool {
        self.protocol == "-1"
            || (self.protocol == "tcp"
                && self.from_port.is_none_or(|from| from <= 443)
                && self.to_port.is_none_or(|to| to >= 443))
    }

    /// Whether HTTPS from `peer` gets through by this rule alone.
    pub fn admits_https_from(&self, peer: &Peer) -> bool {
        self.admits_https()
            && match (&self.peer, peer) {
                (Peer::Cidr(open), Peer::Cidr(wanted)) => open.contains(wanted),
                (have, wanted) => have == wanted,
            }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.protocol.as_str(), self.from_port, self.to_port) {
            ("-1", _, _) => write!(f, "all traffic from {}", self.peer),
            (protocol, Some(from), Some(to)) if from == to => {
                write!(f, "{from}/{protocol} from {}", self.peer)
            }
            (protocol, Some(from), Some(to)) => {
                write!(f, "{from}-{to}/{protocol} from {}", self.peer)
            }
            (protocol, _, _) => write!(f, "{protocol} from {}", self.peer),
        }
    }
}

/// The other side of a rule.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// An address range.
    Cidr(#[schemars(with = "String")] IpNet),
    /// A prefix list, `pl-...`.
    PrefixList(String),
    /// Another security group, `sg-...`.
    Group(String),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cidr(net) => write!(f, "{net}"),
            Self::PrefixList(id) | Self::Group(id) => f.write_str(id),
        }
    }
}
