//! The log of all calls, and of what the sandbox did not know.

use std::collections::{BTreeMap, VecDeque};

/// One call, as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its number, from 1.
    pub sequence: u64,
    /// The account it was made in; empty if the caller is unknown.
    pub account: String,
    /// The region of the credential scope.
    pub region: String,
    /// `ec2`, `sts`, `organizations`, `s3`, `sns` or `monitoring`.
    pub service: String,
    /// `DescribeVpcs`, …
    pub action: String,
    /// True if the action can change something (a dry run counts as not mutating).
    pub mutating: bool,
    /// `OK`, or the code of the refusal, or `Cut` when the connection was reset before the call was done,
    /// or `Lost` when it was done and the answer was lost.
    pub outcome: String,
    /// When, in milliseconds of simulated time since the epoch.
    pub at: i64,
}

impl Call {
    /// True if it did what was asked, whether or not the caller knows.
    pub fn done(&self) -> bool {
        matches!(self.outcome.as_str(), "OK" | "Lost")
    }
}

/// How often an action was called, and how that went. What is left of `calls` was answered as asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All calls.
    pub calls: u64,
    /// Those that were told to slow down.
    pub throttled: u64,
    /// Those that were refused for another reason, or could not be served.
    pub refused: u64,
    /// Those that got no answer, whether they were done or not.
    pub unanswered: u64,
}

impl Tally {
    fn count(&mut self, outcome: &str) {
        self.calls += 1;
        match outcome {
            "OK" => {}
            "Cut" | "Lost" => self.unanswered += 1,
            "RequestLimitExceeded" | "Throttling" | "TooManyRequestsException" => {
                self.throttled += 1;
            }
            _ => self.refused += 1,
        }
    }
}

/// Calls by service and action.
pub type Tallies = BTreeMap<String, BTreeMap<String, Tally>>;

/// The last calls, as many as there is room for.
#[derive(Debug)]
pub(crate) struct Log {
    calls: VecDeque<Call>,
    unknown: Vec<String>,
    capacity: usize,
    count: u64,
    tallies: Tallies,
}

/// The most unknown things that are remembered.
const UNKNOWN: usize = 1_000;

impl Log {
    /// A log of at most `capacity` calls.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            calls: VecDeque::new(),
            unknown: Vec::new(),
            capacity,
            count: 0,
            tallies: Tallies::new(),
        }
    }

    /// The number of the next call.
    pub(crate) fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Remembers a call.
    pub(crate) fn call(&mut self, call: Call) {
        self.tally(&call);
        if self.capacity == 0 {
            return;
        }
        if self.calls.len() >= self.capacity {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// Counts a call. Names are only copied when they are new.
    fn tally(&mut self, call: &Call) {
        if !self.tallies.contains_key(&call.service) {
            self.tallies.insert(call.service.clone(), BTreeMap::new());
        }
        let Some(actions) = self.tallies.get_mut(&call.service) else { return };
        match actions.get_mut(&call.action) {
            Some(tally) => tally.count(&call.outcome),
            None => actions.entry(call.action.clone()).or_default().count(&call.outcome),
        }
    }

    /// All calls since the beginning, by service and action.
    pub(crate) fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// Remembers something unknown.
    pub(crate) fn unknown(&mut self, what: String) {
        if self.unknown.len() < UNKNOWN {
            self.unknown.push(what);
        }
    }

    /// The calls.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.iter().cloned().collect()
    }

    /// What was unknown.
    pub(crate) fn unknowns(&self) -> Vec<String> {
        self.unknown.clone()
    }

    /// How many calls there were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}
