//! The options of `linkwalk role`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::examples;
use crate::model::permissions::Use;
use crate::role::{Organization, Trusted};

/// Which role, for whom, and how it is written.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = examples::ROLE
)]
pub struct RoleOptions {
    /// What it must be able to do; several with commas [default: plan,audit,doctor,apply]
    #[arg(
        long = "for",
        value_name = "COMMAND,..",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(Use::ALL.map(Use::as_str)).try_map(used)
    )]
    pub uses: Vec<Use>,
    /// How it is written [default: cloudformation; json with -o json]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<RoleFormat>,
    /// The policy of whoever runs linkwalk instead, and of every role of `via`
    #[arg(long, conflicts_with_all = ["uses", "trusted"])]
    pub caller: bool,
    /// Who may assume the role: an account, or the ARN of a role in it, in which * stands for anything
    /// [default: the caller's account; a parameter without credentials]
    #[arg(long = "trust", value_name = "ACCOUNT|ARN")]
    pub trusted: Option<Trusted>,
    /// The organization that callers must belong to, or none [default: the caller's; a parameter without
    /// credentials]
    #[arg(long, value_name = "ORG-ID|none")]
    pub organization: Option<GivenOrganization>,
    /// Write files into this folder, and nothing to stdout
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// With --out: over files that are there
    #[arg(long, requires = "out")]
    pub overwrite: bool,
}

/// Languages of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleFormat {
    /// A template, for a service-managed `StackSet`
    Cloudformation,
    /// A module
    Terraform,
    /// The bare documents
    Json,
}

/// An organization by its id, or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenOrganization(pub Organization);

impl FromStr for GivenOrganization {
    type Err = String;

    /// As in the model of Organizations' API: `o-` and 10 to 32 lower-case letters and digits.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_rest = |rest: &str| {
            let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            (10..=32).contains(&rest.len()) && rest.bytes().all(fine)
        };
        match text.strip_prefix("o-") {
            _ if text == "none" => Ok(Self(Organization::None)),
            Some(rest) if is_rest(rest) => Ok(Self(Organization::Id(text.to_owned()))),
            _ => Err("write an organization's id (o-a1b2c3d4e5), or none".to_owned()),
        }
    }
}

fn used(word: String) -> Result<Use, String> {
    let found = Use::ALL.into_iter().find(|of| of.as_str() == word);
    found.ok_or(word)
}
