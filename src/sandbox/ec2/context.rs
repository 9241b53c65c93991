//! What an EC2 action works with: the region's resources and what the request says.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::ids::Noun;
use crate::sandbox::catalogue::Catalogue;
use crate::sandbox::clock::Now;
use crate::sandbox::options::Options;
use crate::sandbox::wire::filters::Filters;
use crate::sandbox::wire::pages::Page;
use crate::sandbox::wire::params::Params;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::world::Tags;
use crate::sandbox::world::quota::Quotas;
use crate::sandbox::world::region::Region;
use crate::sandbox::world::zones::Zone;

/// One EC2 call.
pub(crate) struct Ec2<'a> {
    pub(crate) state: &'a mut Region,
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) quotas: &'a Quotas,
    /// The zones as this account names them.
    pub(crate) zones: Vec<Zone>,
    /// Zones a service supports, where it does not support all.
    pub(crate) zone_support: &'a BTreeMap<String, Vec<String>>,
    /// Which regions this account may use: name, needs opt-in, usable.
    pub(crate) regions: Vec<(&'static str, bool, bool)>,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) options: &'a Options,
    pub(crate) now: Now,
    pub(crate) params: &'a Params,
    /// A fault: the endpoint this call makes will fail.
    pub(crate) fail_endpoint: bool,
    /// A fault: the endpoint this call makes takes long.
    pub(crate) slow_endpoint: bool,
    /// Set once the parameters have been read and checked.
    pub(crate) ready: bool,
}

impl Ec2<'_> {
    /// All parameters were read: refuses unknown ones and ends a dry run. Nothing is changed before this.
    pub(crate) fn ready(&mut self) -> Result<(), Refusal> {
        let dry = self.params.flag("DryRun")?.unwrap_or(false);
        self.params.finish()?;
        self.ready = true;
        if dry {
            let message = "Request would have succeeded, but DryRun flag is set.";
            return Err(Refusal::new("DryRunOperation", message));
        }
        Ok(())
    }

    /// The ids a describe asks for, each well formed.
    pub(crate) fn wanted(&self, parameter: &str, noun: Noun) -> Result<Vec<String>, Refusal> {
        let ids = self.params.list(parameter);
        ids.iter().try_for_each(|id| noun.check(id))?;
        Ok(ids)
    }

    /// An id parameter that must be there and well formed.
    pub(crate) fn id(&self, parameter: &str, noun: Noun) -> Result<String, Refusal> {
        let id = self.params.need(parameter)?;
        noun.check(&id)?;
        Ok(id)
    }

    /// The page a describe asks for.
    pub(crate) fn page(&self, action: &str, range: RangeInclusive<usize>) -> Result<Page, Refusal> {
        let most = *range.end();
        let asked: Option<usize> = self.params.number("MaxResults")?;
        if let Some(asked) = asked
            && asked < *range.start()
        {
            let message = format!(
                "Value ( {asked} ) for parameter maxResults is invalid. Expecting a value greater than or equal to {}.",
                range.start()
            );
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        // "Values above the maximum are treated as the maximum" holds for the endpoint calls; others refuse.
        if let Some(asked) = asked
            && asked > most
            && !action.starts_with("DescribeVpcEndpoint")
        {
            let message = format!(
                "Value ( {asked} ) for parameter maxResults is invalid. Expecting a value less than or equal to {most}."
            );
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        let cap = self.options.page_cap.unwrap_or(most).max(1);
        let limit = asked.unwrap_or(most).min(most).min(cap);
        let token = self.params.get("NextToken");
        let scope = format!("{action} {} {}", self.account, self.region);
        let scope = scope + &self.params.fingerprint(&["NextToken", "MaxResults", "DryRun"]);
        Page::new(&scope, limit, token)
            .map_err(|_| Refusal::new("InvalidNextToken", "The specified NextToken is not valid."))
    }

    /// Filters of a describe.
    pub(crate) fn filters(&self, known: &[&str], tagged: bool) -> Result<Filters, Refusal> {
        Filters::read(self.params, known, tagged)
    }

    /// The tags of a resource.
    pub(crate) fn tags_of(&self, id: &str) -> &Tags {
        self.state.tags_of(id)
    }

    /// What the zone with this id is called here.
    pub(crate) fn zone_name(&self, id: &str) -> String {
        let zone = self.zones.iter().find(|zone| zone.id == id);
        zone.map_or_else(String::new, |zone| zone.name.clone())
    }

    /// Lets a new resource be invisible for a while, if the sandbox is to behave so.
    pub(crate) fn hide(&mut self, id: &str) {
        let lag = self.options.describe_lag.as_millis();
        if lag > 0 {
            let until = self.now.sim + i64::try_from(lag).unwrap_or(0);
            self.state.hidden.insert(id.to_owned(), until);
        }
    }

    /// The ARN of a resource of this account.
    pub(crate) fn arn(&self, kind: &str, id: &str) -> String {
        format!("arn:aws:ec2:{}:{}:{kind}/{id}", self.region, self.account)
    }
}
