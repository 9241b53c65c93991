//! What a rehearsal found, for people and for machines: how long each phase takes, how near that is to
//! what AWS allows, what is called how often, what becomes of the targets, and all of it over time.

mod page;
mod quickest;
mod text;
pub mod timeline;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::plan::outcome::Outcome;
use timeline::{Doing, Timeline};

pub use page::page;
pub use quickest::Quickest;
pub use text::render;

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change
/// them, which readers refuse.
pub const FORMAT: &str = "1.0";

/// Parts of the timeline in the document.
const PARTS: usize = 100;

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

    /// The document for machines. Times are in milliseconds.
    pub fn document(&self) -> Value {
        let Subject { accounts, targets, regions, organization, faults, seed, organization_bucket } =
            &self.subject;
        let (calls, throttled) = self.totals();
        let phases: Vec<_> = self.phases.iter().map(PhaseFound::document).collect();
        json!({
            "format": FORMAT,
            "kind": "rehearsal",
            "version": env!("CARGO_PKG_VERSION"),
            "accounts": accounts,
            "targets": targets,
            "regions": regions,
            "organization": organization,
            "faults": faults,
            "seed": seed,
            "organization_bucket": organization_bucket
                .map(|(size, per_second)| json!({ "size": size, "per_second": per_second })),
            "took_ms": millis(self.took()),
            "bound_ms": millis(self.bound()),
            "ratio": self.ratio().map(|ratio| (ratio * 1000.0).round() / 1000.0),
            "phases": phases,
            "calls": calls,
            "throttled": throttled,
            "actions": self.calls.iter().map(Calls::document).collect::<Vec<_>>(),
            "peak_in_flight": self.timeline.peak_in_flight(),
            "peak": by_doing(self.timeline.peak()),
            "outcomes": self.outcomes.iter()
                .map(|(label, count)| (label.replace(' ', "-"), json!(count)))
                .collect::<serde_json::Map<_, _>>(),
            "exit_code": self.exit_code,
            "timeline": self.timeline_document(),
        })
    }

    /// Counts at equal distances from the beginning to the end.
    fn timeline_document(&self) -> Value {
        let step = self.timeline.end() / u32::try_from(PARTS).unwrap_or(1);
        let moments = (0..=PARTS).map(|number| step * u32::try_from(number).unwrap_or(0));
        let counts: Vec<_> = moments.map(|moment| self.timeline.at(moment)).collect();
        let series = Doing::ALL.map(|doing| {
            let one: Vec<usize> = counts.iter().map(|counts| counts[doing as usize]).collect();
            (doing.name().to_owned(), json!(one))
        });
        let mut document = json!({ "step_ms": step.as_secs_f64() * 1000.0 });
        if let Some(object) = document.as_object_mut() {
            object.extend(series);
        }
        document
    }
}

impl PhaseFound {
    fn document(&self) -> Value {
        let Self { name, took, bound } = self;
        json!({ "phase": name, "took_ms": millis(*took), "bound_ms": millis(*bound) })
    }
}

impl Calls {
    fn document(&self) -> Value {
        let Self { service, action, calls, throttled, refused, unanswered } = self;
        json!({
            "service": service, "action": action, "calls": calls, "throttled": throttled,
            "refused": refused, "unanswered": unanswered,
        })
    }
}

fn by_doing(counts: timeline::Counts) -> BTreeMap<&'static str, usize> {
    Doing::ALL.iter().map(|doing| doing.name()).zip(counts).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Outcomes that a person would have to look at.
fn is_trouble(label: &str) -> bool {
    Outcome::LABELS.contains(&label)
        && matches!(label, "partly changed" | "diverged" | "failed" | "unreachable")
}

#[cfg(test)]
mod tests;
