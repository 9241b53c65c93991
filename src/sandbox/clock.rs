//! The sandbox's time: tokio's clock (so a test can pause it) anchored to a wall-clock instant that is
//! passed in.

use jiff::Timestamp;
use tokio::time::Instant;

/// Where both clocks of the sandbox stand at one moment, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// Wall time: timestamps in answers, expiry of sessions, dates of signatures.
    pub(crate) wall: i64,
    /// Simulated time, `speed` times as fast: delays of endpoints and refill of token buckets.
    pub(crate) sim: i64,
}

/// Both clocks of a sandbox.
#[derive(Debug)]
pub(crate) struct Clock {
    anchor: Instant,
    wall: i64,
    sim: i64,
    speed: f64,
}

impl Clock {
    /// Starts both clocks. `saved` is where they stood when the world was saved: simulated time has gone on
    /// since then, and never stands before the wall's.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "centuries of milliseconds fit"
    )]
    pub(crate) fn start(started: Timestamp, saved: Now, speed: f64) -> Self {
        let wall = started.as_millisecond();
        let since = if saved.wall > 0 { (wall - saved.wall).max(0) } else { 0 };
        let sim = (saved.sim + (since as f64 * speed) as i64).max(wall);
        Self { anchor: Instant::now(), wall, sim, speed }
    }

    /// The present.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "centuries of milliseconds fit"
    )]
    pub(crate) fn now(&self) -> Now {
        let elapsed = i64::try_from(self.anchor.elapsed().as_millis()).unwrap_or(i64::MAX / 4);
        Now { wall: self.wall + elapsed, sim: self.sim + (elapsed as f64 * self.speed) as i64 }
    }

    /// How many real seconds pass for one simulated one.
    pub(crate) fn real_seconds(&self, simulated: f64) -> f64 {
        if self.speed > 0.0 { simulated / self.speed } else { simulated }
    }
}

/// `2026-11-22T10:20:30.000Z`, as EC2 and STS write times.
pub(crate) fn iso(wall: i64) -> String {
    let stamp = Timestamp::from_millisecond(wall).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
