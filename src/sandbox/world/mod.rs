//! The world: everything that exists in the sandbox, as plain values that can be saved. It has no
//! behaviour but keeping itself consistent.

pub(crate) mod account;
pub(crate) mod bucket;
pub(crate) mod endpoint;
pub(crate) mod nat;
pub(crate) mod network;
pub(crate) mod organization;
pub(crate) mod quota;
pub(crate) mod region;
pub(crate) mod security_group;
pub(crate) mod store;
pub(crate) mod topic;
pub(crate) mod zones;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use self::account::Account;
use self::bucket::Bucket;
use self::organization::Organization;
use self::region::Region;
use self::topic::Topic;
use super::catalogue::Detail;
use super::load::faults::FaultRule;

/// The version of the saved form; a world saved by another version is refused.
pub(crate) const FORMAT: u32 = 1;

/// Tags of one resource.
pub(crate) type Tags = BTreeMap<String, String>;

/// Everything that exists.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct World {
    pub(crate) format: u32,
    pub(crate) seed: u64,
    /// The region of the demo and of `AWS_REGION`.
    pub(crate) home: String,
    /// The account whose keys a client gets.
    pub(crate) operator: String,
    /// Where both clocks stood when the world was saved, in milliseconds.
    pub(crate) sim: i64,
    pub(crate) wall: i64,
    /// Sessions and requests so far: the source of their ids.
    pub(crate) serial: u64,
    pub(crate) organization: Option<Organization>,
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Zones a service supports, where it does not support all: service name, then zone ids.
    pub(crate) zone_support: BTreeMap<String, Vec<String>>,
    pub(crate) faults: Vec<FaultRule>,
    /// By name, which is one for all accounts.
    #[serde(default)]
    pub(crate) buckets: BTreeMap<String, Bucket>,
    /// By ARN.
    #[serde(default)]
    pub(crate) topics: BTreeMap<String, Topic>,
    /// How far AWS's clock is ahead of the machine's, in seconds: the machine's is wrong by so much.
    #[serde(default)]
    pub(crate) clock_skew_seconds: i64,
    /// ECR repositories by ARN, each with its policy, if it has one.
    #[serde(default)]
    pub(crate) repositories: BTreeMap<String, Option<String>>,
    /// What regions offer, where that is another list than the one that ships with the sandbox.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) services: BTreeMap<String, Vec<Detail>>,
}

impl World {
    /// The JSON Schema of the saved form: what can be read.
    pub fn schema() -> Schema {
        schema_for!(World)
    }

    /// A world with one account and nothing else: what a new customer of AWS has.
    pub fn empty(seed: u64) -> Self {
        let id = "111122223333".to_owned();
        let mut account = Account::new(&id, "management", "management@example.com");
        account.default_vpcs = true;
        Self {
            format: FORMAT,
            seed,
            home: "eu-west-1".to_owned(),
            operator: id.clone(),
            sim: 0,
            wall: 0,
            serial: 0,
            organization: None,
            accounts: BTreeMap::from([(id, account)]),
            zone_support: BTreeMap::new(),
            faults: Vec::new(),
            buckets: BTreeMap::new(),
            topics: BTreeMap::new(),
            repositories: BTreeMap::new(),
            clock_skew_seconds: 0,
            services: BTreeMap::new(),
        }
    }

    /// The ids of all accounts.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
    }

    /// The id of the account with this name.
    pub fn account_named(&self, name: &str) -> Option<&str> {
        let mut all = self.accounts.values();
        all.find(|account| account.name == name).map(|account| account.id.as_str())
    }

    /// The account whose keys a client gets: the management account, as a rule.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// The region clients are told to use.
    pub fn home(&self) -> &str {
        &self.home
    }

    /// Lets all that is still to be drawn be drawn from `seed`: delays, answer times, faults, new ids.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
        for (id, account) in &mut self.accounts {
            for (name, region) in &mut account.regions {
                region.salt = Region::new(seed, id, name).salt;
            }
        }
    }

    /// Adds to the scripted faults.
    pub fn add_faults(&mut self, rules: Vec<FaultRule>) {
        self.faults.extend(rules);
    }

    /// Lets the scripted faults be those of `rules`.
    pub fn set_faults(&mut self, rules: Vec<FaultRule>) {
        self.faults = rules;
    }

    /// The next number for ids that belong to no region.
    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Lets happen what was due by `sim` in all accounts and regions.
    pub(crate) fn advance(&mut self, sim: i64) {
        self.sim = sim;
        for account in self.accounts.values_mut() {
            account.advance(sim);
            for region in account.regions.values_mut() {
                region.advance(sim);
            }
        }
    }

    /// The resources of an account in a region.
    pub(crate) fn region_mut(&mut self, account: &str, region: &str) -> Option<&mut Region> {
        let seed = self.seed;
        let account = self.accounts.get_mut(account)?;
        if !account.regions.contains_key(region) {
            let mut new = Region::new(seed, &account.id, region);
            if account.default_vpcs {
                new.add_default_vpc(&account.id, &zones::zones(seed, &account.id, region));
            }
            account.regions.insert(region.to_owned(), new);
        }
        account.regions.get_mut(region)
    }

    /// True if the account may use the region.
    pub(crate) fn region_enabled(&self, account: &str, region: &str) -> bool {
        let Some(facts) = zones::facts(region) else {
            return false;
        };
        self.accounts.get(account).is_some_and(|account| {
            !account.regions_off.contains(region)
                && (!facts.opt_in || account.regions_on.contains(region))
        })
    }
}
