//! Options of commands that change something: how far they may go.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::Only;
use crate::plan::aim::{Adoption, Aim, Changes, Deletions, Kind, Mode, Purpose};

/// How far a change goes towards accounts.toml.
#[derive(Debug, Clone, Default, Args)]
pub struct Change {
    /// How far to go: create-only makes what is missing, repair also mends what differs, sync also
    /// deletes what is ours and no longer wanted
    #[arg(long, value_name = "MODE", default_value = "repair", value_parser = modes())]
    pub mode: Mode,
    /// Take foreign endpoints and security groups that match a wanted one into the deployment, by
    /// tagging them; with =repair what differs is mended at once
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "tag"
    )]
    pub adopt: Option<Adopt>,
    /// What may be deleted.
    #[command(flatten)]
    pub deleting: Deleting,
}

/// The modes by name, so that help, errors and shells can offer them.
fn modes() -> impl TypedValueParser<Value = Mode> {
    let words = Mode::ALL.iter().map(|mode| mode.as_str());
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Mode>())
}

/// What becomes of what is adopted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Adopt {
    /// It gets the deployment's tag; what differs is for the next apply
    Tag,
    /// It gets the deployment's tag and what differs is mended
    Repair,
}

/// What keeps an endpoint from being deleted for good.
#[derive(Debug, Clone, Default, Args)]
pub struct Deleting {
    /// Delete no endpoint that carried traffic in this time [default: 1d]
    #[arg(long, value_name = "TIME", value_parser = unused_for)]
    pub unused_for: Option<Duration>,
    /// Delete endpoints whatever they carry
    #[arg(long)]
    pub force: bool,
}

/// Traffic is read by the hour, and CloudWatch keeps points of an hour for 455 days
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html>).
fn unused_for(text: &str) -> Result<Duration, String> {
    let bounds = Duration::from_hours(1)..=Duration::from_hours(455 * 24);
    match humantime::parse_duration(text) {
        Ok(time) if bounds.contains(&time) => Ok(time),
        Ok(_) => Err("it can be 1h to 455d, as long as CloudWatch keeps the hours".to_owned()),
        Err(_) => Err("write a length of time: 1d, 12h, 7d".to_owned()),
    }
}

impl Change {
    /// What it asks for together with `--only`, or what makes no sense in it.
    pub fn changes(&self, only: &[Only]) -> Result<Changes, String> {
        let only = only.iter().filter_map(|word| word.kind()).collect();
        let adopt = match self.adopt {
            None => Adoption::No,
            Some(Adopt::Tag) => Adoption::Tag,
            Some(Adopt::Repair) => Adoption::Repair,
        };
        let changes = Changes { mode: self.mode, only, adopt };
        if self.mode != Mode::Sync && changes.only.contains(&Kind::Orphans) {
            return Err("--only orphans needs --mode sync: nothing else deletes them".to_owned());
        }
        if self.mode == Mode::CreateOnly
            && !changes.only.is_empty()
            && !changes.only.contains(&Kind::Missing)
        {
            return Err("--mode create-only makes what is missing, and --only leaves that out: \
                        nothing would be done"
                .to_owned());
        }
        if self.mode == Mode::CreateOnly && adopt == Adoption::Repair {
            return Err(
                "--mode create-only changes nothing that is there, so it goes with --adopt \
                        and not with --adopt=repair"
                    .to_owned(),
            );
        }
        if self.mode != Mode::Sync && self.deleting.is_said() {
            return Err(format!(
                "--force and --unused-for are about deleting for good, which --mode {} does not",
                self.mode
            ));
        }
        Ok(changes)
    }
}

impl Deleting {
    fn is_said(&self) -> bool {
        self.force || self.unused_for.is_some()
    }

    /// The aim of a run that is for this.
    pub fn aim(&self, purpose: Purpose, protect: &crate::config::Protect) -> Aim {
        let default = Deletions::default();
        let deletions = Deletions {
            protected: protect.tags.clone(),
            unused_for: self.unused_for.unwrap_or(default.unused_for),
            force: self.force,
        };
        Aim { purpose, deletions }
    }
}
