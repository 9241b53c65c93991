//! The options of `linkwalk apply`.

use std::path::PathBuf;

use clap::Args;

use super::{Change, Scope};
use crate::config::Share;

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
