//! The options of `linkwalk policy`.

use clap::Args;

use crate::ids::Region;
use crate::model::account::is_organization_id;
use crate::model::region;

/// Whose policy is shown.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  linkwalk policy s3\n  linkwalk policy ecr.api > ecr.json   # to change \
                  it, and name it: policy = { file = \"ecr.json\" }\n  linkwalk policy ssm \
                  --organization o-a1b2c3d4e5 --region eu-west-1   # asks nobody"
)]
pub struct PolicyOptions {
    /// The service: its short name (logs, ecr.api), its full name, or its table of accounts.toml
    pub service: String,
    /// Show the data perimeter of this organization, whatever accounts.toml says
    #[arg(long, value_name = "ORG-ID", value_parser = organization)]
    pub organization: Option<String>,
    /// In this region; the first one of accounts.toml if absent
    #[arg(long, value_name = "REGION", value_parser = a_region)]
    pub region: Option<Region>,
}

fn organization(text: &str) -> Result<String, String> {
    let right = is_organization_id(text).then(|| text.to_owned());
    right.ok_or_else(|| "an organization's id looks like o-a1b2c3d4e5".to_owned())
}

fn a_region(text: &str) -> Result<Region, String> {
    let region = Region::from(text);
    let known = region::is_plausible(&region) && region::partition_of(&region).is_some();
    if known { Ok(region) } else { Err("there is no such region".to_owned()) }
}
