//! The verbs of `linkwalk report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::examples;

/// What else `report` does.
#[derive(Debug, Subcommand)]
pub enum ReportVerb {
    /// Join the reports of all shards of a run or an audit; the verdict is that of the whole
    #[command(
        after_help = examples::REPORT_MERGE
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
