//! The verbs of `linkwalk sandbox`.

use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;

use super::examples;
use crate::sandbox::Breakage;

/// What can be done to the sandbox.
#[derive(Debug, Subcommand)]
pub enum SandboxVerb {
    /// Spoil something that the deployment made, so that there is drift to find
    #[command(after_help = examples::SANDBOX_BREAK)]
    Break {
        /// How; any way that fits if absent
        #[arg(value_parser = PossibleValuesParser::new(Breakage::ALL.map(Breakage::name)))]
        name: Option<String>,
        /// Choose by this number, the same every time
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
    },
    /// Forget everything done in the sandbox
    #[command(after_help = examples::SANDBOX_RESET)]
    Reset,
    /// Serve it on loopback for any AWS client, and print the environment to export
    #[command(after_help = examples::SANDBOX_SERVE)]
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
