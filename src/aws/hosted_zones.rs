//! Private hosted zones of a VPC: Route 53, as the member role.

use aws_sdk_route53::Client;
use aws_sdk_route53::types::VpcRegion;

use super::{Sessions, error};
use crate::ids::{TargetId, VpcId};
use crate::model::failure::Failure;
use crate::model::hosted_zone::HostedZone;

/// Route 53 of one account, asked about VPCs of one region.
#[derive(Debug)]
pub struct HostedZones {
    client: Client,
    region: String,
}

impl Sessions {
    /// Hosted zones of VPCs of one target. Route 53 is one for all regions of a partition, and the SDK finds
    /// it from any of them.
    pub fn hosted_zones(&self, target: &TargetId) -> HostedZones {
        let region = target.region.as_str().to_owned();
        let config = aws_sdk_route53::config::Builder::from(&self.member(&target.account))
            .region(aws_config::Region::new(region.clone()))
            .build();
        HostedZones { client: Client::from_conf(config), region }
    }
}

impl HostedZones {
    /// `ListHostedZonesByVPC`, every page: zones of other accounts that are associated with the VPC, too.
    pub async fn of(&self, vpc: &VpcId) -> Result<Vec<HostedZone>, Failure> {
        let request = self
            .client
            .list_hosted_zones_by_vpc()
            .vpc_id(vpc.as_str())
            .vpc_region(VpcRegion::from(self.region.as_str()));
        let mut zones = Vec::new();
        let mut token = None;
        loop {
            let page = request.clone().set_next_token(token).send().await;
            let page = page.map_err(|e| error::failure("ListHostedZonesByVPC", &e))?;
            zones.extend(page.hosted_zone_summaries.into_iter().map(|zone| {
                let (account, service) = zone
                    .owner
                    .map_or((None, None), |owner| (owner.owning_account, owner.owning_service));
                let name = zone.name.trim_end_matches('.').to_ascii_lowercase();
                HostedZone { id: zone.hosted_zone_id, name, account, service }
            }));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(zones);
            }
        }
    }
}
