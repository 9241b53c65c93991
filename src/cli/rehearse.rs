//! The options of `linkwalk rehearse`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

/// What is rehearsed, and what goes wrong.
#[derive(Debug, Clone, Args)]
pub struct Rehearsal {
    /// Members of the generated organization
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub accounts: u32,
    /// Its regions: how many, or which
    #[arg(long, value_name = "N|REGION,..", default_value = "1")]
    pub regions: Regions,
    /// What each account should have, as the tables [endpoints.NAME] of accounts.toml
    #[arg(long, value_name = "NAME,..", default_value = "ecr,logs,ssm", value_delimiter = ',')]
    pub endpoints: Vec<String>,
    /// Instead of a generated organization: one that `plan --save-world` wrote, or a scenario file; with
    /// accounts.toml, or what -c names
    #[arg(long, value_name = "FILE", conflicts_with_all = ["accounts", "regions", "endpoints"])]
    pub world: Option<PathBuf>,
    /// What delays, answer times and faults are drawn from; the same number, the same rehearsal
    #[arg(long, value_name = "N", default_value = "1")]
    pub seed: u64,
    /// What goes wrong
    #[arg(long, value_name = "WHAT", default_value = "none")]
    pub faults: Faults,
    /// A bucket for endpoint calls that all accounts share in a region: its size, and how many calls more
    /// it takes each second. AWS has one and does not say how large it is
    #[arg(long, value_name = "SIZE,PER-SECOND")]
    pub throttle: Option<SharedBucket>,
    /// Write the findings as a page with a drawing, too
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// What goes wrong in a rehearsal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Faults {
    /// Nothing but AWS's limits of rates
    None,
    /// What a large rollout meets on an ordinary day: see docs/rehearse.md
    Realistic,
}

impl Faults {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Realistic => "realistic",
        }
    }
}

/// Regions of a generated organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regions(pub Vec<String>);

/// Regions that every account has from the start, for those who only say how many.
const USUAL: [&str; 10] = [
    "eu-west-1",
    "eu-central-1",
    "us-east-1",
    "us-west-2",
    "us-east-2",
    "ap-southeast-1",
    "ap-northeast-1",
    "ap-south-1",
    "eu-north-1",
    "ca-central-1",
];

impl FromStr for Regions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(count) = text.parse::<usize>() {
            if !(1..=USUAL.len()).contains(&count) {
                return Err(format!("from 1 to {}; more can be given by name", USUAL.len()));
            }
            return Ok(Self(USUAL[..count].iter().map(ToString::to_string).collect()));
        }
        let names: Vec<_> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err("a number, or names of regions with commas between them".to_owned());
        }
        Ok(Self(names))
    }
}

/// A token bucket that all accounts share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedBucket {
    /// Calls at once.
    pub size: f64,
    /// Calls more in each second.
    pub per_second: f64,
}

impl FromStr for SharedBucket {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "two numbers with a comma between them, as in 100,20".to_owned();
        let (size, per_second) = text.split_once(',').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse().map_err(|_| wrong());
        let (size, per_second): (f64, f64) = (number(size)?, number(per_second)?);
        // NaN is no number either.
        if !(size.is_finite() && per_second.is_finite() && size >= 1.0 && per_second > 0.0) {
            return Err("the size is at least 1, and the refill more than 0".to_owned());
        }
        Ok(Self { size, per_second })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_a_number_or_names() {
        for (text, regions) in [
            ("1", Some(vec!["eu-west-1"])),
            ("2", Some(vec!["eu-west-1", "eu-central-1"])),
            ("us-east-1, eu-west-1", Some(vec!["us-east-1", "eu-west-1"])),
            ("0", None),
            ("11", None),
            ("eu-west-1,", None),
            ("", None),
        ] {
            let read = text.parse::<Regions>().ok().map(|regions| regions.0);
            assert_eq!(
                read.as_deref().map(<[_]>::to_vec),
                regions.map(|all| all.iter().map(ToString::to_string).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_bucket_has_a_size_and_a_refill() {
        for (text, bucket) in [
            ("100,20", Some((100.0, 20.0))),
            ("1, 0.5", Some((1.0, 0.5))),
            ("100", None),
            ("0,1", None),
            ("1,0", None),
            ("1,-1", None),
            ("NaN,1", None),
            ("1,inf", None),
        ] {
            let read = text.parse::<SharedBucket>().ok();
            assert_eq!(read.map(|read| (read.size, read.per_second)), bucket, "{text}");
        }
    }
}
