//! Security groups and their rules.

use std::collections::BTreeMap;

use ipnet::{Ipv4Net, Ipv6Net};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A security group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecurityGroup {
    pub(crate) id: String,
    pub(crate) vpc: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) owner: String,
    pub(crate) rules: BTreeMap<String, Rule>,
}

/// One rule: one protocol, one range of ports, one peer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) egress: bool,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    pub(crate) protocol: String,
    pub(crate) from: Option<i32>,
    pub(crate) to: Option<i32>,
    pub(crate) peer: Peer,
    pub(crate) description: Option<String>,
}

impl Rule {
    /// Two rules that admit the same traffic from the same peer, whatever their descriptions.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let Self { egress, protocol, from, to, peer, description: _ } = self;
        *egress == other.egress
            && *protocol == other.protocol
            && *from == other.from
            && *to == other.to
            && *peer == other.peer
    }
}

/// Who is on the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Peer {
    V4(#[schemars(with = "String")] Ipv4Net),
    V6(#[schemars(with = "String")] Ipv6Net),
    PrefixList(String),
    /// Another security group and the account it is in.
    Group(String, String),
}

impl std::fmt::Display for Peer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4(net) => net.fmt(out),
            Self::V6(net) => net.fmt(out),
            Self::PrefixList(id) | Self::Group(id, _) => id.fmt(out),
        }
    }
}
