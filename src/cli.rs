//! The command line: types only.

mod change;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use change::{Adopt, Change, Deleting};

use crate::ids::AccountId;
use crate::sandbox::Breakage;

/// Puts AWS PrivateLink endpoints, right, into every account of an organization.
#[derive(Debug, Parser)]
#[command(
    name = "linkwalk",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 in sync or converged; 1 something failed or is unreachable; \
                  2 changes pending (plan --detailed-exitcode);\n64 wrong usage or accounts.toml, \
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
    pub output: Output,
    /// Colours; auto follows the terminal, `NO_COLOR` and `CLICOLOR_FORCE`
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// No progress on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// A line for every account, those in sync too
    #[arg(short, long, global = true)]
    pub verbose: bool,
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
    /// Show the walk: who is a consumer, who is skipped and why
    #[command(after_help = "Examples:\n  linkwalk accounts\n  linkwalk accounts --explain \
                            111122223333\n  linkwalk accounts -o json")]
    Accounts {
        /// Show every rule that was looked at for this account
        #[arg(long, value_name = "ID")]
        explain: Option<AccountId>,
    },
    /// Show what would change; changes nothing
    #[command(
        after_help = "Examples:\n  linkwalk plan\n  linkwalk plan --account 111122223333   # \
                            that account in full\n  linkwalk plan -o json > plan.json"
    )]
    Plan {
        /// Which targets
        #[command(flatten)]
        scope: Scope,
        /// Exit with 2 when there is something to change
        #[arg(long)]
        detailed_exitcode: bool,
        /// How far
        #[command(flatten)]
        change: Change,
        /// Show what `destroy` would delete
        #[arg(long, conflicts_with_all = ["mode", "only", "adopt"])]
        destroy: bool,
    },
    /// Plan, ask, change, wait until every endpoint is available, and look again
    #[command(
        after_help = "Examples:\n  linkwalk apply\n  linkwalk apply --yes                    \
                            # for pipelines\n  linkwalk apply --account 111122223333   # one \
                            account first"
    )]
    Apply {
        /// Which targets
        #[command(flatten)]
        scope: Scope,
        /// Do not ask
        #[arg(long, visible_alias = "auto-approve")]
        yes: bool,
        /// How far
        #[command(flatten)]
        change: Change,
    },
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

/// Narrows a command to some of the targets.
#[derive(Debug, Clone, Default, Args)]
pub struct Scope {
    /// Only this account; may be given several times
    #[arg(long = "account", value_name = "ID")]
    pub accounts: Vec<AccountId>,
    /// Only this region of accounts.toml; may be given several times
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,
}
