//! One call, from bytes to an outcome: who calls, whether it goes wrong, whether there are too many, whether
//! it is allowed, and only then the action itself.

use std::time::Duration;

use super::asked::{Asked, Input};
use super::auth::check::{authenticate, expired};
use super::auth::{Principal, permission};
use super::catalogue::Catalogue;
use super::clock::Now;
use super::ec2::context::Ec2;
use super::ec2::needs::Need;
use super::load::bucket::{Buckets, Limit};
use super::load::faults::{Effect, decide};
use super::load::limits;
use super::options::Options;
use super::wire::message::Request;
use super::wire::params::Params;
use super::wire::protocol::{Answer, Service};
use super::wire::refusal::Refusal;
use super::wire::xml::Xml;
use super::world::World;
use super::world::account::AccountState;
use super::{
    cloudwatch, ec2, ecr, organizations, route53, s3, service_quotas, sns, sts, world::zones,
};

/// How a call ended.
pub(crate) enum Outcome {
    Answered(Answer),
    Refused(Refusal),
    /// The connection was cut before anything was done.
    Cut,
    /// It was done, and the answer was lost.
    Lost,
}

/// One call and all it may touch.
pub(crate) struct Turn<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) buckets: &'a mut Buckets,
    pub(crate) options: &'a Options,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) now: Now,
    /// By how much a fault delays the answer.
    pub(crate) delay: Duration,
}

impl Turn<'_> {
    /// Takes the call to its end.
    pub(crate) fn run(&mut self, asked: &Asked, request: &Request) -> Outcome {
        let known = match asked.service {
            Service::Ec2 => ec2::action(&asked.action).is_some(),
            Service::Sts => matches!(asked.action.as_str(), "GetCallerIdentity" | "AssumeRole"),
            Service::Organizations => organizations::action(&asked.action).is_some(),
            Service::Sns => sns::action(&asked.action).is_some(),
            Service::CloudWatch => asked.action == "GetMetricData",
            Service::ServiceQuotas => service_quotas::knows(&asked.action),
            Service::Ecr => ecr::knows(&asked.action),
            // The request was read into one of its actions.
            Service::S3 | Service::Route53 => true,
        };
        self.settle(&asked.account, &asked.region);
        let checked = authenticate(self.world, self.options, self.now, asked.service, request);
        let principal = match checked {
            Ok((principal, _)) => principal,
            Err(refusal) => return Outcome::Refused(refusal),
        };
        if !known {
            return Outcome::Refused(unknown_action(asked));
        }
        let key = (asked.action.as_str(), asked.account.as_str(), asked.region.as_str());
        let effect = decide(&mut self.world.faults, self.world.seed, key);
        if let Some(outcome) = self.strike(asked, effect.clone(), &principal) {
            return outcome;
        }
        match self.act(asked, &principal, effect.as_ref()) {
            Ok(_) if effect == Some(Effect::LoseAnswer) => Outcome::Lost,
            Ok(answer) => Outcome::Answered(answer),
            Err(_) if effect == Some(Effect::LoseAnswer) => Outcome::Cut,
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    /// Lets what was due happen in the caller's account and region.
    fn settle(&mut self, account: &str, region: &str) {
        self.world.sim = self.now.sim;
        self.world.wall = self.now.wall;
        let sim = self.now.sim;
        if let Some(organization) = &self.world.organization
            && !organization.requests.is_empty()
        {
            self.world.accounts.values_mut().for_each(|account| account.advance(sim));
        }
        if let Some(account) = self.world.accounts.get_mut(account) {
            account.advance(sim);
            if let Some(region) = account.regions.get_mut(region) {
                region.advance(sim);
            }
        }
    }

    /// A fault that ends the call before it is done.
    fn strike(
        &mut self,
        asked: &Asked,
        effect: Option<Effect>,
        principal: &Principal,
    ) -> Option<Outcome> {
        match effect? {
            Effect::Reject { code, message, status } => {
                let refusal = Refusal::new(code, message);
                let status = status.unwrap_or(refusal.status);
                Some(Outcome::Refused(refusal.with_status(status)))
            }
            Effect::Throttle => Some(Outcome::Refused(throttled(asked))),
            Effect::Delay { milliseconds } => {
                self.delay = Duration::from_millis(milliseconds);
                None
            }
            Effect::Reset => Some(Outcome::Cut),
            Effect::ExpireCredentials => {
                let serial = self.world.serial;
                if let Some(account) = self.world.accounts.get_mut(&principal.account) {
                    account.sessions_void_through = serial;
                }
                Some(Outcome::Refused(expired(asked.service)))
            }
            Effect::SuspendAccount => {
                if let Some(account) = self.world.accounts.get_mut(&principal.account) {
                    account.state = AccountState::Suspended;
                }
                let message = "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.";
                Some(Outcome::Refused(Refusal::new("OptInRequired", message)))
            }
            Effect::LoseAnswer | Effect::FailEndpoint | Effect::SlowEndpoint => None,
        }
    }

    /// Limits, permission, action.
    fn act(
        &mut self,
        asked: &Asked,
        principal: &Principal,
        effect: Option<&Effect>,
    ) -> Result<Answer, Refusal> {
        if self.options.throttle && !self.buckets.take(&self.limits(asked, principal), self.now.sim)
        {
            return Err(throttled(asked));
        }
        let Asked { service, action, .. } = asked;
        self.permit(asked, principal)?;
        match (&asked.input, service) {
            (Input::Query(params), Service::Sts) => {
                self.sts(asked, principal, params).map(Answer::Xml)
            }
            (Input::Query(params), Service::Sns) => {
                let action = sns::action(action).ok_or_else(|| unknown_action(asked))?;
                let (world, region) = (&mut *self.world, asked.region.as_str());
                action(&mut sns::Call { world, principal, region, params }).map(Answer::Xml)
            }
            (Input::Query(params), Service::Route53) => {
                let cap = self.options.page_cap;
                route53::list_by_vpc(self.world, principal, cap, params).map(Answer::Xml)
            }
            (Input::Query(params), _) => {
                self.ec2(asked, principal, params, effect).map(Answer::Xml)
            }
            (Input::Object(wanted), _) => {
                s3::act(self.world, principal, &asked.region, self.now, wanted).map(Answer::Object)
            }
            (Input::Json(fields), Service::CloudWatch) => {
                let account = self.world.accounts.get(&principal.account);
                let region = account.and_then(|account| account.regions.get(&asked.region));
                let cap = self.options.page_cap;
                cloudwatch::get_metric_data(region, self.now, cap, fields).map(Answer::Json)
            }
            (Input::Json(fields), Service::ServiceQuotas) => {
                let account = self.world.accounts.get(&principal.account);
                let quotas = account.map(|account| account.quotas.clone()).unwrap_or_default();
                let place = (asked.region.as_str(), principal.account.as_str());
                service_quotas::act(action, &quotas, place, fields).map(Answer::Json)
            }
            (Input::Json(fields), Service::Ecr) => {
                let place = (asked.region.as_str(), principal.account.as_str());
                let cap = self.options.page_cap;
                ecr::act(action, &self.world.repositories, place, cap, fields).map(Answer::Json)
            }
            (Input::Json(fields), _) => {
                let action = organizations::action(action).ok_or_else(|| unknown_action(asked))?;
                let mut call = organizations::Call {
                    world: self.world,
                    account: &principal.account,
                    fields,
                    options: self.options,
                    now: self.now,
                };
                action(&mut call).map(Answer::Json)
            }
        }
    }

    /// Refuses what the caller may not do. `AssumeRole` has its own words; `GetCallerIdentity` is for everybody.
    fn permit(&self, asked: &Asked, principal: &Principal) -> Result<(), Refusal> {
        let Asked { service, action, region, input, .. } = asked;
        let check = |action: &str, resource: Option<&str>| {
            permission::check(self.world, principal, *service, action, region, resource)
        };
        match service {
            // These three say themselves what is to be permitted.
            Service::Sts | Service::S3 | Service::Sns => Ok(()),
            Service::Organizations
            | Service::CloudWatch
            | Service::ServiceQuotas
            | Service::Route53 => check(action, None),
            Service::Ecr => {
                let named = match input {
                    Input::Json(fields) => fields.text("repositoryName")?,
                    _ => None,
                };
                let name = named.as_deref().unwrap_or("*");
                check(action, Some(&ecr::arn(region, &principal.account, name)))
            }
            Service::Ec2 => {
                let account = &principal.account;
                if let Some(needs) = self.needs(asked, principal) {
                    return needs.iter().try_for_each(|Need { action, arn, keys }| {
                        let (world, arn) = (&*self.world, Some(arn.as_str()));
                        let of = (world, principal, *service, *action, region.as_str());
                        permission::check_with(of.0, of.1, of.2, of.3, of.4, arn, keys)
                    });
                }
                let arn = ec2::resource_kind(action).map(|kind| match kind {
                    "*" => format!("arn:aws:ec2:{region}:{account}:*"),
                    kind => format!("arn:aws:ec2:{region}:{account}:{kind}/*"),
                });
                check(action, arn.as_deref())?;
                // Tags given on creation need the permission to tag as well.
                let tags = matches!(input, Input::Query(params) if params.gives_tags());
                if tags { check("CreateTags", arn.as_deref()) } else { Ok(()) }
            }
        }
    }

    /// What a call needs of a principal that has policy documents; `None` where an action is all that counts.
    fn needs(&self, asked: &Asked, principal: &Principal) -> Option<Vec<Need>> {
        let Input::Query(params) = &asked.input else { return None };
        if permission::documents(self.world, principal).is_empty() {
            return None;
        }
        let (account, region) = (principal.account.as_str(), asked.region.as_str());
        let state = self.world.accounts.get(account)?.regions.get(region)?;
        ec2::needs::needs(state, (account, region), &asked.action, params)
    }

    fn sts(
        &mut self,
        asked: &Asked,
        principal: &Principal,
        params: &Params,
    ) -> Result<Xml, Refusal> {
        if asked.action == "GetCallerIdentity" {
            return sts::identity(principal, params);
        }
        sts::assume(self.world, principal, &asked.region, self.now, params)
    }

    fn ec2(
        &mut self,
        asked: &Asked,
        principal: &Principal,
        params: &Params,
        effect: Option<&Effect>,
    ) -> Result<Xml, Refusal> {
        let (account, region) = (principal.account.as_str(), asked.region.as_str());
        let action = ec2::action(&asked.action).ok_or_else(|| unknown_action(asked))?;
        let regions = zones::REGIONS.iter().map(|facts| {
            (facts.name, facts.opt_in, self.world.region_enabled(account, facts.name))
        });
        let regions =
            if asked.action == "DescribeRegions" { regions.collect() } else { Vec::new() };
        let quotas = self.world.accounts.get(account).map(|account| account.quotas.clone());
        let quotas = quotas.unwrap_or_default();
        let zones = zones::zones(self.world.seed, account, region);
        // The region's resources are taken out of the world for the time of the call, so that the rest of
        // the world can be read beside them.
        let mut state =
            self.world.region_mut(account, region).map(std::mem::take).unwrap_or_default();
        let mut call = Ec2 {
            state: &mut state,
            account,
            region,
            quotas: &quotas,
            zones,
            zone_support: &self.world.zone_support,
            regions,
            catalogue: self.catalogue,
            options: self.options,
            now: self.now,
            params,
            fail_endpoint: effect == Some(&Effect::FailEndpoint),
            slow_endpoint: effect == Some(&Effect::SlowEndpoint),
            ready: false,
        };
        let answer = action(&mut call);
        let checked = call.ready || answer.is_err();
        if let Some(place) = self.world.region_mut(account, region) {
            *place = state;
        }
        if checked {
            answer
        } else {
            Err(Refusal::new("InternalError", "parameters were not checked").unknown())
        }
    }

    fn limits(&self, asked: &Asked, principal: &Principal) -> Vec<(String, Limit)> {
        let (account, region, action) = (&principal.account, &asked.region, asked.action.as_str());
        match &asked.input {
            Input::Query(_) if asked.service == Service::Sts => {
                vec![(format!("sts {account} {region}"), limits::STS)]
            }
            Input::Query(_) if asked.service == Service::Sns => {
                vec![(format!("sns {account} {region}"), limits::SNS)]
            }
            Input::Object(wanted) => {
                let kind = if limits::reads(action) { "reads" } else { "writes" };
                vec![(format!("s3 {} {kind}", wanted.bucket), limits::s3(action))]
            }
            Input::Query(_) if asked.service == Service::Route53 => {
                vec![(format!("route53 {account}"), limits::ROUTE53)]
            }
            Input::Json(_) if asked.service == Service::ServiceQuotas => {
                vec![(format!("servicequotas {account} {region} {action}"), limits::QUOTAS)]
            }
            Input::Json(_) if asked.service == Service::Ecr => {
                vec![(format!("ecr {account} {region} {action}"), limits::ECR)]
            }
            Input::Json(_) if asked.service == Service::CloudWatch => {
                vec![(format!("monitoring {account} {region}"), limits::CLOUDWATCH)]
            }
            Input::Query(params) => {
                let plain = params.is_plain();
                let kind = if plain { " plain" } else { "" };
                let key = format!("ec2 {account} {region} {action}{kind}");
                let mut all = vec![(key, limits::ec2(action, plain))];
                let endpoints = ["CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"];
                if let Some((max, refill)) = self.options.organization_bucket
                    && endpoints.contains(&action)
                {
                    all.push((format!("organization {region}"), Limit { max, refill }));
                }
                all
            }
            Input::Json(_) => {
                let (own, shared) = limits::organizations(action);
                let mut all = vec![(format!("organizations {account} {action}"), own)];
                all.extend(shared.map(|limit| (format!("organizations {action}"), limit)));
                all
            }
        }
    }
}

fn throttled(asked: &Asked) -> Refusal {
    match asked.service {
        Service::Ec2 => Refusal::new(
            "RequestLimitExceeded",
            format!(
                "Request limit exceeded. Account {} has been throttled on ec2:{}",
                asked.account, asked.action
            ),
        ),
        Service::Sts | Service::Sns | Service::CloudWatch | Service::Route53 => {
            Refusal::new("Throttling", "Rate exceeded")
        }
        Service::S3 => Refusal::new("SlowDown", "Please reduce your request rate."),
        Service::Organizations | Service::ServiceQuotas | Service::Ecr => Refusal::new(
            "TooManyRequestsException",
            "You have sent too many requests in too short a period of time. Try again later.",
        ),
    }
}

fn unknown_action(asked: &Asked) -> Refusal {
    let action = &asked.action;
    let (code, message) = match asked.service {
        Service::Ec2 => {
            ("InvalidAction", format!("The action {action} is not valid for this web service."))
        }
        Service::Sts => {
            ("InvalidAction", format!("Could not find operation {action} for version 2011-06-15"))
        }
        Service::Sns => {
            ("InvalidAction", format!("Could not find operation {action} for version 2010-03-31"))
        }
        Service::S3 => ("MethodNotAllowed", "The specified method is not allowed.".to_owned()),
        Service::Route53 => ("InvalidAction", format!("Unknown operation {action}")),
        Service::Organizations | Service::CloudWatch | Service::ServiceQuotas | Service::Ecr => {
            ("UnknownOperationException", format!("Unknown operation {action}"))
        }
    };
    Refusal::new(code, message).unknown()
}
