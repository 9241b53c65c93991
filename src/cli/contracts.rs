//! Options of the commands that tell machines and people what to expect: schemas, completions, manual pages,
//! codes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::Shell;

/// The options of `schema`.
#[derive(Debug, Clone, Copy, Args)]
pub struct SchemaOptions {
    /// Of what
    #[arg(value_name = "DOCUMENT")]
    pub of: Document,
}

/// What there is a JSON Schema of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// accounts.toml
    Config,
    /// What plan --out and plan -o json write, and apply FILE carries out
    Plan,
    /// What apply, destroy, report and report merge write with -o json
    Report,
    /// Every line of -o jsonl
    Event,
    /// What audit -o json writes
    Audit,
    /// What doctor -o json writes
    Doctor,
    /// What doctor --shared-root -o json writes
    SharedRoot,
    /// What accounts -o json writes
    Accounts,
    /// What accounts --explain ID -o json writes
    Account,
    /// What runs -o json writes
    Runs,
    /// What rehearse -o json writes
    Rehearsal,
    /// What explain -o json writes
    Codes,
    /// What plan --save-world writes, for rehearse --world
    World,
    /// Scenario files of --sandbox=FILE, sandbox serve --world and rehearse --world
    Scenario,
}

impl Document {
    /// Its name on the command line, and its schema's.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// The options of `completions`.
#[derive(Debug, Clone, Copy, Args)]
pub struct CompletionsOptions {
    /// For which shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// The options of `man`.
#[derive(Debug, Clone, Args)]
pub struct ManOptions {
    /// Write every page, one for each command, into this folder; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// The options of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainOptions {
    /// The code, as text, documents and reports show it; all are listed without one
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}
