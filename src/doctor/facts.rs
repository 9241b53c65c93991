//! What was asked of AWS about one target, and what it answered.

use std::collections::BTreeMap;

use crate::doctor::trial::Trial;
use crate::ids::{Region, TargetId, VpcId};
use crate::model::failure::Failure;
use crate::model::hosted_zone::HostedZone;
use crate::model::observed::Observed;
use crate::model::quota::{QuotaKind, QuotaValue};
use crate::model::service::Catalogue;
use crate::model::spec::Settings;
use crate::plan::TargetPlan;

/// What accounts.toml sends along when a role is assumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The role's name.
    pub role: String,
    /// Whether an external id is sent.
    pub external_id: bool,
    /// Keys of session tags.
    pub session_tags: Vec<String>,
    /// The source identity.
    pub source_identity: Option<String>,
    /// Roles assumed before the member role.
    pub via: Vec<String>,
}

/// A target as it was seen, and what would be done in it.
#[derive(Debug, Clone)]
pub struct Looked<'a> {
    /// Where.
    pub region: &'a Region,
    /// What is there.
    pub observed: &'a Observed,
    /// What the region offers.
    pub catalogue: &'a Catalogue,
    /// What a rollout would do.
    pub plan: &'a TargetPlan,
    /// What one would do if nothing of the deployment were there.
    pub fresh: &'a TargetPlan,
}

/// Values of quotas, or why they could not be read.
pub type Quotas = BTreeMap<QuotaKind, Result<QuotaValue, Failure>>;

/// Hosted zones by VPC, or why they could not be read.
pub type Zones = BTreeMap<VpcId, Result<Vec<HostedZone>, Failure>>;

/// All that is known of one target. What was not asked, because something before it failed, is not there.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Which.
    pub target: &'a TargetId,
    /// The account's name; untrusted text.
    pub name: &'a str,
    /// What it should have.
    pub settings: &'a Settings,
    /// How it is entered.
    pub identity: &'a Identity,
    /// The ARN of the session in the account.
    pub session: Result<String, Failure>,
    /// What was seen, or the read that failed.
    pub looked: Option<Result<Looked<'a>, Failure>>,
    /// Whether the account may use the region; asked only where a read failed so that it may not.
    pub opted_in: Option<bool>,
    /// Whether single reads are permitted, by API action; asked only where one is denied.
    pub reads: Vec<(&'static str, Result<(), Failure>)>,
    /// Calls that were tried.
    pub trials: Vec<(Trial, Result<(), Failure>)>,
    /// Quotas that matter.
    pub quotas: Quotas,
    /// Hosted zones of the VPCs that get private DNS.
    pub zones: Zones,
}
