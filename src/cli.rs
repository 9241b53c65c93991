//! The command line: types only.

mod apply;
mod audit;
mod change;
mod contracts;
mod doctor;
mod examples;
mod init;
mod output;
mod policy;
mod rehearse;
mod report;
mod role;
mod sandbox;
mod scope;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use apply::Apply;
pub use audit::AuditOptions;
pub use change::{Adopt, Change, Deleting};
pub use contracts::{CompletionsOptions, Document, ExplainOptions, ManOptions, SchemaOptions};
pub use doctor::Doctor;
pub use init::Init;
pub use output::{Color, Output, Written};
pub use policy::PolicyOptions;
pub use rehearse::{Faults, Rehearsal};
pub use report::{Merge, ReportVerb};
pub use role::{GivenOrganization, RoleFormat, RoleOptions};
pub use sandbox::SandboxVerb;
pub use scope::{Only, Scope, Sharding};

use crate::ids::AccountId;

/// Puts AWS PrivateLink endpoints, right, into every account of an organization.
#[derive(Debug, Parser)]
#[command(
    name = "linkwalk",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = examples::LINKWALK
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

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a first accounts.toml from what is in the organization, or a starter; changes nothing in AWS
    Init(Init),
    /// Show the walk: who is a consumer, who is skipped and why
    #[command(after_help = examples::ACCOUNTS)]
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
        after_help = examples::PLAN
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
        after_help = examples::APPLY
    )]
    Apply(Apply),
    /// List the runs of `apply`: when, how each ended, and which can be gone on with
    #[command(after_help = examples::RUNS)]
    Runs {
        /// First delete all but the newest N; what is running, was killed or interrupted stays
        #[arg(long, value_name = "N")]
        prune: Option<usize>,
    },
    /// Tell an earlier run again, from its journal alone; or join the reports of shards
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = examples::REPORT
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
        after_help = examples::FORCE_UNLOCK
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
        after_help = examples::AUDIT
    )]
    Audit(AuditOptions),
    /// Prove access, permissions, networks and quotas in every account, before any change; changes nothing
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(Doctor),
    /// Predict a rollout: the real one, in a simulated organization and in virtual time
    #[command(
        after_help = examples::REHEARSE
    )]
    Rehearse(Rehearsal),
    /// Print the role that accounts need, with no more rights than that, or what its caller needs
    Role(RoleOptions),
    /// Delete everything that this deployment owns, after a typed confirmation
    #[command(
        after_help = examples::DESTROY
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
    /// Say what a code means, why it happens and what to do: of errors, findings, blocked items, outcomes
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainOptions),
    /// Print the JSON Schema of accounts.toml or of a document that linkwalk writes
    #[command(after_help = examples::SCHEMA)]
    Schema(SchemaOptions),
    /// Print the completions of a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsOptions),
    /// Print the manual page, or write all of them
    #[command(after_help = examples::MAN)]
    Man(ManOptions),
    /// Show the policy that endpoints of a service would have, as it would be sent
    Policy(PolicyOptions),
    /// Break, reset or serve the AWS in memory that --sandbox works in
    #[command(
        after_help = examples::SANDBOX
    )]
    Sandbox {
        /// What to do
        #[command(subcommand)]
        verb: SandboxVerb,
    },
}
