//! Options of `init`.

use std::path::PathBuf;

use clap::Args;

use crate::ids::AccountId;

/// What `init` takes.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  linkwalk init                              # reads the organization, writes \
                  accounts.toml\n  linkwalk init --role platform/linkwalk     # with a role of your own\n  \
                  linkwalk init --region eu-west-1 --to -    # one region, to stdout\n  linkwalk init \
                  --offline                    # a starter; asks nobody\n\nIt only reads, and never overwrites \
                  a file. Without any AWS credentials it writes the starter.\nExit codes: 0 written; 1 nothing \
                  could be read, or no account could be entered; 64 wrong usage."
)]
pub struct Init {
    /// Where to write: a file that is not there yet, or - for stdout
    #[arg(long, value_name = "FILE", default_value = "accounts.toml")]
    pub to: PathBuf,
    /// Try this role first, then those that AWS itself makes in member accounts
    #[arg(long, value_name = "NAME")]
    pub role: Option<String>,
    /// The external id that the role wants; it is written into the file
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Look in this region only; may be given several times [default: every enabled one]
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,
    /// Look at every account, and not at a sample of every unit
    #[arg(long, conflicts_with_all = ["offline", "accounts"])]
    pub all: bool,
    /// Take these accounts, where AWS Organizations cannot be read; may be given several times
    #[arg(long = "account", value_name = "ID", conflicts_with = "offline")]
    pub accounts: Vec<AccountId>,
    /// Ask nobody: write a starter with every section explained
    #[arg(long)]
    pub offline: bool,
}
