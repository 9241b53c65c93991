//! Quotas of an account (Amazon VPC user guide, "Amazon VPC quotas"; AWS `PrivateLink` guide, "Quotas").

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of each thing an account may have.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Quotas {
    /// Interface and Gateway Load Balancer endpoints per VPC.
    pub(crate) interface_endpoints_per_vpc: usize,
    /// Gateway endpoints per region.
    pub(crate) gateway_endpoints_per_region: usize,
    pub(crate) security_groups_per_region: usize,
    /// Rules per group and direction; IPv4 and IPv6 are counted separately.
    pub(crate) rules_per_security_group: usize,
    pub(crate) security_groups_per_interface: usize,
    pub(crate) vpcs_per_region: usize,
    pub(crate) subnets_per_vpc: usize,
    pub(crate) route_tables_per_vpc: usize,
    pub(crate) routes_per_table: usize,
    pub(crate) internet_gateways_per_region: usize,
    pub(crate) cidrs_per_vpc: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            interface_endpoints_per_vpc: 50,
            gateway_endpoints_per_region: 20,
            security_groups_per_region: 2_500,
            rules_per_security_group: 60,
            security_groups_per_interface: 5,
            vpcs_per_region: 5,
            subnets_per_vpc: 200,
            route_tables_per_vpc: 200,
            routes_per_table: 500,
            internet_gateways_per_region: 5,
            cidrs_per_vpc: 5,
        }
    }
}
