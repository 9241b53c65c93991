//! VPCs and what they are made of: subnets, gateways, route tables, network interfaces.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Addresses of every subnet that AWS keeps: the first four and the last.
pub(crate) const RESERVED: u64 = 5;

/// A VPC.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "AWS's attributes of a VPC are independent")]
#[serde(deny_unknown_fields)]
pub(crate) struct Vpc {
    pub(crate) id: String,
    /// The first is the primary one.
    #[schemars(with = "Vec<Block<String>>")]
    pub(crate) cidrs: Vec<Block<Ipv4Net>>,
    #[schemars(with = "Vec<Block<String>>")]
    pub(crate) ipv6: Vec<Block<Ipv6Net>>,
    pub(crate) owner: String,
    pub(crate) is_default: bool,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    pub(crate) usage_metrics: bool,
    pub(crate) tenancy: String,
    pub(crate) dhcp_options: String,
    /// Names of the customer's private hosted zones that are associated with the VPC.
    pub(crate) hosted_zones: Vec<String>,
}

/// A block of addresses and the id of its association.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block<Net> {
    pub(crate) association: String,
    pub(crate) cidr: Net,
}

/// A subnet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subnet {
    pub(crate) id: String,
    pub(crate) vpc: String,
    #[schemars(with = "String")]
    pub(crate) cidr: Ipv4Net,
    #[schemars(with = "Option<Block<String>>")]
    pub(crate) ipv6: Option<Block<Ipv6Net>>,
    pub(crate) zone: String,
    pub(crate) owner: String,
    pub(crate) default_for_zone: bool,
    pub(crate) public_addresses: bool,
    pub(crate) ipv6_addresses: bool,
    /// Addresses that things outside this world's knowledge use.
    pub(crate) taken: u64,
}

impl Subnet {
    /// Addresses one may use in an empty subnet of this size.
    pub(crate) fn size(&self) -> u64 {
        (1_u64 << (32 - self.cidr.prefix_len())).saturating_sub(RESERVED)
    }

    /// The address at a place in the subnet.
    pub(crate) fn address(&self, place: u64) -> Ipv4Addr {
        let place = u32::try_from(place).unwrap_or(0);
        Ipv4Addr::from(u32::from(self.cidr.network()).wrapping_add(place))
    }
}

/// An internet gateway.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InternetGateway {
    pub(crate) id: String,
    pub(crate) vpc: Option<String>,
    pub(crate) owner: String,
}

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteTable {
    pub(crate) id: String,
    pub(crate) vpc: String,
    pub(crate) owner: String,
    /// Association id, then the subnet; none for the main association.
    pub(crate) associations: BTreeMap<String, Option<String>>,
    pub(crate) routes: Vec<Route>,
}

impl RouteTable {
    /// True for the main table of its VPC.
    pub(crate) fn is_main(&self) -> bool {
        self.associations.values().any(Option::is_none)
    }
}

/// A route.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    pub(crate) destination: Destination,
    pub(crate) target: Target,
    /// True for a route that came with the table.
    pub(crate) original: bool,
}

impl Route {
    /// The route of all other packets.
    pub(crate) fn to_internet(target: Target) -> Self {
        let everywhere = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);
        Self { destination: Destination::V4(everywhere), target, original: false }
    }
}

/// Where packets are for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Destination {
    V4(#[schemars(with = "String")] Ipv4Net),
    V6(#[schemars(with = "String")] Ipv6Net),
    PrefixList(String),
}

impl std::fmt::Display for Destination {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4(net) => net.fmt(out),
            Self::V6(net) => net.fmt(out),
            Self::PrefixList(id) => id.fmt(out),
        }
    }
}

/// Where packets go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Target {
    Local,
    /// An internet gateway, a virtual private gateway or a gateway endpoint.
    Gateway(String),
    Nat(String),
    /// A Gateway Load Balancer endpoint.
    Endpoint(String),
    /// Something else: the wire's name of the member and the id.
    Other(String, String),
}

impl Target {
    /// The wire's name of the member, and its value.
    pub(crate) fn member(&self) -> (&str, &str) {
        match self {
            Self::Local => ("gatewayId", "local"),
            Self::Gateway(id) | Self::Endpoint(id) => ("gatewayId", id),
            Self::Nat(id) => ("natGatewayId", id),
            Self::Other(member, id) => (member, id),
        }
    }
}

/// A network interface; in this world all belong to endpoints or NAT gateways.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Interface {
    pub(crate) id: String,
    pub(crate) subnet: String,
    pub(crate) vpc: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) ipv6: Option<std::net::Ipv6Addr>,
    pub(crate) groups: Vec<String>,
    /// The endpoint or NAT gateway it belongs to.
    pub(crate) holder: String,
    pub(crate) kind: String,
}
