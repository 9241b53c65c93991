//! How ids look, and what EC2 says of those it does not know.

use super::context::Ec2;
use crate::sandbox::wire::refusal::Refusal;

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noun {
    Vpc,
    Subnet,
    SecurityGroup,
    SecurityGroupRule,
    RouteTable,
    InternetGateway,
    NatGateway,
    Address,
    Endpoint,
    Interface,
    PrefixList,
}

impl Noun {
    const ALL: [Self; 11] = [
        Self::Vpc,
        Self::Subnet,
        Self::SecurityGroup,
        Self::SecurityGroupRule,
        Self::RouteTable,
        Self::InternetGateway,
        Self::NatGateway,
        Self::Address,
        Self::Endpoint,
        Self::Interface,
        Self::PrefixList,
    ];

    /// How its ids begin, up to the hyphen.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::SecurityGroup => "sg",
            Self::SecurityGroupRule => "sgr",
            Self::RouteTable => "rtb",
            Self::InternetGateway => "igw",
            Self::NatGateway => "nat",
            Self::Address => "eipalloc",
            Self::Endpoint => "vpce",
            Self::Interface => "eni",
            Self::PrefixList => "pl",
        }
    }

    /// Its name in tag specifications and in `DescribeTags`.
    pub(crate) fn resource_type(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::SecurityGroup => "security-group",
            Self::SecurityGroupRule => "security-group-rule",
            Self::RouteTable => "route-table",
            Self::InternetGateway => "internet-gateway",
            Self::NatGateway => "natgateway",
            Self::Address => "elastic-ip",
            Self::Endpoint => "vpc-endpoint",
            Self::Interface => "network-interface",
            Self::PrefixList => "prefix-list",
        }
    }

    /// The kind an id is of.
    pub(crate) fn of(id: &str) -> Option<Self> {
        let (prefix, rest) = id.split_once('-')?;
        let hex = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        Self::ALL.into_iter().find(|noun| hex && noun.prefix() == prefix)
    }

    /// How the code for an unknown id begins, and what the text calls the thing.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Vpc => ("InvalidVpcID", "vpc ID"),
            Self::Subnet => ("InvalidSubnetID", "subnet ID"),
            Self::SecurityGroup => ("InvalidGroup", "security group"),
            Self::SecurityGroupRule => ("InvalidSecurityGroupRuleId", "security group rule ID"),
            Self::RouteTable => ("InvalidRouteTableID", "routeTable ID"),
            Self::InternetGateway => ("InvalidInternetGatewayID", "internetGateway ID"),
            Self::NatGateway => ("NatGateway", "NatGateway"),
            Self::Address => ("InvalidAllocationID", "allocation ID"),
            Self::Endpoint => ("InvalidVpcEndpointId", "Vpc Endpoint Id"),
            Self::Interface => ("InvalidNetworkInterfaceID", "networkInterface ID"),
            Self::PrefixList => ("InvalidPrefixListID", "prefix list ID"),
        }
    }

    /// Refuses an id that is not one of this kind.
    pub(crate) fn check(self, id: &str) -> Result<(), Refusal> {
        if Self::of(id) == Some(self) {
            return Ok(());
        }
        let code = match self {
            Self::SecurityGroup => "InvalidGroupId.Malformed".to_owned(),
            other => format!("{}.Malformed", other.words().0),
        };
        let message = format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix());
        Err(Refusal::new(code, message))
    }

    /// The refusal for an id that does not exist.
    pub(crate) fn unknown(self, id: &str) -> Refusal {
        if self == Self::NatGateway {
            return Refusal::new("NatGatewayNotFound", format!("NAT gateway {id} was not found"));
        }
        let (stem, word) = self.words();
        Refusal::new(format!("{stem}.NotFound"), format!("The {word} '{id}' does not exist"))
    }
}

impl Ec2<'_> {
    /// True if the resource exists and can be seen.
    pub(crate) fn exists(&self, noun: Noun, id: &str) -> bool {
        let state = &*self.state;
        let there = match noun {
            Noun::Vpc => state.vpcs.contains_key(id),
            Noun::Subnet => state.subnets.contains_key(id),
            Noun::SecurityGroup => state.security_groups.contains_key(id),
            Noun::SecurityGroupRule => {
                state.security_groups.values().any(|group| group.rules.contains_key(id))
            }
            Noun::RouteTable => state.route_tables.contains_key(id),
            Noun::InternetGateway => state.internet_gateways.contains_key(id),
            Noun::NatGateway => state.nat_gateways.contains_key(id),
            Noun::Address => state.addresses.contains_key(id),
            Noun::Endpoint => state.endpoints.contains_key(id),
            Noun::Interface => state.interfaces.contains_key(id),
            Noun::PrefixList => self.catalogue.prefix_list(self.region, id).is_some(),
        };
        there && state.seen(id)
    }

    /// Refuses unless all ids exist.
    pub(crate) fn must_exist<'i>(
        &self,
        noun: Noun,
        ids: impl IntoIterator<Item = &'i String>,
    ) -> Result<(), Refusal> {
        ids.into_iter()
            .try_for_each(|id| if self.exists(noun, id) { Ok(()) } else { Err(noun.unknown(id)) })
    }
}
