//! The options of `linkwalk doctor`.

use clap::Args;

use super::Scope;

/// What is examined.
#[derive(Debug, Clone, Default, Args)]
pub struct Doctor {
    /// Which targets
    #[command(flatten)]
    pub scope: Scope,
    /// Instead: do the ECR repositories of the shared root let the consumers pull? Reads ECR in the accounts of
    /// `organization.shared_root` (--account names one of them)
    #[arg(long, conflicts_with_all = ["units", "waves", "only", "from", "shard"])]
    pub shared_root: bool,
}

/// The end of its help.
pub(super) const EXAMPLES: &str = "Examples:
  linkwalk doctor                          # everything, by cause
  linkwalk doctor --account 111122223333   # one account, with every check
  linkwalk doctor --shared-root            # may the consumers pull the shared account's images?
  linkwalk doctor --ou '/Workloads/**' -o json

It reads and makes dry runs; nothing is changed. Exit codes: 0 nothing is in the way (warnings and
what cannot be told included); 1 a problem, or an account could not be looked at.";
