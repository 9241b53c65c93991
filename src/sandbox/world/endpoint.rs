//! VPC endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A VPC endpoint.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) vpc: String,
    pub(crate) service: String,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    /// What happens to it later.
    pub(crate) settle: Option<Settle>,
    /// Until when (simulated time) a modification is under way.
    pub(crate) busy_until: i64,
    pub(crate) owner: String,
    pub(crate) policy: Option<String>,
    pub(crate) route_tables: Vec<String>,
    pub(crate) subnets: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) interfaces: Vec<String>,
    pub(crate) ip_type: String,
    pub(crate) dns_record_type: String,
    /// S3's "private DNS only for the inbound resolver endpoint".
    pub(crate) inbound_only: Option<bool>,
    pub(crate) private_dns: bool,
    /// The private names it answers for while private DNS is on.
    pub(crate) private_names: Vec<String>,
    /// The random part of its DNS names.
    pub(crate) label: String,
    pub(crate) requester_managed: bool,
    /// When it was created, in milliseconds of wall time.
    pub(crate) created: i64,
    pub(crate) error: Option<(String, String)>,
    /// What it carries, from its creation on.
    #[serde(default)]
    pub(crate) bytes_per_minute: u64,
}

/// A change of state to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settle {
    /// When, in simulated time; negative for so long after the world first moves.
    pub(crate) at: i64,
    pub(crate) then: Then,
}

/// What an endpoint becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Then {
    Available,
    Failed,
    Gone,
}

/// The type of an endpoint.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub(crate) enum Kind {
    Gateway,
    Interface,
    GatewayLoadBalancer,
}

impl Kind {
    /// Reads the wire's word; the rarer types of the API are not known here.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "Gateway" => Some(Self::Gateway),
            "Interface" => Some(Self::Interface),
            "GatewayLoadBalancer" => Some(Self::GatewayLoadBalancer),
            _ => None,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Gateway => "Gateway",
            Self::Interface => "Interface",
            Self::GatewayLoadBalancer => "GatewayLoadBalancer",
        })
    }
}

/// The state of an endpoint. The service writes these in lower camel case, although the API's model
/// lists them in Pascal case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum State {
    PendingAcceptance,
    Pending,
    Available,
    Deleting,
    Failed,
    Rejected,
    Expired,
}

impl std::fmt::Display for State {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::PendingAcceptance => "pendingAcceptance",
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        })
    }
}
