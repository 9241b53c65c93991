//! How a sandbox behaves: how fast, how strict, how busy.

use std::time::Duration;

use jiff::Timestamp;

/// The behaviour of a sandbox. Start from [`Options::at`] and change what should differ.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, named where it is set"
)]
pub struct Options {
    /// Wall-clock time at the start; the sandbox never asks the system.
    pub started: Timestamp,
    /// How many simulated seconds pass in a real one: endpoints become available and buckets fill faster.
    pub speed: f64,
    /// How long a call takes, at least and at most, in real time.
    pub latency: (Duration, Duration),
    /// How long a new resource cannot be seen, in simulated time.
    pub describe_lag: Duration,
    /// Whether requests are throttled at the documented rates.
    pub throttle: bool,
    /// A bucket that all `CreateVpcEndpoint`, `ModifyVpcEndpoint` and `DeleteVpcEndpoints` calls of the
    /// organization share: its size and refill per second. AWS has one and does not document its size.
    pub organization_bucket: Option<(f64, f64)>,
    /// The most items in a page, to make lists long enough for pages in small worlds.
    pub page_cap: Option<usize>,
    /// Whether Organizations' lists begin with an empty page now and then, as AWS's do.
    pub empty_pages: bool,
    /// Whether Organizations still answers with the retired `Status` of accounts beside `State`.
    pub account_status: bool,
    /// Whether the signatures of requests are verified.
    pub verify_signatures: bool,
    /// Whether signatures older or newer than a quarter of an hour are refused; only of use when
    /// `started` is the present.
    pub check_dates: bool,
    /// How many calls the log keeps.
    pub log_capacity: usize,
}

impl Options {
    /// AWS's usual behaviour at its usual speed, beginning at `started`.
    pub fn at(started: Timestamp) -> Self {
        Self {
            started,
            speed: 1.0,
            latency: (Duration::ZERO, Duration::ZERO),
            describe_lag: Duration::ZERO,
            throttle: true,
            organization_bucket: None,
            page_cap: None,
            empty_pages: true,
            account_status: true,
            verify_signatures: true,
            check_dates: false,
            log_capacity: 1_000_000,
        }
    }
}
