//! Quotas that a rollout can run into.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A quota of the service `vpc`, in the account's own region
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html>,
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum QuotaKind {
    /// Interface and Gateway Load Balancer endpoints of a VPC.
    InterfaceEndpoints,
    /// Gateway endpoints of an account in a region.
    GatewayEndpoints,
    /// Security groups of an account in a region.
    SecurityGroups,
    /// Rules of a security group in one direction; IPv4 and IPv6 are counted by themselves.
    Rules,
}

impl QuotaKind {
    /// Its code in Service Quotas.
    pub fn code(self) -> &'static str {
        match self {
            Self::InterfaceEndpoints => "L-29B6F2EB",
            Self::GatewayEndpoints => "L-1B52E74A",
            Self::SecurityGroups => "L-E79EC296",
            Self::Rules => "L-0EA8095F",
        }
    }

    /// What AWS documents for everyone who has not asked for more.
    pub fn documented(self) -> u64 {
        match self {
            Self::InterfaceEndpoints => 50,
            Self::GatewayEndpoints => 20,
            Self::SecurityGroups => 2_500,
            Self::Rules => 60,
        }
    }

    /// What is counted.
    pub fn noun(self) -> &'static str {
        match self {
            Self::InterfaceEndpoints => "interface endpoints per VPC",
            Self::GatewayEndpoints => "gateway endpoints per region",
            Self::SecurityGroups => "security groups per region",
            Self::Rules => "rules per security group",
        }
    }
}

/// The value of a quota, and where it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaValue {
    /// The account's own.
    Applied(u64),
    /// AWS's default, where Service Quotas knows no value of the account's own.
    Default(u64),
}
