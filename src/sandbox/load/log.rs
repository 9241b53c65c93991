//! The log of all calls, and of what the sandbox did not know.

use std::collections::VecDeque;

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

/// The last calls, as many as there is room for.
#[derive(Debug)]
pub(crate) struct Log {
    calls: VecDeque<Call>,
    unknown: Vec<String>,
    capacity: usize,
    count: u64,
}

/// The most unknown things that are remembered.
const UNKNOWN: usize = 1_000;

impl Log {
    /// A log of at most `capacity` calls.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { calls: VecDeque::new(), unknown: Vec::new(), capacity, count: 0 }
    }

    /// The number of the next call.
    pub(crate) fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Remembers a call.
    pub(crate) fn call(&mut self, call: Call) {
        if self.capacity == 0 {
            return;
        }
        if self.calls.len() >= self.capacity {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
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
