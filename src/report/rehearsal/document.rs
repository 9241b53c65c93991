//! What a rehearsal found, as one JSON document. Times are in milliseconds.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};

use super::timeline::{Counts, Doing};
use super::{FORMAT, Findings, Subject};
use crate::report::contract;

/// Parts of the timeline.
const PARTS: usize = 100;

/// What a rehearsal found: what `rehearse -o json` writes. Times are in milliseconds.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rehearsal")]
struct Document<'a> {
    /// Version of this document, MAJOR.MINOR.
    format: &'static str,
    /// Always `rehearsal`.
    kind: &'static str,
    /// The program's version.
    version: &'static str,
    /// Accounts that get endpoints.
    accounts: usize,
    /// Targets: accounts times regions.
    targets: usize,
    /// The regions.
    regions: &'a [String],
    /// Where the organization comes from: a file, or parameters.
    organization: &'a str,
    /// Which faults there were.
    faults: &'a str,
    /// What delays, answer times and faults were drawn from.
    seed: u64,
    /// A bucket that all accounts share, if there was one.
    organization_bucket: Option<Bucket>,
    /// How long all of it takes.
    took_ms: u64,
    /// How long AWS makes it take at the least.
    bound_ms: u64,
    /// How many times as long as the least; `null` where there is nothing to wait for.
    ratio: Option<f64>,
    /// The phases in their order.
    phases: Vec<PhaseTook>,
    /// Calls to AWS.
    calls: u64,
    /// Those that AWS asked to slow down.
    throttled: u64,
    /// Calls by service and action.
    actions: Vec<Sent<'a>>,
    /// The most targets in flight at one time.
    peak_in_flight: usize,
    /// The most targets at one time, by what they do.
    peak: BTreeMap<&'static str, usize>,
    /// Targets by outcome.
    #[schemars(with = "BTreeMap<String, usize>")]
    outcomes: Map<String, Value>,
    /// The exit code that `apply` would end with.
    exit_code: u8,
    /// Who does what when.
    timeline: Timeline,
    /// Always true: nothing of it is real.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<bool>,
}

/// A token bucket.
#[derive(Serialize, JsonSchema)]
struct Bucket {
    /// Calls at once.
    size: f64,
    /// Calls more in each second.
    per_second: f64,
}

/// One phase.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RehearsedPhase")]
struct PhaseTook {
    /// `walk`, `observe` or `change`.
    phase: &'static str,
    /// How long it took.
    took_ms: u64,
    /// How long it takes at the least.
    bound_ms: u64,
}

/// Calls of one action.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Calls")]
struct Sent<'a> {
    /// `ec2`, `sts`, `organizations`
    service: &'a str,
    /// `CreateVpcEndpoint`, ...
    action: &'a str,
    /// All of them.
    calls: u64,
    /// Those that AWS asked to slow down.
    throttled: u64,
    /// Those that AWS refused for another reason.
    refused: u64,
    /// Those whose answer was lost.
    unanswered: u64,
}

/// Counts of targets at equal distances from the beginning to the end.
#[derive(Serialize, JsonSchema)]
struct Timeline {
    /// The distance.
    step_ms: f64,
    /// What targets do, and how many do it at each moment.
    #[serde(flatten)]
    series: Map<String, Value>,
}

/// The JSON Schema of the document.
pub fn schema() -> Schema {
    contract::of::<Document<'_>>()
}

impl Findings {
    /// The document for machines.
    pub fn document(&self) -> Value {
        let Subject { accounts, targets, regions, organization, faults, seed, organization_bucket } =
            &self.subject;
        let (calls, throttled) = self.totals();
        let outcomes = self.outcomes.iter();
        let document = Document {
            format: FORMAT,
            kind: "rehearsal",
            version: env!("CARGO_PKG_VERSION"),
            accounts: *accounts,
            targets: *targets,
            regions,
            organization,
            faults,
            seed: *seed,
            organization_bucket: organization_bucket
                .map(|(size, per_second)| Bucket { size, per_second }),
            took_ms: millis(self.took()),
            bound_ms: millis(self.bound()),
            ratio: self.ratio().map(|ratio| (ratio * 1000.0).round() / 1000.0),
            phases: self.phases().collect(),
            calls,
            throttled,
            actions: self.actions().collect(),
            peak_in_flight: self.timeline.peak_in_flight(),
            peak: by_doing(self.timeline.peak()),
            outcomes: outcomes.map(|(label, n)| (label.replace(' ', "-"), (*n).into())).collect(),
            exit_code: self.exit_code,
            timeline: self.series(),
            sandbox: None,
        };
        // Plain structs with text keys always serialise.
        serde_json::to_value(document).unwrap_or_default()
    }

    fn phases(&self) -> impl Iterator<Item = PhaseTook> {
        self.phases.iter().map(|found| PhaseTook {
            phase: found.name,
            took_ms: millis(found.took),
            bound_ms: millis(found.bound),
        })
    }

    fn actions(&self) -> impl Iterator<Item = Sent<'_>> {
        self.calls.iter().map(|one| Sent {
            service: &one.service,
            action: &one.action,
            calls: one.calls,
            throttled: one.throttled,
            refused: one.refused,
            unanswered: one.unanswered,
        })
    }

    fn series(&self) -> Timeline {
        let step = self.timeline.end() / u32::try_from(PARTS).unwrap_or(1);
        let moments = (0..=PARTS).map(|number| step * u32::try_from(number).unwrap_or(0));
        let counts: Vec<_> = moments.map(|moment| self.timeline.at(moment)).collect();
        let series = Doing::ALL.map(|doing| {
            let one: Vec<usize> = counts.iter().map(|counts| counts[doing as usize]).collect();
            (doing.name().to_owned(), Value::from(one))
        });
        Timeline { step_ms: step.as_secs_f64() * 1000.0, series: series.into_iter().collect() }
    }
}

fn by_doing(counts: Counts) -> BTreeMap<&'static str, usize> {
    Doing::ALL.iter().map(|doing| doing.name()).zip(counts).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
