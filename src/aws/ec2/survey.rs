//! A first look: in which regions an account can be, and what its networks look like there.

use std::collections::BTreeMap;

use super::Ec2;
use crate::aws::error;
use crate::ids::Region;
use crate::model::failure::Failure;
use crate::model::observed::Observed;

impl Ec2 {
    /// The regions that are enabled for the account
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html>).
    pub async fn regions(&self) -> Result<Vec<Region>, Failure> {
        let answer = self.client.describe_regions().send().await;
        let answer = answer.map_err(|e| error::failure("DescribeRegions", &e))?;
        let names = answer.regions.unwrap_or_default().into_iter();
        Ok(names.filter_map(|region| region.region_name).map(Region::new).collect())
    }

    /// VPCs and, where there is another than the default one of the account's own, their subnets, route tables
    /// and endpoints. DNS attributes read as off, and security groups are left out.
    pub async fn survey(&self) -> Result<Observed, Failure> {
        let mut vpcs = self.vpcs().await?;
        if !vpcs.values().any(|vpc| !vpc.is_default && vpc.owner == self.target.account) {
            return Ok(Observed { vpcs, endpoints: BTreeMap::new() });
        }
        self.fill_with_subnets(&mut vpcs).await?;
        self.fill_with_route_tables(&mut vpcs).await?;
        let endpoints = self.endpoints().await?;
        Ok(Observed { vpcs, endpoints })
    }
}
