//! Which of the targets a command is about.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::config::{InvalidSelector, Selector};
use crate::ids::AccountId;
use crate::model::shard::Shard;
use crate::plan::aim::Kind;

/// Splits the accounts in scope over several processes.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Sharding {
    /// Only the I-th of N parts of the accounts, 1/4 to 4/4; docs/shards.md says what AWS Batch, Kubernetes
    /// and Step Functions set instead
    #[arg(long, value_name = "I/N", env = "LINKWALK_SHARD", hide_env_values = true)]
    pub shard: Option<Shard>,
}

/// Narrows a command to some of the targets. Several kinds of narrowing all hold; several values of one
/// kind are alternatives.
#[derive(Debug, Clone, Default, Args)]
pub struct Scope {
    /// Only this account; may be given several times
    #[arg(long = "account", value_name = "ID")]
    pub accounts: Vec<AccountId>,
    /// Only this region of accounts.toml; may be given several times
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,
    /// Only accounts of this unit: /path, /path/** with all below it, ou-ab12-cd34ef56
    #[arg(long = "ou", value_name = "PATH", value_parser = unit)]
    pub units: Vec<Selector>,
    /// Only this wave of accounts.toml, by its name or its number
    #[arg(long = "wave", value_name = "WAVE")]
    pub waves: Vec<String>,
    /// Only these kinds of drift (missing, tags, ...), or targets that ended so (failed, unreachable,
    /// ...) in the report that --from names; several with commas
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    pub only: Vec<Only>,
    /// The report of an earlier run: a file that `-o json` wrote, or the run's id
    #[arg(long, value_name = "FILE|RUN", requires = "only")]
    pub from: Option<PathBuf>,
    /// Which part
    #[command(flatten)]
    pub shard: Sharding,
    /// What `from` names, read.
    #[arg(skip)]
    pub report: Option<Value>,
}

/// What `--only` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Only {
    /// Nothing was changed, because the first change failed
    Failed,
    /// It could not be read
    Unreachable,
    /// Its turn did not come
    NotStarted,
    /// Some changes failed
    PartlyChanged,
    /// It is still not what accounts.toml says
    Diverged,
    /// The run was interrupted while it was being changed
    Interrupted,
    /// Drift: a wanted endpoint is not there
    Missing,
    /// Drift: an endpoint is failed, rejected or expired, or one too many
    State,
    /// Drift: subnets of an endpoint
    Subnets,
    /// Drift: security groups of an endpoint
    SecurityGroups,
    /// Drift: rules of the deployment's security group
    Rules,
    /// Drift: route tables of a gateway endpoint
    RouteTables,
    /// Drift: private DNS of an endpoint
    PrivateDns,
    /// Drift: the policy of an endpoint
    Policy,
    /// Drift: the IP address type of an endpoint
    IpAddressType,
    /// Drift: the DNS options of an endpoint
    DnsOptions,
    /// Drift: tags
    Tags,
    /// What is ours and no longer wanted; needs --mode sync
    Orphans,
}

impl Only {
    /// The outcome it selects, as documents write it; `None` for a word that selects something else.
    pub fn outcome(self) -> Option<&'static str> {
        Some(match self {
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
            Self::NotStarted => "not-started",
            Self::PartlyChanged => "partly-changed",
            Self::Diverged => "diverged",
            Self::Interrupted => "interrupted",
            _ => return None,
        })
    }

    /// The kind of drift it selects; `None` for a word that selects something else.
    pub fn kind(self) -> Option<Kind> {
        self.to_possible_value()?.get_name().parse().ok()
    }
}

/// What follows `ou:` in a selector.
fn unit(text: &str) -> Result<Selector, InvalidSelector> {
    format!("ou:{text}").parse()
}

impl Scope {
    /// As it was written, one option after the other; nothing where nothing was narrowed.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.accounts.iter().map(|account| format!("--account {account}")));
        words.extend(self.regions.iter().map(|region| format!("--region {region}")));
        words.extend(
            self.units
                .iter()
                .map(|unit| format!("--ou {}", unit.as_str().trim_start_matches("ou:"))),
        );
        words.extend(self.waves.iter().map(|wave| format!("--wave {wave}")));
        let only = self.only.iter().filter_map(|word| word.outcome());
        words.extend(only.map(|word| format!("--only {word}")));
        words.extend(self.shard.shard.map(|shard| format!("--shard {shard}")));
        words
    }
}
