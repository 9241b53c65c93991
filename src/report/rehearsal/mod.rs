//! What a rehearsal found, for people and for machines: how long each phase takes, how near that is to
//! what AWS allows, what is called how often, what becomes of the targets, and all of it over time.

mod document;
mod page;
mod quickest;
mod text;
pub mod timeline;

use std::time::Duration;

use crate::plan::outcome::Outcome;
use timeline::Timeline;

pub use document::schema;
pub use page::page;
pub use quickest::Quickest;
pub use text::render;

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change
/// them, which readers refuse.
pub const FORMAT: &str = "1.0";

/// Everything that a rehearsal found.
#[derive(Debug, Clone)]
pub struct Findings {
    /// What was rehearsed.
    pub subject: Subject,
    /// The phases in their order: name, how long it took, how long AWS makes it take at the least.
    pub phases: Vec<PhaseFound>,
    /// Calls by service and action.
    pub calls: Vec<Calls>,
    /// Targets by outcome, in the order of [`Outcome::LABELS`].
    pub outcomes: Vec<(&'static str, usize)>,
    /// Who did what when.
    pub timeline: Timeline,
    /// The exit code that `apply` would end with.
    pub exit_code: u8,
}

/// What was rehearsed.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Accounts that get endpoints.
    pub accounts: usize,
    /// Targets: accounts times regions.
    pub targets: usize,
    /// The regions.
    pub regions: Vec<String>,
    /// Where the organization comes from: a file, or parameters.
    pub organization: String,
    /// Which faults there were.
    pub faults: &'static str,
    /// What it is drawn from.
    pub seed: u64,
    /// Size and refill per second of a bucket that all accounts share, if there was one.
    pub organization_bucket: Option<(f64, f64)>,
}

/// One phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseFound {
    /// `walk`, `observe`, `change`
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// How long it takes at the least.
    pub bound: Duration,
}

/// Calls of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// `ec2`, `sts`, `organizations`
    pub service: String,
    /// `CreateVpcEndpoint`, ...
    pub action: String,
    /// All of them.
    pub calls: u64,
    /// Those that AWS asked to slow down.
    pub throttled: u64,
    /// Those that AWS refused for another reason.
    pub refused: u64,
    /// Those whose answer was lost.
    pub unanswered: u64,
}

impl Findings {
    /// How long all of it takes.
    pub fn took(&self) -> Duration {
        self.phases.iter().map(|phase| phase.took).sum()
    }

    /// How long all of it takes at the least.
    pub fn bound(&self) -> Duration {
        self.phases.iter().map(|phase| phase.bound).sum()
    }

    /// How many times as long as the least; `None` where there is nothing to wait for.
    pub fn ratio(&self) -> Option<f64> {
        let bound = self.bound().as_secs_f64();
        (bound > 0.0).then(|| self.took().as_secs_f64() / bound)
    }

    /// All calls, and those of them that were throttled.
    pub fn totals(&self) -> (u64, u64) {
        let sum = |part: fn(&Calls) -> u64| self.calls.iter().map(part).sum();
        (sum(|calls| calls.calls), sum(|calls| calls.throttled))
    }
}

/// Outcomes that a person would have to look at.
fn is_trouble(label: &str) -> bool {
    Outcome::LABELS.contains(&label)
        && matches!(label, "partly changed" | "diverged" | "failed" | "unreachable")
}

#[cfg(test)]
mod tests;
