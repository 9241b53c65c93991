//! VPC endpoints: identity, kind, state, and what can be said about one.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ServiceName, VpcId};

/// Tags of one resource.
pub type Tags = BTreeMap<String, String>;

/// The tag by which a deployment knows its own resources; its value is the deployment's name.
pub const OWNER_TAG: &str = "linkwalk:deployment";

/// The immutable part of an endpoint, and so its identity: AWS can change everything else in place.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct EndpointKey {
    /// The VPC it lives in.
    pub vpc: VpcId,
    /// The service it leads to.
    pub service: ServiceName,
    /// How it leads there.
    pub kind: EndpointKind,
}

/// `VpcEndpointType`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(from = "String", into = "String")]
pub enum EndpointKind {
    /// Network interfaces in subnets (AWS PrivateLink).
    Interface,
    /// Routes in route tables; free of charge; S3 and DynamoDB only.
    Gateway,
    /// One network interface in front of a partner's appliances.
    GatewayLoadBalancer,
    /// A type this product does not make (`Resource`, `ServiceNetwork`, ...).
    Other(String),
}

impl EndpointKind {
    /// Reads AWS's text in any case. GovCloud has answered an empty type, which means Gateway
    /// (hashicorp/terraform-provider-aws does the same).
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "interface" => Self::Interface,
            "gateway" | "" => Self::Gateway,
            "gatewayloadbalancer" => Self::GatewayLoadBalancer,
            _ => Self::Other(text.to_owned()),
        }
    }

    /// The name AWS uses in requests.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Interface => "Interface",
            Self::Gateway => "Gateway",
            Self::GatewayLoadBalancer => "GatewayLoadBalancer",
            Self::Other(text) => text,
        }
    }
}

impl From<String> for EndpointKind {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<EndpointKind> for String {
    fn from(kind: EndpointKind) -> Self {
        kind.as_str().to_owned()
    }
}

impl fmt::Display for EndpointKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().to_ascii_lowercase())
    }
}

/// `State` of an endpoint. The service answers in lower camel case while the SDK's enum knows only
/// Pascal case, so this is parsed from the text in any case
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
pub enum EndpointState {
    /// The service's owner has to accept the connection.
    PendingAcceptance,
    /// Being made or being changed.
    Pending,
    /// Carries traffic.
    Available,
    /// On its way out; still holds its DNS names and network interfaces.
    Deleting,
    /// Gone.
    Deleted,
    /// The service's owner refused.
    Rejected,
    /// AWS could not make it.
    Failed,
    /// Nobody accepted in time.
    Expired,
    /// Documented for newer endpoint types only.
    Partial,
    /// A state this version does not know; nothing is ever guessed from it.
    Unknown(String),
}

impl EndpointState {
    /// Reads AWS's text in any case.
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "pendingacceptance" => Self::PendingAcceptance,
            "pending" => Self::Pending,
            "available" => Self::Available,
            "deleting" => Self::Deleting,
            "deleted" => Self::Deleted,
            "rejected" => Self::Rejected,
            "failed" => Self::Failed,
            "expired" => Self::Expired,
            "partial" => Self::Partial,
            _ => Self::Unknown(text.to_owned()),
        }
    }

    /// The text the service answers.
    pub fn as_str(&self) -> &str {
        match self {
            Self::PendingAcceptance => "pendingAcceptance",
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Partial => "partial",
            Self::Unknown(text) => text,
        }
    }
}

impl From<String> for EndpointState {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<EndpointState> for String {
    fn from(state: EndpointState) -> Self {
        state.as_str().to_owned()
    }
}

impl fmt::Display for EndpointState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `IpAddressType` of an endpoint.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum IpAddressType {
    /// IPv4 addresses only; AWS's default.
    Ipv4,
    /// Both.
    Dualstack,
    /// IPv6 addresses only.
    Ipv6,
}

impl IpAddressType {
    /// Reads AWS's text in any case; `None` for a type this version does not know.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "ipv4" => Some(Self::Ipv4),
            "dualstack" => Some(Self::Dualstack),
            "ipv6" => Some(Self::Ipv6),
            _ => None,
        }
    }

    /// The name AWS uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Dualstack => "dualstack",
            Self::Ipv6 => "ipv6",
        }
    }
}

impl fmt::Display for IpAddressType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `DnsOptions` of an endpoint. In a desired endpoint `None` means: not ours to say, take AWS's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DnsOptions {
    /// `DnsRecordIpType` as AWS writes it: `ipv4`, `dualstack`, `ipv6` or `service-defined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_ip_type: Option<String>,
    /// `PrivateDnsOnlyForInboundResolverEndpoint`, for S3 interface endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_dns_only_for_inbound_resolver: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_the_case_the_service_uses_and_in_the_sdks() {
        for (text, state) in [
            ("available", EndpointState::Available),
            ("Available", EndpointState::Available),
            ("pendingAcceptance", EndpointState::PendingAcceptance),
            ("PendingAcceptance", EndpointState::PendingAcceptance),
            ("odd", EndpointState::Unknown("odd".into())),
        ] {
            assert_eq!(EndpointState::parse(text), state);
        }
    }

    #[test]
    fn an_empty_endpoint_type_is_a_gateway() {
        assert_eq!(EndpointKind::parse(""), EndpointKind::Gateway);
        assert_eq!(EndpointKind::parse("Resource"), EndpointKind::Other("Resource".into()));
    }
}
