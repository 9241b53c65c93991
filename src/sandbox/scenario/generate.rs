//! Organizations of any size, from a few parameters.

use super::file::{
    Account, Endpoint, File, Management, OrganizationTable, Policy, Role, Unit, Vpc,
};
use super::{ScenarioError, build};
use crate::sandbox::dice::Dice;
use crate::sandbox::world::World;
use crate::sandbox::world::account::AccountState;
use crate::sandbox::world::quota::Quotas;

/// An organization to be generated: half of its accounts in `/Workloads/Staging`, half in
/// `/Workloads/Production`, each with one VPC per region that is tagged `purpose=workload`.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// How many member accounts.
    pub accounts: usize,
    /// The regions with a VPC; the first is the home region.
    pub regions: Vec<String>,
    /// What ids, zones, delays and oddities are drawn from.
    pub seed: u64,
    /// The share of accounts with something odd about them, from 0 to 1.
    pub odd: f64,
    /// The share of the others that cannot be served, or not wholly, from 0 to 1: as likely as each other
    /// without a role, with a role that may only look, with a policy that denies endpoints, without the
    /// region, without a VPC, with DNS host names off, suspended.
    pub troubled: f64,
}

impl Generated {
    /// `accounts` plain accounts in eu-west-1.
    pub fn plain(accounts: usize, seed: u64) -> Self {
        Self { accounts, regions: vec!["eu-west-1".to_owned()], seed, odd: 0.0, troubled: 0.0 }
    }

    /// The world.
    pub fn world(&self) -> Result<World, ScenarioError> {
        let home = self.regions.first().cloned().unwrap_or_else(|| "eu-west-1".to_owned());
        let units = ["/Workloads/Staging", "/Workloads/Production", "/Sandbox", "/Suspended"];
        let unit = |path: &&str| Unit { path: (*path).to_owned(), tags: [].into() };
        let mut file = File {
            format: 1,
            seed: self.seed,
            home: home.clone(),
            clock_skew_seconds: 0,
            management: Management::default(),
            organization: Some(OrganizationTable::default()),
            unit: units.iter().map(unit).collect(),
            policy: Vec::new(),
            service: Vec::new(),
            account: Vec::new(),
            fault: Vec::new(),
            bucket: Vec::new(),
            topic: Vec::new(),
            repository: Vec::new(),
        };
        for number in 1..=self.accounts {
            let mut account = plain(number, &self.regions);
            let mut dice = Dice::new(self.seed, &["odd", &account.name]);
            if dice.unit() < self.odd {
                make_odd(&mut account, &mut file.policy, &home, &mut dice);
            } else if dice.unit() < self.troubled {
                make_troubled(&mut account, &mut file.policy, &home, &mut dice);
            }
            file.account.push(account);
        }
        build::world(&file)
    }
}

fn plain(number: usize, regions: &[String]) -> Account {
    let (kind, unit) = if number.is_multiple_of(2) {
        ("production", "/Workloads/Production")
    } else {
        ("staging", "/Workloads/Staging")
    };
    let vpc = regions.iter().map(|region| Vpc {
        name: "workload".to_owned(),
        region: Some(region.clone()),
        tags: [("purpose".to_owned(), "workload".to_owned())].into(),
        ..Vpc::default()
    });
    Account {
        name: format!("team-{number:04}-{kind}"),
        id: None,
        email: None,
        unit: Some(unit.to_owned()),
        state: None,
        invited: false,
        tags: [("environment".to_owned(), kind.to_owned())].into(),
        roles: None,
        regions_on: Vec::new(),
        regions_off: Vec::new(),
        quotas: Quotas::default(),
        default_vpcs: false,
        vpc: vpc.collect(),
    }
}

/// Gives an account one of the troubles that rollouts meet.
fn make_odd(account: &mut Account, policies: &mut Vec<Policy>, home: &str, dice: &mut Dice) {
    let Some(vpc) = account.vpc.first_mut() else {
        return;
    };
    match dice.below(12) {
        0 => {
            account.state = Some(AccountState::Suspended);
            account.unit = Some("/Suspended".to_owned());
        }
        1 => account.roles = Some(Vec::new()),
        2 => vpc.dns_hostnames = false,
        3 => vpc.endpoint.push(foreign("logs", true)),
        4 => vpc.endpoint.push(foreign("s3", false)),
        5 => vpc.cidrs.push("10.1.0.0/16".to_owned()),
        6 => vpc.hosted_zones.push(format!("logs.{home}.amazonaws.com")),
        7 => vpc.free_addresses = Some(0),
        8 => {
            let second = Vpc {
                name: "second".to_owned(),
                cidrs: vec!["10.2.0.0/16".to_owned()],
                ..vpc.clone()
            };
            account.vpc.push(second);
        }
        9 => policies.push(no_endpoints(&account.name, dice)),
        10 => account.roles = Some(vec![reader()]),
        _ => account.quotas.interface_endpoints_per_vpc = 2,
    }
}

/// Lets an account be one that cannot be served.
fn make_troubled(account: &mut Account, policies: &mut Vec<Policy>, home: &str, dice: &mut Dice) {
    match dice.below(7) {
        0 => account.roles = Some(Vec::new()),
        1 => account.roles = Some(vec![reader()]),
        2 => policies.push(no_endpoints(&account.name, dice)),
        3 => account.regions_off.push(home.to_owned()),
        4 => account.vpc.clear(),
        5 => account.vpc.iter_mut().for_each(|vpc| vpc.dns_hostnames = false),
        _ => {
            account.state = Some(AccountState::Suspended);
            account.unit = Some("/Suspended".to_owned());
        }
    }
}

/// A service control policy that denies endpoints.
fn no_endpoints(account: &str, dice: &mut Dice) -> Policy {
    Policy {
        id: format!("p-{}", dice.text("abcdefghijklmnopqrstuvwxyz0123456789", 8)),
        target: account.to_owned(),
        deny: vec!["ec2:CreateVpcEndpoint".to_owned()],
        regions: Vec::new(),
    }
}

/// A role that may look and not touch.
fn reader() -> Role {
    Role {
        name: "OrganizationAccountAccessRole".to_owned(),
        path: "/".to_owned(),
        trusts: None,
        external_id: None,
        max_session_seconds: 3600,
        tag_session: true,
        source_identity: true,
        allows: vec!["ec2:Describe*".to_owned()],
        denies: Vec::new(),
        policies: Vec::new(),
        trust_policy: None,
        boundary: None,
    }
}

/// An endpoint that somebody else made.
fn foreign(service: &str, grouped: bool) -> Endpoint {
    Endpoint {
        service: service.to_owned(),
        kind: None,
        tags: [("Name".to_owned(), format!("{service}-by-hand"))].into(),
        private_dns: None,
        places: None,
        group: grouped.then(|| "default".to_owned()),
        policy: None,
        requester_managed: false,
        bytes_per_minute: 0,
        state: None,
    }
}
