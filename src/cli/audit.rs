//! The options of `linkwalk audit`.

use std::path::PathBuf;

use clap::Args;

use super::Scope;

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
