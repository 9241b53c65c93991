//! The command line: types only.

mod change;
mod init;
mod rehearse;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::Value;

pub use change::{Adopt, Change, Deleting};

use crate::config::{InvalidSelector, Selector, Share};
use crate::ids::AccountId;
use crate::model::shard::Shard;
use crate::plan::aim::Kind;
use crate::report::audit::Format;
use crate::sandbox::Breakage;

pub use init::Init;
pub use rehearse::{Faults, Rehearsal};

/// Puts AWS PrivateLink endpoints, right, into every account of an organization.
#[derive(Debug, Parser)]
#[command(
    name = "linkwalk",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 in sync or converged; 1 something failed or is unreachable; \
                  2 drift (audit) or changes pending (plan --detailed-exitcode);\n64 wrong usage or accounts.toml, \
                  nothing was touched; 130 interrupted."
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Common {
    /// What the accounts should have [default: accounts.toml; the demo's own with --sandbox]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Work in an AWS in memory: a demo organization, or what a scenario file describes
    #[arg(long, global = true, value_name = "WORLD", num_args = 0..=1, require_equals = true)]
    pub sandbox: Option<Option<PathBuf>>,
    /// What to write to stdout
    #[arg(short, long, global = true, value_name = "FORMAT", default_value = "text")]
    pub output: Written,
    /// Colours; auto follows the terminal, `NO_COLOR` and `CLICOLOR_FORCE`
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// No progress on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// A line for every account, those in sync too
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Where journals of runs and locks are kept
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "LINKWALK_STATE",
        hide_env_values = true,
        default_value = ".linkwalk"
    )]
    pub state_dir: PathBuf,
}

/// Formats of stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// One JSON event per line, as it happens
    Jsonl,
}

/// What is written to stdout: a format of every command, or a report of the audit's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Of every command.
    Plain(Output),
    /// Of `audit` alone.
    Report(Format),
}

impl Written {
    const ALL: [Self; 10] = [
        Self::Plain(Output::Text),
        Self::Plain(Output::Json),
        Self::Plain(Output::Jsonl),
        Self::Report(Format::Markdown),
        Self::Report(Format::Junit),
        Self::Report(Format::Sarif),
        Self::Report(Format::Ocsf),
        Self::Report(Format::Asff),
        Self::Report(Format::Csv),
        Self::Report(Format::Html),
    ];

    /// What the rest of the program writes meanwhile: nothing that would come between a report's lines.
    pub fn output(self) -> Output {
        match self {
            Self::Plain(output) => output,
            Self::Report(_) => Output::Json,
        }
    }
}

impl ValueEnum for Written {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Plain(output) => output.to_possible_value(),
            Self::Report(format) => {
                Some(PossibleValue::new(format.as_str()).help("A report of audit, and of no other"))
            }
        }
    }
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that takes it
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a first accounts.toml from what is in the organization, or a starter; changes nothing in AWS
    Init(Init),
    /// Show the walk: who is a consumer, who is skipped and why
    #[command(after_help = "Examples:\n  linkwalk accounts\n  linkwalk accounts --explain \
                            111122223333\n  linkwalk accounts -o json")]
    Accounts {
        /// Show every rule that was looked at for this account
        #[arg(long, value_name = "ID")]
        explain: Option<AccountId>,
        /// Only one part of the consumers
        #[command(flatten)]
        shard: Sharding,
    },
    /// Show what would change; changes nothing
    #[command(
        after_help = "Examples:\n  linkwalk plan\n  linkwalk plan --account 111122223333   # \
                            that account in full\n  linkwalk plan --out plan.json         # for \
                      `linkwalk apply plan.json`"
    )]
    Plan {
        /// Which targets
        #[command(flatten)]
        scope: Scope,
        /// Write the plan to a file, for `apply FILE`
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Exit with 2 when there is something to change
        #[arg(long)]
        detailed_exitcode: bool,
        /// Write down the organization as it was observed, for `rehearse --world`
        #[arg(long, value_name = "FILE")]
        save_world: Option<PathBuf>,
        /// How far
        #[command(flatten)]
        change: Change,
        /// Show what `destroy` would delete
        #[arg(long, conflicts_with_all = ["mode", "adopt"])]
        destroy: bool,
    },
    /// Plan, ask, change, wait until every endpoint is available, and look again
    #[command(
        after_help = "Examples:\n  linkwalk apply\n  linkwalk apply --yes                    \
                            # for pipelines\n  linkwalk apply --account 111122223333   # one \
                            account first\n  linkwalk apply plan.json             # exactly what `plan --out` showed; \
                      does not ask"
    )]
    Apply(Apply),
    /// List the runs of `apply`: when, how each ended, and which can be gone on with
    #[command(after_help = "Examples:\n  linkwalk runs\n  linkwalk runs -o json")]
    Runs,
    /// Tell an earlier run again, from its journal alone; or join the reports of shards
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  linkwalk report                       # the last run\n  linkwalk \
                      report 20261123T024501Z-ab12\n  linkwalk report -o json\n  linkwalk report merge shard-*.json"
    )]
    Report {
        /// Or join the reports of shards
        #[command(subcommand)]
        verb: Option<ReportVerb>,
        /// Its id, or how it begins; the last run if absent
        run: Option<String>,
    },
    /// Break the lock that a run has left behind, when it is certain that the run has ended
    #[command(
        after_help = "Examples:\n  linkwalk force-unlock 20261123T024501Z-ab12   # the id is in the \
                      refusal"
    )]
    ForceUnlock {
        /// The run that holds the lock
        run: String,
        /// Do not ask
        #[arg(long, visible_alias = "force")]
        yes: bool,
        /// Whose lock
        #[command(flatten)]
        shard: Sharding,
    },
    /// Find everything that differs from accounts.toml, and say what to do about it; changes nothing
    #[command(
        after_help = "Examples:\n  linkwalk audit\n  linkwalk audit --report html=audit.html --report \
                            junit=audit.xml\n  linkwalk audit --since yesterday.json --report \
                            json=today.json\n\nExit codes: 0 no drift; 2 drift; 1 an account could \
                            not be looked at, whatever else was found."
    )]
    Audit(AuditOptions),
    /// Predict a rollout: the real one, in a simulated organization and in virtual time
    #[command(
        after_help = "Examples:\n  linkwalk rehearse --accounts 1000 --endpoints ecr,logs,ssm\n  \
                            linkwalk rehearse --faults realistic --html rehearsal.html\n  linkwalk plan \
                            --save-world world.json && linkwalk rehearse --world world.json"
    )]
    Rehearse(Rehearsal),
    /// Delete everything that this deployment owns, after a typed confirmation
    #[command(
        after_help = "Examples:\n  linkwalk destroy --plan                     # what would go\n  \
                            linkwalk destroy --account 111122223333     # one account; it need not \
                            be a consumer any more\n  linkwalk destroy --yes --confirm o-a1b2c3d4e5   \
                            # for pipelines"
    )]
    Destroy {
        /// Which targets
        #[command(flatten)]
        scope: Scope,
        /// Show what would be deleted, and stop
        #[arg(long)]
        plan: bool,
        /// Do not ask; needs --confirm
        #[arg(long, visible_alias = "auto-approve", requires = "confirm", conflicts_with = "plan")]
        yes: bool,
        /// The organization's id, as the confirmation that is otherwise typed
        #[arg(long, value_name = "ORG-ID", requires = "yes")]
        confirm: Option<String>,
        /// What may be deleted
        #[command(flatten)]
        deleting: Deleting,
    },
    /// Break, reset or serve the AWS in memory that --sandbox works in
    #[command(
        after_help = "Examples:\n  linkwalk --sandbox apply         # no AWS account needed\n  \
                            linkwalk sandbox break           # make drift\n  linkwalk --sandbox \
                            plan          # find it\n  linkwalk sandbox reset           # begin anew"
    )]
    Sandbox {
        /// What to do
        #[command(subcommand)]
        verb: SandboxVerb,
    },
}

/// What else `report` does.
#[derive(Debug, Subcommand)]
pub enum ReportVerb {
    /// Join the reports of all shards of a run or an audit; the verdict is that of the whole
    #[command(
        after_help = "Examples:\n  linkwalk report merge shard-*.json\n  linkwalk report merge \
                      audit-*.json --report html=audit.html\n\nThe files are what `apply -o json` or \
                      `audit -o json` of every shard wrote. Exit codes are those of the whole."
    )]
    Merge(Merge),
}

/// Options of `report merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The reports of the shards, in any order
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Join what is there when shards are missing: says which, and is never in sync
    #[arg(long)]
    pub partial: bool,
    /// Write a report of joined audits to a file as well, as `audit --report` does
    #[arg(long = "report", value_name = "FORMAT=PATH")]
    pub reports: Vec<String>,
}

/// Options of `audit`.
#[derive(Debug, Args)]
pub struct AuditOptions {
    /// Which targets
    #[command(flatten)]
    pub scope: Scope,
    /// Say what is new, fixed and left since this report, a document of `audit -o json`
    #[arg(long, value_name = "REPORT")]
    pub since: Option<PathBuf>,
    /// Write a report to a file as well, - for stdout; may be given several times. Formats: text, json,
    /// markdown, junit, sarif, ocsf, asff, csv, html
    #[arg(long = "report", value_name = "FORMAT=PATH")]
    pub reports: Vec<String>,
    /// Tell whom accounts.toml names in its notify table when findings have changed since they were last told, or
    /// since the report of --since
    #[arg(long)]
    pub notify: bool,
}

/// What `apply` takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Apply {
    /// A plan that `plan --out FILE` wrote: exactly this is done, where it still holds
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
    /// Which targets
    #[command(flatten)]
    pub scope: Scope,
    /// Do not ask
    #[arg(long, visible_alias = "auto-approve")]
    pub yes: bool,
    /// Go on with a run that was killed or interrupted: the last one, or this one
    #[arg(
        long,
        value_name = "RUN",
        num_args = 0..=1,
        default_missing_value = "",
        conflicts_with_all = ["plan", "accounts", "regions", "units", "waves", "only", "from"]
    )]
    pub resume: Option<String>,
    /// Plan targets anew in which the saved plan does not hold any more
    #[arg(long, requires = "plan")]
    pub replan: bool,
    /// Ask between two waves whether to go on
    #[arg(long, conflicts_with = "yes")]
    pub ask_between_waves: bool,
    /// How far
    #[command(flatten)]
    pub change: Change,
    /// Refuse a plan that deletes more: a count of resources, or a share of targets (5%)
    #[arg(long, value_name = "N|N%")]
    pub max_deletes: Option<Share>,
    /// Refuse a plan that creates, changes or deletes more: a count of resources, or a share of targets
    #[arg(long, value_name = "N|N%")]
    pub max_changes: Option<Share>,
}

/// What can be done to the sandbox.
#[derive(Debug, Subcommand)]
pub enum SandboxVerb {
    /// Spoil something that the deployment made, so that there is drift to find
    Break {
        /// How; any way that fits if absent
        #[arg(value_parser = PossibleValuesParser::new(Breakage::ALL.map(Breakage::name)))]
        name: Option<String>,
        /// Choose by this number, the same every time
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
    },
    /// Forget everything done in the sandbox
    Reset,
    /// Serve it on loopback for any AWS client, and print the environment to export
    Serve {
        /// A scenario file; the demo organization if absent
        #[arg(long, value_name = "FILE")]
        world: Option<PathBuf>,
        /// Where to listen; 0 takes any free port
        #[arg(long, value_name = "N", default_value = "4566")]
        port: u16,
        /// One account with nothing in it
        #[arg(long, conflicts_with = "world")]
        empty: bool,
    },
}

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
